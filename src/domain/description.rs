//! The description by which mita recognizes a node that it created.
//!
//! Jenkins keeps it with the node, so it outlives a lost state file: it proves that a node is ours even if its server
//! was never created. It contains the name of the node, since a person who copies a node copies its description, too;
//! the copy belongs to that person. This module only writes and parses the text; [`crate::jenkins`] sends and reads it,
//! and [`crate::plan`] decides whose a node is.

use crate::domain::names::{MitaId, NodeName, NodeTypeName, Owner};
use crate::domain::world::Mark;

const BEGINNING: &str = "made by mita:";

/// The description of a node that is made under this mark.
pub fn description(mark: &Mark, node: &NodeName) -> String {
    let Mark { owner, controller: _, node_type, id } = mark;
    format!("{BEGINNING} owner={owner} type={node_type} order={id} node={node}")
}

/// The mark in the description of this node, where the description is one that mita wrote for it and nothing else. A
/// text that somebody edited or added to is that person's, and so is the node.
pub fn mark_in(text: &str, node: &NodeName) -> Option<Mark> {
    written_for(text).filter(|(_, named)| *named == node.as_str()).map(|(mark, _)| mark)
}

/// The mark in a description that mita wrote for a node of another name: this one is a copy of that, or that one itself under
/// a name that somebody gave it.
pub fn copied_mark_in(text: &str, node: &NodeName) -> Option<Mark> {
    written_for(text).filter(|(_, named)| *named != node.as_str()).map(|(mark, _)| mark)
}

/// The mark in a description, and the name of the node that it was written for.
fn written_for(text: &str) -> Option<(Mark, &str)> {
    let mut words = text.strip_prefix(BEGINNING)?.strip_prefix(' ')?.split(' ');
    let mut value = |key: &str| words.next()?.strip_prefix(key).filter(|value| !value.is_empty());
    let owner = Owner::new(value("owner=")?).ok()?;
    let node_type = NodeTypeName::from(value("type=")?);
    let id = MitaId::from(value("order=")?);
    let named = value("node=")?;
    words.next().is_none().then_some((Mark { owner, controller: None, node_type, id }, named))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark() -> Mark {
        let owner = Owner::new("ci.example.com/jenkins").unwrap();
        Mark { owner, controller: None, node_type: "ubuntu".into(), id: "20261121T233012Z-1".into() }
    }

    #[test]
    fn our_own_description_is_known_again_on_its_own_node() {
        let node = NodeName::from("ubuntu+192.168.1.188");
        let text = description(&mark(), &node);
        assert_eq!(
            text,
            "made by mita: owner=ci.example.com/jenkins type=ubuntu order=20261121T233012Z-1 node=ubuntu+192.168.1.188"
        );
        assert_eq!(mark_in(&text, &node), Some(mark()));
    }

    #[test]
    fn s2_a_copy_of_a_node_is_not_ours_though_its_description_says_so() {
        let text = description(&mark(), &"ubuntu+192.168.1.188".into());
        assert_eq!(mark_in(&text, &"ubuntu+192.168.1.18".into()), None);
        assert_eq!(mark_in(&text, &"copy".into()), None);
        assert_eq!(copied_mark_in(&text, &"copy".into()), Some(mark()));
        assert_eq!(copied_mark_in(&text, &"ubuntu+192.168.1.188".into()), None);
    }

    #[test]
    fn s2_a_description_that_somebody_edited_is_not_ours() {
        let node = NodeName::from("n");
        let text = description(&mark(), &node);
        for edited in [
            "".to_owned(),
            "made by mita".to_owned(),
            format!("{text} keep"),
            format!("keep {text}"),
            text.replace("owner=ci.example.com/jenkins ", ""),
            text.replace("owner=ci.example.com/jenkins", "owner="),
            text.replace("owner=ci.example.com/jenkins", "owner=é"),
            text.replace("order=20261121T233012Z-1", "order="),
            text.replace("type=ubuntu order", "order"),
            text.replace(" node=n", ""),
        ] {
            assert_eq!(mark_in(&edited, &node), None, "{edited}");
        }
    }
}
