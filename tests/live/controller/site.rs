//! One installation of mita between a controller and a simulated cloud.

use super::agent::{self, Agent};
use super::client::Controller;
use super::follower::{self, Follower};
use super::{clock, eventually, skipped, variable};
use crate::harness::Run;
use mita::config::Config;
use mita::domain::installation;
use mita::progress::Progress;
use mita::reconcile::{self, Moment, Permits};
use mita_sim::jenkins::{User, Version};
use mita_sim::openstack::Status;
use mita_sim::{Sim, SimOptions, jenkins, openstack};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// How long things last.
pub(super) struct Pace {
    /// A build, in seconds.
    pub(super) build: f64,
    /// `idle_grace`.
    pub(super) grace: Duration,
    /// The builds of each job in the drain.
    pub(super) builds: usize,
    /// The longest time from the end of one to the next, in milliseconds: as long as it takes until a run has looked at the
    /// node and retired it.
    pub(super) gap: usize,
}

/// Agents take some seconds to connect, and Jenkins up to five to give them a build.
const OF_A_CONTROLLER: Pace = Pace { build: 10.0, grace: Duration::from_secs(5), builds: 10, gap: 500 };

const OF_A_REHEARSAL: Pace = Pace { build: 1.0, grace: Duration::from_secs(1), builds: 10, gap: 300 };

/// Where the controller is, and who is known there.
struct Login {
    url: String,
    user: String,
    token: String,
}

/// Everything that a test needs. What begins with its name in Jenkins goes with it.
pub(super) struct Site {
    /// The owner, the node type, its label, and the beginning of every name in Jenkins.
    pub(super) name: String,
    pub(super) controller: Controller,
    pub(super) pace: Pace,
    login: Login,
    /// Starts an agent; empty for a test that starts none.
    command: String,
    /// The agents by the ids of their servers. They end before their folder does.
    agents: RefCell<BTreeMap<String, Agent>>,
    folder: TempDir,
    // Before the simulator, whose clock it moves.
    _follower: Follower,
    sim: Arc<Sim>,
}

impl Site {
    /// An installation at the given controller, for a test that starts no agents. Says so where none is given.
    pub(super) fn given(test: &str) -> Option<Site> {
        let Some(url) = variable("MITA_TEST_JENKINS_URL") else {
            skipped("no controller given by MITA_TEST_JENKINS_URL");
            return None;
        };
        let [user, token] = ["MITA_TEST_JENKINS_USER", "MITA_TEST_JENKINS_TOKEN"]
            .map(|name| variable(name).unwrap_or_else(|| panic!("there is MITA_TEST_JENKINS_URL and no {name}")));
        let name = Self::name(test);
        let sim = Sim::start(Self::options(&name)).unwrap();
        // What runs on the servers is not in the simulator's own Jenkins.
        sim.world().rules.controllers = vec![installation::Controller::at(&url).to_string()];
        Some(Self::open(name, sim, Login { url, user, token }, OF_A_CONTROLLER))
    }

    /// The same for a test that starts agents.
    pub(super) fn given_with_agents(test: &str) -> Option<Site> {
        let mut site = Self::given(test)?;
        match agent::command(&site.controller, site.folder.path()) {
            Some(command) => site.command = command,
            None => {
                skipped("no agent: there is no java here, and no command in MITA_TEST_JENKINS_AGENT");
                return None;
            }
        }
        Some(site)
    }

    /// An installation at a simulated controller of this release.
    pub(super) fn rehearsed(test: &str, version: Version) -> Option<Site> {
        if !agent::starts("curl", "--version") {
            skipped("there is no curl");
            return None;
        }
        let name = Self::name(test);
        let (user, token) = ("tester".to_owned(), "tester-api-token".to_owned());
        let users = vec![User::new(&user, &token)];
        // Agents come from the test alone.
        let agent_start = Duration::from_secs(1_000_000);
        let jenkins = jenkins::Options { version, users, agent_start, jobs: Vec::new(), ..jenkins::Options::default() };
        // Builds can begin between two answers, as on a network.
        let latency = Duration::from_millis(10);
        let sim = Sim::start(SimOptions { jenkins, latency, ..Self::options(&name) }).unwrap();
        let login = Login { url: sim.jenkins_url().to_owned(), user, token };
        let mut site = Self::open(name, sim, login, OF_A_REHEARSAL);
        site.command = agent::SIMULATED.to_owned();
        Some(site)
    }

    /// A name that no other run of these tests has.
    fn name(test: &str) -> String {
        format!("mita-test-{test}-{}-{}", follower::now() / 1000, std::process::id())
    }

    fn options(name: &str) -> SimOptions {
        let (boot_time, delete_time) = (Duration::from_millis(200), Duration::from_millis(200));
        SimOptions {
            openstack: openstack::Options { boot_time, delete_time, ..openstack::Options::default() },
            owners: vec![name.to_owned()],
            users: vec!["tester".into()],
            start: follower::now(),
            ..SimOptions::default()
        }
    }

    fn open(name: String, sim: Sim, login: Login, pace: Pace) -> Site {
        let sim = Arc::new(sim);
        let site = Site {
            name,
            controller: Controller::new(&login.url, &login.user, &login.token),
            pace,
            folder: tempfile::tempdir().unwrap(),
            login,
            command: String::new(),
            agents: RefCell::default(),
            _follower: Follower::of(Arc::clone(&sim)),
            sim,
        };
        site.configure(site.pace.grace);
        site
    }

    /// Writes the configuration, with this `idle_grace`.
    pub(super) fn configure(&self, grace: Duration) {
        let Login { url, user, token } = &self.login;
        let text = format!(
            r##"
state_file = "state.json"
owner = "{name}"
idle_grace = "{grace}s"

[jenkins]
url = "{url}"
user = "{user}"
token = "{token}"

[provider.openstack]
auth_url = "{auth_url}"
username = "mita"
password = "mita-secret"
tenant_name = "ceph-ci"

[nodes.{name}]
provider = "openstack"
image_name = "Debian 12"
size = "m1.small"
labels = ["{name}"]
max = 2
register = "inbound"
mode = "exclusive"
remote_fs = "{folder}"
script = "#!/bin/sh\nagent ${{JENKINS_URL}} ${{MITA_AGENT_NAME}} ${{MITA_AGENT_SECRET}} ${{MITA_AGENT_OPTIONS}}\n"
"##,
            name = self.name,
            grace = grace.as_secs(),
            auth_url = self.sim.auth_url("openstack"),
            folder = self.folder.path().display(),
        );
        fs::write(self.config_file(), text).unwrap();
        fs::set_permissions(self.config_file(), Permissions::from_mode(0o600)).unwrap();
    }

    pub(super) fn config_file(&self) -> PathBuf {
        self.folder.path().join("mita.toml")
    }

    /// Makes a job that only a node of this site serves, and gives its name.
    pub(super) fn job(&self, suffix: &str, seconds: f64) -> String {
        let name = format!("{}-{suffix}", self.name);
        self.controller.create_job(&name, &self.name, seconds);
        name
    }

    /// One run.
    pub(super) fn run(&self) -> Run {
        let config = Config::load(&self.config_file()).unwrap().config;
        let moment = Moment { now: follower::time(), started: clock() };
        let report = reconcile::reconcile(&config, Permits::default(), moment, &Progress::silent()).unwrap();
        Run { report, requests: Vec::new() }
    }

    /// Runs until one does something. Gives that run.
    #[track_caller]
    pub(super) fn run_until_something_is_done(&self) -> Run {
        eventually("a run that does something", || {
            let run = self.run();
            (!run.report.plan.actions.is_empty()).then_some(run)
        })
    }

    /// The names of the servers that are not on their way out.
    pub(super) fn servers(&self) -> Vec<String> {
        let cloud = self.sim.cloud("openstack");
        cloud.servers.iter().filter(|server| !server.deleting()).map(|server| server.name.clone()).collect()
    }

    /// Starts the agents of servers that have booted, and ends those of servers that are gone.
    pub(super) fn boot(&self) {
        let mut scripts = BTreeMap::new();
        for server in self.sim.cloud("openstack").servers.iter().filter(|server| !server.deleting()) {
            if server.status == Status::Active {
                let script = server.user_data.clone().unwrap_or_default();
                scripts.insert(server.id.clone(), String::from_utf8(script).unwrap());
            }
        }
        let mut agents = self.agents.borrow_mut();
        agents.retain(|id, _| scripts.contains_key(id));
        for (id, script) in scripts {
            agents.entry(id).or_insert_with(|| Agent::start(&self.command, &script, self.folder.path()));
        }
    }

    /// Waits for this while servers boot.
    #[track_caller]
    pub(super) fn eventually<T>(&self, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
        eventually(what, || {
            self.boot();
            ask()
        })
    }
}

impl Drop for Site {
    /// Nothing is left in Jenkins, also where the test failed.
    fn drop(&mut self) {
        self.controller.clean_up(&self.name);
        if !std::thread::panicking() {
            self.sim.assert_promises();
        }
    }
}
