//! Matrix projects: parents that need a node and no executor, and their combinations.

use super::Scene;
use super::pipelines::{PIP1, PIP2, PIP3, block};
use super::stage::Stage;
use crate::jenkins::nodes::CauseKind;
use crate::jenkins::people::LOST;
use crate::jenkins::queue::Job;

pub(super) const SCENES: &[(&str, Scene)] = &[
    ("30-c", no_node_yet),
    ("30-matrix-nolabel", no_node_yet),
    ("32-matrix-1", || no_node_yet().agent("m1", "mat")),
    ("32-matrix-8", parent_runs),
    ("33-m1", parent_beside_a_build),
    ("34-flyonly", combinations_left),
    ("34-flyonly-m1", || parent_alone().then(|jenkins| describe(jenkins, "m1"))),
    ("35-fly-executor-idle", || parent_alone().job(parent("mx-expr"))),
    ("36-fly-agent-lost", || torn(parent_alone().job(parent("mx-expr")))),
    ("37-fly-back", || torn(parent_alone()).then(|jenkins| jenkins.connect("m1"))),
    ("38-fly-deleted", || parent_alone().post("/computer/m1/doDelete")),
    ("38-q", || combinations_left().then(|jenkins| jenkins.queue.retain(|item| item.job.name != EXPRESSION))),
    ("39-after-retire", after_retire),
];

const EXPRESSION: &str = "L=mat && nowhere,M=mat";

fn parent(name: &str) -> Job {
    Job::matrix_parent(name).one_at_a_time()
}

fn combination(parent: &str, axes: &str, label: &str) -> Job {
    let job = Job::matrix(parent, axes).in_run(1);
    if label.is_empty() { job } else { job.label(label) }
}

pub(super) fn nowhere() -> Job {
    combination("mx-fly", "label=nowhere", "nowhere")
}

/// Two agents held by pipelines, three blocks that wait, and one that resumes on a node that is away.
fn base() -> Stage {
    let stage = Stage::new()
        .agent("ag1", "linux gpu")
        .agent("off1", "permanent")
        .agent(PIP1, "pip linux")
        .online(PIP2, "pip linux")
        .online(PIP3, "pip linux")
        .building(PIP2, block("psleep", 1, "pip"))
        .building(PIP3, block("pinput", 1, "pip"))
        .job(block("pparal", 1, "linux && !gpu"))
        .job(block("pparal", 1, "pip"))
        .job(block("pexpr", 1, "pip && linux"))
        .job(Job::resuming("psleep2", PIP1).in_run(1));
    stage.then(|jenkins| {
        jenkins.begin_run("needs", 4);
        jenkins.begin_run("stag", 2);
    })
}

/// A parent without a label runs on the built-in node, one with a label waits for a node, and so do the combinations.
fn no_node_yet() -> Stage {
    base()
        .job(parent("mx-free"))
        .job(parent("mx-lab").label("mat"))
        .job(combination("mx-free", "A=2,label=mat", "mat"))
        .job(combination("mx-free", "A=1,label=mat", "mat"))
}

/// The labelled parent sits beside the executor of the agent, which a combination of another project has; its own
/// combinations roam.
fn parent_runs() -> Stage {
    no_node_yet().online("m1", "mat").job(combination("mx-lab", "A=1", "")).job(combination("mx-lab", "A=2", ""))
}

fn parent_beside_a_build() -> Stage {
    no_node_yet().online("m1", "mat")
}

fn parent_alone() -> Stage {
    base().online("m1", "mat").job(parent("mx-fly").label("mat"))
}

/// As a form makes a node whose description is left empty.
fn describe(jenkins: &mut crate::JenkinsView<'_>, node: &str) {
    jenkins.node_mut(node).unwrap().description = Some(String::new());
}

fn torn(stage: Stage) -> Stage {
    stage.then(|jenkins| jenkins.disconnect("m1", CauseKind::ChannelTermination, LOST))
}

fn combinations_left() -> Stage {
    base().job(nowhere()).job(combination("mx-expr", EXPRESSION, "mat && nowhere&&mat"))
}

/// A parent runs on after its node was deleted, and the next run of its project waits for it.
pub(super) fn unseen_parent(stage: Stage) -> Stage {
    let stage = stage.online("m1", "mat").job(parent("mx-fly").label("mat"));
    stage.post("/computer/m1/doDelete").job(parent("mx-fly").label("mat"))
}

fn after_retire() -> Stage {
    let stage = Stage::new().online(PIP2, "pip linux").building(PIP2, block("psleep", 1, "pip"));
    let stage = stage.online(PIP3, "pip linux").building(PIP3, block("pinput", 1, "pip"));
    let stage = stage.job(block("pexpr", 1, "pip && linux")).job(Job::resuming("psleep2", PIP1).in_run(1));
    unseen_parent(stage).job(nowhere())
}
