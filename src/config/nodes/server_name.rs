//! `server_name`: a template.

use super::names;
use crate::config::file::Table;
use crate::config::types::{NodeType, Registration};

/// The template, checked by filling it in.
pub(crate) fn read(
    table: &Table<'_>,
    node: &str,
    node_is_good: bool,
    type_names: &[&str],
    registration: &Registration,
) -> String {
    let Some(found) = table.text(&["server_name"]) else {
        let inbound = registration.is_inbound();
        return if inbound { NodeType::OWN_SERVER_NAME } else { NodeType::PLAIN_SERVER_NAME }.to_owned();
    };
    let fault = |text: String| table.reading.fault(&found.at, text);
    match placeholders(&found.value) {
        Err(text) => fault(text),
        Ok(used) => {
            let unknown: Vec<_> = used.iter().filter(|name| !["node", "id"].contains(name)).collect();
            for name in &unknown {
                fault(format!("there is no {{{name}}}; use {{node}} and {{id}}"));
            }
            // Of the form and length that an order's id has.
            let example = NodeType::fill_server_name(&found.value, node, "20260101T000000Z-1000");
            if unknown.is_empty() && used.is_empty() {
                fault(
                    "has neither {node} nor {id}; write one of them, so that the name tells the node type".to_owned(),
                );
            } else if unknown.is_empty() && registration.is_inbound() && !used.contains(&"id") {
                fault(
                    "has no {id}, and with register = \"inbound\" each node is made before its server, under a \
                       name of its own; write {node}-{id}"
                        .to_owned(),
                );
            } else if unknown.is_empty() && node_is_good {
                if let Some(text) = names::fault_of_node_name(&example) {
                    fault(format!("makes the name {example:?}, which {text}"));
                } else if example != node && type_names.contains(&example.as_str()) {
                    fault(format!("makes the name {example:?}, which is another node type's; write another one"));
                }
            }
        }
    }
    found.value
}

/// The names in braces.
fn placeholders(template: &str) -> Result<Vec<&str>, String> {
    let mut used = Vec::new();
    let mut rest = template;
    while let Some(brace) = rest.find(['{', '}']) {
        let unpaired = || "has a brace without its partner; use {node} and {id}".to_owned();
        let name = rest[brace..].strip_prefix('{').ok_or_else(unpaired)?;
        let (name, after) = name.split_once('}').ok_or_else(unpaired)?;
        used.push(name);
        rest = after;
    }
    Ok(used)
}
