//! Closing a node to new builds by its configuration, and opening it again.
//!
//! Before 2.517 Jenkins loses a queue item that it assigned to a node in the milliseconds before the node goes offline: the
//! executor gives the item back, and `Queue.maintain` drops it. To a node with another label and the mode EXCLUSIVE nothing is
//! assigned, so it can go offline without harm.

use super::client::Jenkins;
use super::error::{ErrorKind, JenkinsError};
use super::permissions::numbers;
use crate::domain::names::NodeName;
use crate::domain::state::ClosedNode;
use crate::http::Request;

/// What was found when a node was to be closed or opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeConfig {
    /// The document, as it takes builds: with it the node can be closed.
    Open(String, ClosedNode),
    /// The document of a node that is closed.
    Closed(String),
    /// Jenkins does not show the document to this user, or it is not one that mita knows how to change.
    Unusable,
}

/// Whether this version of Jenkins loses an item that it assigned to a node which then goes offline: from 1.651 to 2.516,
/// and one that is not known may.
pub fn loses_assigned_items(version: &str) -> bool {
    numbers(version).is_none_or(|numbers| ((1, 651)..(2, 517)).contains(&numbers))
}

impl Jenkins {
    /// Reads the configuration of a node. Needs Agent/ExtendedRead or Agent/Configure.
    pub fn node_config(&self, node: &NodeName) -> Result<NodeConfig, JenkinsError> {
        match self.fetch(&self.config_path(node)?) {
            Ok(response) => Ok(NodeConfig::read(String::from_utf8(response.body).unwrap_or_default())),
            // Jenkins answers 500 where it cannot write the document down, and would in each run.
            Err(JenkinsError {
                kind: ErrorKind::Forbidden { .. } | ErrorKind::NotFound | ErrorKind::Failed { status: 500 },
                ..
            }) => Ok(NodeConfig::Unusable),
            Err(error) => Err(error),
        }
    }

    /// Replaces the configuration of a node. Needs Agent/Configure.
    pub fn replace_node_config(&self, node: &NodeName, document: &str) -> Result<(), JenkinsError> {
        let path = self.config_path(node)?;
        self.write_silent(&path, Request::post(self.url(&path)).xml(document))
    }

    fn config_path(&self, node: &NodeName) -> Result<String, JenkinsError> {
        Ok(format!("{}config.xml", self.node_path(node)?))
    }
}

impl NodeConfig {
    fn read(document: String) -> Self {
        // A text with a NUL ends the document where it stands.
        let whole = root(&document).is_some_and(|root| document.trim_end().ends_with(&format!("\n</{root}>")));
        let parts = (element(&document, "mode"), element(&document, "label"));
        match parts {
            (Some(mode), Some(label)) if whole && label == ClosedNode::LABEL && mode == "EXCLUSIVE" => {
                Self::Closed(document)
            }
            (Some(mode), Some(label)) if whole => {
                let closed = ClosedNode { mode: mode.to_owned(), label: label.to_owned() };
                Self::Open(document, closed)
            }
            (_, _) => Self::Unusable,
        }
    }
}

/// The name of the outermost element: `slave`, or the class of a plugin's kind of agent, as of the Swarm plugin.
fn root(document: &str) -> Option<&str> {
    let (_, rest) = document.split_once("\n<")?;
    rest.split(['>', ' ', '/', '\n']).next().filter(|name| !name.is_empty())
}

/// The document with these two values, and everything else as it is.
pub fn with_values(document: &str, values: &ClosedNode) -> String {
    let document = with_element(document, "mode", &values.mode);
    with_element(&document, "label", &values.label)
}

/// What a node gets while it is closed.
pub fn closed_values() -> ClosedNode {
    ClosedNode { mode: "EXCLUSIVE".to_owned(), label: ClosedNode::LABEL.to_owned() }
}

/// The text of an element right below the root, still escaped. Jenkins indents it by two blanks, and escapes every text, so
/// that no text and no deeper element looks like it.
fn element<'d>(document: &'d str, name: &str) -> Option<&'d str> {
    let (_, rest) = document.split_once(&opening(name))?;
    let (text, behind) = rest.split_once(&format!("</{name}>"))?;
    (!text.contains('<') && !behind.contains(&opening(name))).then_some(text)
}

fn with_element(document: &str, name: &str, text: &str) -> String {
    let old = element(document, name).unwrap_or_default();
    document.replacen(&format!("{}{old}<", opening(name)), &format!("{}{text}<", opening(name)), 1)
}

fn opening(name: &str) -> String {
    format!("\n  <{name}>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::label::node_labels;

    const DOCUMENT: &str = "<?xml version=\"1.1\" encoding=\"UTF-8\"?>\n<slave>\n  <name>n</name>\n  \
        <description>a &lt;label&gt;</description>\n  <mode>NORMAL</mode>\n  <nodeProperties>\n    <mode>x</mode>\n  \
        </nodeProperties>\n  <label>amd64 &quot;a b&quot;</label>\n</slave>";

    #[test]
    fn a_document_that_is_closed_and_opened_is_the_same_to_the_letter() {
        let NodeConfig::Open(document, values) = NodeConfig::read(DOCUMENT.to_owned()) else { panic!("not open") };
        assert_eq!((values.mode.as_str(), values.label.as_str()), ("NORMAL", "amd64 &quot;a b&quot;"));
        let closed = with_values(&document, &closed_values());
        assert!(closed.contains("\n  <mode>EXCLUSIVE</mode>") && closed.contains("\n  <label>mita-retiring</label>"));
        assert!(closed.contains("    <mode>x</mode>"), "{closed}");
        assert_eq!(NodeConfig::read(closed.clone()), NodeConfig::Closed(closed.clone()));
        assert_eq!(with_values(&closed, &values), DOCUMENT);
        assert_eq!(node_labels(&values.plain_label()), ["a b".to_owned(), "amd64".to_owned()].into());
    }

    #[test]
    fn an_agent_of_a_plugin_can_be_closed() {
        let (opening, closing) =
            ("<hudson.plugins.swarm.SwarmSlave plugin=\"swarm@3.50\">", "</hudson.plugins.swarm.SwarmSlave>");
        let document = DOCUMENT.replace("<slave>", opening).replace("</slave>", closing);
        assert!(matches!(NodeConfig::read(document), NodeConfig::Open(..)));
    }

    #[test]
    fn a_document_without_labels_or_cut_short_is_left_alone() {
        let empty = DOCUMENT.replace("amd64 &quot;a b&quot;", "");
        assert!(matches!(NodeConfig::read(empty), NodeConfig::Open(_, values) if values.label.is_empty()));
        for document in [
            String::new(),
            DOCUMENT.replace("</slave>", ""),
            DOCUMENT.replace("  <label>", "  <tags>"),
            DOCUMENT.replace("<slave>", "<cloud>"),
            DOCUMENT.replace("\n</slave>", "\n  <mode>NORMAL</mode>\n</slave>"),
            DOCUMENT.replace("</slave>", "</cloud>"),
        ] {
            assert_eq!(NodeConfig::read(document.clone()), NodeConfig::Unusable, "{document}");
        }
    }

    #[test]
    fn the_versions_that_lose_items_are_known() {
        for version in ["1.651", "2.9", "2.426.3", "2.516.3", "odd", ""] {
            assert!(loses_assigned_items(version), "{version}");
        }
        for version in ["1.580", "2.517", "2.528.1", "2.578"] {
            assert!(!loses_assigned_items(version), "{version}");
        }
    }
}
