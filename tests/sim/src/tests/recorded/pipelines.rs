//! Pipelines: what waits of them, what holds a node, and what a restart makes of them.

use std::time::Duration;

use super::Scene;
use super::stage::Stage;
use crate::jenkins::SavedQueue;
use crate::jenkins::nodes::CauseKind;
use crate::jenkins::people::LOST;
use crate::jenkins::queue::Job;

pub(super) const SCENES: &[(&str, Scene)] = &[
    ("01-no-agents-builtin0", || blocks(Stage::new())),
    ("01-no-agents-builtin0-computers", || blocks(Stage::new())),
    ("01-no-agents-full", || blocks(Stage::new())),
    ("02-c", built_in_busy),
    ("02-no-agents-builtin1", built_in_busy),
    ("04-one-offline-agent", || blocks_without_any(Stage::new().agent("off1", "permanent"))),
    ("05-one-node-offline", || blocks_without_any(Stage::new().agent("off1", "permanent").agent("big1", "huge"))),
    ("06-two-nodes-offline", || blocks_without_any(two_huge())),
    ("08-sleep-holds-c", sleeping),
    ("09-agent-killed-1", || torn(sleeping(), "ag1")),
    ("09-agent-killed-c-1", || torn(sleeping(), "ag1")),
    ("10-reconnected", || torn(sleeping(), "ag1").then(|jenkins| jenkins.connect("ag1"))),
    ("11-restart-agentdown-2", sleeper_restarted),
    ("11-restart-agentdown-c-2", sleeper_restarted),
    ("13-resume-agent-never-1", resuming_and_new),
    ("13-resume-agent-never-16", || on_pips(Stage::new())),
    ("22-machine-died", || first_pip_died(runs(pips().agent("big1", "huge").agent("big2", "huge")))),
    ("23-max-reached", || {
        on_pips(Stage::new().agent("ag1", "linux gpu").job(Job::resuming("sleeper", "ag1").in_run(1)))
    }),
    ("24-before-delete", || first_pip_died(all_runs(pips_and_huge()))),
    ("25-after-1", deleted),
    ("25-delete-big1", pips_and_huge),
    ("26-c", || first_pip_died(without_sleeper(pips()))),
    ("28-restart2-0", second_restart),
    ("28-restart2-c-0", || second_restart().then(runs_without_blocks)),
    ("42-uno2", booting_uno),
    ("44-server-deleted", server_deleted),
    ("51-c", crashed_and_coming_back),
    ("51-crash-1", || crashed(SavedQueue::Before(Duration::ZERO))),
    ("54-crash-1", || crashed(SavedQueue::Nothing)),
    ("55-quiet-workflowjob", quiet_pipeline),
    ("57-stage-running", many_runs),
    ("59-stage-running", in_a_stage),
    ("61-after-solo-retired", nodes_gone),
];

pub(super) const PIP1: &str = "pip-20261128T175019Z-1";
pub(super) const PIP2: &str = "pip-20261128T175019Z-2";
pub(super) const PIP3: &str = "pip-20261128T175059Z-1";
const PIP4: &str = "pip-20261128T175623Z-1";
const SOLO: &str = "solo-20261128T175659Z-1";
const UNO1: &str = "uno-20261128T175754Z-1";
const UNO2: &str = "uno-20261128T175830Z-1";

pub(super) fn block(name: &str, run: u64, label: &str) -> Job {
    Job::pipeline(name).in_run(run).label(label)
}

fn blocks(stage: Stage) -> Stage {
    stage
        .job(block("needs", 1, "gpu && linux"))
        .job(block("nowhere", 1, "nowhere"))
        .job(Job::pipeline("any").in_run(1))
        .job(block("exact", 1, "ag1"))
        .job(block("stag", 1, "huge"))
        .job(block("two", 1, "linux"))
        .job(block("two", 1, "linux"))
}

fn blocks_without_any(stage: Stage) -> Stage {
    let stage = blocks(stage);
    let any = stage.jenkins().queue.iter().find(|item| item.job.name == "any").map(|item| item.id);
    stage.then(|jenkins| jenkins.cancel(any.unwrap()))
}

fn built_in_busy() -> Stage {
    blocks(Stage::with(|options| options.built_in_executors = 1))
}

fn two_huge() -> Stage {
    Stage::new().agent("off1", "permanent").agent("big1", "huge").agent("big2", "huge")
}

/// A block in `sleep` holds an agent, and two more wait.
fn sleeping() -> Stage {
    two_huge()
        .online("ag1", "linux gpu")
        .building("ag1", block("sleeper", 1, "linux"))
        .job(block("needs", 4, "gpu && linux"))
        .job(block("stag", 2, "huge"))
}

fn torn(stage: Stage, node: &str) -> Stage {
    stage.then(|jenkins| jenkins.disconnect(node, CauseKind::ChannelTermination, LOST))
}

fn up_again(stage: Stage, saved: SavedQueue) -> Stage {
    let (down, reconnect) = (Duration::from_secs(6), Duration::from_secs(600));
    stage.then(|jenkins| jenkins.crash(down, reconnect, saved)).later(down)
}

/// The controller was killed before the two waiting blocks were saved; the agent is not back yet.
fn sleeper_restarted() -> Stage {
    let stage = torn(two_huge().online("ag1", "linux gpu").building("ag1", block("sleeper", 1, "linux")), "ag1");
    up_again(stage, SavedQueue::Nothing).then(runs_without_blocks_of_the_first_restart)
}

fn runs_without_blocks_of_the_first_restart(jenkins: &mut crate::JenkinsView<'_>) {
    jenkins.begin_run("needs", 4);
    jenkins.begin_run("stag", 2);
}

fn runs(stage: Stage) -> Stage {
    stage.then(runs_without_blocks_of_the_first_restart).then(|jenkins| jenkins.begin_run("sleeper", 1))
}

fn all_runs(stage: Stage) -> Stage {
    runs(stage).then(|jenkins| jenkins.begin_run("pexpr", 1)).then(|jenkins| jenkins.begin_run("pparal", 1))
}

fn without_sleeper(stage: Stage) -> Stage {
    let stage = stage.then(runs_without_blocks_of_the_first_restart);
    stage.then(|jenkins| jenkins.begin_run("pexpr", 1)).then(|jenkins| jenkins.begin_run("pparal", 1))
}

fn runs_without_blocks(jenkins: &mut crate::JenkinsView<'_>) {
    runs_without_blocks_of_the_first_restart(jenkins);
}

fn resuming_and_new() -> Stage {
    let stage = two_huge().agent("ag1", "linux gpu").job(Job::resuming("sleeper", "ag1").in_run(1));
    stage.job(block("psleep2", 1, "pip")).job(block("psleep", 1, "pip"))
}

/// Three agents of one type, each held by a block.
fn pips() -> Stage {
    Stage::new()
        .agent("ag1", "linux gpu")
        .agent("off1", "permanent")
        .online(PIP1, "pip linux")
        .online(PIP2, "pip linux")
        .online(PIP3, "pip linux")
        .building(PIP2, block("psleep", 1, "pip"))
        .building(PIP1, block("psleep2", 1, "pip"))
        .building(PIP3, block("pinput", 1, "pip"))
}

fn first_pip_died(stage: Stage) -> Stage {
    torn(stage, PIP1)
}

/// Three blocks that wait behind them.
pub(super) fn on_pips(stage: Stage) -> Stage {
    let stage = stage.online(PIP2, "pip linux").online(PIP3, "pip linux");
    let stage = stage.building(PIP2, block("psleep", 1, "pip")).building(PIP3, block("pinput", 1, "pip"));
    waiting_for_pips(stage)
}

fn waiting_for_pips(stage: Stage) -> Stage {
    let stage = stage.job(block("pexpr", 1, "pip && linux"));
    stage.job(block("pparal", 1, "pip")).job(block("pparal", 1, "linux && !gpu"))
}

fn pips_and_huge() -> Stage {
    pips()
        .online("big1", "huge")
        .online("big2", "huge")
        .building("big1", block("hsleep", 1, "huge"))
        .building("big2", block("hshell", 1, "huge"))
}

/// Two nodes were deleted under their blocks.
fn deleted() -> Stage {
    let stage = first_pip_died(all_runs(pips_and_huge()));
    let stage = stage.post("/computer/big1/doDelete").post("/computer/big2/doDelete");
    stage.then(|jenkins| assert_eq!(jenkins.running_on("big1").len(), 1))
}

/// An orderly restart with three blocks that hold nodes and three that wait.
fn second_restart() -> Stage {
    let stage = waiting_for_pips(pips());
    let down = Duration::from_secs(8);
    stage.then(|jenkins| jenkins.restart(down, Duration::from_secs(600))).later(down)
}

/// The only node of a label still boots.
fn booting_uno() -> Stage {
    let stage = matrix_left_overs().job(Job::resuming("psleep2", PIP1).in_run(1)).agent(UNO1, "uno");
    let stage = with_nowhere_combination(stage);
    stage.job(block("uno1", 1, "uno")).job(block("uno2", 1, "uno"))
}

/// A matrix project runs that no computer shows, and another run of it waits.
fn matrix_left_overs() -> Stage {
    super::matrix::unseen_parent(Stage::new())
}

fn with_nowhere_combination(stage: Stage) -> Stage {
    stage.job(super::matrix::nowhere())
}

fn four_and_more() -> Stage {
    Stage::new()
        .agent("ag1", "linux gpu")
        .agent("off1", "permanent")
        .online(PIP2, "pip linux")
        .online(PIP3, "pip linux")
        .online(PIP4, "pip linux")
        .online(SOLO, "solo")
        .online(UNO1, "uno")
        .online(UNO2, "uno")
        .building(PIP2, block("psleep", 1, "pip"))
        .building(PIP3, block("pinput", 1, "pip"))
        .building(PIP4, block("pexpr", 1, "pip && linux"))
        .building(SOLO, block("solo1", 1, "solo"))
        .building(UNO1, block("uno1", 1, "uno"))
        .building(UNO2, block("uno2", 1, "uno"))
}

fn server_deleted() -> Stage {
    let stage = torn(four_and_more(), PIP2).then(runs_without_blocks_of_the_first_restart);
    stage.then(|jenkins| jenkins.begin_run("psleep2", 1))
}

/// The controller was killed while six blocks held nodes.
fn crashed(saved: SavedQueue) -> Stage {
    let stage = match saved {
        SavedQueue::Whole | SavedQueue::Before(_) => {
            with_nowhere_combination(super::matrix::unseen_parent(four_and_more()))
        }
        SavedQueue::Nothing => four_and_more(),
    };
    up_again(stage, saved)
}

/// All agents but two are back.
fn crashed_and_coming_back() -> Stage {
    let stage = crashed(SavedQueue::Nothing).then(runs_without_blocks_of_the_first_restart);
    stage.then(|jenkins| [PIP3, PIP4, UNO1, UNO2].iter().for_each(|node| jenkins.connect(node)))
}

/// A pipeline in its quiet period, and two blocks that resume.
fn quiet_pipeline() -> Stage {
    let stage = Stage::new().agent(PIP2, "pip linux").agent(SOLO, "solo");
    let stage = stage.job(Job::resuming("psleep", PIP2).in_run(1)).job(Job::resuming("solo1", SOLO).in_run(1));
    stage.job(Job::pipeline("hello").quiet(Duration::from_secs(60))).later(Duration::from_secs(2))
}

fn many_runs() -> Stage {
    let stage = crashed_and_coming_back();
    (11..=22).fold(stage, |stage, run| stage.then(|jenkins| jenkins.begin_run("nowhere", run)))
}

fn in_a_stage() -> Stage {
    let stage = many_runs().then(|jenkins| {
        let at = jenkins.running_on(PIP4)[0].item;
        let executor = jenkins.node_mut(PIP4).unwrap().executors.iter_mut().find(|e| e.build.is_some());
        executor.unwrap().build.take_if(|build| build.item == at);
    });
    stage.building(PIP4, block("pstage", 2, "pip").in_stage("inner"))
}

fn nodes_gone() -> Stage {
    Stage::new()
        .agent("off1", "permanent")
        .job(Job::resuming("psleep", PIP2).in_run(1))
        .job(Job::resuming("solo1", SOLO).in_run(1))
}
