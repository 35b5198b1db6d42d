//! The life of nodes that mita made, and people at work on them.

use std::time::Duration;

use super::Scene;
use super::stage::Stage;
use crate::jenkins::nodes::{Cause, CauseKind, Node};
use crate::jenkins::people::LOST;
use crate::jenkins::queue::Job;

pub(super) const SCENES: &[(&str, Scene)] = &[
    ("F1-after-agent-loss", || torn(marked(), MARKED)),
    ("F1-marked", marked),
    ("F1b-after-crash", || torn(Stage::new().online(ONCE, "once").then(|j| retire(j, ONCE)), ONCE)),
    ("F2-1-held-agent-gone", || torn(held(GONE, "qq"), GONE)),
    ("F2-3-after-restart", || restarted(torn(held(GONE, "qq"), GONE))),
    ("after-restart-held", || restarted(held("qq+192.168.1.69", "qq").agent("st1", "slab"))),
    ("busy-doDisconnect", || torn(held(TORN, "qq common qlab"), TORN)),
    ("held-agent-back", || torn(held_two(), HELD).then(|jenkins| jenkins.connect(HELD))),
    ("held-agent-killed", || torn(held_two(), HELD)),
    ("held-online", held_two),
    ("held-then-doDisconnect", || torn(held(TORN, "qq common qlab"), TORN)),
    ("list-after-busy-delete", busy_deleted),
    ("list-after-busy-rename", busy_renamed),
    ("monitor", monitored),
    ("queue-quietdown", quieting),
];

const MARKED: &str = "cc-20261128T170515Z-1";
const ONCE: &str = "once-20261128T172652Z-1";
const GONE: &str = "qq+192.168.1.220";
const HELD: &str = "pp-20261128T164749Z-1";
const TORN: &str = "qq+192.168.1.136";

fn retire(jenkins: &mut crate::JenkinsView<'_>, node: &str) {
    let words = "mita retires this node: owner=real18080c server=eb459d7a-efe4-4292-8f68-f62e2867e180 rule=idle";
    jenkins.node_mut(node).unwrap().mark_with(Cause::new(CauseKind::User, words, 0).by("bob"));
}

fn marked() -> Stage {
    Stage::new().online(MARKED, "cc clab").then(|jenkins| retire(jenkins, MARKED))
}

fn torn(stage: Stage, node: &str) -> Stage {
    stage.then(|jenkins| jenkins.disconnect(node, CauseKind::ChannelTermination, LOST))
}

fn held(node: &str, labels: &str) -> Stage {
    Stage::new().online(node, labels).then(|jenkins| jenkins.hold(node, "mine"))
}

fn restarted(stage: Stage) -> Stage {
    let stage = stage.then(|jenkins| jenkins.restart(Duration::from_secs(5), Duration::from_secs(600)));
    stage.later(Duration::from_secs(5))
}

fn held_two() -> Stage {
    let stage = Stage::new();
    stage.jenkins().add_node(Node::new(HELD, "pp common plab", 2).online());
    stage.then(|jenkins| jenkins.hold(HELD, "alice: keep : this"))
}

fn lin(stage: Stage, names: &[&str]) -> Stage {
    names.iter().fold(stage, |stage, name| stage.online(&format!("lin-20261128T165{name}"), "lin linux amd64"))
}

fn duo(stage: Stage, name: &str) -> Stage {
    stage.jenkins().add_node(Node::new(name, "duo amd64", 2).online());
    stage
}

/// Two single-use nodes that are done, others, and one that builds.
fn busy_deleted() -> Stage {
    let stage = duo(Stage::new(), "duo-20261128T165008Z-2");
    let mut stage = lin(stage, &["032Z-1", "032Z-2", "032Z-3", "032Z-4"]);
    for (name, server) in [("1", "45ddcbae-4cf1-47c1-98a6-4498fdfebafc"), ("2", "780e34e8-3675-49da-a668-2e3f1ad6d866")]
    {
        let node = format!("once-20261128T165037Z-{name}");
        let words = format!("mita retires this node: owner=real18080 server={server} rule=single_use");
        stage = stage.online(&node, "once").then(|jenkins| {
            jenkins.node_mut(&node).unwrap().mark_with(Cause::new(CauseKind::User, &words, 0).by("bob"));
        });
    }
    let deleted = "self+192.168.1.9";
    stage
        .online("self+192.168.1.105", "selfreg self amd64")
        .online(deleted, "selfreg self amd64")
        .building("self+192.168.1.105", Job::freestyle("f"))
        .building(deleted, Job::freestyle("g"))
        .then(|jenkins| assert!(jenkins.delete_node(deleted)))
}

/// A person gave a busy node another name.
fn busy_renamed() -> Stage {
    let stage = duo(duo(Stage::new(), "duo-20261128T165322Z-1"), "duo-20261128T165328Z-1");
    let stage = lin(stage, &["232Z-2", "232Z-3"]).agent("once-20261128T165332Z-1", "once").agent("st1", "slab");
    let stage = stage.online(TORN, "qq common qlab").building("lin-20261128T165232Z-2", Job::freestyle("f"));
    stage.building(TORN, Job::freestyle("g").lasting(Duration::from_secs(5))).then(|jenkins| {
        jenkins.tear_builds(TORN);
        jenkins.rename(TORN, "alice-box");
    })
}

fn monitored() -> Stage {
    let node = "qq+192.168.1.101";
    let words = "Disk space is too low. Only 0.000GB left on /home/jenkins.";
    Stage::new().online(node, "qq").then(|jenkins| jenkins.monitor_marks(node, words))
}

/// Four items, one of which waits behind a busy node.
fn quieting() -> Stage {
    let stage = Stage::new().online("lin", "linux").building("lin", Job::freestyle("long"));
    let stage = stage.jobs(&[("a", "one"), ("b", "linux"), ("c", "two"), ("d", "three")]);
    stage.then(|jenkins| jenkins.quiet_down(true))
}
