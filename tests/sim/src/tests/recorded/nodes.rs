//! Nodes in all states.

use super::Scene;
use super::stage::{MARK, NOT_LAUNCHED, Stage};
use crate::http::percent_encode;
use crate::jenkins::nodes::{CauseKind, Node};
use crate::jenkins::people::LOST;
use crate::jenkins::queue::Job;

pub(super) const SCENES: &[(&str, Scene)] = &[
    ("builtin", Stage::new),
    ("builtin-new", Stage::new),
    ("builtin-page", Stage::new),
    ("changed-over-person", || states().post(&mark("n-held-bare"))),
    ("computers", states),
    ("computers-depth0", states),
    ("computers-none", Stage::new),
    ("config-get", described),
    ("config-post", || Stage::new().agent("n1", "amd64")),
    ("config-posted", || Stage::new().agent("n1", "mita-retiring")),
    ("config-posted-held", || held_and_written_back("")),
    ("config-posted-held-without", || held_and_written_back("temporaryOfflineCause")),
    ("delete-busy", deletable),
    ("deleted-again", || lingering().then(|jenkins| jenkins.nodes.retain(|node| !node.removed))),
    ("deleted-busy", lingering),
    ("deleted-busy-marked", || lingering().post("/computer/n-two2/changeOfflineCause?offlineMessage=x")),
    ("disconnect-unconnected", states),
    ("disconnected-unconnected", || failing(&["never"], "n-never")),
    ("failing-before", || Stage::new().agent("sshlike", "")),
    ("failing-held", || held_sshlike(false)),
    ("failing-held-after-relaunch", || held_sshlike(true)),
    ("failing-unheld", || held_sshlike(true).then(|jenkins| jenkins.release("sshlike")).then(launch_fails)),
    ("lang-computer-de", || Stage::new().agent("n1", "amd64")),
    ("launch-connected", states),
    ("mark-busy", states),
    ("mark-deleted", lingering),
    ("mark-disconnect", || Stage::new().online("n-disconnected", "lx")),
    ("mark-held-bare", states),
    ("node-pending", pending),
    ("reconnected-disconnected", || states().then(|jenkins| jenkins.connect("n-disconnected"))),
    ("reconnected-marked", || states().then(|jenkins| jenkins.connect("n-marked-lost"))),
    ("state-causes", states),
    ("state-n-busy-lost", states),
    ("state-n-busy-marked", states),
    ("state-n-disconnected", states),
    ("state-n-held", states),
    ("state-n-held-bare", states),
    ("state-n-idle-whole", states),
    ("state-n-idlecause", states),
    ("state-n-launchfailed", states),
    ("state-n-lost", states),
    ("state-n-marked-lost", states),
    ("state-n-monitor", states),
    ("state-n-never", states),
    ("state-n-notaccepting", states),
    ("state-n-two", states),
    ("toggle-online", reconnected),
    ("toggled-held", || states().post("/computer/n-held/toggleOffline?offlineMessage=x")),
    ("toggled-online", || reconnected().post("/computer/n-marked-lost/toggleOffline?offlineMessage=x")),
    ("torn-back-k-marked", || torn("k-marked", true).then(|jenkins| jenkins.connect("k-marked"))),
    ("torn-k-busy", || torn("k-busy", false)),
    ("torn-k-busy-marked", || torn("k-busy-marked", true)),
    ("torn-k-idle", || torn("k-idle", false)),
    ("torn-later-k-marked", || torn("k-marked", true)),
];

fn mark(node: &str) -> String {
    format!("/computer/{node}/changeOfflineCause?offlineMessage={}", percent_encode(MARK))
}

fn states() -> Stage {
    let stage = Stage::new();
    for kind in [
        "busy",
        "busy-lost",
        "busy-marked",
        "disconnected",
        "held",
        "held-bare",
        "idle",
        "idlecause",
        "launchfailed",
        "lost",
        "marked-lost",
        "monitor",
        "notaccepting",
    ] {
        stage.jenkins().add_node(Node::new(&format!("n-{kind}"), &format!("lx {kind}"), 1).online());
    }
    for kind in ["excl", "marked-never", "never"] {
        stage.jenkins().add_node(Node::new(&format!("n-{kind}"), &format!("lx {kind}"), 1));
    }
    stage.jenkins().add_node(Node::new("n-two", "lx two", 3).online());
    let stage = ["n-busy", "n-busy-lost", "n-busy-marked", "n-two"]
        .into_iter()
        .fold(stage, |stage, node| stage.building(node, Job::freestyle(&format!("job-of-{node}"))));
    let stage = ["n-busy-marked", "n-marked-lost", "n-marked-never"]
        .into_iter()
        .fold(stage, |stage, node| stage.post(&mark(node)));
    stage.post("/computer/n-disconnected/doDisconnect?offlineMessage=cable%20work").then(|jenkins| {
        for node in ["n-busy-lost", "n-lost", "n-marked-lost"] {
            jenkins.close(node);
        }
        jenkins.hold("n-held", "disk swap, <back> at 5 & \"later\" it's é");
        jenkins.hold("n-held-bare", "");
        let slept = "Offline because computer was idle; it will be relaunched when needed.";
        jenkins.disconnect("n-idlecause", CauseKind::Idle, slept);
        jenkins.disconnect("n-launchfailed", CauseKind::LaunchFailed, NOT_LAUNCHED);
        jenkins.monitor_marks("n-monitor", "0.117GB left on /var.");
        jenkins.node_mut("n-notaccepting").unwrap().accepting = false;
    })
}

fn reconnected() -> Stage {
    states().then(|jenkins| jenkins.connect("n-marked-lost"))
}

/// A node with a description that XML 1.1 cannot hold.
fn described() -> Stage {
    states().then(|jenkins| jenkins.node_mut("n-idle").unwrap().description = Some("d \u{1}\0 <b>".into()))
}

/// A held node whose configuration is written back as it was read, without one of its elements.
fn held_and_written_back(without: &str) -> Stage {
    let stage = Stage::new().agent("n2", "b").then(|jenkins| jenkins.hold("n2", "held"));
    let get = b"GET /computer/n2/config.xml HTTP/1.1\r\nhost: x\r\nauthorization: Basic YWxpY2U6VE9LRU4=\r\n\r\n";
    let mut document = stage.send(get).text();
    if !without.is_empty() {
        let start = document.find(&format!("  <{without}")).unwrap();
        let end = document.find(&format!("</{without}>\n")).unwrap() + without.len() + 4;
        document.replace_range(start..end, "");
    }
    let post = format!(
        "POST /computer/n2/config.xml HTTP/1.1\r\nhost: x\r\nauthorization: Basic YWxpY2U6VE9LRU4=\r\n\
         content-length: {}\r\n\r\n{document}",
        document.len()
    );
    assert_eq!(stage.send(post.as_bytes()).status, 200);
    stage
}

fn deletable() -> Stage {
    Stage::new().online("n-two2", "lx").building("n-two2", Job::freestyle("long"))
}

/// A node that was deleted while it was busy.
fn lingering() -> Stage {
    deletable().then(|jenkins| jenkins.delete_node_lingering("n-two2"))
}

/// An agent that somebody marked, and that then could not be started.
fn failing(labels: &[&str], node: &str) -> Stage {
    Stage::new().agent(node, &format!("lx {}", labels.join(" "))).post(&mark(node)).then(|jenkins| {
        jenkins.disconnect(node, CauseKind::LaunchFailed, NOT_LAUNCHED);
    })
}

fn launch_fails(jenkins: &mut crate::JenkinsView<'_>) {
    jenkins.disconnect("sshlike", CauseKind::LaunchFailed, NOT_LAUNCHED);
}

fn held_sshlike(relaunched: bool) -> Stage {
    let stage = Stage::new().agent("sshlike", "").then(|jenkins| jenkins.hold("sshlike", "disk swap, do not touch"));
    if relaunched { stage.then(launch_fails) } else { stage }
}

/// An agent whose channel broke, after mita had marked its node where `marked`.
fn torn(node: &str, marked: bool) -> Stage {
    let stage = Stage::new().online(node, "lx");
    let stage = if node.contains("busy") { stage.building(node, Job::freestyle("f")) } else { stage };
    let stage = if marked { stage.post(&mark(node)) } else { stage };
    stage.then(|jenkins| jenkins.disconnect(node, CauseKind::ChannelTermination, LOST))
}

/// A node of two executors, of which one was given an item that it has not started.
fn pending() -> Stage {
    let stage = Stage::new();
    stage.jenkins().add_node(Node::new("n1", "amd64", 2).online());
    stage.then(|jenkins| jenkins.hold_starts(true)).jobs(&[("p1", "amd64")])
}
