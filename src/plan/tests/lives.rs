//! Random lives: people rename, hold and copy nodes, builds come and go, and lists fail, run after run. Here it is known
//! which node is whose, so that each plan is judged by the truth: nothing goes that works or that a person holds.

use crate::domain::names::{NodeName, ServerId};
use crate::domain::world::*;
use crate::plan::model::{Change, Plan};
use crate::plan::plan;
use crate::plan::tests::situation::*;
use jiff::SignedDuration;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What happens before a run.
#[derive(Clone, Debug)]
enum Event {
    Nothing,
    /// A build begins, or ends.
    Works(usize),
    Rests(usize),
    /// A person sets a node offline, or brings it back.
    Hold(usize),
    Release(usize),
    /// A person gives the node another name, which the agent has, too, and with `other_labels` none of its type's labels.
    Rename {
        which: usize,
        to: Name,
        other_labels: bool,
    },
    /// The agent of a node loses its connection, or has it again.
    Lost(usize),
    Back(usize),
    /// The agent of a server that has none joins, under a name of the server.
    Joins {
        which: usize,
        named: u8,
    },
    /// A person deletes an idle node.
    Deleted(usize),
    /// A person copies a node; nothing ever connects there.
    Copied {
        which: usize,
        to: Name,
    },
    Cloud(Answer),
    Jenkins {
        answers: bool,
    },
    /// All agents are away until they come back.
    Restart,
}

/// What a name of a node is made of.
#[derive(Clone, Copy, Debug)]
enum Name {
    Free(u8),
    Id(usize),
    Order(usize),
    OwnTypeAndAddress(usize),
    OtherTypeAndAddress(usize),
    NoTypeAndAddress(usize),
    PlainType(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    Whole,
    None,
    OfAnotherRegion,
}

struct Life {
    s: Situation,
    /// The node of each server that has one.
    own: BTreeMap<ServerId, NodeName>,
    cloud: Answer,
    jenkins_answers: bool,
    sessions: u32,
    /// How often people renamed the node of each server.
    renames: BTreeMap<ServerId, u32>,
    /// How many nodes they may rename, and how often each. Where several get the names of others one after the other, nothing
    /// tells in the end whose they are.
    most_renames: (usize, u32),
}

const SERVERS: [(&str, &str, &str); 5] = [
    ("s1", "ubuntu", "10.0.0.1"),
    ("s2", "ubuntu", "10.0.0.2"),
    ("s3", "duo", "10.0.0.3"),
    ("s4", "ubuntu", "10.0.0.4"),
    ("s5", "duo", "10.0.0.5"),
];

impl Life {
    fn new(most_renames: (usize, u32)) -> Self {
        let mut s = Situation::new();
        s.config.node_types.push(kind("duo", &["duo"]));
        s.cloud("os").site = region("one");
        let mut life = Self {
            s,
            own: BTreeMap::new(),
            cloud: Answer::Whole,
            jenkins_answers: true,
            sessions: 0,
            renames: BTreeMap::new(),
            most_renames,
        };
        for (id, node_type, address) in SERVERS {
            life.s.active(id, node_type, address);
            let now = life.s.now;
            life.s.memory(id).active_since = Some(now);
        }
        for which in 0..3 {
            life.joins(which, Name::OwnTypeAndAddress(which));
        }
        life.run(1);
        life
    }

    fn name(&self, name: Name) -> NodeName {
        let of = |which: usize| SERVERS[which % SERVERS.len()];
        let other = |node_type: &str| if node_type == "duo" { "ubuntu" } else { "duo" };
        let name = match name {
            Name::Free(number) => format!("keep-{}", number % 3),
            Name::Id(which) => of(which).0.to_owned(),
            Name::Order(which) => of(which).0.replacen('s', "m", 1),
            Name::OwnTypeAndAddress(which) => format!("{}+{}", of(which).1, of(which).2),
            Name::OtherTypeAndAddress(which) => format!("{}+{}", other(of(which).1), of(which).2),
            Name::NoTypeAndAddress(which) => format!("lab+{}", of(which).2),
            Name::PlainType(which) => of(which).1.to_owned(),
        };
        name.as_str().into()
    }

    /// Also by a node that was there in the last list: of one that takes its place between two lists, nothing tells.
    fn is_taken(&mut self, name: &NodeName) -> bool {
        self.s.state.nodes.contains_key(name) || self.s.nodes().iter().any(|node| node.name == *name)
    }

    fn joins(&mut self, which: usize, named: Name) {
        let (id, node_type, _) = SERVERS[which % SERVERS.len()];
        let name = self.name(named);
        let is_there = self.s.servers().iter().any(|server| server.id.as_str() == id);
        if !is_there || self.own.contains_key(&ServerId::from(id)) || self.is_taken(&name) {
            return;
        }
        let label = if node_type == "duo" { "duo" } else { "amd64" };
        let node = Node { labels: names(&[name.as_str(), label]), connected: true, ..agent(name.as_str()) };
        self.s.nodes().push(node);
        self.own.insert(id.into(), name);
    }

    /// One of the nodes of ours.
    fn node(&mut self, which: usize) -> Option<&mut Node> {
        let name = self.own.values().nth(which % self.own.len().max(1))?.clone();
        self.s.nodes().iter_mut().find(|node| node.name == name)
    }

    fn happens(&mut self, event: &Event) {
        match *event {
            Event::Nothing => {}
            Event::Works(which) => {
                if let Some(node) = self.node(which).filter(|node| node.presence == Presence::Online) {
                    (node.idle, node.idle_executors) = (false, 0);
                }
            }
            Event::Rests(which) => {
                if let Some(node) = self.node(which) {
                    (node.idle, node.idle_executors) = (true, 1);
                }
            }
            Event::Hold(which) => {
                if let Some(node) = self.node(which).filter(|node| node.presence == Presence::Online) {
                    node.presence = set_offline(USER, "mine");
                }
            }
            Event::Release(which) => {
                if let Some(node) = self.node(which).filter(|node| is_held(node)) {
                    node.presence = Presence::Online;
                }
            }
            Event::Rename { which, to, other_labels } => self.rename(which, to, other_labels),
            Event::Lost(which) => {
                if let Some(node) = self.node(which).filter(|node| node.presence == Presence::Online) {
                    (node.presence, node.connected) = (Presence::Disconnected, false);
                }
            }
            Event::Back(which) => {
                if let Some(node) = self.node(which) {
                    node.connected = true;
                    if node.presence == Presence::Disconnected {
                        node.presence = Presence::Online;
                    }
                }
            }
            Event::Joins { which, named } => {
                let names = [Name::OwnTypeAndAddress, Name::Id, Name::Order];
                self.joins(which, names[usize::from(named) % names.len()](which));
            }
            Event::Deleted(which) => {
                if let Some(name) = self.node(which).filter(|node| node.idle).map(|node| node.name.clone()) {
                    self.s.lose_node(name.as_str());
                    self.own.retain(|_, own| *own != name);
                }
            }
            Event::Copied { which, to } => {
                let name = self.name(to);
                if !self.is_taken(&name)
                    && let Some(mut node) = self.node(which).cloned()
                {
                    let labels = node.labels.iter().filter(|label| **label != node.name.as_str()).cloned();
                    node.labels = labels.chain([name.to_string()]).collect();
                    (node.presence, node.connected) = (Presence::Disconnected, false);
                    (node.idle, node.idle_executors, node.name) = (true, 0, name);
                    self.s.nodes().push(node);
                }
            }
            Event::Cloud(answer) => self.cloud = answer,
            Event::Jenkins { answers } => self.jenkins_answers = answers,
            Event::Restart => {
                self.sessions += 1;
                self.s.world.jenkins.session = Some(format!("restarted-{}", self.sessions));
                for node in self.s.nodes().iter_mut().filter(|node| node.kind == NodeKind::Agent) {
                    (node.idle, node.idle_executors, node.connected) = (true, 1, false);
                    if node.presence == Presence::Online {
                        node.presence = Presence::Disconnected;
                    }
                }
            }
        }
    }

    fn rename(&mut self, which: usize, to: Name, other_labels: bool) {
        let name = self.name(to);
        let Some(server) = self.own.keys().nth(which % self.own.len().max(1)).cloned() else { return };
        let is_worn_out = match self.renames.get(&server) {
            Some(times) => *times == self.most_renames.1,
            None => self.renames.len() == self.most_renames.0,
        };
        if is_worn_out || self.is_taken(&name) || !self.has_joined(&server) {
            return;
        }
        let Some(before) = self.own.get(&server).cloned() else { return };
        let Some(node) = self.s.nodes().iter_mut().find(|node| node.name == before) else { return };
        let labels = node.labels.iter().filter(|label| **label != before.as_str() && !other_labels).cloned();
        node.labels = labels.chain([name.to_string()]).collect();
        node.name = name.clone();
        self.own.insert(server.clone(), name);
        *self.renames.entry(server).or_default() += 1;
    }

    /// Whether a run saw its node: before, it is nobody's.
    fn has_joined(&self, server: &ServerId) -> bool {
        let mut servers = self.s.state.servers.values();
        servers.any(|known| known.server_id.as_ref() == Some(server) && known.joined_at.is_some())
    }

    /// A run, so many minutes after the last one. It sees what the services show.
    fn run(&mut self, minutes: i64) {
        self.s.now += SignedDuration::from_mins(minutes);
        let nodes = self.s.world.jenkins.nodes.clone();
        let cloud = self.s.cloud("os").clone();
        if !self.jenkins_answers {
            self.s.world.jenkins.nodes = Listing::Unavailable("503".to_owned());
        }
        match self.cloud {
            Answer::Whole => {}
            Answer::None => self.s.cloud("os").servers = Listing::Unavailable("503".to_owned()),
            Answer::OfAnotherRegion => {
                self.s.servers().clear();
                self.s.cloud("os").site = region("two");
            }
        }
        let plan = plan(&self.s.config, &self.s.seen(), &self.s.state, self.s.now);
        self.s.world.jenkins.nodes = nodes;
        *self.s.cloud("os") = cloud;
        self.judge(&plan);
        self.s.come_true(plan);
        let left: Vec<ServerId> = self.s.servers().iter().map(|server| server.id.clone()).collect();
        self.own.retain(|server, _| left.contains(server));
    }

    /// Nothing works or is held any more: of each server that stays a run tells people what to do.
    fn comes_to_rest(&mut self) {
        for node in self.s.nodes().iter_mut().filter(|node| node.kind == NodeKind::Agent) {
            (node.idle, node.idle_executors) = (true, 1);
            if is_held(node) {
                node.presence = Presence::Online;
            }
        }
        // A hold that Jenkins forgot is told after a day.
        for _ in 0..200 {
            if self.left_in_silence().is_empty() {
                return;
            }
            self.run(10);
        }
        let shown = whole(&plan(&self.s.config, &self.s.seen(), &self.s.state, self.s.now));
        panic!("left in silence: {:?}\n{shown}", self.left_in_silence());
    }

    fn left_in_silence(&mut self) -> Vec<ServerId> {
        let plan = plan(&self.s.config, &self.s.seen(), &self.s.state, self.s.now);
        let told: Vec<String> = plan.problems.iter().map(ToString::to_string).collect();
        let is_told = |server: &ServerId| told.iter().any(|problem| problem.contains(server.as_str()));
        self.s.servers().iter().map(|server| server.id.clone()).filter(|server| !is_told(server)).collect()
    }

    fn judge(&mut self, plan: &Plan) {
        for action in &plan.actions {
            let (server, deleted) = match &action.change {
                Change::RetireNode(target) | Change::DeleteServer(target) => {
                    (Some(&target.server_id), &target.nodes[..])
                }
                Change::DeleteNode { node, .. } => (None, std::slice::from_ref(node)),
                _ => continue,
            };
            let own = server.and_then(|server| self.own.get(server)).cloned();
            for name in own.iter().chain(deleted) {
                let nodes = self.s.nodes();
                let Some(node) = nodes.iter().find(|node| node.name == *name) else { continue };
                assert!(node.idle && !is_held(node), "{action} though {name} works or is held:\n{}", whole(plan));
            }
        }
    }
}

fn is_held(node: &Node) -> bool {
    node.presence == set_offline(USER, "mine")
}

fn region(name: &str) -> Option<Site> {
    Some(Site::Region(name.to_owned()))
}

fn name() -> impl Strategy<Value = Name> {
    let which = || 0..SERVERS.len();
    prop_oneof![
        any::<u8>().prop_map(Name::Free),
        which().prop_map(Name::Id),
        which().prop_map(Name::Order),
        which().prop_map(Name::OwnTypeAndAddress),
        which().prop_map(Name::OtherTypeAndAddress),
        which().prop_map(Name::NoTypeAndAddress),
        which().prop_map(Name::PlainType),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let which = || 0..SERVERS.len();
    prop_oneof![
        3 => Just(Event::Nothing),
        3 => which().prop_map(Event::Works),
        2 => which().prop_map(Event::Rests),
        2 => which().prop_map(Event::Hold),
        1 => which().prop_map(Event::Release),
        4 => (which(), name(), prop::bool::weighted(0.2))
            .prop_map(|(which, to, other_labels)| Event::Rename { which, to, other_labels }),
        1 => which().prop_map(Event::Lost),
        2 => which().prop_map(Event::Back),
        2 => (which(), any::<u8>()).prop_map(|(which, named)| Event::Joins { which, named }),
        1 => which().prop_map(Event::Deleted),
        1 => (which(), name()).prop_map(|(which, to)| Event::Copied { which, to }),
        1 => Just(Event::Cloud(Answer::None)),
        1 => Just(Event::Cloud(Answer::OfAnotherRegion)),
        2 => Just(Event::Cloud(Answer::Whole)),
        1 => Just(Event::Jenkins { answers: false }),
        2 => Just(Event::Jenkins { answers: true }),
        1 => Just(Event::Restart),
    ]
}

/// What happens one after the other, each so many minutes before the next run.
fn live(most_renames: (usize, u32), events: &[(Event, i64)]) {
    let mut life = Life::new(most_renames);
    for (event, minutes) in events {
        life.happens(event);
        life.run(*minutes);
    }
    // What is wrong by now shows later.
    (life.cloud, life.jenkins_answers) = (Answer::Whole, true);
    for _ in 0..12 {
        life.run(5);
    }
    life.comes_to_rest();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s1_s5_s7_in_no_life_goes_what_works_or_is_held_and_nothing_stays_in_silence(events in prop::collection::vec((event(), 1..12_i64), 1..30)) {
        live((1, 2), &events);
    }
}

/// Lives in which a build or a hold ended once.
#[test]
fn s1_s7_what_was_lost_once_stays() {
    use Event::*;
    let rename = |which, to| Rename { which, to, other_labels: false };
    let lives: [&[(Event, i64)]; 8] = [
        // The name is that of a server that is just gone.
        &[(Hold(0), 7), (Nothing, 8), (rename(0, Name::Order(3)), 1)],
        // Renamed twice while the servers are not listed.
        &[
            (Cloud(Answer::None), 1),
            (Works(1), 1),
            (rename(1, Name::OtherTypeAndAddress(0)), 1),
            (rename(1, Name::Id(2)), 1),
        ],
        // It begins to work under its second name, while the nodes are not listed.
        &[
            (rename(1, Name::Free(0)), 1),
            (Jenkins { answers: false }, 1),
            (Works(1), 1),
            (rename(1, Name::Id(2)), 1),
            (Jenkins { answers: true }, 1),
        ],
        // It counts as the node of another server before it gets its second name.
        &[
            (rename(0, Name::NoTypeAndAddress(3)), 1),
            (Nothing, 1),
            (rename(0, Name::OtherTypeAndAddress(1)), 1),
            (Works(0), 1),
        ],
        // The entry without an agent that leads to its server is the node of one that goes in between.
        &[
            (Lost(0), 1),
            (rename(0, Name::Order(1)), 1),
            (Works(1), 1),
            (Nothing, 1),
            (Hold(1), 1),
            (Rename { which: 1, to: Name::Free(0), other_labels: true }, 1),
        ],
        // The entry is a copy of it.
        &[(rename(0, Name::Free(2)), 1), (Copied { which: 0, to: Name::Order(0) }, 1), (Hold(0), 1)],
        // Its own name, and then that of another server, which has it from then on.
        &[(Works(0), 1), (rename(0, Name::Id(3)), 1), (Hold(0), 1), (rename(0, Name::Free(2)), 1)],
        // Another node has its name.
        &[(Works(0), 2), (rename(0, Name::OtherTypeAndAddress(1)), 1), (rename(1, Name::NoTypeAndAddress(0)), 1)],
    ];
    for life in lives {
        live((2, 2), life);
    }
}

#[test]
fn s5_nodes_that_come_and_go_all_the_time_keep_no_server_that_lost_its_node() {
    let mut life = Life::new((0, 0));
    life.happens(&Event::Deleted(0));
    for minute in 0..30 {
        let pod = |minute: i32| format!("pod-{minute}");
        life.s.lose_node(&pod(minute - 2));
        let kind = NodeKind::CloudPlugin("kubernetes".to_owned());
        life.s.nodes().push(Node { kind, labels: names(&["pod"]), ..agent(&pod(minute)) });
        life.run(1);
    }
    assert!(!life.s.servers().iter().any(|server| server.id.as_str() == "s1"));
}
