//! Every message in every form, composites, and names made to confuse.

use crate::domain::why::*;
use proptest::collection::vec;
use proptest::prelude::*;

fn read(text: &str) -> Why {
    Why::read(Some(text))
}

fn lacks(node: &str, label: &str) -> Refusal {
    Refusal::LacksLabel { node: node.into(), label: label.into() }
}

fn offline(node: &str) -> Refusal {
    Refusal::Offline { node: node.into() }
}

fn other(text: &str) -> Refusal {
    Refusal::Other(text.into())
}

fn several(refusals: impl Into<Vec<Refusal>>) -> Why {
    Why::Refusals { refusals: refusals.into(), more: 0 }
}

#[test]
fn no_text_is_no_reason() {
    assert_eq!(Why::read(None), Why::Absent);
    assert_eq!(read(""), Why::Absent);
    assert_eq!(read(" \n"), Why::Absent);
}

#[test]
fn waiting_is_read_with_and_without_a_name() {
    let on = |name: &str| Why::WaitingOn(name.into());
    assert_eq!(read("Waiting for next available executor"), Why::NextExecutor);
    for (text, why) in [
        ("Waiting for next available executor on ‘amd64&&trusty’", on("amd64&&trusty")),
        ("Waiting for next available executor on amd64&&trusty", on("amd64&&trusty")),
        ("Waiting for next available executor on ‘foo bar’", on("foo bar")),
        ("Waiting for next available executor on o’brien’s ‘node’", on("o’brien’s ‘node’")),
        ("Waiting for next available executor on ‘o’brien’s ‘node’’", on("o’brien’s ‘node’")),
        ("Waiting for next available executor on ‘a; b is offline’", on("a; b is offline")),
        ("Waiting for next available executor on ‘’’", on("’")),
    ] {
        assert_eq!(read(text), why, "{text}");
    }
    let nameless = "Waiting for next available executor on ";
    assert_eq!(read(nameless), Why::Other(nameless.into()));
}

#[test]
fn labels_without_a_node_online_are_read() {
    for (text, why) in [
        ("All nodes of label ‘a||b’ are offline", Why::AllOffline("a||b".into())),
        ("All nodes of label 'a||b' are offline", Why::AllOffline("a||b".into())),
        ("All nodes of label ‘x’ are offline; ‘y’ are offline", Why::AllOffline("x’ are offline; ‘y".into())),
        ("There are no nodes with the label ‘a||b’", Why::NoNodes("a||b".into())),
        ("There are no nodes with the label ‘it’s; me’", Why::NoNodes("it’s; me".into())),
    ] {
        assert_eq!(read(text), why, "{text}");
    }
}

#[test]
fn one_refusal_is_read_in_every_form() {
    let node = || String::from("n+1.2.3.4");
    let permission = || Refusal::LacksPermission { node: node(), user: "ann lee".into() };
    for (text, refusal) in [
        ("‘n+1.2.3.4’ doesn’t have label ‘a&&b’", lacks("n+1.2.3.4", "a&&b")),
        ("n+1.2.3.4 doesn’t have label a&&b", lacks("n+1.2.3.4", "a&&b")),
        ("n+1.2.3.4 doesn't have label a&&b", lacks("n+1.2.3.4", "a&&b")),
        ("‘n+1.2.3.4’ is reserved for jobs with matching label expression", Refusal::Reserved { node: node() }),
        ("n+1.2.3.4 is reserved for jobs with matching label expression", Refusal::Reserved { node: node() }),
        ("n+1.2.3.4 is reserved for jobs tied to it", Refusal::Reserved { node: node() }),
        ("‘n+1.2.3.4’ is not accepting tasks", Refusal::NotAccepting { node: node() }),
        ("n+1.2.3.4 is not accepting tasks", Refusal::NotAccepting { node: node() }),
        ("‘ann lee’ lacks permission to run on ‘n+1.2.3.4’", permission()),
        ("ann lee lacks permission to run on n+1.2.3.4", permission()),
        ("ann lee doesn’t have a permission to run on n+1.2.3.4", permission()),
        ("ann lee doesn't have a permission to run on n+1.2.3.4", permission()),
        ("n+1.2.3.4 has been removed from configuration", Refusal::Removed { node: node() }),
        ("Executor slot already in use", Refusal::SlotInUse),
        ("Exception evaluating if the node can take the task", Refusal::CheckFailed),
        ("Must run on n+1.2.3.4 not m", Refusal::MustRunOn { node: node(), not: "m".into() }),
        ("Already running 1,024 builds on node", Refusal::Throttled),
        ("Already running 2 builds across all nodes", Refusal::Throttled),
        ("A build is pending launch", Refusal::Throttled),
        ("A build with matching parameters is already running", Refusal::Throttled),
    ] {
        assert_eq!(read(text), several([refusal]), "{text}");
    }
}

#[test]
fn a_node_offline_alone_is_the_only_one_that_fits() {
    for text in ["‘n’ is offline", "n is offline"] {
        assert_eq!(read(text), Why::NodeOffline("n".into()));
        assert_eq!(read(&format!("{text}; ... and 1 more")), Why::Refusals { refusals: vec![offline("n")], more: 1 });
    }
    assert_eq!(read("‘m’ is offline; ‘n’ is offline"), several([offline("m"), offline("n")]));
}

#[test]
fn what_holds_an_item_back_besides_executors_is_read() {
    for (text, why) in [
        ("Jenkins is about to shut down", Why::QuietingDown),
        ("Hudson is about to shut down", Why::QuietingDown),
        ("In the quiet period. Expires in 4.2 sec", Why::QuietPeriod),
        ("Finished waiting", Why::QuietPeriod),
        ("???", Why::QuietPeriod),
        ("Build #1,234 is already in progress (ETA: 5 min 3 sec)", Why::Blocked),
        ("Build #7 is already in progress (ETA:N/A)", Why::Blocked),
        ("Build #7 is already in progress", Why::Blocked),
        ("A build is already in progress", Why::Blocked),
        ("Blocked by ‘x’", Why::Blocked),
        ("Blocked by x", Why::Blocked),
        ("Upstream project ‘x’ is already building", Why::Blocked),
        ("Upstream project x is already building.", Why::Blocked),
        ("Downstream project ‘x’ is already building", Why::Blocked),
        ("Downstream project x is already building.", Why::Blocked),
        ("Exception evaluating if the queue can run the task", Why::Blocked),
        ("Stopping part of ceph-build #12", Why::Blocked),
    ] {
        assert_eq!(read(text), why, "{text}");
    }
}

#[test]
fn other_words_are_kept_as_they_are() {
    for text in [
        "En attente du prochain exécuteur disponible sur ‘linux’",
        "Warten auf nächsten freien Build-Prozessor",
        "Waiting for next available executor soon",
        "waiting for next available executor",
        "x should be allowed to run first",
        "one thing; another; ... and 3 more",
        "‘n’",
        "‘’ is offline",
        " is offline",
        "‘n’ doesn’t have label ‘’",
        "Upstream project x is resting",
        "; ",
    ] {
        assert_eq!(read(text), Why::Other(text.into()), "{text}");
    }
}

#[test]
fn a_composite_is_split_into_its_refusals() {
    assert_eq!(
        read(
            "Already running 2 builds on node; Executor slot already in use; gone has been removed from configuration; \
             held by somebody; ‘Jenkins’ doesn’t have label ‘a&&b’; ‘n’ is offline; ‘o’ is not accepting tasks; ... \
             and 1,003 more"
        ),
        Why::Refusals {
            refusals: vec![
                Refusal::Throttled,
                Refusal::SlotInUse,
                Refusal::Removed { node: "gone".into() },
                other("held by somebody"),
                lacks("Jenkins", "a&&b"),
                offline("n"),
                Refusal::NotAccepting { node: "o".into() },
            ],
            more: 1003,
        }
    );
    assert_eq!(
        read("master doesn’t have label x; n is offline; sorry, not now"),
        several([lacks("master", "x"), offline("n"), other("sorry, not now")])
    );
}

#[test]
fn names_with_quotes_and_semicolons_are_taken_whole() {
    for (text, refusals) in [
        ("‘a; b’ is offline; ‘c’ is offline", vec![offline("a; b"), offline("c")]),
        ("‘n’ doesn’t have label ‘a; b; c’; ‘m’ is offline", vec![lacks("n", "a; b; c"), offline("m")]),
        ("‘n’ doesn’t have label ‘x’; y’; ‘m’ is offline", vec![lacks("n", "x’; y"), offline("m")]),
        ("‘n’ doesn’t have label ‘linux&&\"a; b\"’", vec![lacks("n", "linux&&\"a; b\"")]),
        ("‘o’b’ doesn’t have label ‘it’s’", vec![lacks("o’b", "it’s")]),
        ("‘n’ doesn’t have label ‘x’ doesn’t have label ‘y’", vec![lacks("n", "x’ doesn’t have label ‘y")]),
        ("‘n’ doesn’t have label ‘; ... and 3 more’", vec![lacks("n", "; ... and 3 more")]),
        ("‘n’ doesn’t have label ‘a; 漢’; ‘漢’ is offline", vec![lacks("n", "a; 漢"), offline("漢")]),
        ("‘n’ doesn’t have label ‘z is offline’", vec![lacks("n", "z is offline")]),
    ] {
        assert_eq!(read(text), several(refusals), "{text}");
    }
    assert_eq!(read("‘a; b’ is offline"), Why::NodeOffline("a; b".into()));
}

#[test]
fn unknown_parts_do_not_hide_the_known_ones() {
    for (text, refusals) in [
        ("‘m’ sleeps; ‘n’ is offline", vec![other("‘m’ sleeps"), offline("n")]),
        ("‘m’ is offline; ‘n’ sleeps", vec![offline("m"), other("‘n’ sleeps")]),
        ("‘m’ is offline; zzz; ‘n’ is offline", vec![offline("m"), other("zzz"), offline("n")]),
        ("; ‘n’ is offline", vec![other(""), offline("n")]),
    ] {
        assert_eq!(read(text), several(refusals), "{text}");
    }
}

#[test]
fn a_name_is_taken_whole_as_long_as_it_is_not_absurd() {
    let text = |joins| format!("‘n’ doesn’t have label ‘{}x’", "; ".repeat(joins));
    assert_eq!(read(&text(JOINS)), several([lacks("n", &format!("{}x", "; ".repeat(JOINS)))]));
    assert_eq!(read(&text(JOINS + 1)), Why::Other(text(JOINS + 1)));
}

#[test]
fn a_long_text_takes_no_quadratic_time() {
    let part = format!("‘{}", "; ".repeat(JOINS + 1));
    let text = format!("{}‘n’ doesn’t have label ‘x’", part.repeat(40_000));
    assert!(matches!(read(&text), Why::Refusals { refusals, .. } if refusals.last() == Some(&lacks("n", "x"))));
}

/// Refusals as a Jenkins of today prints them, with names that may hold what the messages are made of.
fn refusal() -> impl Strategy<Value = (Refusal, String)> {
    let nasty = "[a-z]([a-z;’ ‘\"]|; ){0,4}[a-z]";
    // What comes after "; " in a name and could begin another refusal is not to be told from one.
    let nasty = || nasty.prop_filter("quote after a join", |name| !name.contains("; ‘") && !name.contains("; ’"));
    let name = || prop_oneof!["[a-z0-9+.-]{1,8}", nasty()];
    prop_oneof![
        name().prop_map(|node| (offline(&node), format!("‘{node}’ is offline"))),
        (name(), name())
            .prop_map(|(node, label)| (lacks(&node, &label), format!("‘{node}’ doesn’t have label ‘{label}’"))),
        name().prop_map(|node| {
            let text = format!("‘{node}’ is not accepting tasks");
            (Refusal::NotAccepting { node }, text)
        }),
        (1..9).prop_map(|builds| (Refusal::Throttled, format!("Already running {builds} builds on node"))),
        Just((Refusal::SlotInUse, "Executor slot already in use".to_owned())),
    ]
}

proptest! {
    #[test]
    fn what_jenkins_composes_is_taken_apart(mut parts in vec(refusal(), 2..6), more in 0..3_u32) {
        parts.sort_by(|(_, left), (_, right)| left.cmp(right));
        let mut text = parts.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("; ");
        if more > 0 {
            text.push_str(&format!("; ... and {more} more"));
        }
        let refusals = parts.into_iter().map(|(refusal, _)| refusal).collect();
        prop_assert_eq!(read(&text), Why::Refusals { refusals, more });
    }

    #[test]
    fn a_waiting_item_gives_its_label_whatever_it_is(label in ".{1,20}") {
        prop_assert_eq!(read(&format!("Waiting for next available executor on ‘{label}’")), Why::WaitingOn(label.clone()));
        prop_assert_eq!(read(&format!("There are no nodes with the label ‘{label}’")), Why::NoNodes(label.clone()));
        prop_assert_eq!(read(&format!("All nodes of label ‘{label}’ are offline")), Why::AllOffline(label));
    }

    #[test]
    fn any_text_is_read(text in "(‘|’|; |is offline| doesn’t have label |n| |... and 1 more){0,12}|.*") {
        let _ = read(&text);
    }
}
