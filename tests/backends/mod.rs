//! Providers of `type = "command"`: the reference backend `examples/backends/local`, whose servers really boot, beside
//! the simulated controller; and the trials of `examples/conformance`.
//!
//! The clock of the runs is the simulator's, so a morning takes seconds. Without Python the tests say so and pass.

mod conformance;
mod faults;
mod life;

use jiff::Timestamp;
use mita::config::Config;
use mita::progress::Progress;
use mita::reconcile::{Moment, Permits, Report, reconcile};
use mita_sim::jenkins::queue::Job;
use mita_sim::{Promise, Sim, SimOptions};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One installation of mita with the reference backend.
struct Site {
    sim: Sim,
    folder: tempfile::TempDir,
}

/// Whether there is a Python for the reference backend.
fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: there is no python3");
    }
    found
}

fn reference_backend() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/backends/local")
}

impl Site {
    /// The node type `local` with this boot script. `wrapper` is a shell script in front of the backend: `"$@"` is the
    /// call.
    fn new(script: &str, wrapper: &str) -> Self {
        let sim = Sim::start(SimOptions::default()).unwrap();
        // With an agent of any kind Jenkins names the labels that jobs wait for.
        sim.jenkins().add_agent("vault", "signing", 1);
        let folder = tempfile::tempdir().unwrap();
        let site = Self { sim, folder };
        site.write("backend", &format!("#!/bin/sh\n{wrapper}\nexec \"$@\"\n"), 0o700);
        site.write("boot", script, 0o600);
        let text = format!(
            r#"
state_file = "state.json"
owner = "local-tests"
idle_grace = "2m"

[jenkins]
url = "{url}"
user = "mita"
token = "jenkins-api-token"

[provider.local]
type = "command"
command = ["./backend", "{backend}", "--root", "farm"]
timeout = "30s"

[nodes.local]
provider = "local"
size = "small"
labels = ["local-label"]
register = "inbound"
script_file = "boot"
"#,
            url = site.sim.jenkins_url(),
            backend = reference_backend().display(),
        );
        site.write("mita.toml", &text, 0o600);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    fn queue(&self) {
        let job = Job::freestyle("ceph-build").label("local-label").lasting(Duration::from_secs(60));
        self.sim.jenkins().submit(job);
    }

    /// One run at the simulator's time, and a minute.
    fn minute(&self) -> Report {
        let config = Config::load(&self.path("mita.toml")).unwrap_or_else(|errors| panic!("{errors}")).config;
        let now = Timestamp::from_millisecond(i64::try_from(self.sim.now()).unwrap()).unwrap();
        let moment = Moment { now, started: clock() };
        let report = reconcile(&config, Permits::default(), moment, &Progress::silent()).unwrap();
        self.sim.advance(Duration::from_secs(60));
        report
    }

    /// What the backend itself says, past mita.
    fn ask(&self, verb: &str, request: &Value) -> Value {
        let mut child = Command::new(reference_backend())
            .args(["--root", "farm", verb])
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
        serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
    }

    fn servers(&self) -> Vec<Value> {
        self.ask("list", &json!({"version": 1}))["servers"].as_array().unwrap().clone()
    }

    /// How many servers there ever were.
    fn ever(&self) -> usize {
        fs::read_dir(self.path("farm/orders")).map_or(0, |orders| {
            let done = |order: &fs::DirEntry| order.path().extension().is_some_and(|end| end == "done");
            orders.filter_map(Result::ok).filter(done).count()
        })
    }

    fn built(&self) -> usize {
        self.sim.jenkins().finished.len()
    }
}

#[expect(clippy::disallowed_methods, reason = "a program takes real time")]
fn clock() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a program takes real time")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

impl Drop for Site {
    /// No process is left, also where the test failed.
    fn drop(&mut self) {
        for server in self.servers() {
            self.ask("delete", &json!({"version": 1, "id": server["id"]}));
        }
        // The simulator does not know that the agents of these tests are ours.
        let broken: Vec<_> = self.sim.violations().into_iter().filter(|it| it.promise != Promise::NotOurs).collect();
        if !std::thread::panicking() {
            assert!(broken.is_empty(), "promises were broken: {broken:?}");
        }
    }
}
