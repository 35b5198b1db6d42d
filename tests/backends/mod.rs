//! Providers of `type = "command"`: the backends in `examples/backends`, whose servers really boot, beside the simulated
//! controller; and the trials of `examples/conformance`.
//!
//! The clock of the runs is the simulator's, so a morning takes seconds. Without Python the tests say so and pass; those of
//! containers need more (`containers.rs`).

#[path = "../../examples/conformance/backend.rs"]
mod backend;
mod conformance;
mod containers;
mod faults;
mod life;
mod strange;
#[path = "../../examples/conformance/trials.rs"]
mod trials;

use crate::harness::write_program;
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
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// One installation of mita with a backend.
struct Site {
    sim: Sim,
    folder: tempfile::TempDir,
    /// The backend and its arguments.
    command: Vec<String>,
}

/// How long something may take that takes a moment on an idle machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The Python of this machine itself: what stands before it in the path may take longer to start than it does.
static PYTHON: LazyLock<Option<String>> = LazyLock::new(|| {
    let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().ok();
    let named = asked.filter(|output| output.status.success());
    named.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
});

/// Whether there is a Python for the reference backend.
fn has_python() -> bool {
    if PYTHON.is_none() {
        eprintln!("skipped: there is no python3");
    }
    PYTHON.is_some()
}

/// The call of the reference backend with this folder, but for the verb. It needs nothing that was added to Python, and
/// what was added can take longer to load than it runs.
fn reference_backend(root: &str) -> [String; 5] {
    let python = PYTHON.clone().unwrap_or_default();
    let program = example("backends/local").display().to_string();
    [python, "-S".to_owned(), program, "--root".to_owned(), root.to_owned()]
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

impl Site {
    /// The reference backend, and the node type `local` with this boot script. `wrapper` is a shell script in front of the
    /// backend: `"$@"` is the call.
    fn new(script: &str, wrapper: &str) -> Self {
        let command = reference_backend("farm");
        Self::with(SimOptions::default(), &command.each_ref().map(String::as_str), script, wrapper)
    }

    /// The same with any backend and a controller that is set up otherwise.
    fn with(options: SimOptions, command: &[&str], script: &str, wrapper: &str) -> Self {
        let sim = Sim::start(options).unwrap();
        // With an agent of any kind Jenkins names the labels that jobs wait for.
        sim.jenkins().add_agent("vault", "signing", 1);
        let folder = tempfile::tempdir().unwrap();
        let command: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
        let site = Self { sim, folder, command };
        write_program(&site.path("backend"), &format!("#!/bin/sh\n{wrapper}\nexec \"$@\"\n"));
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
command = ["./backend", "{command}"]
timeout = "30s"

[nodes.local]
provider = "local"
size = "small"
labels = ["local-label"]
register = "inbound"
script_file = "boot"
"#,
            url = site.sim.jenkins_url(),
            command = site.command.join("\", \""),
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
        let mut child = Command::new(&self.command[0])
            .args(&self.command[1..])
            .arg(verb)
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

    /// Waits, in real time, until the agent of a node of mita is connected.
    fn agent_connects(&self) {
        let started = clock();
        while !self.sim.jenkins().nodes.iter().any(|node| node.name.starts_with("local-") && node.connected) {
            assert!(started.elapsed() < PATIENCE, "no agent connected in {PATIENCE:?}");
            pause(Duration::from_millis(50));
        }
    }

    /// How many servers of the reference backend there ever were.
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

#[test]
fn the_configuration_for_containers_can_be_used_as_it_stands() {
    let text = fs::read_to_string(example("backends/lxc.md")).unwrap();
    let (_, rest) = text.split_once("```toml\n").unwrap();
    let (toml, _) = rest.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        fs::set_permissions(folder.path().join(name), Permissions::from_mode(0o600)).unwrap();
    };
    write("mita.toml", toml);
    write("jenkins.token", "a-token\n");
    write("boot-inbound-registered.sh", &fs::read_to_string(example("boot-inbound-registered.sh")).unwrap());
    let loaded = Config::load(&folder.path().join("mita.toml")).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(loaded.warnings, [""; 0]);
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
