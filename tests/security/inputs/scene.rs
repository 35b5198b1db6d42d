//! An installation with much to do, whose services answer what a test puts into their mouths.

use crate::security::host::{Asked, Host, Reply, whole};
use crate::security::program::{Login, Place, usual};
use crate::security::services::{JENKINS, openstack};
use jiff::{SignedDuration, Timestamp};
use mita::config::Config;
use mita::plan::model::Plan;
use mita::progress::Progress;
use mita::reconcile::{Moment, Permits, RunError, dry_run, reconcile};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const START: &str = "2026-08-01T11:00:00Z";

/// What the services answer just now, by the end of the path.
pub(super) type Answers = BTreeMap<&'static str, Value>;

/// An installation whose services answer with these texts.
pub(super) struct Scene {
    pub(super) place: Place,
    config: Config,
    answers: Arc<Mutex<BTreeMap<&'static str, String>>>,
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

pub(super) const QUEUE: &str = "/queue/api/json";
pub(super) const NODES: &str = "/computer/api/json";
pub(super) const SERVERS: &str = "/servers/detail";
pub(super) const VOLUMES: &str = "/volumes/detail";

/// Everything that an ordinary run with an order reads.
pub(super) fn sound() -> Answers {
    BTreeMap::from([
        ("/api/json", json!({"quietingDown": false})),
        (QUEUE, queue()),
        (NODES, nodes()),
        (SERVERS, servers()),
        (VOLUMES, volumes()),
        ("/flavors/detail", json!({"flavors": [{"id": "1", "name": "small", "vcpus": 1, "ram": 512}]})),
        (
            "/images",
            json!({"images": [{"id": "i", "name": "trusty-image", "status": "active", "created_at": "2026-01-01"}]}),
        ),
        (
            "/compute/v2.1/limits",
            json!({"limits": {"absolute": {"maxTotalInstances": 20, "totalInstancesUsed": 8, "maxTotalCores": -1,
                "totalCoresUsed": 8, "maxTotalRAMSize": 99_999, "totalRAMUsed": 4_096}}}),
        ),
    ])
}

/// The answers as they are sent.
pub(super) fn texts(answers: &Answers) -> BTreeMap<&'static str, String> {
    answers.iter().map(|(end, answer)| (*end, answer.to_string())).collect()
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

/// Left by a server that is gone, in use, and somebody else's.
fn volumes() -> Value {
    let volume = |id: &str, name: &str, status: &str, attachments: Value| json!({"id": id, "name": name, "status": status, "metadata": {}, "attachments": attachments});
    json!({"volumes": [
        volume("volume-1", "server-9-blank-vol", "available", json!([])),
        volume("volume-2", "server-1-blank-vol", "in-use", json!([{"server_id": "server-1"}])),
        volume("volume-3", "server-99-blank-vol", "available", json!([])),
        volume("volume-4", "backup", "available", json!([]))]})
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
    pub(super) fn new() -> Self {
        let answers: Arc<Mutex<BTreeMap<&'static str, String>>> = Arc::default();
        let now = Arc::clone(&answers);
        let rule = move |asked: &Asked| -> Reply {
            let answers = now.lock().expect("no panic");
            // The longest end that fits: every list of Jenkins ends as its root does.
            let fitting = answers.iter().filter(|(end, _)| asked.method == "GET" && asked.path.ends_with(**end));
            match fitting.max_by_key(|(end, _)| end.len()) {
                Some((_, body)) => whole(200, &[JENKINS, ("X-Jenkins-Session", "one")], body.as_bytes()),
                None => openstack(asked),
            }
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
        let mut good = sound();
        good.insert(NODES, calm);
        good.insert(QUEUE, json!({"items": []}));
        good.insert(VOLUMES, json!({"volumes": []}));
        let running = servers().to_string().replace("ERROR", "ACTIVE");
        good.insert(SERVERS, serde_json::from_str(&running).expect("JSON"));
        scene.answer(texts(&good));
        for minute in [0, 5, 9] {
            let report = reconcile(&scene.config, Permits::default(), moment(minute), &Progress::silent());
            let report = report.expect("the first runs are good");
            assert!(report.plan.actions.is_empty(), "{:?}", report.plan.actions);
        }
        scene
    }

    pub(super) fn answer(&self, texts: BTreeMap<&'static str, String>) {
        *self.answers.lock().expect("no panic") = texts;
    }

    /// What a dry run would do a while later, whatever the brake says.
    pub(super) fn plan(&self) -> Result<Plan, RunError> {
        let permits = Permits { allow_removals: 100 };
        Ok(dry_run(&self.config, permits, moment(20), &Progress::silent())?.plan)
    }
}

/// So many minutes after the servers were ordered.
pub(super) fn moment(minute: i64) -> Moment {
    let start: Timestamp = START.parse().expect("a time");
    Moment { now: start + SignedDuration::from_mins(minute), started: crate::security::now() }
}
