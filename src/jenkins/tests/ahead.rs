//! Nodes that are read before they are needed.

use super::*;
use crate::jenkins::look::FRESH;

const NODE: &str = r#"{"_class":"hudson.slaves.SlaveComputer","displayName":"n","idle":true,"offline":false,
    "temporarilyOffline":false,"numExecutors":1,"executors":[{"idle":true}]}"#;

#[test]
fn s1_a_reading_that_was_made_ahead_is_used_once_and_only_while_it_is_fresh() {
    let server = Loopback::new(|_| jenkins_answer(NODE));
    let (jenkins, name) = (controller(&server, ""), NodeName::from("n"));
    jenkins.look_ahead(&name);
    assert_eq!(jenkins.requests_sent(), 1);
    // As if it had been requested longer ago.
    let age = |by: Duration| jenkins.ahead.readings().values_mut().for_each(|(left, _)| *left += by);
    assert!(jenkins.look_at(&name).unwrap().value.is_some());
    assert_eq!(jenkins.requests_sent(), 1, "the reading is used");
    assert!(jenkins.look_at(&name).unwrap().value.is_some());
    assert_eq!(jenkins.requests_sent(), 2, "and used only once");
    jenkins.look_ahead(&name);
    age(FRESH);
    assert!(jenkins.look_at(&name).unwrap().value.is_some());
    assert_eq!(jenkins.requests_sent(), 4, "an old one is read again");
}

#[test]
fn what_could_not_be_read_ahead_is_read_when_it_is_needed() {
    let server = Loopback::in_turn(vec![Answer::json(500, ""), jenkins_answer(NODE)]);
    let (jenkins, name) = (controller(&server, ""), NodeName::from("n"));
    jenkins.look_ahead(&name);
    assert!(jenkins.look_at(&name).unwrap().value.is_some());
    assert_eq!(jenkins.requests_sent(), 2);
}
