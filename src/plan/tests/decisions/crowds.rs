//! What one person puts into Jenkins neither costs the others their time nor fills a mailbox (L5).

use crate::domain::world::*;
use crate::plan::tests::situation::*;

#[test]
fn l5_a_label_that_is_too_long_is_an_unknown_need_of_that_job_alone() {
    let mut s = Situation::new();
    let chain = vec!["amd64"; 1_001].join("||");
    s.pipeline(1, &format!("There are no nodes with the label ‘{chain}’"));
    s.pipeline(2, &format!("There are no nodes with the label ‘{}’", "x".repeat(70_000)));
    s.project(3, "amd64");
    let plan = s.plan();
    for id in ["1", "2"] {
        let verdict = plan.verdicts.iter().find(|verdict| verdict.id == id).unwrap();
        assert_eq!(verdict.rule.name(), "unknown_need");
        assert!(verdict.reason.starts_with("its label is too long to be read; Jenkins says: There are no nodes"));
        assert!(verdict.reason.len() < 500, "{}", verdict.reason.len());
    }
    assert_eq!(plan.actions.len(), 1, "the third job has its server");
    let kept = serde_json::to_string(&plan.state).unwrap();
    assert!(kept.len() < 5_000, "{} bytes", kept.len());
}

#[test]
fn l5_long_labels_share_the_time_of_the_run_and_short_ones_are_read_in_any_case() {
    let mut s = Situation::new();
    s.config.deadline = time("1s");
    let long = |number: usize| format!("amd64||{}", format!("z{number}").repeat(2_500));
    for number in 1..=100 {
        s.project(number, &long(number as usize));
    }
    s.project(200, "amd64");
    let plan = s.plan();
    let with = |rule: &str| plan.verdicts.iter().filter(|verdict| verdict.rule.name() == rule).count();
    assert!(with("unknown_need") > 50 && with("unknown_need") < 100, "{}", with("unknown_need"));
    let last = plan.verdicts.iter().find(|verdict| verdict.id == "200").unwrap();
    assert_ne!(last.rule.name(), "unknown_need");
    let first = plan.verdicts.iter().find(|verdict| verdict.id == "1").unwrap();
    assert_eq!(first.rule.name(), "demand", "the oldest first");
}

#[test]
fn l5_of_many_warnings_of_one_kind_twenty_are_told_and_the_others_counted() {
    let mut s = Situation::new();
    for id in 1..=3_000 {
        s.pipeline(id, &format!("There are no nodes with the label ‘lab{id}’"));
    }
    let plan = s.plan();
    assert_eq!(plan.warnings.len(), 21);
    assert_eq!(plan.warnings[20], "2980 more warnings of this kind (no_node_type): mita status shows all");
    s.state = plan.state;
    assert_eq!(s.after("1m").plan().warnings, [""; 0], "each is told once");
}

#[test]
fn l5_of_many_conditions_that_last_twenty_are_told_and_the_others_counted() {
    let mut s = Situation::new();
    for number in 0..50 {
        s.servers().push(Server { state: ServerState::Other("LIMBO".to_owned()), ..new_server(number) });
    }
    for _ in 0..20 {
        s.run().after("1m");
    }
    let plan = s.plan();
    assert_eq!(plan.problems.len(), 21, "{:?}", plan.problems.first());
    assert!(plan.problems[20].error.starts_with("30 more like the last ones"), "{}", plan.problems[20].error);
}

#[test]
fn of_many_servers_that_cannot_be_read_twenty_are_told_and_the_others_counted() {
    let mut s = Situation::new();
    for number in 0..50 {
        let id = format!("s{number}");
        s.cloud("os").by_id.insert(id.as_str().into(), Lookup::Unavailable(format!("cannot read server {id}")));
    }
    let problems = s.plan().problems;
    assert_eq!(problems.len(), 21);
    assert!(problems[20].error.starts_with("30 more servers cannot be read"), "{}", problems[20].error);
}

fn new_server(number: usize) -> Server {
    let mut s = Situation::new();
    s.active(&format!("s{number}"), "ubuntu", &format!("10.0.1.{number}")).clone()
}

#[test]
fn l5_whatever_others_say_reasons_stay_short() {
    let mut s = Situation::new();
    let noise = "noise ".repeat(100_000);
    s.idle("s1", "10.0.0.1", "1m").presence =
        Presence::SetOffline(OfflineCause { class: None, reason: noise.clone(), ..OfflineCause::default() });
    s.pipeline(1, &noise);
    s.project(2, &format!("none{}", "y".repeat(60_000))).job = noise.clone();
    s.wait(3, Task::Unknown, &noise).stage = Stage::Blocked;
    let plan = s.plan();
    let told = plan.verdicts.iter().flat_map(|verdict| [&verdict.name, &verdict.reason]).chain(&plan.warnings);
    told.for_each(|text| assert!(text.len() < 1_100, "{} bytes: {}", text.len(), &text[..100]));
    plan.state.notified.keys().for_each(|key| assert!(key.len() < 700, "{}", key.len()));
}
