//! Nodes that are about to be retired, and builds that arrive on them at chosen moments of that run.
//!
//! Everything between the scheduler and mita is real: the run sends its requests over HTTP to the simulated controller,
//! which hands out builds just before the requests that were chosen. As in Jenkins, a node that is offline gets none.

use jiff::Timestamp;
use mita::config::Config;
use mita::progress::Progress;
use mita::reconcile::{Moment, Permits, Report, reconcile};
use mita_sim::jenkins::nodes::Node;
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, Kind, Sim, SimOptions, World};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const CLOUD: &str = "openstack";
/// Longer than any race.
const LONG: Duration = Duration::from_secs(100_000);
/// Half of the grace time: two sightings so far apart, and a third, make a node's time over.
const STEP: Duration = Duration::from_secs(30);

/// What the cloud of an arena is for mita.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    OpenStack,
    /// A program (`type = "command"`) that hands each call on to the cloud.
    Program,
}

/// A build that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// On which of the nodes.
    pub(crate) node: usize,
    /// Just before this request of the run.
    pub(crate) before: usize,
    /// It ends just before this one, or long after the run.
    pub(crate) ends: Option<usize>,
}

/// What came of one race.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Requests of the run.
    pub(crate) requests: usize,
    /// Nodes that were retired.
    pub(crate) retired: usize,
    /// Nodes that stayed.
    pub(crate) stayed: usize,
}

/// A controller and a cloud, used for one race after the other.
pub(crate) struct Arena {
    sim: Sim,
    config: Config,
    folder: TempDir,
    /// Scenes by the number of nodes and of their executors, as they are just before the run that retires.
    scenes: RefCell<BTreeMap<(usize, usize), Scene>>,
}

/// The nodes, and everything that a race changes.
struct Scene {
    names: Vec<String>,
    world: World,
    state: Vec<u8>,
}

impl Arena {
    /// `at_once` is how many retirements go on at the same time.
    pub(crate) fn open(at_once: usize, backend: Backend) -> Result<Self, String> {
        let sim = Sim::start(SimOptions::default()).map_err(|error| error.to_string())?;
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.map_err(|error| error.to_string())?;
        let path = folder.path().join("mita.toml");
        let provider = match backend {
            Backend::OpenStack => format!(
                "auth_url = \"{}\"\nusername = \"mita\"\npassword = \"mita-secret\"\ntenant_name = \"ceph-ci\"\n\
                 service_region = \"RegionOne\"",
                sim.auth_url(CLOUD)
            ),
            Backend::Program => {
                let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/harness/backend.sh");
                format!("type = \"command\"\ncommand = [\"{program}\", \"{}\"]", sim.cloud(CLOUD).port())
            }
        };
        let text = format!(
            "state_file = \"state.json\"\nowner = \"ceph-ci\"\nidle_grace = \"1m\"\nconcurrency = {at_once}\n\
             [jenkins]\nurl = \"{}/\"\nuser = \"mita\"\ntoken = \"jenkins-api-token\"\n\
             [provider.{CLOUD}]\n{provider}\n\
             [nodes.trusty]\nprovider = \"{CLOUD}\"\nlabels = \"trusty\"\nimage_name = \"Debian 12\"\nsize = \"m1.small\"\n",
            sim.jenkins_url(),
        );
        fs::write(&path, text).map_err(|error| error.to_string())?;
        let config = Config::load(&path).map_err(|errors| errors.to_string())?.config;
        Ok(Self { sim, config, folder, scenes: RefCell::default() })
    }

    /// Retires so many nodes of so many executors each while builds arrive. An error tells of a build that died, or of a
    /// node that was left offline though its drain was interrupted.
    pub(crate) fn race(&self, nodes: usize, executors: usize, arrivals: &[Arrival]) -> Result<Outcome, String> {
        let names = self.set(nodes, executors)?;
        for arrival in arrivals {
            self.plan_arrival(*arrival, &names);
        }
        let report = self.run()?;
        let requests = self.sim.requests().len();
        self.sim.heal();
        self.judge(&names, requests).map_err(|what| {
            let steps: Vec<String> = self.sim.requests().iter().map(mita_sim::Record::line).collect();
            format!("{what}\narrivals: {arrivals:?}\nresults: {:?}\n{}", report.results, steps.join("\n"))
        })
    }

    /// Servers of ours with their nodes, which two runs have seen idle.
    fn set(&self, nodes: usize, executors: usize) -> Result<Vec<String>, String> {
        let state_file = self.folder.path().join("state.json");
        let mut scenes = self.scenes.borrow_mut();
        if let Some(scene) = scenes.get(&(nodes, executors)) {
            fs::write(state_file, &scene.state).map_err(|error| error.to_string())?;
            self.sim.set_back(&scene.world);
            return Ok(scene.names.clone());
        }
        let names = self.set_anew(nodes, executors);
        for _ in 0..2 {
            self.run()?;
            self.sim.advance(STEP);
        }
        let state = fs::read(state_file).map_err(|error| error.to_string())?;
        self.sim.clear_log();
        scenes.insert((nodes, executors), Scene { names: names.clone(), world: self.sim.world().clone(), state });
        Ok(names)
    }

    /// The same before any run has seen them.
    fn set_anew(&self, nodes: usize, executors: usize) -> Vec<String> {
        // There is none before the first race.
        drop(fs::remove_file(self.folder.path().join("state.json")));
        let mut world = self.sim.world();
        world.jenkins.nodes.retain(Node::is_built_in);
        world.jenkins.finished.clear();
        let mut names = Vec::new();
        let mut agents = Vec::new();
        {
            let cloud = world.cloud(CLOUD);
            cloud.servers.clear();
            cloud.history.clear();
            for number in 0..nodes {
                let id = format!("20260105T080000Z-{}", number + 1);
                let mark = [("mita_owner", "ceph-ci"), ("mita_node", "trusty"), ("mita_id", id.as_str())];
                let server = cloud.place_server("trusty", &mark);
                let name = format!("trusty+{}", cloud.addresses(&server).join(""));
                agents.push(Node::new(&name, "trusty", executors).online().on_server(CLOUD, &server));
                names.push(name);
            }
        }
        agents.into_iter().for_each(|agent| world.jenkins.add_node(agent));
        names
    }

    #[expect(clippy::disallowed_methods, reason = "a run's deadline is real time, as in the program itself")]
    fn run(&self) -> Result<Report, String> {
        let now = i64::try_from(self.sim.now()).map_err(|error| error.to_string())?;
        let now = Timestamp::from_millisecond(now).map_err(|error| error.to_string())?;
        let moment = Moment { now, started: Instant::now() };
        let report = reconcile(&self.config, Permits::default(), moment, &Progress::silent());
        let report = report.map_err(|error| error.to_string())?;
        if report.plan.problems.is_empty() { Ok(report) } else { Err(format!("{:?}", report.plan.problems)) }
    }

    fn plan_arrival(&self, arrival: Arrival, names: &[String]) {
        let name = names[arrival.node].clone();
        let job = format!("build {} {}", arrival.node, arrival.before);
        let (ending, own) = (name.clone(), job.clone());
        let arrive = move |world: &mut mita_sim::World| {
            if world.jenkins.node(&name).is_some_and(|node| !node.offline()) {
                world.jenkins.occupy(&name, Job::freestyle(&job).label("trusty").lasting(LONG));
            }
        };
        self.sim.fault(Fault::anywhere(Kind::Before(Box::new(arrive))).after(arrival.before));
        let Some(end) = arrival.ends else { return };
        let end_it = move |world: &mut mita_sim::World| {
            let node = world.jenkins.node_mut(&ending);
            for executor in node.into_iter().flat_map(|node| &mut node.executors) {
                drop(executor.build.take_if(|build| build.job.name == own));
            }
        };
        self.sim.fault(Fault::anywhere(Kind::Before(Box::new(end_it))).after(end));
    }

    fn judge(&self, names: &[String], requests: usize) -> Result<Outcome, String> {
        let mut outcome = Outcome { requests, ..Outcome::default() };
        let violations = self.sim.violations();
        if !violations.is_empty() {
            return Err(format!("a promise was broken: {violations:?}"));
        }
        let world = self.sim.world();
        if let Some(dead) = world.jenkins.finished.iter().find(|build| build.killed) {
            return Err(format!("a build died: {dead:?}"));
        }
        for name in names {
            let Some(node) = world.jenkins.node(name) else {
                outcome.retired += 1;
                continue;
            };
            outcome.stayed += 1;
            let on = node.server.as_ref();
            let server = on.and_then(|on| world.clouds[CLOUD].server(&on.server));
            if node.temporarily_offline {
                return Err(format!("the drain of {name} was interrupted, and it is still offline"));
            }
            if server.is_none_or(mita_sim::openstack::Server::deleting) {
                return Err(format!("{name} is there, and its server is not"));
            }
        }
        Ok(outcome)
    }
}
