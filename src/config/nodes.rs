//! `[nodes.NAME]`: how to make one kind of server, and for which jobs.

use crate::config::min_idle::ZoneName;
use crate::config::reading::{Found, Place, Reading};
use crate::config::table::Table;
use crate::config::{NodeType, Registration, Sizing, Times, boot, files, keys, min_idle, names, registration, times};
use crate::domain::names::{NodeTypeName, ProviderName};
use std::collections::{BTreeMap, BTreeSet};
use toml::de::DeValue;

/// User data is at most 64 KiB (Nova); the provider checks that, filled in. This only bounds what is read.
const LARGEST_SCRIPT: u64 = 1024 * 1024;

/// What is filled in for `${...}` in a script; anything else is the shell's.
const SCRIPT_VARIABLES: [&str; 4] = ["MITA_NODE", "MITA_ID", "MITA_SERVER_NAME", "MITA_LABELS"];

/// And where mita made the node of the agent that is to call in.
const AGENT_VARIABLES: [&str; 3] = ["MITA_AGENT_NAME", "MITA_AGENT_SECRET", "MITA_AGENT_OPTIONS"];

/// Reads every `[nodes.NAME]`, in the file's order. What is wrong is reported and left out.
pub(super) fn read_all(top: &Table<'_>, defaults: Times) -> Vec<NodeType> {
    let time_zone = min_idle::time_zone(top);
    let all = top.children("nodes");
    let type_names: Vec<_> = all.iter().map(|found| found.value.0).collect();
    let providers: Vec<_> = top.children("provider").into_iter().map(|found| found.value.0).collect();
    let names = Names { reading: top.reading, type_names: &type_names, providers: &providers, defaults, time_zone };
    all.iter().filter_map(|found| names.read(found)).collect()
}

/// What one node type needs to know of the rest of the file.
struct Names<'a, 'n> {
    reading: &'a Reading<'a>,
    type_names: &'n [&'a str],
    providers: &'n [&'a str],
    defaults: Times,
    time_zone: ZoneName,
}

/// More executors on one node are a slip of the pen; each is a slot that is planned for.
pub(super) const MOST_EXECUTORS: u32 = 1000;

impl<'a> Names<'a, '_> {
    fn read(&self, found: &Found<(&'a str, &'a DeValue<'a>)>) -> Option<NodeType> {
        let (name, value) = found.value;
        let name_fault = names::fault_of_node_name(name);
        if let Some(fault) = &name_fault {
            self.reading.fault(&found.at, format!("the node type's name {fault}"));
        }
        let table = Table::open(self.reading, &Found { value, at: found.at.clone() }, keys::NODES)?;
        let providers = self.providers(&table);
        let image_name = table.required_text(&["image_name", "image"], "write the image's name or id");
        let number = |key, least| table.number(key, least..=u32::MAX).map(|found| found.value);
        let max = number("max", 0);
        let min_idle = min_idle::read(&table, &self.time_zone);
        let largest = min_idle.largest();
        if let (Some(most), Some(at)) = (max.filter(|most| *most > 0 && *most < largest), table.has("min_idle")) {
            self.reading.warn(&at, format!("{largest} idle nodes cannot be kept with max = {most}"));
        }
        let registration = registration::read(&table);
        let server_name = self.server_name(&table, name, name_fault.is_none(), &registration);
        let text = |key| table.text(&[key]).map(|found| found.value);
        let flag = |key| table.boolean(key).unwrap_or(false);
        let (single_use, executors) = (flag("single_use"), table.number("executors", 1..=MOST_EXECUTORS));
        if let Some(Found { at, .. }) = executors.as_ref().filter(|found| single_use && found.value > 1) {
            self.reading.fault(at, "gives a node with single_use more than its one build; write 1, or remove it");
        }
        // What is missing was reported, so that no configuration comes of its default here.
        let required = |found: Option<Found<String>>| found.map(|found| found.value).unwrap_or_default();
        Some(NodeType {
            name: NodeTypeName::from(name),
            providers: providers.unwrap_or_default(),
            image_name: required(image_name),
            size: boot::size(&table).unwrap_or(Sizing::Named(String::new())),
            keyname: text("keyname"),
            labels: labels(&table),
            storage: number("storage", 1),
            executors: executors.as_ref().map_or(1, |found| found.value),
            max,
            min_idle,
            single_use,
            unlabelled: flag("unlabelled"),
            networks: distinct(&table, "networks"),
            security_groups: distinct(&table, "security_groups"),
            availability_zone: text("availability_zone"),
            config_drive: flag("config_drive"),
            metadata: metadata(&table),
            boot: boot::read(&table, max),
            server_name,
            script: script(&table, &registration),
            registration,
            times: times::read(&table, self.defaults),
        })
    }

    fn providers(&self, table: &Table<'_>) -> Option<Vec<ProviderName>> {
        let advice = match self.providers {
            [only] => format!("write provider = {only:?}"),
            [] => "there is no [provider.NAME] yet; write one and name it here".to_owned(),
            several => format!("name one or more of {}", several.join(", ")),
        };
        if !table.require(&["provider"], &advice) {
            return None;
        }
        let found = table.texts(&["provider"])?;
        if found.value.is_empty() {
            self.reading.fault(&found.at, format!("is an empty list; {advice}"));
            return None;
        }
        for provider in found.value.iter().filter(|provider| !self.providers.contains(&provider.value.as_str())) {
            let advice = match keys::nearest(&provider.value, self.providers.iter().copied()) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None if self.providers.is_empty() => format!("write a [provider.{}]", provider.value),
                None => format!("write a [provider.{}] or {advice}", provider.value),
            };
            self.reading.fault(&provider.at, format!("there is no provider {:?}; {advice}", provider.value));
        }
        Some(once(self.reading, found.value).into_iter().map(ProviderName::from).collect())
    }

    /// The template, checked by filling it in.
    fn server_name(&self, table: &Table<'_>, node: &str, node_is_good: bool, registration: &Registration) -> String {
        let Some(found) = table.text(&["server_name"]) else {
            let inbound = registration.is_inbound();
            return if inbound { NodeType::OWN_SERVER_NAME } else { NodeType::PLAIN_SERVER_NAME }.to_owned();
        };
        let fault = |text: String| self.reading.fault(&found.at, text);
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
                        "has neither {node} nor {id}; write one of them, so that the name tells the node type"
                            .to_owned(),
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
                    } else if example != node && self.type_names.contains(&example.as_str()) {
                        fault(format!("makes the name {example:?}, which is another node type's; write another one"));
                    }
                }
            }
        }
        found.value
    }
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

/// A list, or one text with white space between the labels.
fn labels(table: &Table<'_>) -> BTreeSet<String> {
    let written = match table.entry(&["labels"]) {
        Some(Found { value: DeValue::String(text), at }) => {
            text.split_whitespace().map(|label| Found { value: label.to_owned(), at: at.clone() }).collect()
        }
        Some(_) => table.texts(&["labels"]).map(|found| found.value).unwrap_or_default(),
        None => Vec::new(),
    };
    for label in &written {
        if let Some(fault) = names::fault_of_label(&label.value) {
            table.reading.fault(&label.at, format!("the label {:?} {fault}", label.value));
        }
    }
    once(table.reading, written).into_iter().collect()
}

pub(super) fn distinct(table: &Table<'_>, key: &str) -> Vec<String> {
    let written = table.texts(&[key]).map(|found| found.value).unwrap_or_default();
    once(table.reading, written)
}

/// The texts, and a warning for each that stands twice.
fn once(reading: &Reading<'_>, written: Vec<Found<String>>) -> Vec<String> {
    let mut seen = Vec::new();
    for Found { value, at } in written {
        if seen.contains(&value) {
            reading.warn(&at, format!("{value:?} stands in the list twice"));
        } else {
            seen.push(value);
        }
    }
    seen
}

fn metadata(table: &Table<'_>) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::new();
    for Found { value: (key, value), at } in table.children("metadata") {
        if let Some(fault) = names::fault_of_metadata_key(key) {
            table.reading.fault(&at, format!("the key {fault}"));
        }
        let Some(text) = table.string(value, &at) else { continue };
        match names::fault_of_metadata_value(text) {
            Some(fault) => table.reading.fault(&at, fault),
            None => drop(metadata.insert(key.to_owned(), text.to_owned())),
        }
    }
    metadata
}

/// User data, written here or in a file of its own. None at all is fine: an image can bring its agent along.
fn script(table: &Table<'_>, registration: &Registration) -> String {
    let here = table.lines(&["script"]);
    let file = table.path("script_file");
    let (script, at) = match (here, file) {
        (Some(_), Some(file)) => {
            table.reading.fault(&file.at, "script is there as well; keep one of the two");
            return String::new();
        }
        (Some(Found { value, at }), None) => (value, at),
        (None, Some(Found { value: path, at })) => match files::text(&path, LARGEST_SCRIPT) {
            Ok(text) => (text, at),
            Err(error) => {
                let text = format!("{} {error}; name a text file that this user can read", path.display());
                table.reading.fault(&at, text);
                return String::new();
            }
        },
        (None, None) => {
            if registration.is_inbound() {
                let at = table.place_of_missing("script");
                table.reading.fault(&at, "is missing; with register = \"inbound\" it has to start the agent");
            }
            return String::new();
        }
    };
    check_script(table.reading, &at, &script, registration);
    script
}

/// What cloud-init would pass over without a word.
fn check_script(reading: &Reading<'_>, at: &Place, script: &str, registration: &Registration) {
    let begins = |text: &str| text.starts_with("#!") || text.starts_with("#cloud-config");
    if script.trim().is_empty() {
        reading.fault(at, "is empty; write the user data or remove the key");
    } else if script.contains('\0') {
        reading.fault(at, "holds a NUL character; write text");
    } else if !begins(script) && begins(script.trim_start()) {
        reading
            .warn(at, "begins with white space, so that cloud-init does not see what it is; begin with the # itself");
    } else if script.starts_with("#!") && script.split('\n').next().is_some_and(|line| line.ends_with('\r')) {
        reading.warn(at, "has Windows line ends, so that its interpreter is not found; write it with plain line ends");
    }
    let secret = "${MITA_AGENT_SECRET}";
    if registration.is_inbound() && !script.trim().is_empty() && !script.contains(secret) {
        reading.fault(at, format!("lacks {secret}, without which no agent can connect; start the agent with it"));
    }
    for rest in script.split("${MITA_").skip(1) {
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let name = format!("MITA_{name}");
        if AGENT_VARIABLES.contains(&name.as_str()) {
            if !registration.is_inbound() {
                reading.warn(at, format!("${{{name}}} is filled in with register = \"inbound\" only"));
            }
        } else if !SCRIPT_VARIABLES.contains(&name.as_str()) {
            let known = SCRIPT_VARIABLES.map(|name| format!("${{{name}}}")).join(", ");
            reading.warn(at, format!("${{{name}}} is not filled in; there are {known} and ${{JENKINS_URL}}"));
        }
    }
}
