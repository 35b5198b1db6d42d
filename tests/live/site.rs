//! One installation of mita between a simulated Jenkins and a real cloud.

use super::nova::Cloud;
use super::{clock, eventually, pause, variable};
use crate::harness::Run;
use jiff::Timestamp;
use mita::config::Config;
use mita::plan::model::Change;
use mita::progress::Progress;
use mita::reconcile;
use mita::reconcile::{Moment, Permits};
use mita_sim::jenkins::nodes::Node;
use mita_sim::jenkins::queue::Job;
use mita_sim::{Promise, Sim, SimOptions};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use tempfile::TempDir;

/// The label of the node type `live`, and of the jobs.
pub(super) const LABEL: &str = "live-label";

/// Everything that a test needs; what carries its mark in the cloud goes with it.
pub(super) struct Site {
    pub(super) sim: Sim,
    pub(super) cloud: Cloud,
    pub(super) owner: String,
    pub(super) folder: TempDir,
    /// Servers that the test ordered past the program.
    pub(super) strangers: Vec<String>,
}

pub(super) fn image() -> String {
    variable("MITA_LIVE_IMAGE").unwrap_or_else(|| "Debian 12".to_owned())
}

pub(super) fn size() -> String {
    variable("MITA_LIVE_SIZE").unwrap_or_else(|| "m1.tiny".to_owned())
}

impl Site {
    /// An installation with the node type `live` at a cloud of `clouds.yaml`.
    pub(super) fn at(cloud: &str, test: &str) -> Site {
        Self::with(cloud, test, &format!("image_name = \"{}\"\nsize = \"{}\"", image(), size()))
    }

    /// The same with other lines in the table of the node type.
    pub(super) fn with(cloud: &str, test: &str, lines: &str) -> Site {
        let client = Cloud::named(cloud).unwrap_or_else(|| panic!("clouds.yaml has no usable cloud {cloud}"));
        Self::of(client, &format!("cloud = \"{cloud}\""), test, lines)
    }

    /// The same with other lines in the table of the provider; `client` looks at the same project.
    pub(super) fn of(client: Cloud, provider: &str, test: &str, lines: &str) -> Site {
        let sim = Sim::start(SimOptions::default()).unwrap();
        // With an agent of any kind Jenkins names the labels that jobs wait for.
        sim.jenkins().add_agent("vault", "signing", 1);
        let owner = format!("live-{test}-{}", std::process::id());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mita.toml");
        let text = format!(
            r#"
state_file = "state.json"
owner = "{owner}"
idle_grace = "2s"

[jenkins]
url = "{jenkins}"
user = "mita"
token = "jenkins-api-token"

[provider.openstack]
{provider}

[nodes.live]
provider = "openstack"
labels = ["{LABEL}"]
{lines}
"#,
            jenkins = sim.jenkins_url(),
        );
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        Site { sim, cloud: client, owner, folder, strangers: Vec::new() }
    }

    pub(super) fn config(&self) -> Config {
        Config::load(&self.folder.path().join("mita.toml")).unwrap().config
    }

    /// Queues a job that only a node of type `live` serves; its build lasts ten minutes of the simulator's time.
    pub(super) fn queue(&self, job: &str) {
        self.sim.jenkins().submit(Job::freestyle(job).label(LABEL));
    }

    /// One run at the real time.
    pub(super) fn run(&self) -> Run {
        let report = reconcile::reconcile(&self.config(), Permits::default(), moment(), &Progress::silent()).unwrap();
        Run { report, requests: Vec::new() }
    }

    /// One dry run at the real time.
    pub(super) fn dry_run(&self) -> Run {
        let report = reconcile::dry_run(&self.config(), Permits::default(), moment(), &Progress::silent()).unwrap();
        Run { report, requests: Vec::new() }
    }

    /// Runs every second until one does something. Gives that run.
    #[track_caller]
    pub(super) fn run_until_something_is_done(&self) -> Run {
        eventually("a run that does something", || {
            let run = self.run();
            if !run.report.plan.actions.is_empty() {
                return Some(run);
            }
            pause(Duration::from_millis(700));
            None
        })
    }

    /// The id of the one server that a run ordered.
    #[track_caller]
    pub(super) fn ordered(&self, run: &Run) -> String {
        run.did(&["create_server live demand done"]);
        let results = run.report.results.as_deref().unwrap_or_default();
        results[0].server_id.as_ref().unwrap().to_string()
    }

    /// The id that mita gave to its first order of a run.
    pub(super) fn order_id(run: &Run) -> String {
        let ids = run.report.plan.actions.iter().find_map(|action| match &action.change {
            Change::CreateServer(order) => Some(order.id.to_string()),
            _ => None,
        });
        ids.unwrap()
    }

    /// Waits for a status of a server, and gives the server.
    #[track_caller]
    pub(super) fn becomes(&self, id: &str, status: &str) -> Value {
        eventually(&format!("server {id} {status}"), || {
            self.cloud.server(id).filter(|server| server["status"] == status)
        })
    }

    /// Waits until the cloud knows no such server any more.
    #[track_caller]
    pub(super) fn vanishes(&self, id: &str) {
        eventually(&format!("server {id} gone"), || self.cloud.server(id).is_none().then_some(()));
    }

    /// Adds the agent that a server would register, `live+ADDRESS`, and gives its name.
    pub(super) fn joins(&self, server: &Value) -> String {
        let networks = server["addresses"].as_object().unwrap();
        let address = networks.values().next().unwrap()[0]["addr"].as_str().unwrap();
        self.joins_as(address)
    }

    /// The same under this address.
    pub(super) fn joins_as(&self, address: &str) -> String {
        let name = format!("live+{address}");
        self.sim.jenkins().add_node(Node::new(&name, LABEL, 1).online());
        name
    }
}

fn moment() -> Moment {
    #[expect(clippy::disallowed_methods, reason = "a real cloud has the real time")]
    let now = Timestamp::now();
    Moment { now, started: clock() }
}

impl Drop for Site {
    /// Nothing is left in the cloud, also where the test failed.
    fn drop(&mut self) {
        self.cloud.clean_up(&self.owner, &self.strangers);
        // The simulator does not know that the agents of these tests are ours.
        let broken: Vec<_> = self.sim.violations().into_iter().filter(|it| it.promise != Promise::NotOurs).collect();
        if !std::thread::panicking() {
            assert!(broken.is_empty(), "promises were broken: {broken:?}");
        }
    }
}
