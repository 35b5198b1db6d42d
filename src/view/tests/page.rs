//! The status page, with hostile text wherever text comes from outside.

use crate::apply::{ActionResult, Outcome};
use crate::domain::history::{History, Sample, Servers};
use crate::domain::journal::{Entry, Event};
use crate::domain::state;
use crate::plan::model::{Action, Change, Problem, Subject, Target, Verdict};
use crate::secret::Secret;
use crate::view::document::Time;
use crate::view::document::pause::PauseStatus;
use crate::view::exit::Exit;
use crate::view::overview::Overview;
use crate::view::page;
use crate::view::run_report::RunReport;
use crate::view::status::Status;
use crate::view::status::failures::FailureStatus;
use crate::view::status::node_types::Pause;
use crate::view::tests::samples::every_action;
use crate::view::tests::scene::Scene;
use jiff::SignedDuration;

const SECRET: &str = "s3cret-in-a-name";
const HOSTILE: &str = "<u>\u{202e}s3cret-in-a-name\u{7}'\"&</u>";

fn hostile() -> String {
    HOSTILE.to_owned()
}

fn spoil_target(target: &mut Target) {
    target.node_type = HOSTILE.into();
    target.server_id = HOSTILE.into();
    target.name = hostile();
    target.nodes = vec![HOSTILE.into()];
}

fn spoil_action(action: &mut Action) {
    action.reason = hostile();
    match &mut action.change {
        Change::CreateServer(order) => (order.node_type, order.provider) = (HOSTILE.into(), HOSTILE.into()),
        Change::CreateNode(making) => making.node = HOSTILE.into(),
        Change::AssignFloatingIp(wanted) => spoil_target(&mut wanted.target),
        Change::RestoreNode(target)
        | Change::DrainNode(target)
        | Change::RetireNode(target)
        | Change::DeleteServer(target) => spoil_target(target),
        Change::DeleteNode { node, .. } => *node = HOSTILE.into(),
        Change::DeleteVolume { volume_id, .. } => *volume_id = HOSTILE.into(),
        Change::ReleaseFloatingIp { floating_ip_id, .. } => *floating_ip_id = HOSTILE.into(),
    }
}

fn spoil_status(status: &mut Status) {
    let (now, rule) = (status.now, crate::domain::rule::Rule::Quota);
    status.problems = vec![Problem { place: hostile(), error: hostile() }];
    for (number, kind) in status.node_types.iter_mut().enumerate() {
        kind.name = format!("{HOSTILE}{number}").into();
        let lasts = SignedDuration::from_mins(5);
        kind.pauses = vec![Pause { provider: HOSTILE.into(), rule, until: now, lasts, reason: hostile() }];
    }
    for server in &mut status.servers {
        (server.id, server.name, server.reason) = (hostile(), hostile(), hostile());
        (server.node_type, server.provider) = (Some(HOSTILE.into()), Some(HOSTILE.into()));
        server.nodes = vec![HOSTILE.into()];
    }
    for node in status.nodes.iter_mut().flatten() {
        (node.name, node.reason) = (format!("{HOSTILE}!").into(), hostile());
    }
    for job in status.jobs.iter_mut().flatten() {
        (job.job, job.needs, job.reason) = (hostile(), Some(hostile()), hostile());
    }
    status.failures = vec![FailureStatus {
        node_type: HOSTILE.into(),
        provider: HOSTILE.into(),
        at: Time(now.0),
        ago: SignedDuration::from_mins(5),
        name: hostile(),
        order: HOSTILE.into(),
        server_id: None,
        rule,
        reason: hostile(),
        console: vec![hostile()],
    }];
    let subject = Subject::Volume;
    status.leftovers = vec![Verdict { subject, id: hostile(), name: hostile(), rule, reason: hostile() }];
}

#[test]
fn s9_text_from_outside_is_escaped_and_redacted_wherever_the_page_shows_it() {
    let _secret = Secret::new(SECRET);
    let scene = Scene::with_jobs();
    scene.run();
    let mut report = scene.run();
    let mut status = Status::of(&Overview::of(&scene.loaded.config, &report));
    spoil_status(&mut status);
    report.plan.actions = every_action();
    report.plan.actions.iter_mut().for_each(spoil_action);
    let result = |action| ActionResult { action, outcome: Outcome::Failed, server_id: None, error: Some(hostile()) };
    report.results = Some((0..report.plan.actions.len()).map(result).collect());
    let mut history = History::new(scene.loaded.config.owner.clone());
    let busy = Servers { busy: 1, ..Servers::default() };
    let servers = status.node_types.iter().map(|kind| (kind.name.clone(), busy)).collect();
    history.samples = vec![Sample { at: report.plan.now, servers, ..Sample::default() }];
    let (config, exit) = (&scene.loaded.config, Exit::Failed);
    let journal = vec![
        Entry { node: Some(HOSTILE.into()), by: Some(hostile()), ..Entry::new(report.plan.now, Event::Held) }
            .saying(HOSTILE),
    ];
    let shown = page::of_run(&RunReport { config, report: &report, status, history: &history, exit, journal });
    let of_failure = page::of_failure(exit, report.plan.now, &[hostile()], Some(&history));
    for page in [&shown, &of_failure] {
        for trace in [SECRET, "<u>", "\u{202e}", "\u{7}"] {
            assert!(!page.contains(trace), "{trace:?} in {page}");
        }
    }
    assert_eq!(of_failure.matches("&lt;u&gt;\\u{202e}[secret]\\u{7}&#39;&quot;&amp;&lt;/u&gt;").count(), 1);
    let places = shown.matches("[secret]").count();
    assert!(places > 60, "only {places} texts were shown: {shown}");
}

#[test]
fn a_pause_is_no_problem_and_has_its_times_for_the_reader() {
    let scene = Scene::start();
    let report = scene.run();
    let mut status = Status::of(&Overview::of(&scene.loaded.config, &report));
    let since = report.plan.now;
    let (by, reason) = ("alice".to_owned(), Some("new racks".to_owned()));
    let pause = state::Pause { node_type: None, provider: None, since, until: None, by, reason };
    status.paused = vec![PauseStatus::of(&pause)];
    let history = History::new(scene.loaded.config.owner.clone());
    let (config, exit, journal) = (&scene.loaded.config, Exit::Done, Vec::new());
    let shown = page::of_run(&RunReport { config, report: &report, status, history: &history, exit, journal });
    assert!(shown.contains("<h2>Paused</h2>") && !shown.contains("<h2>Problems</h2>"), "{shown}");
    let words = format!("<b>everything</b> is paused by alice since <time datetime=\"{since:.0}\">");
    assert!(shown.contains(&words) && shown.contains("</time>: new racks"), "{shown}");
}
