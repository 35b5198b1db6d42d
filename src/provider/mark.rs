//! The mark of an installation in the metadata of a server or a volume.

use super::order::Order;
use crate::domain::installation::Controller;
use crate::domain::names::Owner;
use crate::domain::world::Mark;
use crate::http::lenient::{Lenient, Name, object};
use serde::de::MapAccess;
use std::collections::BTreeMap;

object!(Texts {
    "mita_owner" => owner: Name,
    "mita_controller" => controller: Name,
    "mita_node" => node_type: Name,
    "mita_id" => id: Name,
});

/// The mark in metadata that are read for nothing else.
#[derive(Default)]
pub(crate) struct Metadata {
    /// Whether there are metadata at all.
    pub(crate) are_there: bool,
    /// `None` unless it is complete.
    pub(crate) mark: Option<Mark>,
}

impl Lenient for Metadata {
    fn object<'de, A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        Ok(Self { are_there: true, mark: Texts::object(object)?.mark() })
    }
}

/// The mark in metadata; `None` unless it is complete.
pub(crate) fn read(metadata: &BTreeMap<String, serde_json::Value>) -> Option<Mark> {
    let text = |key| metadata.get(key).and_then(serde_json::Value::as_str).map_or_else(Name::default, Name::text);
    let [owner, controller, node_type, id] = ["mita_owner", "mita_controller", "mita_node", "mita_id"].map(text);
    Texts { owner, controller, node_type, id }.mark()
}

impl Texts {
    fn mark(self) -> Option<Mark> {
        Some(Mark {
            owner: Owner::new(self.owner.0?).ok()?,
            controller: self.controller.0.as_deref().map(Controller::at),
            node_type: self.node_type.0?.into(),
            id: self.id.0?.into(),
        })
    }
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
