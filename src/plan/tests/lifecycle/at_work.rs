//! People, and enemies, who change nodes and queue jobs while mita runs.

use crate::domain::world::*;
use crate::plan::model::Plan;
use crate::plan::tests::situation::*;

fn orders(plan: &Plan) -> usize {
    plan.actions.iter().filter(|action| action.is_order()).count()
}

fn removals(plan: &Plan) -> usize {
    plan.actions.iter().filter(|action| action.removed().is_some()).count()
}

/// Two nodes at work and an idle one that a person changed; a job for which no further server may be ordered yet.
fn changed(change: impl FnOnce(&mut Node)) -> Situation {
    let mut s = Situation::new();
    s.ubuntu().max = Some(3);
    s.busy("s1", "10.0.0.1");
    change(s.idle("s2", "10.0.0.2", "5m"));
    s.busy("s3", "10.0.0.3");
    s
}

/// A server at work is gone: there is room for one more.
fn make_room(s: &mut Situation) {
    s.lose_node("ubuntu+10.0.0.3");
    s.lose_server("s3");
    s.after("30s").run().after("30s");
}

#[test]
fn l1_an_idle_node_that_lacks_the_label_by_its_own_refusal_keeps_its_type_from_no_job() {
    let mut s = changed(|node| node.labels = names(&["debug"]));
    s.ubuntu().max = None;
    s.project(1, "amd64").why =
        Some("‘Built-In Node’ doesn’t have label ‘amd64’; ‘ubuntu+10.0.0.2’ doesn’t have label ‘amd64’".to_owned());
    assert_eq!(orders(&s.plan()), 1);
}

#[test]
fn l1_a_node_that_a_person_gave_other_labels_says_nothing_about_its_type() {
    let mut s = changed(|node| node.labels = names(&["debug"]));
    s.project(1, "amd64");
    s.run().after("30s").run().after("30s").run();
    make_room(&mut s);
    assert_eq!(orders(&s.plan()), 1, "{}", whole(&s.plan()));
}

#[test]
fn l1_a_node_that_a_person_gave_no_executors_says_nothing_about_its_type() {
    let mut s = changed(|node| (node.executors, node.idle_executors) = (0, 0));
    s.project(1, "amd64");
    s.run().after("30s").run().after("30s").run();
    make_room(&mut s);
    assert_eq!(orders(&s.plan()), 1, "{}", whole(&s.plan()));
}

#[test]
fn s5_pipelines_that_name_a_node_again_and_again_keep_its_server_for_a_quarter_of_an_hour() {
    type Gone = fn(&mut Situation);
    let ways: [(Gone, &str); 3] = [
        (|s| s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected, "‘ubuntu+10.0.0.1’ is offline"),
        (|s| s.lose_node("ubuntu+10.0.0.1"), "There are no nodes with the label ‘ubuntu+10.0.0.1’"),
        (
            |s| {
                s.node("ubuntu+10.0.0.1").presence =
                    set_offline(USER, "mita retires this node: owner=ci server=s9 rule=idle");
            },
            "‘ubuntu+10.0.0.1’ is offline",
        ),
    ];
    for (gone, why) in ways {
        let mut s = Situation::new();
        s.joined("s1", "10.0.0.1");
        s.run();
        gone(&mut s);
        let mut removed = None;
        for minute in 1..=60 {
            s.after("1m");
            if minute % 4 == 1 {
                s.queue().clear();
                s.pipeline(minute, why);
            }
            let plan = s.plan();
            if removals(&plan) > 0 {
                removed.get_or_insert(minute);
                break;
            }
            s.run();
        }
        assert!(removed.is_some(), "{why}: {}", whole(&s.plan()));
    }
}

#[test]
fn l5_what_is_learned_of_jobs_that_left_the_queue_is_bounded() {
    let mut s = Situation::new();
    s.ubuntu().max = Some(1);
    s.idle("s1", "10.0.0.1", "5m");
    for round in 0..60 {
        s.queue().clear();
        for id in round * 20..(round + 1) * 20 {
            s.project(id + 1, &format!("amd64 && !\"ubuntu+10.0.0.1\" && !none{id}"));
        }
        s.after("15s").run().after("15s").run();
    }
    s.queue().clear();
    s.after("15s").run();
    let number = s.state.mismatches.len();
    assert!(number <= 500, "{number}");
}

#[test]
fn l5_labels_of_others_that_are_remembered_are_bounded() {
    let mut s = Situation::new();
    s.nodes().push(agent("static"));
    for round in 0..5 {
        s.node("static").labels = names(&["static", &format!("{round}{}", "x".repeat(100_000))]);
        s.after("1m").run();
    }
    let length: usize = s.state.foreign_labels.iter().flat_map(|known| known.labels.iter()).map(String::len).sum();
    assert!(length < 100_000, "{length}");
}

#[test]
fn l1_a_server_of_an_older_configuration_says_nothing_about_the_labels_of_the_new_one() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "5m");
    s.run();
    s.config.fingerprint = "2".to_owned();
    s.ubuntu().labels = names(&["amd64", "new"]);
    s.after("30s").run();
    s.project(1, "new").why = Some("‘ubuntu+10.0.0.1’ doesn’t have label ‘new’".to_owned());
    assert_eq!(orders(&s.after("30s").plan()), 1, "{}", whole(&s.plan()));
}

#[test]
fn s4_a_server_that_came_without_the_label_has_no_second_one_ordered_though_another_node_has_it() {
    let mut s = changed(|node| (node.executors, node.idle_executors) = (0, 0));
    s.ubuntu().max = None;
    s.project(1, "amd64");
    assert_eq!(orders(&s.run().plan()), 0);
    s.after("3m").joins("new1", "10.0.0.9").labels = names(&["typo"]);
    for why in ["‘ubuntu+10.0.0.9’ doesn’t have label ‘amd64’", "Waiting for next available executor on ‘amd64’"]
    {
        s.item(1).why = Some(why.to_owned());
        for _ in 0..3 {
            assert_eq!(orders(&s.plan()), 0, "{why}: {}", whole(&s.plan()));
            s.run().after("30s");
        }
    }
}

#[test]
fn a_server_that_a_person_rescued_or_stopped_has_all_its_time_to_come_back() {
    for (state, minutes) in
        [(ServerState::Other("RESCUE".to_owned()), 90), (ServerState::Stopped("SHUTOFF".to_owned()), 13)]
    {
        let mut s = Situation::new();
        s.joined("s1", "10.0.0.1");
        s.run();
        s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
        s.server("s1").state = state.clone();
        for _ in 0..minutes {
            assert_eq!(removals(&s.after("1m").plan()), 0, "{state:?}");
            s.run();
        }
        s.server("s1").state = ServerState::Active;
        for minute in 0..=15 {
            assert_eq!(removals(&s.after("1m").plan()), usize::from(minute == 15), "{state:?}: {}", whole(&s.plan()));
            s.run();
        }
    }
}
