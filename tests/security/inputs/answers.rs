//! Whole dry runs on damaged answers and a damaged state file: never a panic, and never an action that the damaged
//! answers do not bear out.

use super::oracle::Seen;
use super::scene::{NODES, QUEUE, SERVERS, Scene, moment, sound, texts};
use super::{Dice, damage, tried};
use jiff::SignedDuration;
use mita::domain::names::{NodeTypeName, ProviderName};
use mita::domain::state::{Breaker, GoneServer, Mismatch, Settling, SettlingCause, State};
use mita::plan::model::Change;
use mita::record::Record;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

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
    scene.answer(texts(&sound()));
    let mut state: State = serde_json::from_slice(&scene.place.files()["state.json"]).expect("a state");
    state.gone_servers.insert("server-9".into(), departed());
    scene.place.write("state.json", serde_json::to_vec(&state).expect("JSON"));
    let plan = scene.plan().expect("a plan");
    let removals = plan.actions.iter().filter(|action| !matches!(action.change, Change::CreateServer(_))).count();
    assert!(removals >= 4 && removals < plan.actions.len(), "there is much to do: {:?}", plan.actions);
    let remembered: BTreeSet<String> = (1..=8).filter(|n| *n != 6).map(|number| format!("server-{number}")).collect();
    tried("answers of both services", 400, |_, dice| {
        let sent: BTreeMap<_, _> = sound().into_iter().map(|(end, answer)| (end, damaged(answer, dice))).collect();
        scene.answer(sent.clone());
        let seen = Seen {
            remembered: remembered.clone(),
            departed: ["server-9".to_owned()].into(),
            not_held: ["trusty+10.0.0.4".to_owned()].into(),
            ..Seen::of(&sent)
        };
        seen.judge(&scene.plan().expect("a plan"));
    });
}

#[test]
fn s1_s2_s3_s7_damaged_recordings_of_real_services_lead_to_no_action_that_they_do_not_bear_out() {
    let recorded = |text: &str| serde_json::from_str::<Value>(&text.replace("recorder", "ceph-ci")).expect("JSON");
    let generations = [
        (
            include_str!("../../fixtures/jenkins/queue-1.580.json"),
            include_str!("../../fixtures/jenkins/computer-1.580.json"),
        ),
        (
            include_str!("../../fixtures/jenkins/queue-2.60.json"),
            include_str!("../../fixtures/jenkins/computer-2.60.json"),
        ),
        (
            include_str!("../../fixtures/jenkins/queue-2.249.json"),
            include_str!("../../fixtures/jenkins/computer-2.249.json"),
        ),
        (
            include_str!("../../fixtures/jenkins/queue-2.578.json"),
            include_str!("../../fixtures/jenkins/computer-2.578.json"),
        ),
    ];
    let scene = Scene::new();
    std::fs::remove_file(scene.place.path("state.json")).expect("its own file");
    tried("recorded answers", 400, |seed, dice| {
        let (queue, nodes) = generations[usize::try_from(seed % 4).expect("below four")];
        let mut answers = sound();
        answers.insert(QUEUE, recorded(queue));
        answers.insert(NODES, recorded(nodes));
        answers.insert(SERVERS, recorded(include_str!("../../fixtures/openstack/servers.json")));
        answers.insert("/flavors/detail", recorded(include_str!("../../fixtures/openstack/flavors.json")));
        answers.insert("/images", recorded(include_str!("../../fixtures/openstack/images_trusty.json")));
        answers.insert("/compute/v2.1/limits", recorded(include_str!("../../fixtures/openstack/limits.json")));
        let sent: BTreeMap<_, _> = answers.into_iter().map(|(end, answer)| (end, damaged(answer, dice))).collect();
        scene.answer(sent.clone());
        Seen::of(&sent).judge(&scene.plan().expect("a plan"));
    });
}

/// A server that is gone, and whose volume may turn up.
fn departed() -> GoneServer {
    GoneServer {
        id: "20260801T100000Z-1".into(),
        node_type: "precise".into(),
        provider: "cloud".into(),
        since: moment(20).now,
        watch: Some(0),
        other_names: Default::default(),
        node: Some("precise+10.0.0.9".into()),
        volumes: ["volume-9".into()].into(),
        taken_volumes: ["volume-8".into()].into(),
        deleted_by_others: true,
        volume_seen: Some(moment(20).now),
    }
}

/// A state in which something of everything is remembered.
fn memory(scene: &Scene) -> State {
    let mut memory = scene.plan().expect("a plan").state;
    memory.run -= 1;
    // It has the services' ports in it: without, an input is the same in every run.
    memory.fingerprint = "0123456789abcdef".into();
    let now = moment(20).now;
    let (cloud, precise) = (ProviderName::from("cloud"), NodeTypeName::from("precise"));
    let breaker = Breaker {
        until: now,
        pause: SignedDuration::from_mins(5),
        reason: "full".to_owned(),
        failures: 3,
        failed_in: 0,
        joined_elsewhere: false,
    };
    memory.breakers.entry(cloud.clone()).or_default().insert(precise.clone(), breaker);
    memory.quota_refused.entry(cloud).or_default().insert(precise.clone(), now);
    let need = memory.queue.values().find_map(|item| item.need.clone()).expect("a job's need");
    let (job, why) = ("job-11".to_owned(), "no".to_owned());
    memory.mismatches.push(Mismatch {
        job,
        need,
        node_type: precise,
        item: Some(11),
        until: now + SignedDuration::from_mins(5),
        why,
    });
    memory.gone_servers.insert("server-9".into(), departed());
    memory.settling =
        Some(Settling { since: now - SignedDuration::from_mins(5), cause: SettlingCause::JenkinsRestarted });
    memory.notified.insert("breaker cloud precise".to_owned(), now);
    for (number, item) in memory.queue.values_mut().enumerate() {
        item.waiting_since = Some(now);
        item.pending_since = (number == 0).then_some(now);
    }
    memory
}

#[test]
fn s6_a_damaged_state_file_is_read_or_not_and_leads_to_no_action_beyond_what_is_seen() {
    let scene = Scene::new();
    scene.answer(texts(&sound()));
    let memory = serde_json::to_value(memory(&scene)).expect("JSON");
    let (known, unreadable) = (Mutex::new(0_u32), Mutex::new(0_u32));
    tried("state files", 400, |_, dice| {
        let text = damaged(memory.clone(), dice);
        scene.place.write("state.json", &text);
        let state = serde_json::from_str::<Value>(&text).unwrap_or_default();
        let nodes_remembered = state["nodes"].as_object().into_iter().flatten();
        let not_held = nodes_remembered.filter(|(_, node)| node["set_offline_by"] != "person");
        let not_held = not_held.map(|(name, _)| name.clone()).collect();
        let entries = state["servers"].as_object().into_iter().flat_map(|servers| servers.values());
        let remembered: BTreeSet<String> =
            entries.filter_map(|server| server["server_id"].as_str()).map(str::to_owned).collect();
        let Ok(plan) = scene.plan() else { return };
        let departed = state["departed"].as_object().into_iter().flat_map(|departed| departed.keys().cloned());
        let seen = Seen { remembered, departed: departed.collect(), not_held, ..Seen::of(&texts(&sound())) };
        seen.judge(&plan);
        let told = plan.warnings.iter().any(|warning| warning.contains("cannot be read"));
        *(if told { &unreadable } else { &known }).lock().expect("no panic") += 1;
        // What was planned can be kept.
        let kept = serde_json::to_string(&plan.state).expect("JSON");
        assert_eq!(serde_json::from_str::<mita::domain::state::State>(&kept).expect("a state"), plan.state);
    });
    let (known, unreadable) = (known.into_inner().expect("no panic"), unreadable.into_inner().expect("no panic"));
    println!("state files: {known} could be read, {unreadable} could not");
    assert!(known > 20 && unreadable > 20, "both happen: {known}, {unreadable}");
}

#[test]
fn a_damaged_record_is_planned_again_or_refused() {
    let scene = Scene::new();
    scene.answer(texts(&sound()));
    scene.place.write("state.json", serde_json::to_vec(&memory(&scene)).expect("JSON"));
    let ended = scene.place.run(&["reconcile", "--dry-run", "--record", "record.json"]);
    assert!(matches!(ended.status, Some(0 | 1)), "{ended:?}");
    let record: Value = serde_json::from_slice(&scene.place.files()["record.json"]).expect("JSON");
    let planned = Mutex::new(0_u32);
    tried("records", 400, |_, dice| {
        let path = scene.place.write("damaged.json", damaged(record.clone(), dice));
        if let Ok(record) = Record::read(&path) {
            let _ = record.replay();
            *planned.lock().expect("no panic") += 1;
        }
    });
    let planned = planned.into_inner().expect("no panic");
    println!("records: {planned} were planned again");
    assert!(planned > 20, "{planned}");
}
