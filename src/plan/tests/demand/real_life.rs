//! What a real controller showed: matrix projects, pipelines whose node still boots, numbers of items that start again, and
//! neighbours.

use crate::config::{NodeSettings, NodeType, Registration, Transport};
use crate::domain::names::MitaId;
use crate::domain::world::*;
use crate::plan::tests::situation::*;

fn matrix_parent(s: &mut Situation, id: u64, label: &str) {
    s.wait(
        id,
        Task::Flyweight { label: Some(label.to_owned()) },
        &format!("There are no nodes with the label ‘{label}’"),
    );
}

fn orders(s: &Situation) -> usize {
    s.plan().actions.iter().filter(|action| action.is_order()).count()
}

#[test]
fn a_matrix_project_takes_no_executor_and_no_server_where_its_combinations_get_one() {
    let mut s = Situation::new();
    matrix_parent(&mut s, 1, "amd64");
    s.project(2, "amd64");
    assert_eq!(orders(&s), 1, "both share the server");
    let plan = s.plan();
    let of = |id: &str| plan.verdicts.iter().find(|verdict| verdict.id == id).unwrap().rule.name();
    assert_eq!((of("1"), of("2")), ("demand", "demand"));
}

#[test]
fn a_matrix_project_without_any_node_gets_one_and_several_share_it() {
    let mut s = Situation::new();
    (1..=5).for_each(|id| matrix_parent(&mut s, id, "amd64"));
    assert_eq!(orders(&s), 1);
    s.config.node_types.push(kind("arm", &["arm64"]));
    matrix_parent(&mut s, 6, "arm64");
    assert_eq!(orders(&s), 2);
    matrix_parent(&mut s, 7, "sparc");
    assert_eq!(orders(&s), 2);
}

#[test]
fn pipelines_themselves_without_any_node_share_a_server() {
    let mut s = Situation::new();
    s.ubuntu().unlabelled = true;
    s.node("Built-In Node").presence = Presence::Disconnected;
    for id in 1..=5 {
        s.wait(id, Task::Flyweight { label: None }, "Waiting for next available executor");
    }
    assert_eq!(orders(&s), 1);
}

#[test]
fn a_matrix_project_runs_beside_the_executors_of_a_busy_node() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    s.item_of_matrix();
    let plan = s.plan();
    assert_eq!(plan.actions, [], "{:?}", plan.verdicts);
    let verdict = plan.verdicts.iter().find(|verdict| verdict.id == "1").unwrap();
    assert_eq!(verdict.reason, "needs amd64: runs on node ubuntu+10.0.0.1, beside its executors");
}

impl Situation {
    fn item_of_matrix(&mut self) {
        matrix_parent(self, 1, "amd64");
    }
}

#[test]
fn a_pipeline_whose_only_node_still_boots_is_no_resuming_one() {
    let mut s = Situation::new();
    let server = s.active("s1", "ubuntu", "10.0.0.1");
    server.name = "ubuntu-m1".to_owned();
    s.nodes().push(Node { presence: Presence::Disconnected, idle_executors: 0, ..agent("ubuntu-m1") });
    // Late, it would be no supply.
    s.state.servers.get_mut(&MitaId::from("m1")).unwrap().active_since = Some(s.now);
    s.run();
    s.pipeline(1, "‘ubuntu-m1’ is offline");
    s.pipeline(2, "‘ubuntu-m1’ is offline");
    let plan = s.plan();
    let rules: Vec<&str> = ["1", "2"].map(|id| plan.verdicts.iter().find(|v| v.id == id).unwrap().rule.name()).into();
    assert_eq!(rules, ["on_its_way", "demand"], "{:?}", plan.verdicts);
}

#[test]
fn a_pipeline_does_not_resume_on_a_server_that_was_ordered_after_the_restart() {
    for (ordered, first) in [("1m", "on_its_way"), ("3m", "resuming")] {
        let mut s = Situation::new();
        s.active("s1", "ubuntu", "10.0.0.1").name = "ubuntu-m1".to_owned();
        s.memory("s1").active_since = Some(s.now);
        s.memory("s1").ordered_at = s.now - time(ordered);
        s.state.session.as_mut().unwrap().since = Some(s.now - time("2m"));
        s.nodes().push(Node { presence: Presence::Disconnected, idle_executors: 0, ..agent("ubuntu-m1") });
        s.run();
        s.pipeline(1, "‘ubuntu-m1’ is offline");
        let plan = s.plan();
        assert_eq!(plan.verdicts.iter().find(|v| v.id == "1").unwrap().rule.name(), first, "{:?}", plan.verdicts);
    }
}

#[test]
fn a_pipeline_that_waits_for_a_node_that_was_online_resumes_there() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "1m");
    s.run();
    s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
    s.node("ubuntu+10.0.0.1").idle_executors = 0;
    s.pipeline(1, "‘ubuntu+10.0.0.1’ is offline");
    let plan = s.after("1m").plan();
    let verdict = plan.verdicts.iter().find(|verdict| verdict.id == "1").unwrap();
    assert_eq!(verdict.rule.name(), "resuming");
}

/// Jenkins was restarted half an hour ago, and the node of a server was online since.
fn half_an_hour_after_a_restart() -> Situation {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.world.jenkins.session = Some("two".to_owned());
    s.run().after("3m").run();
    for _ in 0..27 {
        s.after("1m").run();
    }
    s
}

#[test]
fn l1_a_new_pipeline_beside_a_node_that_is_away_does_not_resume_where_jenkins_was_not_restarted_since() {
    let cause = OfflineCause { class: Some(USER.to_owned()), ..OfflineCause::default() };
    for presence in [set_offline(USER, "looking"), Presence::Disconnected, Presence::DisconnectedBy(cause)] {
        for builds in [false, true] {
            let mut s = half_an_hour_after_a_restart();
            let node = s.node("ubuntu+10.0.0.1");
            (node.presence, node.idle_executors, node.idle) = (presence.clone(), 0, !builds);
            s.run().after("1m").pipeline(1, "‘ubuntu+10.0.0.1’ is offline");
            let shown = whole(&s.plan());
            let ordered = "job 1  job1  demand: needs node ubuntu+10.0.0.1: ubuntu server ";
            assert!(shown.contains(ordered) && shown.starts_with("+ "), "{presence:?} {builds}: {shown}");
        }
    }
}

#[test]
fn l1_a_new_pipeline_beside_a_busy_node_that_mita_set_offline_does_not_resume() {
    let mut s = Situation::new();
    s.ubuntu().single_use = true;
    s.busy("s1", "10.0.0.1");
    s.run().after("1m").pipeline(1, "‘ubuntu+10.0.0.1’ is offline");
    s.runs(
        "
        | + ubuntu  os  20261121T120100Z-1  job1 (1) needs node ubuntu+10.0.0.1
        |   job 1  job1  demand: needs node ubuntu+10.0.0.1: ubuntu server 20261121T120100Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
}

#[test]
fn a_pipeline_resumes_on_a_node_that_was_away_when_jenkins_was_restarted_and_for_minutes_only() {
    for lost_before in [false, true] {
        let mut s = half_an_hour_after_a_restart();
        let resumes = |s: &Situation| whole(&s.plan()).contains("job 1  job1  resuming: ");
        let lost = |s: &mut Situation| {
            let node = s.node("ubuntu+10.0.0.1");
            (node.presence, node.idle_executors) = (Presence::Disconnected, 0);
        };
        if lost_before {
            lost(&mut s);
            s.node("ubuntu+10.0.0.1").idle = false;
            s.run().after("1m").run().after("1m");
        }
        s.world.jenkins.session = Some("three".to_owned());
        lost(&mut s);
        s.node("ubuntu+10.0.0.1").idle = true;
        s.pipeline(1, "‘ubuntu+10.0.0.1’ is offline").in_queue_since = Some(s.now);
        assert!(resumes(&s), "{lost_before}: {}", whole(&s.plan()));
        s.run().after("3m");
        assert!(resumes(&s), "{lost_before}: {}", whole(&s.plan()));
        s.run().after("4m").queue().clear();
        s.pipeline(1, "‘ubuntu+10.0.0.1’ is offline").in_queue_since = Some(s.now);
        assert!(!resumes(&s), "one that came long after the restart: {lost_before}: {}", whole(&s.plan()));
    }
}

#[test]
fn s1_the_node_of_a_pipeline_that_waited_to_resume_there_stays_when_jenkins_is_restarted_once_more() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    s.run().after("1m").run();
    s.world.jenkins.session = Some("two".to_owned());
    let node = s.node("ubuntu+10.0.0.1");
    (node.presence, node.idle, node.idle_executors) = (Presence::Disconnected, true, 0);
    s.run().after("5m").pipeline(1, "‘ubuntu+10.0.0.1’ is offline").in_queue_since = Some(s.now);
    for _ in 0..4 {
        s.run().after("1m");
    }
    s.world.jenkins.session = Some("three".to_owned());
    s.queue().clear();
    for _ in 0..5 {
        s.memory("s1").missing = None.into();
        let offline = credit(s.now, "20m");
        s.node_memory("ubuntu+10.0.0.1").offline = Some(offline).into();
        let plan = s.plan();
        assert!(plan.actions.is_empty(), "{}", whole(&plan));
        s.run().after("1m");
    }
}

#[test]
fn a_pipeline_resumes_beside_a_node_that_is_away_where_jenkins_does_not_show_its_restarts_any_more() {
    let mut s = half_an_hour_after_a_restart();
    s.world.jenkins.session = None;
    s.run();
    let node = s.node("ubuntu+10.0.0.1");
    (node.presence, node.idle_executors) = (Presence::Disconnected, 0);
    s.after("1m").pipeline(1, "‘ubuntu+10.0.0.1’ is offline");
    assert!(whole(&s.plan()).contains("job 1  job1  resuming: "), "{}", whole(&s.plan()));
}

#[test]
fn l1_a_new_pipeline_does_not_resume_once_a_list_was_read_in_the_session_that_an_older_state_knew() {
    let mut s = half_an_hour_after_a_restart();
    s.state.session.as_mut().unwrap().listed_in = None;
    s.after("1m").run().after("1m").run();
    let node = s.node("ubuntu+10.0.0.1");
    (node.presence, node.idle_executors) = (set_offline(USER, "looking"), 0);
    s.after("1m").run().after("1m").pipeline(1, "‘ubuntu+10.0.0.1’ is offline");
    assert!(whole(&s.plan()).starts_with("+ "), "{}", whole(&s.plan()));
}

#[test]
fn a_list_of_nodes_that_fails_after_a_restart_hides_no_restart() {
    let mut s = half_an_hour_after_a_restart();
    s.world.jenkins.session = Some("three".to_owned());
    let nodes = s.nodes().clone();
    s.world.jenkins.nodes = Listing::Unavailable("502".to_owned());
    s.after("1m").run().after("1m").run();
    s.world.jenkins.nodes = Listing::Complete(nodes);
    let node = s.node("ubuntu+10.0.0.1");
    (node.presence, node.idle_executors) = (Presence::Disconnected, 0);
    s.pipeline(1, "‘ubuntu+10.0.0.1’ is offline").in_queue_since = Some(s.now);
    assert!(whole(&s.plan()).contains("job 1  job1  resuming: "), "{}", whole(&s.plan()));
}

#[test]
fn s6_what_is_known_of_an_item_is_not_anothers_with_the_same_number() {
    let mut s = Situation::new();
    s.pipeline(1, "There are no nodes with the label ‘amd64’");
    s.run();
    let known = s.state.queue.get(&1).unwrap().clone();
    assert!(known.need.is_some() && known.waiting_since.is_some());
    // After a crash Jenkins counts from 1 again.
    s.item(1).job = "another".to_owned();
    s.item(1).why = Some("Waiting for something a plugin made up".to_owned());
    s.after("1m").run();
    assert_eq!(s.state.queue.get(&1).unwrap().need, None);
    s.item(1).why = Some("There are no nodes with the label ‘amd64’".to_owned());
    s.after("1m").run();
    assert!(s.state.queue.get(&1).unwrap().need.is_some());
    s.item(1).in_queue_since = Some(s.now);
    s.item(1).why = Some("Waiting for something a plugin made up".to_owned());
    s.after("1m").run();
    assert_eq!(s.state.queue.get(&1).unwrap().need, None, "the same job queued at another time");
}

#[test]
fn a_node_for_an_agent_that_calls_in_is_made_again_if_somebody_deletes_it() {
    let mut s = Situation::new();
    s.ubuntu().registration = Registration::Inbound(NodeSettings::default(), Transport::default());
    s.ubuntu().server_name = NodeType::OWN_SERVER_NAME.to_owned();
    s.active("s1", "ubuntu", "10.0.0.1");
    let order = s.order_of("s1");
    let name = s.config.node_types[0].server_name_for(&order);
    s.server("s1").name = name.clone();
    s.runs(&format!(
        "
        | + node {name}  os  s1  register: server s1 runs, and the node that its agent connects to is gone from Jenkins
        |   server s1  {name}  connecting: active for 10m, not in Jenkins yet, join_timeout 15m; its node is made now
    "
    ));
    s.server("s1").name = "ubuntu".to_owned();
    assert_eq!(s.after("1m").plan().actions, [], "a server from before the type registered nodes has no such node");
}

impl Situation {
    fn order_of(&mut self, server: &str) -> crate::domain::names::MitaId {
        self.server(server).mark.as_ref().unwrap().id.clone()
    }
}

#[test]
fn labels_that_nodes_of_others_had_lately_are_no_warning() {
    let mut s = Situation::new();
    let mut other = agent("theirs");
    other.labels.extend(["theirs-only".to_owned()]);
    s.nodes().push(other);
    s.run();
    s.lose_node("theirs");
    s.after("1h").project(1, "theirs-only");
    s.project(2, "nobodys");
    let plan = s.plan();
    assert_eq!(plan.warnings.len(), 1, "{:?}", plan.warnings);
    assert!(plan.warnings[0].contains("nobodys"));
    s.state = plan.state;
    s.queue().clear();
    s.run();
    let plan = {
        s.after("192h").run().project(3, "theirs-only");
        s.plan()
    };
    assert_eq!(plan.warnings.len(), 1, "after a week nobody is known to have them");
}

#[test]
fn a_node_that_worked_between_two_sightings_is_called_seen_idle() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "5m").busy_average = Some(0);
    s.run();
    s.node("ubuntu+10.0.0.1").busy_average = Some(40_000);
    let plan = s.after("1m").plan();
    let reason = &plan.verdicts.iter().find(|verdict| verdict.id == "s1").unwrap().reason;
    assert!(reason.starts_with("seen idle in each run for "), "{reason}");
}

#[test]
fn s7_a_mark_without_a_name_is_held_and_called_nobodys() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "5m").presence = set_offline("org.example.Cause", "because");
    let plan = s.plan();
    let verdict = plan.verdicts.iter().find(|verdict| verdict.id == "s1").unwrap();
    assert_eq!(verdict.rule.name(), "held");
    assert_eq!(verdict.reason, "node ubuntu+10.0.0.1 is set offline, and Jenkins names nobody: \"because\"");
}

#[test]
fn a_node_with_all_its_labels_in_one_is_told_with_the_cause() {
    let mut s = Situation::new();
    s.ubuntu().labels.extend(["trusty".to_owned()]);
    s.idle("s1", "10.0.0.1", "5m").labels = names(&["amd64 trusty"]);
    let plan = s.plan();
    let told = plan.warnings.iter().find(|warning| warning.contains("lacks the label")).unwrap();
    assert!(told.contains("Jenkins takes \"amd64 trusty\" for one label"), "{told}");
}
