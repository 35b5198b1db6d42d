//! People, and enemies, who change nodes and queue jobs while mita runs.

use crate::domain::world::*;
use crate::plan::model::Plan;
use crate::plan::tests::situation::*;

fn removals(plan: &Plan) -> usize {
    plan.actions.iter().filter(|action| action.removed().is_some()).count()
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
                    set_offline(USER, "mita retires this node: owner=ci server=s9 rule=idle")
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
