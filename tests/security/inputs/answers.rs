//! Whole dry runs on damaged answers and a damaged state file: never a panic, and never an action that the damaged
//! answers do not bear out.

use super::oracle::Seen;
use super::{Dice, damage, tried};
use crate::security::host::{Asked, Host, Reply, whole};
use crate::security::program::{Login, Place, usual};
use crate::security::services::{JENKINS, openstack};
use jiff::{SignedDuration, Timestamp};
use mita::config::Config;
use mita::naming::{NodeTypeName, ProviderName};
use mita::progress::Progress;
use mita::reconcile::{Moment, Permits, dry_run, reconcile};
use mita::state::{Breaker, Departed, Settling, SettlingCause, State, Vain};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const START: &str = "2026-08-01T11:00:00Z";

/// What the services answer just now.
#[derive(Clone, Default)]
struct Answers {
    mode: String,
    queue: String,
    nodes: String,
    servers: String,
}

/// An installation whose services answer with these texts.
struct Scene {
    place: Place,
    config: Config,
    answers: Arc<Mutex<Answers>>,
}

fn agent(name: &str, idle: bool) -> Value {
    json!({"_class": "hudson.slaves.SlaveComputer", "displayName": name, "idle": idle, "offline": false,
        "temporarilyOffline": false, "numExecutors": 1, "executors": [{"idle": idle}], "offlineCause": null,
        "offlineCauseReason": "", "assignedLabels": [{"name": "trusty"}, {"name": name}]})
}

fn offline(name: &str, class: &str, reason: &str) -> Value {
    let mut node = agent(name, true);
    node["offline"] = true.into();
    node["temporarilyOffline"] = true.into();
    node["offlineCause"] = json!({"_class": class, "description": reason});
    node["offlineCauseReason"] = reason.into();
    node
}

fn server(number: u32, status: &str, owner: &str) -> Value {
    json!({"id": format!("server-{number}"), "name": "trusty", "status": status, "created": "2026-08-01T11:00:00Z",
        "addresses": {"net": [{"addr": format!("10.0.0.{number}"), "version": 4}]}, "OS-EXT-STS:task_state": null,
        "metadata": {"mita_owner": owner, "mita_node": "trusty", "mita_id": format!("20260801T110000Z-{number}")}})
}

/// One of each: idle, busy, held, by a monitor, by us, a person's, another installation's, failed, stopped.
fn nodes() -> Value {
    let ours = "mita retires this node: owner=ceph-ci server=server-5 rule=idle";
    json!({"_class": "hudson.model.ComputerSet", "computer": [
        {"_class": "hudson.model.Hudson$MasterComputer", "displayName": "Built-In Node", "idle": true, "offline": false,
            "temporarilyOffline": false, "numExecutors": 0, "executors": [], "assignedLabels": [{"name": "built-in"}]},
        agent("trusty+10.0.0.1", true), agent("trusty+10.0.0.2", false),
        offline("trusty+10.0.0.3", "hudson.slaves.OfflineCause$UserCause", "mine"),
        offline("trusty+10.0.0.4", "hudson.node_monitors.DiskSpaceMonitorDescriptor$DiskSpace", "full"),
        offline("trusty+10.0.0.5", "hudson.slaves.OfflineCause$UserCause", ours),
        agent("static", true), agent("trusty+10.0.0.6", true)]})
}

fn servers() -> Value {
    let mut all: Vec<Value> = (1..=5).map(|number| server(number, "ACTIVE", "ceph-ci")).collect();
    all.extend([server(6, "ACTIVE", "other-ci"), server(7, "ERROR", "ceph-ci"), server(8, "SHUTOFF", "ceph-ci")]);
    json!({"servers": all})
}

fn queue() -> Value {
    let item = |id: u32, why: &str, label: Value| {
        json!({"_class": "hudson.model.Queue$BuildableItem", "id": id, "buildable": true, "blocked": false, "pending": false,
            "why": why, "inQueueSince": 1_785_585_600_000_u64, "task": {"_class": "hudson.model.FreeStyleProject",
            "name": format!("job-{id}"), "url": format!("http://ci/job/job-{id}/"), "labelExpression": label}})
    };
    json!({"_class": "hudson.model.Queue", "discoverableItems": [], "items": [
        item(11, "There are no nodes with the label ‘precise’", "precise".into()),
        item(12, "Waiting for next available executor on ‘precise&&!slow’", Value::Null),
        item(13, "‘trusty+10.0.0.9’ is offline", Value::Null)]})
}

impl Scene {
    fn new() -> Self {
        let answers = Arc::new(Mutex::new(Answers::default()));
        let now = Arc::clone(&answers);
        let rule = move |asked: &Asked| -> Reply {
            let answers = now.lock().expect("no panic");
            let body = match asked.path.as_str() {
                "/queue/api/json" => &answers.queue,
                "/computer/api/json" => &answers.nodes,
                "/api/json" => &answers.mode,
                path if path.ends_with("/servers/detail") => &answers.servers,
                _ => return openstack(asked),
            };
            whole(200, &[JENKINS, ("X-Jenkins-Session", "one")], body.as_bytes())
        };
        let (controller, cloud) = (Host::new(rule.clone()), Host::new(rule));
        let login =
            Login { jenkins: &controller.url, token: "token-1", cloud: &cloud.url, password: "pass-1", more: "" };
        let times = "idle_grace = \"10m\"\njoin_timeout = \"10m\"\n[jenkins]";
        let config = usual(&login).replacen("[jenkins]", times, 1);
        let more = "[nodes.precise]\nprovider = \"cloud\"\nimage_name = \"trusty-image\"\nsize = \"small\"\n\
                    labels = [\"precise\"]\n";
        let place = Place::new(&format!("{config}{more}"));
        let config = Config::load(&place.path("mita.toml")).expect("a right configuration").config;
        let scene = Self { place, config, answers };
        // Everything stands there for nearly its whole time, and is remembered.
        let mut calm = nodes();
        calm["computer"].as_array_mut().expect("a list").remove(5);
        for minute in [0, 5, 9] {
            let good = servers().to_string().replace("ERROR", "ACTIVE");
            scene.answer([r#"{"quietingDown":false}"#, r#"{"items":[]}"#, &calm.to_string(), &good]);
            let report = reconcile(&scene.config, Permits::default(), moment(minute), &Progress::silent());
            let report = report.expect("the first runs are good");
            assert!(report.plan.actions.is_empty(), "{:?}", report.plan.actions);
        }
        scene
    }

    fn answer(&self, [mode, queue, nodes, servers]: [&str; 4]) {
        let [mode, queue, nodes, servers] = [mode, queue, nodes, servers].map(str::to_owned);
        *self.answers.lock().expect("no panic") = Answers { mode, queue, nodes, servers };
    }

    fn plan(&self) -> mita::plan::Plan {
        let report = dry_run(&self.config, Permits { allow_removals: 100 }, moment(20), &Progress::silent());
        report.expect("a plan").plan
    }
}

fn moment(minute: i64) -> Moment {
    let start: Timestamp = START.parse().expect("a time");
    Moment { now: start + SignedDuration::from_mins(minute), started: crate::security::now() }
}

/// The value with some of it damaged, or its text, or nothing at all.
fn damaged(mut value: Value, dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => value.to_string(),
        1 => damage::text(&value.to_string(), dice),
        _ => {
            damage::value(&mut value, dice);
            value.to_string()
        }
    }
}

#[test]
fn s1_s2_s3_s7_damaged_answers_lead_to_no_action_that_they_do_not_bear_out() {
    let scene = Scene::new();
    scene.answer([r#"{"quietingDown":false}"#, &queue().to_string(), &nodes().to_string(), &servers().to_string()]);
    let sound = scene.plan();
    let removals =
        sound.actions.iter().filter(|action| !matches!(action, mita::plan::Action::CreateServer { .. })).count();
    assert!(removals >= 3 && removals < sound.actions.len(), "there is much to do: {:?}", sound.actions);
    let remembered: BTreeSet<String> = (1..=8).filter(|n| *n != 6).map(|number| format!("server-{number}")).collect();
    tried("answers of both services", 400, |_, dice| {
        let texts = [
            damaged(json!({"quietingDown": false}), dice),
            damaged(queue(), dice),
            damaged(nodes(), dice),
            damaged(servers(), dice),
        ];
        let [mode, queue, nodes, servers] = &texts;
        scene.answer([mode, queue, nodes, servers]);
        let read = |text: &str| serde_json::from_str(text).ok();
        let seen = Seen {
            queue: read(queue),
            nodes: read(nodes),
            servers: read(servers),
            remembered: remembered.clone(),
            not_held: ["trusty+10.0.0.4".to_owned()].into(),
        };
        seen.judge(&scene.plan());
    });
}

/// A state in which something of everything is remembered.
fn memory(scene: &Scene) -> State {
    let mut memory = scene.plan().memory;
    let now = moment(20).now;
    let (cloud, precise) = (ProviderName::from("cloud"), NodeTypeName::from("precise"));
    let breaker = Breaker { until: now, pause: SignedDuration::from_mins(5), reason: "full".to_owned() };
    memory.breakers.entry(cloud.clone()).or_default().insert(precise.clone(), breaker);
    memory.quota_refused.entry(cloud.clone()).or_default().insert(precise.clone(), now);
    let need = memory.queue.values().find_map(|item| item.need.clone()).expect("a job's need");
    let (job, why) = ("job-11".to_owned(), "no".to_owned());
    memory.vain.push(Vain { job, need, node_type: precise.clone(), until: now + SignedDuration::from_mins(5), why });
    let id = "20260801T100000Z-1".into();
    let departed = Departed {
        id,
        node_type: precise,
        provider: cloud,
        since: now,
        watch: Some(0),
        node: Some("precise+10.0.0.9".into()),
    };
    memory.departed.insert("server-9".into(), departed);
    memory.settling =
        Some(Settling { since: now - SignedDuration::from_mins(5), cause: SettlingCause::JenkinsRestarted });
    memory.told.insert("breaker cloud precise".to_owned(), now);
    for (number, item) in memory.queue.values_mut().enumerate() {
        item.waiting_since = Some(now);
        item.pending_since = (number == 0).then_some(now);
    }
    memory
}

#[test]
fn s6_a_damaged_state_file_is_read_or_not_and_leads_to_no_action_beyond_what_is_seen() {
    let scene = Scene::new();
    scene.answer([r#"{"quietingDown":false}"#, &queue().to_string(), &nodes().to_string(), &servers().to_string()]);
    let sound = serde_json::to_value(memory(&scene)).expect("JSON");
    let (known, unreadable) = (Mutex::new(0_u32), Mutex::new(0_u32));
    tried("state files", 400, |_, dice| {
        let text = damaged(sound.clone(), dice);
        scene.place.write("state.json", &text);
        let remembered = serde_json::from_str::<Value>(&text).unwrap_or_default();
        let nodes_remembered = remembered["nodes"].as_object().into_iter().flatten();
        let not_held = nodes_remembered.filter(|(_, node)| node["set_offline_by"] != "person");
        let not_held = not_held.map(|(name, _)| name.clone()).collect();
        let entries = remembered["servers"].as_object().into_iter().flat_map(|servers| servers.values());
        let remembered: BTreeSet<String> =
            entries.filter_map(|server| server["server_id"].as_str()).map(str::to_owned).collect();
        let report = dry_run(&scene.config, Permits { allow_removals: 100 }, moment(20), &Progress::silent());
        let Ok(report) = report else { return };
        let seen = Seen { queue: Some(queue()), nodes: Some(nodes()), servers: Some(servers()), remembered, not_held };
        seen.judge(&report.plan);
        let told = report.plan.warnings.iter().any(|warning| warning.contains("cannot be read"));
        *(if told { &unreadable } else { &known }).lock().expect("no panic") += 1;
        // What was planned can be kept.
        let kept = serde_json::to_string(&report.plan.memory).expect("JSON");
        assert_eq!(serde_json::from_str::<mita::state::State>(&kept).expect("a state"), report.plan.memory);
    });
    let (known, unreadable) = (known.into_inner().expect("no panic"), unreadable.into_inner().expect("no panic"));
    println!("state files: {known} could be read, {unreadable} could not");
    assert!(known > 20 && unreadable > 20, "both happen: {known}, {unreadable}");
}
