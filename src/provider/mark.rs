//! The mark of an installation in the metadata of a server or a volume.

use super::order::Order;
use crate::domain::installation::Controller;
use crate::domain::names::{MitaId, NodeTypeName, Owner};
use crate::domain::world::Mark;
use std::collections::BTreeMap;

/// The mark in metadata; `None` unless it is complete.
pub(crate) fn read(metadata: &BTreeMap<String, serde_json::Value>) -> Option<Mark> {
    let value = |key| metadata.get(key).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
    Some(Mark {
        owner: Owner::new(value("mita_owner")?).ok()?,
        controller: value("mita_controller").map(Controller::at),
        node_type: NodeTypeName::from(value("mita_node")?),
        id: MitaId::from(value("mita_id")?),
    })
}

/// The metadata of a new server. The mark is part of the order itself, and configured metadata cannot replace it.
pub(crate) fn metadata(order: &Order<'_>) -> BTreeMap<String, String> {
    let mut metadata = order.node_type.metadata.clone();
    metadata.insert("mita_owner".into(), order.installation.owner.to_string());
    metadata.insert("mita_controller".into(), order.installation.controller.to_string());
    metadata.insert("mita_node".into(), order.node_type.name.to_string());
    metadata.insert("mita_id".into(), order.id.to_string());
    metadata
}
