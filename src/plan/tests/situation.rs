//! Situations: a configuration, what a run sees, and what is remembered, with everything irrelevant at its default.
//!
//! A run plans, shows the whole plan, and then everything that was planned comes true. What the world does by itself, a
//! test says.

use crate::config::{
    Auth, Backend, Boot, Config, Connection, Domain, FlavorChoice, Forecast, Identified, Interface, JenkinsConfig,
    MinIdle, NodeType, OpenStackConfig, ProviderConfig, Registration, Times,
};
use crate::domain::installation::Controller;
use crate::domain::names::{MitaId, Owner, ProviderName, ServerId};
use crate::domain::shared::SharedMap;
use crate::domain::state::{Breaker, Credit, GoneServer, NodeMemory, Origin, ServerMemory, Session, State};
use crate::domain::world::*;
use crate::plan::decisions::brake;
use crate::plan::model::Plan;
use crate::plan::plan;
use crate::plan::tests::checker;
use crate::plan::text::display::Detail;
use crate::secret::Secret;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A moment with no meaning.
pub(crate) const NOON: &str = "2026-11-21T12:00:00Z";

/// The run that ordered the servers that are there from the beginning, and the last one before a test's first.
pub(crate) const ORDERED_IN: u64 = 90;
const LAST_RUN: u64 = 100;

/// "1h 30m"
pub(crate) fn time(text: &str) -> SignedDuration {
    text.parse().unwrap()
}

/// Time that was counted to the last second, so that a run at the same moment adds nothing.
pub(crate) fn credit(now: Timestamp, counted: &str) -> Credit {
    Credit { first: now - time(counted), last: now, credit: time(counted) }
}

pub(crate) fn owner() -> Owner {
    Owner::new("ci").unwrap()
}

pub(crate) fn controller() -> Controller {
    Controller::at("https://ci.example.com/")
}

pub(crate) fn names<T: FromIterator<String>>(labels: &[&str]) -> T {
    labels.iter().map(|label| (*label).to_owned()).collect()
}

/// A node type at the provider `os`.
pub(crate) fn kind(name: &str, labels: &[&str]) -> NodeType {
    NodeType {
        name: name.into(),
        providers: vec!["os".into()],
        image_name: "image".to_owned(),
        size: FlavorChoice::Named("small".into()),
        keyname: None,
        labels: names(labels),
        storage: None,
        executors: 1,
        max: None,
        budget: None,
        min_idle: MinIdle::Always(0),
        forecast: Forecast::default(),
        single_use: false,
        unlabelled: false,
        networks: vec![],
        security_groups: vec![],
        availability_zone: None,
        config_drive: false,
        metadata: BTreeMap::new(),
        boot: Boot::default(),
        server_name: NodeType::PLAIN_SERVER_NAME.to_owned(),
        script: String::new(),
        registration: Registration::Elsewhere,
        times: TIMES,
    }
}

const TIMES: Times = Times {
    stuck_after: SignedDuration::ZERO,
    idle_grace: SignedDuration::from_mins(40),
    boot_timeout: SignedDuration::from_mins(15),
    join_timeout: SignedDuration::from_mins(15),
    order_timeout: SignedDuration::from_mins(5),
    max_age: None,
};

pub(crate) fn provider(name: &str) -> ProviderConfig {
    let auth = Auth::Password {
        user: Identified::Name { name: "user".to_owned(), domain: Domain::Name("Default".to_owned()) },
        password: Secret::new("password"),
        project: None,
    };
    let openstack = OpenStackConfig {
        auth_url: "http://127.0.0.1/".to_owned(),
        auth,
        region: None,
        interface: Interface::Public,
        cacert: None,
        connection: Connection::default(),
    };
    ProviderConfig {
        name: name.into(),
        max: None,
        budget: None,
        dashboard_url: None,
        billing: None,
        backend: Backend::OpenStack(openstack.into()),
    }
}

/// An agent, online and idle, with the label `amd64`.
pub(crate) fn agent(name: &str) -> Node {
    Node {
        name: name.into(),
        kind: NodeKind::Agent,
        labels: names(&[name, "amd64"]),
        executors: 1,
        idle_executors: 1,
        idle: true,
        presence: Presence::Online,
        mark: None,
        copied_mark: None,
        connected: false,
        busy_average: None,
        unclear: false,
        builds: Vec::new(),
    }
}

fn built_in() -> Node {
    let labels = names(&["built-in"]);
    Node { kind: NodeKind::BuiltIn, labels, executors: 0, idle_executors: 0, ..agent("Built-In Node") }
}

pub(crate) fn build(number: u64) -> Build {
    let url = Some(format!("http://ci.example.com/job/job/{number}/"));
    Build { name: format!("job #{number}"), job: None, number: None, queue_id: None, url, since: None }
}

pub(crate) const USER: &str = "hudson.slaves.OfflineCause$UserCause";

pub(crate) fn set_offline(class: &str, reason: &str) -> Presence {
    let class = Some(class.to_owned()).filter(|class| !class.is_empty());
    Presence::SetOffline(OfflineCause { class, reason: reason.to_owned(), ..OfflineCause::default() })
}

pub(crate) struct Situation {
    pub(crate) config: Config,
    pub(crate) world: World,
    pub(crate) state: State,
    pub(crate) now: Timestamp,
    /// `--allow-removals`
    pub(crate) allow_removals: usize,
    pub(crate) orders: u32,
}

impl Situation {
    /// One provider `os`, one node type `ubuntu` with the label `amd64`, Jenkins with nothing but its built-in node.
    pub(crate) fn new() -> Self {
        let now: Timestamp = NOON.parse().unwrap();
        let config = Config {
            files: Vec::new(),
            path: "mita.toml".into(),
            fingerprint: "1".to_owned(),
            metrics_file: None,
            html_file: None,
            state_file: "state.json".into(),
            owner: owner(),
            deadline: time("50s"),
            max_servers: 50,
            concurrency: 8,
            journal_days: 90,
            jenkins: JenkinsConfig {
                url: "http://ci.example.com/".to_owned(),
                former_urls: vec![],
                user: "user".to_owned(),
                token: Secret::new("token-of-the-situation"),
                cacert: None,
                proxy: None,
            },
            providers: vec![],
            node_types: vec![kind("ubuntu", &["amd64"])],
            times: TIMES,
        };
        let jenkins = Jenkins {
            session: Some("one".to_owned()),
            shows_marks: false,
            mode: Listing::Complete(Mode::Running),
            queue: Listing::Complete(Queue::default()),
            nodes: Listing::Complete(vec![built_in()]),
        };
        let state = State {
            run: LAST_RUN,
            last_run: Some(now),
            fingerprint: "1".to_owned(),
            session: Some(Session { id: "one".to_owned(), ..Session::default() }),
            ..State::new(owner())
        };
        let world = World { jenkins, clouds: SharedMap::default() };
        let mut situation = Self { config, world, state, now, allow_removals: 0, orders: 0 };
        situation.add_provider("os");
        situation
    }

    pub(crate) fn add_provider(&mut self, name: &str) {
        self.config.providers.push(provider(name));
        let cloud = Cloud {
            servers: Listing::Complete(vec![]),
            by_id: BTreeMap::new(),
            volumes: None,
            floating_ips: None,
            quota: None,
            removal_forbidden: None,
            project: None,
            site: None,
        };
        self.world.clouds.insert(name.into(), cloud);
    }

    /// The first node type.
    pub(crate) fn ubuntu(&mut self) -> &mut NodeType {
        &mut self.config.node_types[0]
    }

    pub(crate) fn cloud(&mut self, provider: &str) -> &mut Cloud {
        self.world.clouds.get_mut(&ProviderName::from(provider)).unwrap()
    }

    pub(crate) fn queue(&mut self) -> &mut Vec<QueueItem> {
        let Listing::Complete(queue) = &mut self.world.jenkins.queue else { panic!("no queue") };
        &mut queue.items
    }

    pub(crate) fn nodes(&mut self) -> &mut Vec<Node> {
        let Listing::Complete(nodes) = &mut self.world.jenkins.nodes else { panic!("no nodes") };
        nodes
    }

    pub(crate) fn servers(&mut self) -> &mut Vec<Server> {
        let Listing::Complete(servers) = &mut self.cloud("os").servers else { panic!("no servers") };
        servers
    }

    pub(crate) fn item(&mut self, id: u64) -> &mut QueueItem {
        self.queue().iter_mut().find(|item| item.id == id).unwrap()
    }

    pub(crate) fn node(&mut self, name: &str) -> &mut Node {
        self.nodes().iter_mut().find(|node| node.name.as_str() == name).unwrap()
    }

    pub(crate) fn server(&mut self, id: &str) -> &mut Server {
        self.servers().iter_mut().find(|server| server.id.as_str() == id).unwrap()
    }

    /// What is remembered of the server `s1`, `s2`, ...
    pub(crate) fn memory(&mut self, server: &str) -> &mut ServerMemory {
        self.state
            .servers
            .values_mut()
            .find(|memory| memory.server_id.as_ref().is_some_and(|id| id.as_str() == server))
            .unwrap()
    }

    pub(crate) fn node_memory(&mut self, node: &str) -> &mut NodeMemory {
        let unknown = NodeMemory { first_seen: LAST_RUN, ..NodeMemory::default() };
        self.state.nodes.get_or_insert(node.into(), unknown)
    }

    /// A queue item that came a minute ago. Of several, the one with the lower number is the older one.
    pub(crate) fn wait(&mut self, id: u64, task: Task, why: &str) -> &mut QueueItem {
        let in_queue_since = Some(self.now - time("1m") + SignedDuration::from_millis(i64::try_from(id).unwrap()));
        let why = Some(why.to_owned()).filter(|why| !why.is_empty());
        let job = format!("job{id}");
        self.queue().push(QueueItem { id, job, task, stage: Stage::Buildable, in_queue_since, why, run: None });
        self.item(id)
    }

    /// A project with a label.
    pub(crate) fn project(&mut self, id: u64, label: &str) -> &mut QueueItem {
        let why = format!("Waiting for next available executor on ‘{label}’");
        self.wait(id, Task::Project { label: Some(label.to_owned()) }, &why)
    }

    /// Projects from 1 up to a number, all with one label.
    pub(crate) fn projects(&mut self, number: u64, label: &str) {
        for id in 1..=number {
            self.project(id, label);
        }
    }

    /// A step of a pipeline.
    pub(crate) fn pipeline(&mut self, id: u64, why: &str) -> &mut QueueItem {
        self.wait(id, Task::Pipeline, why)
    }

    /// The server `sN` of the order `mN`, made an hour ago and ACTIVE as long, which has not joined.
    pub(crate) fn active(&mut self, id: &str, node_type: &str, address: &str) -> &mut Server {
        let ordered_at = self.now - time("1h");
        let order = MitaId::from(id.replacen('s', "m", 1));
        let server = Server {
            id: id.into(),
            name: node_type.to_owned(),
            mark: Some(Mark {
                owner: owner(),
                controller: Some(controller()),
                node_type: node_type.into(),
                id: order.clone(),
            }),
            state: ServerState::Active,
            created: Some(ordered_at),
            launch: Launch::Launched,
            lock: Lock::Open,
            shown: Shown::Whole,
            addresses: address.split(' ').filter(|text| !text.is_empty()).map(|text| text.parse().unwrap()).collect(),
            fault: None,
            volumes: None,
            kept_volumes: Default::default(),
        };
        self.servers().push(server);
        let memory = ServerMemory {
            server_id: Some(id.into()),
            listed: true,
            active_since: Some(self.now - time("10m")),
            ..ServerMemory::new(
                node_type.into(),
                "os".into(),
                node_type.to_owned(),
                ordered_at,
                Origin::Ordered(ORDERED_IN),
            )
        };
        self.state.servers.insert(order, memory);
        self.server(id)
    }

    /// An active server of the type `ubuntu` whose node `ubuntu+ADDRESS` joined, is online and idle since just now.
    pub(crate) fn joined(&mut self, id: &str, address: &str) -> &mut Node {
        self.active(id, "ubuntu", address);
        let name = format!("ubuntu+{}", address.replace(':', "-"));
        let joined_at = self.now - time("50m");
        let memory = self.memory(id);
        (memory.joined_at, memory.node) = (Some(joined_at), Some(name.as_str().into()));
        let node = self.node_memory(&name);
        node.first_seen = ORDERED_IN + 1;
        node.first_online = Some(ORDERED_IN + 1);
        node.server = Some(id.into());
        self.nodes().push(agent(&name));
        self.node(&name)
    }

    /// A joined server whose node is idle for this time.
    pub(crate) fn idle(&mut self, id: &str, address: &str, idle: &str) -> &mut Node {
        self.joined(id, address);
        let idle = credit(self.now, idle);
        let name = format!("ubuntu+{}", address.replace(':', "-"));
        self.node_memory(&name).idle = Some(idle).into();
        self.node(&name)
    }

    /// A joined server whose node runs a build.
    pub(crate) fn busy(&mut self, id: &str, address: &str) -> &mut Node {
        let node = self.joined(id, address);
        (node.idle, node.idle_executors) = (false, 0);
        node
    }

    /// An order that nobody answered.
    pub(crate) fn lost_order(&mut self, id: &str, age: &str) -> &mut ServerMemory {
        let ordered_at = self.now - time(age);
        let order = ServerMemory::new(
            "ubuntu".into(),
            "os".into(),
            "ubuntu".to_owned(),
            ordered_at,
            Origin::Ordered(ORDERED_IN),
        );
        self.state.servers.get_or_insert(id.into(), order)
    }

    /// What the cloud and Jenkins no longer list.
    pub(crate) fn lose_node(&mut self, name: &str) {
        self.nodes().retain(|node| node.name.as_str() != name);
    }

    pub(crate) fn lose_server(&mut self, id: &str) {
        self.servers().retain(|server| server.id.as_str() != id);
    }

    /// The server `sN` of the order `mN`, which is gone and may have left something behind.
    pub(crate) fn remember_gone(&mut self, id: &str) -> &mut GoneServer {
        let gone = GoneServer {
            id: id.replacen('s', "m", 1).as_str().into(),
            node_type: "ubuntu".into(),
            provider: "os".into(),
            since: self.now,
            watch: Some(0),
            node: None,
            other_names: Default::default(),
            volumes: Default::default(),
            taken_volumes: Default::default(),
            deleted_by_others: false,
            volume_seen: None,
        };
        self.state.gone_servers.entry(id.into()).or_insert(gone)
    }

    /// A node `ubuntu+10.0.0.9` whose server `s9` was gone in one run already.
    pub(crate) fn lost_gone_node(&mut self) {
        self.joined("s9", "10.0.0.9").presence = Presence::Disconnected;
        self.lose_server("s9");
        self.memory("s9").gone_sightings = 1;
    }

    /// So many runs, the last of them that one, have seen failures of `ubuntu` at `os` since a server last joined.
    pub(crate) fn fail(&mut self, failures: u32, failed_in: u64) {
        let (until, pause, reason) = (self.now, time("0s"), "no host".to_owned());
        let breaker = Breaker { until, pause, reason, failures, failed_in, joined_elsewhere: false };
        self.state.breakers.entry("os".into()).or_default().insert("ubuntu".into(), breaker);
    }

    pub(crate) fn after(&mut self, span: &str) -> &mut Self {
        self.now += time(span);
        self
    }

    /// The world as the next run sees it.
    pub(crate) fn seen(&self) -> World {
        let mut world = self.world.clone();
        if let Listing::Complete(queue) = &mut world.jenkins.queue {
            queue.read_at.get_or_insert(self.now);
        }
        self.look_up(&mut world);
        world
    }

    /// Plans without any consequence.
    pub(crate) fn plan(&self) -> Plan {
        let world = self.seen();
        let mut plan = plan(&self.config, &world, &self.state, self.now);
        checker::check(&self.config, &world, &self.state, self.now, &plan);
        brake::brake(&mut plan, self.allow_removals);
        plan
    }

    /// Reads by id: what no listing shows is gone, where a test does not say otherwise. A cloud without a list is not asked.
    fn look_up(&self, world: &mut World) {
        let listed: BTreeSet<ServerId> = world
            .clouds
            .values()
            .filter_map(|cloud| cloud.servers.complete())
            .flatten()
            .map(|server| server.id.clone())
            .collect();
        for memory in self.state.servers.values() {
            let cloud = world.clouds.get_mut(&memory.provider);
            let Some(cloud) = cloud.filter(|cloud| cloud.servers.complete().is_some()) else { continue };
            if let Some(id) = memory.server_id.as_ref().filter(|id| !listed.contains(id)) {
                cloud.by_id.entry(id.clone()).or_insert(Lookup::Gone);
            }
        }
    }

    /// Plans, compares the whole plan with the text, and lets it come true. The text has a margin `| `; the
    /// built-in node is left out of it.
    #[track_caller]
    pub(crate) fn runs(&mut self, expected: &str) -> &mut Self {
        let plan = self.plan();
        let (shown, expected) = (whole(&plan), without_margin(expected));
        assert!(shown == expected, "planned:\n{shown}\nexpected:\n{expected}");
        self.come_true(plan);
        self
    }

    /// A run in which nothing is looked at.
    pub(crate) fn run(&mut self) -> &mut Self {
        let plan = self.plan();
        self.come_true(plan);
        self
    }
}

/// The whole plan as text, without the count and the built-in node, and with the warnings.
pub(crate) fn whole(plan: &Plan) -> String {
    let shown = plan.display(Detail::Full).to_string();
    let mut lines: Vec<&str> = shown.lines().collect();
    lines.pop();
    lines.retain(|line| *line != "  node Built-In Node  not_ours: the built-in node");
    let warnings = plan.warnings.iter().map(|warning| format!("? {warning}"));
    lines.into_iter().map(str::to_owned).chain(warnings).map(|line| line + "\n").collect()
}

pub(crate) fn without_margin(text: &str) -> String {
    text.lines().filter_map(|line| line.split_once("| ")).map(|(_, line)| format!("{line}\n")).collect()
}
