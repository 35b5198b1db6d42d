//! `server_name`: the template of the servers' names.

use super::names;
use crate::config::file::Table;
use crate::config::types::{NodeType, Registration};

/// The template, checked by filling it in. If the node type's own name is wrong, the filled-in name is not reported again.
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
    if let Err(text) = check(&found.value, node, node_is_good, type_names, registration) {
        table.error(&found.at, text);
    }
    found.value
}

fn check(
    template: &str,
    node: &str,
    node_is_good: bool,
    type_names: &[&str],
    registration: &Registration,
) -> Result<(), String> {
    let used = placeholders(template)?;
    let unknown: Vec<_> = used.iter().filter(|name| !["node", "id"].contains(name)).collect();
    if !unknown.is_empty() {
        let unknown = unknown.into_iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(" and no ");
        return Err(format!("there is no {unknown}; use {{node}} and {{id}}"));
    }
    if used.is_empty() {
        return Err("has neither {node} nor {id}; write one of them, so that the name shows the node type".to_owned());
    }
    if registration.is_inbound() && !used.contains(&"id") {
        let why = "with register = \"inbound\" mita creates each node before its server, under a name of its own";
        return Err(format!("has no {{id}}, and {why}; write {{node}}-{{id}}"));
    }
    // With an id of the form and length of a real one.
    let example = NodeType::fill_server_name(template, node, "20260101T000000Z-1000");
    match names::node_name_error(&example).filter(|_| node_is_good) {
        Some(text) => Err(format!("makes the name {example:?}, which {text}")),
        None if example != node && type_names.contains(&example.as_str()) => {
            Err(format!("makes the name {example:?}, which is another node type's; write another one"))
        }
        None => Ok(()),
    }
}

/// The names in braces.
fn placeholders(template: &str) -> Result<Vec<&str>, String> {
    let mut used = Vec::new();
    let mut rest = template;
    while let Some(brace) = rest.find(['{', '}']) {
        let unpaired = || "has an unpaired brace; use {node} and {id}".to_owned();
        let name = rest[brace..].strip_prefix('{').ok_or_else(unpaired)?;
        let (name, after) = name.split_once('}').ok_or_else(unpaired)?;
        used.push(name);
        rest = after;
    }
    Ok(used)
}
