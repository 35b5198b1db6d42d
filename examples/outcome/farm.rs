//! Plays a trace: the real run of mita over HTTP, as often as cron would start it, against the simulator and on its clock.

use super::summary::{JobOutcome, Outcome, ServerOutcome};
use super::trace::{Order, Trace};
use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use mita::config::Config;
use mita::progress::Progress;
use mita::reconcile::{Moment, Permits, reconcile};
use mita_sim::jenkins::Placement;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::{Fate, Quota};
use mita_sim::{JoinRule, Sim, SimOptions, World};
use std::collections::HashMap;
use std::fmt::Write;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const CLOUD: &str = "openstack";

/// More servers than any trace needs.
const MOST: u32 = 400;

/// How a trace is played.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Seconds from one run to the next.
    pub(crate) every: u64,
    /// The second of the first run.
    pub(crate) phase: u64,
    /// Lines for the table of each node type.
    pub(crate) node_keys: String,
    /// Lines for the table of the provider.
    pub(crate) provider_keys: String,
    /// Node types with their labels; one for each label where there are none.
    pub(crate) types: Vec<(String, Vec<String>)>,
    /// Executors of each server.
    pub(crate) executors: usize,
    /// Which node gets a build.
    pub(crate) placement: Placement,
    /// What comes before this second is not measured.
    pub(crate) from: u64,
    /// The second at which the state file is lost.
    pub(crate) lose_state_at: Option<u64>,
    /// A second, and by how many the clock of mita is ahead from then on.
    pub(crate) clock_jump: Option<(u64, i64)>,
    /// The most servers of each type.
    pub(crate) max: Option<u32>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            every: 30,
            phase: 10,
            node_keys: String::new(),
            provider_keys: String::new(),
            types: Vec::new(),
            executors: 1,
            placement: Placement::ConsistentHash,
            from: 0,
            lose_state_at: None,
            clock_jump: None,
            max: None,
        }
    }
}

/// Plays the trace until the second `end`.
pub(crate) fn play(trace: &Trace, setup: &Setup, end: u64) -> Result<Outcome> {
    let mut farm = Farm::open(trace, setup)?;
    let mut builds = trace.builds.iter().peekable();
    for second in 0..=end {
        while let Some(build) = builds.next_if(|build| build.at <= second) {
            let lasts = Duration::from_secs(build.lasts);
            let item = farm.sim.jenkins().submit(Job::pipeline(&build.job).label(&build.label).lasting(lasts));
            farm.items.push(item);
        }
        if second >= setup.phase && (second - setup.phase).is_multiple_of(setup.every) {
            farm.run(second)?;
        }
        if setup.lose_state_at == Some(second) {
            fs::remove_file(farm.folder.path().join("state.json")).context("the state file to lose")?;
        }
        let mut world = farm.sim.world();
        farm.seen.observe(&world, second, setup.from);
        world.advance(Duration::from_secs(1));
    }
    farm.outcome(end)
}

struct Farm<'a> {
    trace: &'a Trace,
    setup: &'a Setup,
    sim: Sim,
    config: Config,
    folder: TempDir,
    /// Queue items, in the order of the trace's builds.
    items: Vec<u64>,
    seen: Seen,
}

impl<'a> Farm<'a> {
    fn open(trace: &'a Trace, setup: &'a Setup) -> Result<Self> {
        let mut options = SimOptions::default();
        options.jenkins.placement = setup.placement;
        let sim = Sim::start(options).context("cannot start the simulator")?;
        let types = if setup.types.is_empty() {
            trace.labels().into_iter().map(|label| (format!("type-{label}").to_lowercase(), vec![label])).collect()
        } else {
            setup.types.clone()
        };
        // The static agent is there so that Jenkins always names the labels that jobs wait for.
        sim.jenkins().add_agent("static", "nothing", 1);
        for (name, labels) in &types {
            let rule = JoinRule::base_plus_ip(Duration::ZERO, &labels.join(" ")).executors(setup.executors);
            sim.on_boot(name, rule);
        }
        {
            let mut cloud = sim.cloud(CLOUD);
            *cloud.quota_mut("ceph-ci") =
                Quota { instances: None, cores: None, ram: None, volumes: None, gigabytes: None, floating_ips: None };
            cloud.networks[0].prefix = "10.20".to_owned();
            cloud.next_fates = trace.orders.iter().map(fate).collect();
        }
        sim.world().rules.max_servers = Some(MOST as usize);
        let folder = temporary_folder()?;
        let config = write(&sim, folder.path(), setup, &types)?;
        Ok(Self { trace, setup, sim, config, folder, items: Vec::new(), seen: Seen::default() })
    }

    /// One run of mita.
    fn run(&mut self, second: u64) -> Result<()> {
        let ahead = self.setup.clock_jump.filter(|(from, _)| second >= *from).map_or(0, |(_, seconds)| seconds);
        let now = Timestamp::from_millisecond(i64::try_from(self.sim.now())? + ahead * 1000)?;
        let moment = Moment { now, started: instant() };
        let report = reconcile(&self.config, Permits::default(), moment, &Progress::silent())?;
        let failed: Vec<_> = report.results.iter().flatten().filter_map(|result| result.error.as_ref()).collect();
        ensure!(failed.is_empty(), "second {second}: {failed:?}");
        let mut world = self.sim.world();
        ensure!(world.violations.is_empty(), "second {second}: promises were broken: {:?}", world.violations);
        world.log.clear();
        Ok(())
    }

    fn outcome(self, end: u64) -> Result<Outcome> {
        let world = self.sim.world();
        let running = world.jenkins.nodes.iter().flat_map(|node| {
            let builds = node.executors.iter().filter_map(|executor| executor.build.as_ref());
            builds.map(|build| (build.item, (build.started, node.name.clone())))
        });
        let over = world.jenkins.finished.iter().map(|build| (build.item, (build.started, build.node.clone())));
        let began: HashMap<u64, (u64, String)> = running.chain(over).collect();
        ensure!(!world.jenkins.finished.iter().any(|build| build.killed), "a build was killed");
        let second = |at: u64| (at - mita_sim::clock::START) / 1000;
        let jobs = self.trace.builds.iter().zip(&self.items).map(|(build, item)| {
            let began = began.get(item);
            JobOutcome {
                job: build.job.clone(),
                label: build.label.clone(),
                queued: build.at,
                started: began.map(|(started, _)| second(*started)),
                node: began.map(|(_, node)| node.clone()).unwrap_or_default(),
            }
        });
        let jobs = jobs.collect();
        let servers = self.seen.servers;
        Ok(Outcome { jobs, servers, from: self.setup.from, end })
    }
}

fn fate(order: &Order) -> Fate {
    let boots = Duration::from_secs(order.boots);
    if order.error {
        return Fate::Error(boots, "No valid host was found. ".to_owned());
    }
    Fate::JoinsIn(boots, order.joins.map(Duration::from_secs))
}

/// The servers that were seen so far.
#[derive(Default)]
struct Seen {
    servers: Vec<ServerOutcome>,
    by_id: HashMap<String, usize>,
}

impl Seen {
    fn observe(&mut self, world: &World, second: u64, from: u64) {
        for server in &world.clouds[CLOUD].servers {
            let number = *self.by_id.entry(server.id.clone()).or_insert_with(|| {
                self.servers.push(ServerOutcome {
                    id: server.id.clone(),
                    node_type: server.name.clone(),
                    ordered: second,
                    online: None,
                    deleted: None,
                    busy: 0,
                    failed: false,
                });
                self.servers.len() - 1
            });
            let seen = &mut self.servers[number];
            seen.failed |= server.fault.is_some();
            if server.deleting() {
                seen.deleted.get_or_insert(second);
            }
        }
        for node in &world.jenkins.nodes {
            let Some(&number) = node.server.as_ref().and_then(|on| self.by_id.get(&on.server)) else { continue };
            if node.connected {
                self.servers[number].online.get_or_insert(second);
            }
            if second >= from && !node.idle() {
                self.servers[number].busy += 1;
            }
        }
    }
}

/// The configuration. Orders are sent one after the other, so that two plays of a trace give them the same boot times.
fn write(sim: &Sim, folder: &Path, setup: &Setup, types: &[(String, Vec<String>)]) -> Result<Config> {
    let mut text = format!(
        "state_file = \"state.json\"\nowner = \"ceph-ci\"\nmax_servers = {MOST}\nconcurrency = 1\n\
         [jenkins]\nurl = \"{}/\"\nuser = \"mita\"\ntoken = \"jenkins-api-token\"\n\
         [provider.{CLOUD}]\nauth_url = \"{}\"\nusername = \"mita\"\npassword = \"mita-secret\"\n\
         tenant_name = \"ceph-ci\"\nservice_region = \"RegionOne\"\n{}\n",
        sim.jenkins_url(),
        sim.auth_url(CLOUD),
        setup.provider_keys,
    );
    for (name, labels) in types {
        let max = setup.max.map(|max| format!("max = {max}\n")).unwrap_or_default();
        writeln!(
            text,
            "[nodes.{name}]\nprovider = \"{CLOUD}\"\nimage_name = \"Debian 12\"\nsize = \"m1.small\"\nlabels = {labels:?}\n\
             executors = {}\n{max}{}",
            setup.executors, setup.node_keys
        )?;
    }
    let path = folder.join("mita.toml");
    fs::write(&path, text)?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    Ok(Config::load(&path).map_err(|errors| anyhow::anyhow!("{errors}"))?.config)
}

/// In memory where there is such a place: a run waits for the disk several times.
fn temporary_folder() -> Result<TempDir> {
    let in_memory = Path::new("/dev/shm");
    let folder = if in_memory.is_dir() { tempfile::tempdir_in(in_memory) } else { tempfile::tempdir() };
    folder.context("cannot make a temporary folder")
}

#[expect(clippy::disallowed_methods, reason = "the deadline of a run is real time")]
fn instant() -> Instant {
    Instant::now()
}
