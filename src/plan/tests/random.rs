//! Random worlds, states and configurations over some runs: whatever they are, the checker has nothing to say, and
//! planning never panics.

use crate::config::{MinIdle, NodeSettings, NodeType, Registration, SshLauncher, Transport};
use crate::domain::installation::Controller;
use crate::domain::names::Owner;
use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::state::*;
use crate::domain::world::*;
use crate::plan::tests::rhythm_keys::{KeysDraw, keys};
use crate::plan::tests::situation::*;
use proptest::prelude::*;
use proptest::sample::select;

pub(super) const TYPES: [&str; 3] = ["ubuntu", "debian", "any"];
const ADDRESSES: [&str; 4] = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::1"];
const NODES: [&str; 15] = [
    "ubuntu",
    "ubuntu+10.0.0.1",
    "ubuntu+10.0.0.2",
    "ubuntu+2001-db8--1",
    "debian+10.0.0.1",
    "debian+10.0.0.3",
    "m1",
    "m2+10.0.0.1",
    "s3",
    "any-m4+10.0.0.2",
    "worker",
    "other+10.0.0.3",
    "precise+10.0.0.1",
    "labbox+10.0.0.2",
    "keep-for-ann",
];
const LABELS: [&str; 5] = ["amd64", "arm64", "bookworm", "gpu", "small"];

/// Everything that a run of the program can meet, drawn from small sets so that things collide.
#[derive(Clone, Debug)]
struct Draw {
    providers: usize,
    types: Vec<TypeDraw>,
    max_servers: u32,
    servers: Vec<ServerDraw>,
    nodes: Vec<NodeDraw>,
    items: Vec<ItemDraw>,
    broken: u8,
    quota: Option<(u64, u64)>,
    steps: Vec<u8>,
    /// Half of the fleets have none.
    keys: Option<KeysDraw>,
}

#[derive(Clone, Debug)]
struct TypeDraw {
    name: &'static str,
    labels: Vec<&'static str>,
    executors: u32,
    max: Option<u32>,
    min_idle: u32,
    unlabelled: bool,
    two_providers: bool,
    registration: u8,
}

#[derive(Clone, Debug)]
struct ServerDraw {
    number: u8,
    node_type: &'static str,
    state: ServerState,
    addresses: Vec<&'static str>,
    /// Whose mark it has, whether it is listed, by which provider, and what is remembered of it.
    mark: u8,
    listed: u8,
    provider: bool,
    memory: u8,
    age: u8,
    unique_name: bool,
    /// Whose controller its mark names, and whether somebody locked it.
    controller: u8,
    lock: u8,
    launch: u8,
    node: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct NodeDraw {
    name: &'static str,
    labels: Vec<&'static str>,
    presence: u8,
    busy: bool,
    kind: u8,
    memory: u8,
    server: u8,
    mark: u8,
}

#[derive(Clone, Debug)]
struct ItemDraw {
    task: u8,
    stage: u8,
    why: u8,
    label: &'static str,
    node: &'static str,
    age: u8,
}

fn labels() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(select(&LABELS[..]), 0..3)
}

fn types() -> impl Strategy<Value = Vec<TypeDraw>> {
    let rest = (any::<(bool, bool)>(), 0..6_u8);
    let one = (select(&TYPES[..]), labels(), 1..3_u32, prop::option::of(0..4_u32), 0..3_u32, rest);
    let one = one.prop_map(|(name, labels, executors, max, min_idle, ((unlabelled, two_providers), registration))| {
        let min_idle = min_idle.saturating_sub(1);
        TypeDraw { name, labels, executors, max, min_idle, unlabelled, two_providers, registration }
    });
    prop::collection::vec(one, 0..4).prop_map(|mut types| {
        types.sort_by_key(|kind| kind.name);
        types.dedup_by_key(|kind| kind.name);
        types
    })
}

fn server() -> impl Strategy<Value = ServerDraw> {
    let state = select(vec![
        ServerState::Active,
        ServerState::Active,
        ServerState::Active,
        ServerState::Building,
        ServerState::Error,
        ServerState::Stopped("SHUTOFF".to_owned()),
        ServerState::Deleting,
        ServerState::Deleted,
        ServerState::Other("RESCUE".to_owned()),
    ]);
    let addresses = prop::collection::vec(select(&ADDRESSES[..]), 0..3);
    let more = (0..8_u8, 0..8_u8, 0..4_u8, prop::option::of(select(&NODES[..])));
    let rest = (0..4_u8, 0..6_u8, any::<bool>(), 0..9_u8, any::<u8>(), any::<bool>(), more);
    (1..5_u8, select(&TYPES[..]), state, addresses, rest).prop_map(|(number, node_type, state, addresses, rest)| {
        let (mark, listed, provider, memory, age, unique_name, (controller, lock, launch, node)) = rest;
        ServerDraw {
            number,
            node_type,
            state,
            addresses,
            mark,
            listed,
            provider,
            memory,
            age,
            unique_name,
            controller,
            lock,
            launch,
            node,
        }
    })
}

fn node() -> impl Strategy<Value = NodeDraw> {
    (select(&NODES[..]), labels(), 0..8_u8, any::<bool>(), 0..8_u8, any::<u8>(), 0..8_u8, 0..8_u8).prop_map(
        |(name, labels, presence, busy, kind, memory, server, mark)| NodeDraw {
            name,
            labels,
            presence,
            busy,
            kind,
            memory,
            server,
            mark,
        },
    )
}

fn item() -> impl Strategy<Value = ItemDraw> {
    (0..5_u8, 0..6_u8, 0..10_u8, select(&LABELS[..]), select(&NODES[..]), any::<u8>())
        .prop_map(|(task, stage, why, label, node, age)| ItemDraw { task, stage, why, label, node, age })
}

fn draw() -> impl Strategy<Value = Draw> {
    let several = (
        prop::collection::vec(server(), 0..6).prop_map(|mut servers| {
            servers.sort_by_key(|server| server.number);
            servers.dedup_by_key(|server| server.number);
            servers
        }),
        prop::collection::vec(node(), 0..7),
        prop::collection::vec(item(), 0..6),
    );
    let rest = (
        any::<u8>(),
        prop::option::of((0..4_u64, 0..9_u64)),
        prop::collection::vec(any::<u8>(), 1..4),
        prop::option::of(keys()),
    );
    (1..3_usize, types(), 0..6_u32, several, rest).prop_map(
        |(providers, types, max_servers, (servers, nodes, items), (broken, quota, steps, keys))| Draw {
            providers,
            types,
            max_servers,
            servers,
            nodes,
            items,
            broken,
            quota,
            steps,
            keys,
        },
    )
}

fn situation(draw: &Draw) -> Situation {
    let mut s = Situation::new();
    if draw.providers > 1 {
        s.add_provider("two");
    }
    s.config.max_servers = draw.max_servers;
    s.config.node_types = draw.types.iter().map(node_type).collect();
    if let Some(keys) = &draw.keys {
        keys.add_to(&mut s);
    }
    draw.servers.iter().for_each(|server| add_server(&mut s, server));
    draw.nodes.iter().for_each(|node| add_node(&mut s, node));
    draw.items.iter().zip(1..).for_each(|(item, id)| add_item(&mut s, item, id));
    if let Some((instances, cores)) = draw.quota {
        let sizes = [("ubuntu".into(), Size { cores: 2, ram_mib: 1 })].into();
        let quota = Quota { instances: Some(instances), cores: Some(cores), sizes, ..Quota::default() };
        s.cloud("os").quota = Some(quota);
    }
    match draw.broken {
        0..8 => s.world.jenkins.queue = Listing::Unavailable("broken".to_owned()),
        8..16 => s.world.jenkins.nodes = Listing::Unavailable("broken".to_owned()),
        16..24 => s.world.jenkins.mode = Listing::Complete(Mode::QuietingDown),
        24..32 => s.cloud("os").servers = Listing::Unavailable("broken".to_owned()),
        32..40 => s.world.jenkins.session = Some("another".to_owned()),
        40..48 => s.state = State::new(owner()),
        48..56 => drop((s.config.providers.remove(0), s.world.clouds.remove(&"os".into()))),
        56..72 => rename_provider(&mut s),
        72..80 => s.config.jenkins.former_urls = vec!["https://old.example.com/ci/".to_owned()],
        80..112 => s.jenkins_shows(s.now),
        112..128 => move_provider(&mut s),
        _ => {}
    }
    s
}

/// The operator gives the first provider another name.
fn rename_provider(s: &mut Situation) {
    s.config.providers[0].name = "renamed".into();
    let cloud = s.world.clouds.remove(&"os".into()).unwrap();
    s.world.clouds.insert("renamed".into(), cloud);
    for kind in &mut s.config.node_types {
        kind.providers.iter_mut().filter(|name| name.as_str() == "os").for_each(|name| *name = "renamed".into());
    }
}

/// The first provider logs in to another region than that of the servers, of which its list may show some all the same.
fn move_provider(s: &mut Situation) {
    let region = |name: &str| Some(Site::Region(name.to_owned()));
    s.state.servers.values_mut().for_each(|memory| memory.site = region("R1"));
    s.cloud("os").site = region("R2");
}

fn node_type(draw: &TypeDraw) -> NodeType {
    let mut kind = kind(draw.name, &draw.labels);
    kind.executors = draw.executors;
    kind.max = draw.max;
    kind.min_idle = MinIdle::Always(draw.min_idle);
    kind.unlabelled = draw.unlabelled;
    match draw.registration {
        0 => kind.registration = Registration::Ssh(NodeSettings::default(), SshLauncher::default()),
        1 => {
            kind.registration = Registration::Inbound(NodeSettings::default(), Transport::default());
            kind.server_name = NodeType::OWN_SERVER_NAME.to_owned();
        }
        _ => {}
    }
    if draw.two_providers {
        kind.providers.push("two".into());
    }
    kind
}

fn add_server(s: &mut Situation, draw: &ServerDraw) {
    let id = format!("s{}", draw.number);
    s.active(&id, draw.node_type, &draw.addresses.join(" "));
    let now = s.now;
    let server = s.server(&id);
    server.state = draw.state.clone();
    if draw.unique_name {
        server.name = format!("{}-m{}", draw.node_type, draw.number);
    }
    server.launch = match draw.launch {
        0 => Launch::Never,
        1 => Launch::Unknown,
        _ => Launch::Launched,
    };
    server.lock = match draw.lock {
        0 => Lock::Locked,
        1 | 2 => Lock::Unknown,
        _ => Lock::Open,
    };
    let was_locked = draw.lock == 1;
    server.shown = if draw.controller == 7 { Shown::WithoutMetadata } else { Shown::Whole };
    server.mark.as_mut().unwrap().controller = match draw.controller {
        0 => None,
        1 => Some(Controller::at("staging.example.com")),
        2 => Some(Controller::at("old.example.com/ci")),
        _ => Some(controller()),
    };
    match draw.mark {
        _ if draw.controller == 7 => server.mark = None,
        0 => server.mark = None,
        1 => server.mark.as_mut().unwrap().owner = Owner::new("other").unwrap(),
        2 if draw.controller == 3 => server.mark.as_mut().unwrap().node_type = TYPES[0].into(),
        _ => {}
    }
    server.created = Some(now - time(&format!("{}m", draw.age)));
    let memory = s.memory(&id);
    memory.locked = was_locked;
    memory.ordered_at = now - time(&format!("{}m", draw.age));
    memory.active_since = draw.memory.is_multiple_of(2).then(|| now - time(&format!("{}m", draw.age / 2)));
    memory.joined_at = draw.memory.is_multiple_of(3).then_some(now - time("20m"));
    let long = credit(now, &format!("{}m", draw.age / 4));
    (memory.stopped, memory.missing) = (Some(long).into(), Some(long).into());
    memory.unused = draw.memory.is_multiple_of(3).then_some(credit(now, &format!("{}m", draw.age))).into();
    memory.came_back_at = draw.memory.is_multiple_of(6).then_some(now - time("9m"));
    let retirement = Retirement { rule: Rule::Idle, since: now, step: RetirementStep::Decided };
    memory.asked = (draw.memory % 7 == 3).then_some(now - time("1m"));
    memory.retirement = (draw.memory == 1).then_some(retirement);
    memory.listed = draw.memory != 2;
    memory.node = draw.node.map(Into::into);
    memory.deletion_refused = (draw.memory == 6).then(|| DeletionRefused {
        since: now - time("20m"),
        reason: "403".to_owned(),
        alone: false,
    });
    memory.lock_met = (draw.lock == 1).then(|| now - time("30m"));
    if draw.memory == 8 {
        memory.origin = Origin::Found;
    }
    if draw.memory == 4 {
        memory.server_id = None;
    }
    if draw.memory == 5 {
        s.state.servers.retain(|order, _| order.as_str() != format!("m{}", draw.number));
    }
    let server = s.server(&id).clone();
    match draw.listed {
        0 => s.lose_server(&id),
        1 => {
            s.lose_server(&id);
            s.cloud("os").by_id.insert(id.as_str().into(), Lookup::Found(server));
        }
        2 => {
            s.lose_server(&id);
            s.cloud("os").by_id.insert(id.as_str().into(), Lookup::Unavailable("timeout".to_owned()));
        }
        _ if draw.provider && s.world.clouds.len() > 1 => {
            if let Listing::Complete(servers) = &mut s.cloud("two").servers {
                servers.push(server);
            }
        }
        _ => {}
    }
}

fn add_node(s: &mut Situation, draw: &NodeDraw) {
    if s.nodes().iter().any(|node| node.name.as_str() == draw.name) {
        return;
    }
    let mut node = agent(draw.name);
    node.labels = names(&draw.labels);
    node.labels.extend([draw.name.to_owned()]);
    node.idle = !draw.busy;
    node.idle_executors = u32::from(!draw.busy);
    node.presence = match draw.presence {
        0 => Presence::Disconnected,
        1 => set_offline(USER, "mine"),
        2 => set_offline(USER, &offline_message(&owner(), &format!("s{}", draw.server).as_str().into(), Rule::Idle)),
        3 if draw.server == 1 => set_offline("hudson.node_monitors.ResponseTimeMonitor$Data", "slow"),
        3 => set_offline("hudson.node_monitors.ClockMonitor", "clock"),
        4 => set_offline("", ""),
        5 => Presence::DisconnectedBy(OfflineCause {
            class: Some(USER.to_owned()),
            reason: "racks".to_owned(),
            ..OfflineCause::default()
        }),
        _ => Presence::Online,
    };
    match draw.kind {
        0 => node.kind = NodeKind::CloudPlugin("jclouds".to_owned()),
        1 => {
            node.labels = [].into();
            node.executors = 0;
        }
        // A person let it take no more builds.
        2 => (node.executors, node.idle_executors) = (0, 0),
        _ => {}
    }
    let mark = |owner| Mark {
        owner,
        controller: None,
        node_type: "ubuntu".into(),
        id: format!("m{}", draw.server).as_str().into(),
    };
    match draw.mark {
        0 => node.mark = Some(mark(owner())),
        1 => node.mark = Some(mark(Owner::new("other").unwrap())),
        2 => node.copied_mark = Some(Box::new(mark(owner()))),
        _ => {}
    }
    s.nodes().push(node);
    let now = s.now;
    if draw.memory >= 64 {
        let memory = s.node_memory(draw.name);
        memory.first_seen = u64::from(draw.memory);
        memory.first_online = draw.memory.is_multiple_of(2).then_some(u64::from(draw.memory / 2));
        let standstills = [Standstill::SetOffline, Standstill::Lost, Standstill::BusySetOffline];
        let standstill = standstills[usize::from(draw.memory / 4 % 3)];
        memory.unchanged = Some(Unchanged { standstill, since: u64::from(draw.memory), set_at: None });
        memory.idle = Some(credit(now, &format!("{}m", draw.memory - 64))).into();
        memory.offline = Some(credit(now, &format!("{}m", draw.memory / 8))).into();
        memory.server = (draw.server < 5).then(|| format!("s{}", draw.server).into());
        memory.set_offline_by = match draw.memory % 4 {
            0 => Some(SetOfflineBy::Us),
            1 => Some(SetOfflineBy::Person),
            2 => Some(SetOfflineBy::Monitor),
            _ => None,
        };
        memory.is_cut = draw.memory.is_multiple_of(3);
    }
}

fn add_item(s: &mut Situation, draw: &ItemDraw, id: u64) {
    let (label, node) = (draw.label, draw.node);
    let task = match draw.task {
        0 => Task::Pipeline,
        1 => Task::Matrix { axis_values: vec![label.to_owned(), "gcc".to_owned()] },
        2 => Task::Project { label: Some(label.to_owned()) },
        3 => Task::Flyweight { label: (!draw.age.is_multiple_of(3)).then(|| label.to_owned()) },
        _ => Task::Unknown,
    };
    let why = match draw.why {
        0 => "Waiting for next available executor".to_owned(),
        1 => format!("‘{node}’ is offline"),
        2 => format!("There are no nodes with the label ‘{node}’"),
        3 => format!("‘{node}’ doesn’t have label ‘{label}’; ‘worker’ is offline"),
        4 => format!("‘{node}’ is not accepting tasks"),
        5 => format!("‘{node}’ is reserved for jobs with matching label expression"),
        6 => String::new(),
        7 => "a plugin's words".to_owned(),
        _ => format!("Waiting for next available executor on ‘{label}’"),
    };
    let now = s.now;
    let item = s.wait(id, task, &why);
    item.in_queue_since = (draw.age > 10).then(|| now - time(&format!("{}s", u32::from(draw.age) * 4)));
    item.stage = match draw.stage {
        0 => Stage::Waiting,
        1 => Stage::Blocked,
        2 => Stage::Pending,
        _ => Stage::Buildable,
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_plan_breaks_a_promise(draw in draw()) {
        let mut s = situation(&draw);
        for step in &draw.steps {
            s.run();
            let minutes = i64::from(*step) - 20;
            s.now += jiff::SignedDuration::from_mins(minutes);
        }
    }
}
