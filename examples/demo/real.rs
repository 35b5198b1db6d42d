//! `demo -- --real`: servers that really boot on this machine, with the reference backend `examples/backends/local`.
//!
//! The clock of the runs is the simulator's; the processes, their boot scripts and their requests to Jenkins are real. It
//! needs python3 and curl.

use super::{Fleet, MINUTE, moment, say};
use anyhow::{Context, Result, ensure};
use mita::config::Config;
use mita::progress::Progress;
use mita::reconcile::{Permits, reconcile};
use mita_sim::jenkins::queue::Job;
use mita_sim::{Sim, SimOptions};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// The boot script: an agent, as far as the simulated Jenkins needs one.
const BOOT: &str = r#"#!/bin/sh
echo "$ADDRESS boots"
until curl --silent --max-time 10 -o /dev/null -w '%{http_code}' -H "Node-Name: ${MITA_AGENT_NAME}" \
    -H "Secret-Key: ${MITA_AGENT_SECRET}" -H "Connection: Upgrade" -H "Upgrade: websocket" "${JENKINS_URL}wsagents/" |
    grep -q 101
do
    sleep 0.2
done
echo "connected to Jenkins as ${MITA_AGENT_NAME}"
"#;

/// The last minute of the story.
const END: u32 = 8;

pub(crate) fn tell() -> Result<()> {
    let sim = Sim::start(SimOptions::default()).context("cannot start the simulator")?;
    sim.jenkins().add_agent("vault", "signing", 1);
    let folder = tempfile::tempdir()?;
    let farm = folder.path().join("farm");
    fs::write(folder.path().join("boot.sh"), BOOT)?;
    let path = folder.path().join("mita.toml");
    fs::write(&path, configuration(&sim, &farm))?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    let config = Config::load(&path)?.config;
    say("A simulated Jenkins, and servers that are processes of this machine (examples/backends/local).\n");
    let mut seen = Fleet::default();
    let mut out = String::new();
    for minute in 0..=END {
        if minute == 0 {
            say("*** two builds are queued");
            for _ in 0..2 {
                sim.jenkins().submit(Job::freestyle("ceph-build").label("local-label").lasting(2 * MINUTE));
            }
        }
        let report = reconcile(&config, Permits::default(), moment(&sim), &Progress::silent())?;
        out.clear();
        seen.tell(&sim, &report, &mut out);
        out.lines().for_each(say);
        agents_connect(&sim);
        if minute == 0 {
            consoles(&farm)?;
        }
        sim.advance(MINUTE);
    }
    let left = fs::read_dir(farm.join("servers"))?.count();
    ensure!(left == 0, "{left} servers are left");
    say("\nEach server booted, ran its build and was deleted; no process is left.");
    Ok(())
}

fn configuration(sim: &Sim, farm: &Path) -> String {
    let backend = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/backends/local");
    format!(
        r#"
state_file = "state.json"
owner = "demo"
idle_grace = "3m"

[jenkins]
url = "{}"
user = "mita"
token = "jenkins-api-token"

[provider.local]
type = "command"
command = ["{}", "--root", "{}"]

[nodes.local]
provider = "local"
labels = ["local-label"]
register = "inbound"
script_file = "boot.sh"
"#,
        sim.jenkins_url(),
        backend.display(),
        farm.display()
    )
}

/// Waits, in real time, until the agents of all nodes have connected.
fn agents_connect(sim: &Sim) {
    for _ in 0..200 {
        let waiting = sim.jenkins().nodes.iter().any(|node| node.name.starts_with("local-") && !node.connected);
        if !waiting {
            return;
        }
        pause(Duration::from_millis(50));
    }
}

fn consoles(farm: &Path) -> Result<()> {
    for server in fs::read_dir(farm.join("servers"))? {
        let console = fs::read_to_string(server?.path().join("console"))?;
        console.lines().take(2).for_each(|line| say(&format!("  console: {line}")));
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "processes take real time")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
