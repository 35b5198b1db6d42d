//! Servers that their clouds call gone, and that run.

use crate::domain::names::FloatingIpId;
use crate::domain::rule::Rule;
use crate::domain::state::{Retirement, RetirementStep, Shield};
use crate::domain::world::*;
use crate::plan::model::{Change, Plan, Subject};
use crate::plan::tests::situation::*;

/// A server with a volume that is attached to it, one that a person just detached, and a floating IP; its cloud calls it gone.
fn called_gone() -> Situation {
    let mut s = Situation::new();
    s.ubuntu().boot.floating_ip_pool = Some("public".to_owned());
    s.joined("s1", "10.0.0.1");
    s.memory("s1").storage = true;
    s.memory("s1").volumes = ["v2".into()].into();
    s.run().after("1m");
    s
}

fn lose(s: &mut Situation) {
    s.lose_server("s1");
    s.cloud("os").by_id.insert("s1".into(), Lookup::Gone);
    s.has_floating_ip("os", "f1", &"m1".into(), &"s1".into(), false);
    let attachment = Attachment { id: Some("a1".into()), server: Some("s1".into()) };
    let volume = |id: &str, name: &str| Volume {
        id: id.into(),
        name: name.to_owned(),
        mark: None,
        state: VolumeState::InUse("in-use".to_owned()),
        attachments: vec![attachment.clone()],
    };
    let volumes = vec![volume("v1", "s1-blank-vol"), volume("v2", "")];
    s.cloud("os").volumes = Some(Listing::Complete(volumes));
}

/// The next run, after which the leftovers are as they were, and what it does of them, and says.
fn next_run(s: &mut Situation) -> (usize, Vec<Rule>, Plan) {
    let clouds = s.world.clouds.clone();
    let plan = s.after("1m").plan();
    s.come_true(plan.clone());
    s.world.clouds = clouds;
    let touches = |change: &Change| matches!(change, Change::DeleteVolume { .. } | Change::ReleaseFloatingIp { .. });
    let done = plan.actions.iter().filter(|action| touches(&action.change)).count();
    let is_left = |subject| matches!(subject, Subject::Volume | Subject::FloatingIp);
    let rules = plan.verdicts.iter().filter(|verdict| is_left(verdict.subject)).map(|verdict| verdict.rule).collect();
    (done, rules, plan)
}

#[test]
fn s1_s2_nothing_that_a_server_left_behind_is_touched_while_a_node_that_may_be_it_works_or_is_held() {
    type Change = fn(&mut Situation);
    let cases: [(&str, Option<Rule>, Change, Change); 8] = [
        ("its node is connected", Some(Rule::Ambiguous), |_| {}, |_| {}),
        ("its node works", Some(Rule::Busy), |s| s.node("ubuntu+10.0.0.1").idle = false, |_| {}),
        (
            "set offline, and connected",
            Some(Rule::Ambiguous),
            |_| {},
            |s| {
                let node = s.node("ubuntu+10.0.0.1");
                (node.presence, node.connected) = (set_offline("", ""), true);
            },
        ),
        ("held", Some(Rule::Held), |_| {}, |s| s.node("ubuntu+10.0.0.1").presence = set_offline(USER, "forensics")),
        (
            "renamed",
            Some(Rule::Ambiguous),
            |_| {},
            |s| {
                s.lose_node("ubuntu+10.0.0.1");
                s.nodes().push(Node { labels: names(&["amd64", "ubuntu"]), ..agent("lab") });
            },
        ),
        (
            "renamed long before, and idle",
            Some(Rule::Ambiguous),
            |s| {
                s.rename("ubuntu+10.0.0.1", "lab");
                s.run().minutes(10);
            },
            |_| {},
        ),
        (
            "no list of nodes",
            None,
            |_| {},
            |s| {
                s.world.jenkins.nodes = Listing::Unavailable("503".to_owned());
            },
        ),
        (
            "its agent is gone",
            Some(Rule::ServerGone),
            |_| {},
            |s| {
                s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
            },
        ),
    ];
    for (what, rule, before, then) in cases {
        let mut s = called_gone();
        before(&mut s);
        s.run();
        lose(&mut s);
        (0..3).for_each(|_| _ = next_run(&mut s));
        assert!(s.state.gone_servers.contains_key(&"s1".into()), "{what}");
        then(&mut s);
        next_run(&mut s);
        let (done, rules, plan) = next_run(&mut s);
        let is_gone = rule == Some(Rule::ServerGone);
        assert_eq!(done, if is_gone { 3 } else { 0 }, "{what}: {}", whole(&plan));
        if let Some(rule) = rule {
            assert_eq!(rules, [rule; 3], "{what}: {}", whole(&plan));
        }
        let told = (0..20).flat_map(|_| next_run(&mut s).2.problems).any(|told| told.place.starts_with("volume"));
        assert_eq!(told, is_gone || rule == Some(Rule::Ambiguous), "L6: {what}");
        if rule.is_some() {
            s.lose_node("ubuntu+10.0.0.1");
            s.lose_node("lab");
            assert_eq!(next_run(&mut s).0, 3, "S5: {what}");
        }
    }
}

#[test]
fn s5_a_node_that_once_kept_a_server_keeps_nothing_of_it_once_mita_has_deleted_it() {
    let mut s = called_gone();
    s.nodes().push(Node { labels: names(&["amd64", "ubuntu"]), ..agent("lab") });
    s.lose_node("ubuntu+10.0.0.1");
    let (node, since) = ("lab".into(), s.now);
    let memory = s.memory("s1");
    memory.shield = Some(Shield { node, ended: credit(since, "1h"), missed_in: None }).into();
    memory.retirement = Some(Retirement { rule: Rule::NodeMissing, since, step: RetirementStep::NodesDeleted });
    memory.deletion_sent = true;
    lose(&mut s);
    s.run();
    next_run(&mut s);
    assert_eq!(next_run(&mut s).0, 3);
}

#[test]
fn s1_a_node_that_was_renamed_before_keeps_what_its_server_left_behind() {
    let mut s = called_gone();
    s.lose_node("ubuntu+10.0.0.1");
    s.nodes().push(Node { idle: false, idle_executors: 0, labels: names(&["amd64", "ubuntu"]), ..agent("lab") });
    for _ in 0..20 {
        s.after("1m").run();
    }
    lose(&mut s);
    for _ in 0..5 {
        let (done, _, plan) = next_run(&mut s);
        assert_eq!(done, 0, "{}", whole(&plan));
    }
    s.lose_node("lab");
    next_run(&mut s);
    assert_eq!(next_run(&mut s).0, 3, "S5");
    assert!(s.state.floating_ips.contains_key(&FloatingIpId::from("f1")));
}
