//! One of each action and of each outcome.

use crate::apply::{ActionResult, Outcome};
use crate::domain::rule::Rule;
use crate::plan::model::{Action, Change, FloatingIpToAssign, FormerServer, NodeToRegister, Order, Proof, Target};

/// One of each action.
pub(crate) fn every_action() -> Vec<Action> {
    let nodes = |nodes: &[&str]| Target {
        node_type: "ubuntu".into(),
        provider: "openstack".into(),
        server_id: "5d0f".into(),
        name: "ubuntu".to_owned(),
        order: "20261121T233012Z-1".into(),
        nodes: nodes.iter().map(|node| (*node).into()).collect(),
    };
    let target = || nodes(&["ubuntu+192.168.1.188"]);
    let left_by = || FormerServer { provider: "openstack".into(), server_id: "5d0f".into() };
    let node = |name: &str, server_id: Option<&str>, address: Option<&str>| NodeToRegister {
        node: name.into(),
        node_type: "ubuntu".into(),
        provider: "openstack".into(),
        server_id: server_id.map(Into::into),
        id: "20261121T233012Z-1".into(),
        address: address.map(|address| address.parse().unwrap()),
    };
    let order = Order {
        node_type: "ubuntu".into(),
        provider: "openstack".into(),
        name: "ubuntu".to_owned(),
        id: "20261121T233012Z-1".into(),
        jobs: Vec::new(),
    };
    let floating_ip = FloatingIpToAssign { target: nodes(&[]), pool: "public".to_owned(), known: Some("f1".into()) };
    let changes = [
        Change::CreateServer(order),
        Change::RetireNode(target()),
        Change::DrainNode(target()),
        Change::DeleteServer(nodes(&[])),
        Change::RestoreNode(target()),
        Change::DeleteVolume { volume_id: "7f3a".into(), left_by: left_by() },
        Change::AssignFloatingIp(floating_ip),
        Change::ReleaseFloatingIp { floating_ip_id: "f1".into(), left_by: left_by() },
        Change::DeleteNode { node: "ubuntu+192.168.1.188".into(), proof: Proof::Server("5d0f".into()) },
        Change::CreateNode(node("ubuntu+192.168.1.188", Some("5d0f"), Some("192.168.1.188"))),
        Change::CreateNode(node("ubuntu-20261121T233012Z-1", None, None)),
    ];
    changes.map(|change| Action::new(change, Rule::Idle, "so it is")).into()
}

pub(crate) fn every_outcome() -> Vec<ActionResult> {
    let outcomes =
        [Outcome::Done, Outcome::AlreadyDone, Outcome::Skipped, Outcome::Refused, Outcome::Unknown, Outcome::Failed];
    let result = |(action, outcome): (usize, Outcome)| ActionResult {
        action,
        outcome,
        server_id: (action % 2 == 0).then(|| "5d0f".into()),
        error: outcome.is_failure().then(|| "it did not work".to_owned()),
    };
    outcomes.into_iter().enumerate().map(result).collect()
}
