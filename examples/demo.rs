//! A morning of a small CI farm, in a few seconds: a simulated Jenkins and a simulated OpenStack behind real HTTP on
//! this machine, and the real run of mita against them, once for every minute of simulated time.
//!
//! `cargo run --example demo` needs no network, no root and no set-up. `cargo run --example demo -- page.html` writes the
//! status page of a busy day instead of telling the story. `cargo run --example demo -- --real` boots servers that are
//! processes of this machine.

#[path = "shared/configuration.rs"]
mod configuration;
#[path = "shared/farm.rs"]
mod farm;
#[path = "demo/page.rs"]
mod page;
#[path = "demo/real.rs"]
mod real;

use anyhow::{Context, Result};
use clap::Parser;
use jiff::Timestamp;
use mita::apply::Outcome;
use mita::config::Config;
use mita::progress::Progress;
use mita::reconcile::{Moment, Permits, Report, reconcile};
use mita_sim::jenkins::queue::Job;
use mita_sim::{Sim, SimOptions};
use std::collections::BTreeSet;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// What happens in the farm, by minute.
const STORY: &[(u32, &str)] = &[
    (1, "two builds of ceph-build and one of rpm-build are queued"),
    (6, "a burst: five builds of ceph-build"),
    (9, "somebody queues win-build, which needs a label that no node type has"),
    (14, "ops sets a node offline by hand, to look at a failed build"),
    (35, "ops is done and brings the node back"),
    (36, "one more ceph-build, while a node stands idle"),
];

const END: u32 = 62;

/// Plays a morning of a small CI farm, with a simulated Jenkins and a simulated OpenStack
#[derive(Parser)]
struct Args {
    /// Boot servers that are processes of this machine
    #[arg(long, conflicts_with = "page")]
    real: bool,
    /// Write the status page of a busy day to this file in place of the story
    page: Option<PathBuf>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    if args.real {
        return real::tell();
    }
    let mut out = String::new();
    let sim = Sim::start(SimOptions::default()).context("cannot start the simulator")?;
    farm::open(&sim, Duration::from_secs(40), Duration::from_secs(90));
    let folder = tempfile::tempdir()?;
    // One request at a time: the same server gets the same address and id each time.
    let top = "idle_grace = \"10m\"\nconcurrency = 1";
    let config = configuration::write(&sim, folder.path(), top, farm::NODE_TYPES)?;
    if let Some(file) = args.page {
        return page::write(&sim, &config, file.as_os_str(), moment);
    }
    let config = Config::load(&config)?.config;
    say("A simulated Jenkins and a simulated OpenStack. mita runs once in each minute here; cron starts it twice.");
    say("  ubuntu: labels amd64 trusty, at most 4 servers; centos: labels x86_64 centos7, 10 GB of extra storage");
    say("  idle_grace 10m; everything below is one line of what a run did, or of what became of it\n");
    let mut held = None;
    let mut seen = Fleet::default();
    for minute in 0..=END {
        let clock = at(&sim).strftime("%H:%M").to_string();
        for (_, event) in STORY.iter().filter(|(when, _)| *when == minute) {
            say(&format!("{clock}  *** {event}"));
            play(&sim, minute, &mut held);
        }
        let report = reconcile(&config, Permits::default(), moment(&sim), &Progress::silent())?;
        out.clear();
        seen.tell(&sim, &report, &mut out);
        for line in out.lines() {
            say(&format!("{clock}  {line}"));
        }
        sim.advance(MINUTE);
    }
    let violations = sim.violations();
    let requests = sim.requests();
    let writes = requests.iter().filter(|request| request.is_write()).count();
    say(&format!("\n{} runs, {} requests, {writes} of them writes.", END + 1, requests.len()));
    anyhow::ensure!(violations.is_empty(), "promises were broken: {violations:?}");
    let left = sim.cloud("openstack").servers.len();
    anyhow::ensure!(left == 0, "{left} servers are left");
    say("No build was killed, nothing of anybody else's was touched, and no server is left.");
    Ok(())
}

/// Whoever reads no more, as `head`, misses nothing: the demo goes on to its end.
fn say(line: &str) {
    let _ = writeln!(stdout(), "{line}");
}

#[expect(clippy::disallowed_methods, reason = "the deadline of a run is real time, even if its clock is simulated")]
fn moment(sim: &Sim) -> Moment {
    Moment { now: at(sim), started: Instant::now() }
}

fn at(sim: &Sim) -> Timestamp {
    Timestamp::from_millisecond(i64::try_from(sim.now()).unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX)
}

fn play(sim: &Sim, minute: u32, held: &mut Option<String>) {
    let mut jenkins = sim.jenkins();
    let ceph = || Job::freestyle("ceph-build").label("amd64 && trusty").lasting(4 * MINUTE);
    match minute {
        1 => {
            jenkins.submit(ceph());
            jenkins.submit(ceph());
            jenkins.submit(Job::pipeline("rpm-build").label("centos7").lasting(6 * MINUTE));
        }
        6 => (0..5).for_each(|_| {
            jenkins.submit(ceph());
        }),
        9 => {
            jenkins.submit(Job::freestyle("win-build").label("windows"));
        }
        14 => {
            *held = jenkins.node_names().into_iter().find(|name| name.starts_with("ubuntu+"));
            if let Some(name) = held {
                jenkins.hold(name, "looking at a failed build");
            }
        }
        35 => {
            if let Some(name) = held {
                jenkins.release(name);
            }
        }
        36 => {
            jenkins.submit(ceph());
        }
        _ => {}
    }
}

/// What was told already, so that each thing is told once.
#[derive(Default)]
struct Fleet {
    said: BTreeSet<String>,
}

impl Fleet {
    fn tell(&mut self, sim: &Sim, report: &Report, out: &mut String) {
        let results = report.results.iter().flatten();
        for (action, result) in report.plan.actions.iter().zip(results) {
            let done = match result.outcome {
                Outcome::Done | Outcome::AlreadyDone => "",
                Outcome::Skipped => " - but not done after all",
                Outcome::Refused | Outcome::Unknown | Outcome::Failed => " - failed",
            };
            let error = result.error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
            out.push_str(&format!("{action}{done}{error}\n"));
        }
        for warning in &report.plan.warnings {
            out.push_str(&format!("! {warning}\n"));
        }
        for problem in &report.plan.problems {
            out.push_str(&format!("! {}: {}\n", problem.place, problem.error));
        }
        for verdict in &report.plan.verdicts {
            use mita::domain::rule::Rule;
            use mita::plan::model::Subject;
            let line = match (verdict.subject, verdict.rule) {
                (Subject::Node, Rule::Busy) => format!("  {} works", verdict.name),
                (Subject::Node, Rule::Held) => format!("  {} is left alone: {}", verdict.name, verdict.reason),
                (Subject::Node, Rule::Kept) if verdict.reason.starts_with("idle 0s") => {
                    format!("  {} stands idle, and is kept for its grace time", verdict.name)
                }
                (Subject::QueueItem, Rule::Limit) => format!("  {} must wait: {}", verdict.name, verdict.reason),
                (Subject::QueueItem, Rule::IdleExecutor) => {
                    format!("  {} has its executor: {}", verdict.name, verdict.reason)
                }
                _ => continue,
            };
            if self.said.insert(line.clone()) {
                out.push_str(&format!("{line}\n"));
            }
        }
        let busy: Vec<String> = {
            let jenkins = sim.jenkins();
            let names = jenkins.node_names();
            names.into_iter().filter(|name| jenkins.node(name).is_some_and(|node| node.idle())).collect()
        };
        // A node that works again may be told idle again.
        self.said.retain(|line| !line.ends_with("works") || !busy.iter().any(|name| line.contains(name.as_str())));
        if out.is_empty() && self.said.insert("nothing".to_owned()) {
            out.push_str("  nothing waits, nothing to do (and mita says nothing, so cron sends no mail)\n");
        }
    }
}
