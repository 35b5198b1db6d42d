//! Planning alone: a world of any size, built in memory.

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use mita::config::Config;
use mita::domain::names::ProviderName;
use mita::domain::shared::SharedMap;
use mita::domain::state::State;
use mita::domain::world::{
    Cloud, Jenkins, Launch, Listing, Lock, Mark, Mode, Node, NodeKind, Presence, Queue, QueueItem, Quota, Server,
    ServerState, Shown, Stage, Task, World,
};
use mita::plan;
use mita::plan::model::Plan;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::str::FromStr;
use std::time::Duration;

/// What planning may take at the large sizes.
pub(crate) const BOUNDS: (Duration, u64) = (Duration::from_secs(1), 100 * 1024);

/// The node types; each has ten of the labels that jobs ask for.
const TYPES: usize = 20;
const LABELS_OF_TYPES: usize = 10 * TYPES;

/// How much there is to plan for: every node has a server, every fifth node is idle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) items: usize,
    pub(crate) nodes: usize,
    /// Different labels among the items.
    pub(crate) labels: usize,
    /// Executors of each server that may be ordered.
    pub(crate) executors: usize,
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.items, self.nodes, self.labels, self.executors)
    }
}

impl FromStr for Scene {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers = text.split('/').map(str::parse).collect::<Result<Vec<usize>, _>>()?;
        let [items, nodes, labels, executors] = numbers[..] else { anyhow::bail!("want ITEMS/NODES/LABELS/EXECUTORS") };
        Ok(Scene { items, nodes, labels, executors })
    }
}

/// Everything that a plan is made of.
pub(crate) struct Setting {
    config: Config,
    world: World,
    state: State,
    now: Timestamp,
}

impl Setting {
    pub(crate) fn plan(&self) -> Plan {
        plan::plan(&self.config, &self.world, &self.state, self.now)
    }
}

impl Scene {
    /// The world, and what an earlier run remembers of it.
    pub(crate) fn set(self) -> Result<Setting> {
        let config = configuration(self)?;
        let began = Timestamp::from_second(1_767_600_000)?;
        let world = World { jenkins: self.jenkins(began), clouds: self.clouds(&config) };
        let mut state = plan::plan(&config, &world, &State::new(config.owner.clone()), began).state;
        // Orders of that run were never sent.
        state.servers.retain(|_, server| server.server_id.is_some());
        Ok(Setting { state, config, world, now: began + SignedDuration::from_mins(1) })
    }

    fn jenkins(self, began: Timestamp) -> Jenkins {
        let mut nodes = vec![Node {
            name: "Built-In Node".into(),
            kind: NodeKind::BuiltIn,
            labels: ["built-in".to_owned()].into(),
            executors: 0,
            idle_executors: 0,
            idle: true,
            presence: Presence::Online,
            connected: true,
            mark: None,
            copied_mark: None,
            unclear: false,
            busy_average: None,
            builds: Vec::new(),
        }];
        nodes.extend((0..self.nodes).map(|number| {
            let kind = number % TYPES;
            let name = format!("type{kind}+{}", address(number));
            let idle = number % 5 == 0;
            Node {
                labels: labels_of(kind).chain([name.clone(), format!("type{kind}")]).collect(),
                name: name.as_str().into(),
                kind: NodeKind::Agent,
                executors: 1,
                idle_executors: u32::from(idle),
                idle,
                presence: Presence::Online,
                connected: true,
                mark: None,
                copied_mark: None,
                unclear: false,
                busy_average: None,
                builds: Vec::new(),
            }
        }));
        let items = (0..self.items).map(|number| {
            let label = match number % self.labels {
                common if common < LABELS_OF_TYPES => format!("l{common}"),
                // A label of its own, which the type's nodes satisfy all the same.
                rare => format!("l{} || x{rare}", rare % LABELS_OF_TYPES),
            };
            QueueItem {
                id: number as u64 + 1,
                job: format!("folder/job-{}", number % 3000),
                task: Task::Project { label: Some(label.clone()) },
                stage: Stage::Buildable,
                in_queue_since: Some(began - SignedDuration::from_secs(number as i64 % 7200)),
                why: Some(format!("Waiting for next available executor on ‘{label}’")),
                run: None,
            }
        });
        Jenkins {
            session: Some("5e551000".to_owned()),
            shows_marks: true,
            mode: Listing::Complete(Mode::Running),
            queue: Listing::Complete(Queue { items: items.collect(), discoverable: 0, ..Queue::default() }),
            nodes: Listing::Complete(nodes),
        }
    }

    fn clouds(self, config: &Config) -> SharedMap<ProviderName, Cloud> {
        let servers = (0..self.nodes).map(|number| Server {
            id: format!("6f1c0000-0000-4000-8000-{number:012x}").as_str().into(),
            name: format!("type{}", number % TYPES),
            mark: Some(Mark {
                owner: config.owner.clone(),
                controller: config.installation().controller.into(),
                node_type: format!("type{}", number % TYPES).as_str().into(),
                id: format!("20260105T070000Z-{number}").as_str().into(),
            }),
            state: ServerState::Active,
            created: None,
            launch: Launch::Launched,
            lock: Lock::Open,
            shown: Shown::Whole,
            addresses: [address(number)].into(),
            fault: None,
            volumes: None,
            kept_volumes: Default::default(),
        });
        let cloud = Cloud {
            servers: Listing::Complete(servers.collect()),
            by_id: BTreeMap::new(),
            volumes: None,
            floating_ips: None,
            quota: Some(Quota { instances: Some(100_000), ..Quota::default() }),
            removal_forbidden: None,
            project: None,
            site: None,
        };
        SharedMap::from_iter([("openstack".into(), cloud)])
    }
}

fn address(number: usize) -> IpAddr {
    let [_, _, high, low] = (number as u32).to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(10, 1, high, low))
}

fn labels_of(kind: usize) -> impl Iterator<Item = String> {
    (10 * kind..10 * kind + 10).map(|number| format!("l{number}")).chain(["amd64".to_owned()])
}

/// Room for a fifth of the nodes again, over all and not by type: some jobs get a server, and most find the limit reached.
fn configuration(scene: Scene) -> Result<Config> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("mita.toml");
    let mut text = format!("max_servers = {}\n", scene.nodes * 6 / 5 + 1);
    text.push_str(
        r#"
state_file = "state.json"
owner = "ceph-ci"

[jenkins]
url = "http://127.0.0.1:8080/"
user = "mita"
token = "jenkins-api-token"

[provider.openstack]
auth_url = "http://127.0.0.1:5000/v3"
username = "mita"
password = "mita-secret"
tenant_name = "ceph-ci"
"#,
    );
    for kind in 0..TYPES {
        let labels: Vec<String> = labels_of(kind).map(|label| format!("{label:?}")).collect();
        text.push_str(&format!(
            "[nodes.type{kind}]\nprovider = \"openstack\"\nimage_name = \"Debian 12\"\nsize = \"m1.small\"\n\
             labels = [{}]\nexecutors = {}\n",
            labels.join(", "),
            scene.executors
        ));
    }
    fs::write(&path, text)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(Config::load(&path).context("the configuration of the planning scene is wrong")?.config)
}
