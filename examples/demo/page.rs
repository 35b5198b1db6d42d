//! The status page at the end of a busy day, for the picture in the README.

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use mita::cli;
use mita::cli::Arguments;
use mita::reconcile::Moment;
use mita_sim::Sim;
use mita_sim::jenkins::queue::Job;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// How many builds of ceph-build are queued at a time, in each hour.
const DAY: &[u32] = &[1, 3, 5, 4, 1, 3];

/// Runs the program itself each minute of the day, in a larger farm than that of the story; each run writes the page.
pub(crate) fn write(sim: &Sim, config: &Path, page: &OsStr, clock: fn(&Sim) -> Moment) -> Result<()> {
    fs::write(config, fs::read_to_string(config)?.replace("max = 4", "max = 12"))?;
    let run = ["mita", "--quiet", "reconcile"].map(OsStr::new);
    let files = [OsStr::new("--config"), config.as_os_str(), OsStr::new("--html"), page];
    // A run that cannot write it goes on all the same.
    fs::write(page, "").with_context(|| format!("cannot write the page {}", page.display()))?;
    let arguments = Arguments::try_parse_from(run.into_iter().chain(files))?;
    let end = 60 * DAY.len() - 1;
    for minute in 0..=end {
        queue_builds(sim, minute, end - minute);
        cli::run(arguments.clone(), clock(sim)).map_err(|failure| anyhow!(failure.lines().join("\n")))?;
        sim.advance(MINUTE);
    }
    Ok(())
}

/// Queues builds in waves. Towards the end, a person holds a node, somebody queues a job that no node type serves, and the
/// last wave needs new servers.
fn queue_builds(sim: &Sim, minute: usize, left: usize) {
    let mut jenkins = sim.jenkins();
    if minute.is_multiple_of(7) || left == 0 {
        let wave = if left == 0 { 6 } else { DAY[minute / 60] };
        for _ in 0..wave {
            jenkins.submit(Job::freestyle("ceph-build").label("amd64 && trusty").lasting(9 * MINUTE));
        }
    }
    if minute.is_multiple_of(17) {
        jenkins.submit(Job::pipeline("rpm-build").label("centos7").lasting(14 * MINUTE));
    }
    if left == 40
        && let Some(name) = jenkins.node_names().into_iter().find(|name| name.starts_with("ubuntu+"))
    {
        jenkins.hold(&name, "looking at a failed build");
    }
    if left == 12 {
        jenkins.submit(Job::freestyle("win-build").label("windows"));
    }
}
