//! The queue: what waits, and why.

use std::time::Duration;

use super::Scene;
use super::stage::{LONG, Stage};
use crate::jenkins::lone_surrogate;
use crate::jenkins::nodes::{Mode, Node};
use crate::jenkins::queue::Job;

pub(super) const SCENES: &[(&str, Scene)] = &[
    ("cancel", || one_waiting().0),
    ("hidden-item", quoted_expression),
    ("hidden-item-alone", || two_labels().jobs(&[("quotedex", "\"amd64||gpu\"")])),
    ("hidden-item-depth0", quoted_expression),
    ("hidden-item-without-label", quoted_expression),
    ("item-cancelled", || {
        let (stage, id) = one_waiting();
        stage.then(|jenkins| jenkins.cancel(id))
    }),
    ("item-left", one_built),
    ("item-none", Stage::new),
    ("item-waiting", || one_waiting().0),
    ("label-bar-foo-unknown", || Stage::new().jobs(&[("fb", "foo bar")]).agent("n4", "bar foo")),
    ("label-expr", || Stage::new().agent("n1", "amd64")),
    ("label-foo-bar-known", || Stage::new().jobs(&[("fb", "foo bar")]).agent("n3", "foo bar")),
    ("label-none", Stage::new),
    ("label-unparsable", Stage::new),
    ("lang-en", two_waiting),
    ("lang-fr", two_waiting),
    ("lang-xx", two_waiting),
    ("poisoned-atom", poisoned),
    ("queue-depth0", || agents().jobs(&JOBS)),
    ("queue-empty", Stage::new),
    ("queue-empty-gzip", Stage::new),
    ("queue-lone-surrogate", || {
        Stage::new().agent("n1", "amd64").jobs(&[("ok", "amd64"), ("sur", &surrogate_label())])
    }),
    ("queue-odd", odd),
    ("queue-pending", pending),
    ("queue-pending-after", || {
        pending()
            .then(|jenkins| jenkins.refuse("p2", "n2", "Executor slot already in use"))
            .online("n2", "amd64")
            .then(start)
    }),
    ("queue-quiet-forms", quiet_forms),
    ("why-all-busy", all_busy),
    ("why-all-offline", || agents().jobs(&listed(&JOBS))),
    ("why-dispatchers", dispatchers),
    ("why-no-agents-0-executors", || Stage::new().jobs(&NO_AGENTS)),
    ("why-no-agents-exclusive", exclusive_built_in),
    ("why-not-accepting", not_accepting),
    ("why-permission", permission),
    ("why-quiet-down", || waiting_and_blocked().then(|jenkins| jenkins.quiet_down(true))),
    ("why-some-online", || agents().then(|jenkins| jenkins.connect("n2")).jobs(&some_online())),
    ("why-waiting-blocked", waiting_and_blocked),
];

const NO_AGENTS: [(&str, &str); 5] =
    [("lab", "gpu && linux"), ("one", "gpu"), ("free", ""), ("self", "built-in"), ("neg", "!gpu")];

const JOBS: [(&str, &str); 19] = [
    ("all", "amd64"),
    ("and", "amd64&&gpu"),
    ("none", "wheezy"),
    ("nonex", "wheezy && (a->b)"),
    ("node", "n1"),
    ("neg", "!amd64 && !odd && !other"),
    ("free", ""),
    ("quoted", "amd64 && \"a b\""),
    ("quotedex", "\"amd64||gpu\""),
    ("squote", "'a b'"),
    ("unp", "amd64 gpu"),
    ("unp2", "amd64 & gpu"),
    ("dq", "\"a b\""),
    ("odd", "odd"),
    ("iff", "amd64 <-> gpu"),
    ("imp", "gpu -> small"),
    ("trail", "amd64 "),
    ("empty", "\"\""),
    ("blank", "\" \""),
];

/// Without the one that is left out of the list.
fn listed<'a>(jobs: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    jobs.iter().copied().filter(|(name, _)| *name != "quotedex").collect()
}

/// Without those that an agent with the labels amd64 and small can build.
fn some_online() -> Vec<(&'static str, &'static str)> {
    listed(&JOBS).into_iter().filter(|(name, _)| !["all", "free", "imp", "trail"].contains(name)).collect()
}

fn agents() -> Stage {
    Stage::new().agent("n1", "amd64 gpu").agent("n2", "amd64 small").agent("n3", "other").agent("n’4, ‘x", "odd")
}

fn all_busy() -> Stage {
    let nodes = ["n1", "n2", "n3", "n’4, ‘x"];
    let stage = agents().then(|jenkins| nodes.iter().for_each(|node| jenkins.connect(node)));
    let stage = nodes
        .iter()
        .enumerate()
        .fold(stage, |stage, (n, node)| stage.building(node, Job::freestyle(&format!("busy{n}")).one_at_a_time()));
    let old = ["none", "nonex", "neg", "quoted", "squote", "unp", "unp2", "dq", "empty", "blank"];
    let new = ["all", "and", "node", "free", "odd", "iff", "imp", "trail"];
    let pick = |names: &[&str]| -> Vec<(&str, &str)> {
        JOBS.iter().copied().filter(|(name, _)| names.contains(name)).collect()
    };
    stage.jobs(&pick(&old)).jobs(&pick(&new))
}

fn waiting_and_blocked() -> Stage {
    let hour = Duration::from_secs(3600);
    all_busy()
        .jobs(&[("serial", "n1"), ("up", "n1")])
        .job(Job::freestyle("down").label("n3").blocked("Upstream project ‘up’ is already building"))
        .job(Job::freestyle("later").label("amd64").quiet(hour))
        .job(Job::freestyle("busy0").label("n1").one_at_a_time())
        .later(Duration::from_secs(1))
}

fn exclusive_built_in() -> Stage {
    let stage = Stage::with(|options| options.built_in_executors = 1);
    stage.then(|jenkins| jenkins.node_mut("").unwrap().mode = Mode::Exclusive).jobs(&NO_AGENTS[..2])
}

fn not_accepting() -> Stage {
    let stage = Stage::new().online("n1", "amd64").online("n2", "amd64").then(|jenkins| {
        for node in ["n1", "n2"] {
            jenkins.node_mut(node).unwrap().accepting = false;
        }
    });
    stage.jobs(&[("all", "amd64"), ("one", "n1"), ("free", "")])
}

fn dispatchers() -> Stage {
    let stage = Stage::new().then(|jenkins| {
        for node in ["n1", "n2"] {
            jenkins.add_node(Node::new(node, "amd64", 1).online().mode(Mode::Exclusive));
            jenkins.refuse("throttled", node, "Already running 1 builds on node");
            jenkins.refuse("boom", node, "Exception evaluating if the node can take the task");
        }
    });
    let boomrun = "Exception evaluating if the queue can run the task";
    stage
        .jobs(&[("free", ""), ("free2", ""), ("throttled", "amd64"), ("boom", "amd64")])
        .job(Job::freestyle("boomrun").label("amd64").blocked(boomrun))
        .job(Job::freestyle("odd").label("amd64").blocked(""))
}

fn permission() -> Stage {
    let stage = Stage::new().jobs(&[("fb", "foo bar")]);
    let stage = stage.agent("n1", "mita-retiring").agent("n2", "b").agent("n3", "foo bar").agent("n4", "bar foo");
    let stage = stage.online("n5", "perm");
    stage
        .then(|jenkins| jenkins.refuse("perm", "n5", "‘mita’ lacks permission to run on ‘n5’"))
        .jobs(&[("perm", "perm")])
}

fn quiet_forms() -> Stage {
    let quiet = |name: &str, millis: u64| Job::freestyle(name).quiet(Duration::from_millis(millis));
    Stage::new()
        .agent("n1", "amd64")
        .jobs(&[("free", "")])
        .job(Job::freestyle("serial").label("n1").one_at_a_time())
        .jobs(&[("none", "zz")])
        .job(Job::freestyle("serial").label("n1").one_at_a_time())
        .job(quiet("soon", 660))
        .job(quiet("minute", 60_000))
        .job(quiet("hour", 3_660_000))
        .job(quiet("day", 86_400_000))
}

fn start(jenkins: &mut crate::JenkinsView<'_>) {
    jenkins.hold_starts(false);
}

/// One executor, given to the first of two items and not started.
fn pending() -> Stage {
    let stage = Stage::new().online("n1", "amd64").then(|jenkins| jenkins.hold_starts(true));
    stage.jobs(&[("p1", "amd64"), ("p2", "amd64")])
}

fn surrogate_label() -> String {
    format!("x{}y", lone_surrogate(0xd800))
}

fn odd() -> Stage {
    let long: Vec<String> = (1..=3000).map(|n| format!("label{n}")).collect();
    Stage::new().agent("n1", "amd64").jobs(&[
        ("ctl", "a\u{1}b\u{7f}c\u{9b}d\u{2028}e"),
        ("emoji", "😀"),
        ("long", &long.join("||")),
        ("html", "<b>&amp;"),
        ("nlabel", "a\nb"),
        ("ä ö", "amd64"),
        ("it’s, ‘x’", "amd64"),
        ("😀 job", "amd64"),
        ("q\"q", "amd64"),
        ("sur", &surrogate_label()),
    ])
}

fn two_labels() -> Stage {
    Stage::new().agent("n1", "amd64 gpu")
}

/// A job whose label is a whole expression in double quotes, among others.
fn quoted_expression() -> Stage {
    two_labels().jobs(&[("plain", "amd64||gpu"), ("quotedex", "\"amd64||gpu\""), ("after", "wheezy")])
}

/// An atom that has the name of an expression.
fn poisoned() -> Stage {
    let stage = Stage::new().agent("n1", "amd64");
    stage.jobs(&[("a", "amd64 && !\"a||b\""), ("b", "a||b"), ("q", "x && \"a||b\"")])
}

fn two_waiting() -> Stage {
    Stage::new().agent("n1", "amd64").jobs(&[("one", "amd64"), ("none", "wheezy")])
}

fn one_waiting() -> (Stage, u64) {
    let stage = Stage::new();
    let job = Job::freestyle("later").label("amd64").quiet(Duration::from_secs(3600));
    let id = stage.jenkins().submit(job);
    let stage = stage.replacing("/item/73/", &format!("/item/{id}/")).replacing("id=73", &format!("id={id}"));
    (stage.later(Duration::from_secs(1)), id)
}

fn one_built() -> Stage {
    let stage = Stage::new().online("n1", "amd64");
    let id = stage.jenkins().submit(Job::freestyle("busy1").label("amd64").lasting(LONG));
    stage.replacing("/item/58/", &format!("/item/{id}/"))
}
