//! `[nodes.NAME]`: a kind of server, and its jobs.

mod boot;
mod forecast;
pub(crate) mod min_idle;
pub(crate) mod names;
mod registration;
mod script;
mod server_name;

use crate::config::file;
use crate::config::file::{Defaults, Found, Reading, Table};
use crate::config::types::{FlavorChoice, MinIdle, NodeType, Times, ZoneName};
use crate::config::{budget, keys, provider, times};
use crate::domain::names::{NodeTypeName, ProviderName};
use std::collections::{BTreeMap, BTreeSet};
use toml::de::DeValue;

/// Reads every `[nodes.NAME]`, in the order of the file. A node type with errors is reported and left out.
pub(crate) fn read_all(top: &Table<'_>, defaults: Times, time_zone: ZoneName) -> Vec<NodeType> {
    let auto_at_top = times::grace_is_auto(top).unwrap_or(false);
    let all = top.named_tables("nodes", keys::NODES);
    let type_names: Vec<_> = all.iter().map(|found| found.value.0).collect();
    let tables = top.named_tables("provider", keys::PROVIDER);
    let providers: Vec<_> = tables.iter().map(|found| found.value.0).collect();
    let commands = tables.iter().filter(|found| provider::is_command(found.value.1));
    let commands: Vec<_> = commands.map(|found| found.value.0).collect();
    let lacks_provider = top.lacks_name("provider", keys::PROVIDER);
    let (type_names, providers, commands) = (&type_names[..], &providers[..], &commands[..]);
    let shared = top.entry(&["defaults"]).and_then(|entry| Table::open(top.reading, &entry, keys::NODES));
    let shared = shared.map(|table| table.as_defaults());
    let file = Context {
        reading: top.reading,
        type_names,
        providers,
        lacks_provider,
        commands,
        shared,
        defaults,
        auto_at_top,
        time_zone,
    };
    all.iter().filter_map(|found| file.read(found)).collect()
}

/// What reading a node type needs from the rest of the file.
struct Context<'a, 'n> {
    reading: &'a Reading<'a>,
    type_names: &'n [&'a str],
    providers: &'n [&'a str],
    /// Whether there is one whose name was left out, which was reported.
    lacks_provider: bool,
    /// Those of type "command".
    commands: &'n [&'a str],
    /// `[defaults]`
    shared: Option<Defaults<'a>>,
    defaults: Times,
    /// Whether `idle_grace = "auto"` is written at the top.
    auto_at_top: bool,
    time_zone: ZoneName,
}

impl<'a> Context<'a, '_> {
    fn read(&self, found: &Found<(&'a str, &'a DeValue<'a>)>) -> Option<NodeType> {
        let (name, value) = found.value;
        let name_error = names::node_name_error(name);
        if let Some(error) = &name_error {
            self.reading.error(&found.at, format!("the node type's name {error}"));
        }
        let table = Table::open(self.reading, &Found { value, at: found.at.clone() }, keys::NODES)?;
        let table = table.with_defaults(self.shared.clone());
        let providers = self.providers(&table);
        let is_command = |provider: &&ProviderName| self.commands.contains(&provider.as_str());
        let (commands, clouds): (Vec<_>, Vec<_>) = providers.iter().flatten().partition(is_command);
        let table = match commands.first() {
            None => table,
            Some(command) => without_keys_of_openstack(table, command),
        };
        // A program may have one image and one size only.
        let needed = if clouds.is_empty() && !commands.is_empty() { Needed::AtWill } else { Needed::Always };
        let (image_name, size) = image_and_size(&table, needed);
        let number = |key, least| table.number(key, least..=u32::MAX).map(|found| found.value);
        let max = number("max", 0);
        let min_idle = min_idle::read(&table, &self.time_zone);
        self.warn_of_idle_nodes_beyond(max, &min_idle, &table);
        let mut times = times::read(&table, self.defaults);
        let forecast = forecast::read(&table, self.auto_at_top, &mut times);
        let registration = registration::read(&table);
        let server_name = server_name::read(&table, name, name_error.is_none(), self.type_names, &registration);
        let flag = |key| table.boolean(key).unwrap_or(false);
        let single_use = flag("single_use");
        let executors = self.executors(&table, single_use);
        let script = script::read(&table, &registration);
        if needed == Needed::Always {
            script::check_first_line(&table, &script);
        }
        Some(NodeType {
            name: NodeTypeName::from(name),
            providers: providers.unwrap_or_default(),
            image_name,
            size,
            keyname: table.value("keyname"),
            labels: labels(&table),
            storage: number("storage", 1),
            executors,
            max,
            budget: budget::read(&table, &self.time_zone),
            min_idle,
            forecast,
            single_use,
            unlabelled: flag("unlabelled"),
            networks: table.distinct("networks"),
            security_groups: table.distinct("security_groups"),
            availability_zone: table.value("availability_zone"),
            config_drive: flag("config_drive"),
            metadata: metadata(&table),
            boot: boot::read(&table, max),
            server_name,
            script,
            registration,
            times,
        })
    }

    fn warn_of_idle_nodes_beyond(&self, max: Option<u32>, min_idle: &MinIdle, table: &Table<'_>) {
        let largest = min_idle.largest();
        if let (Some(most), Some(at)) = (max.filter(|most| *most > 0 && *most < largest), table.has("min_idle")) {
            self.reading.warn(&at, format!("{largest} idle nodes cannot be kept with max = {most}"));
        }
    }

    fn executors(&self, table: &Table<'_>, single_use: bool) -> u32 {
        let Some(found) = table.number("executors", 1..=NodeType::MOST_EXECUTORS) else { return 1 };
        if single_use && found.value > 1 {
            self.reading.error(&found.at, "gives a node with single_use more than one build; write 1, or remove it");
        }
        found.value
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
            self.reading.error(&found.at, format!("is an empty list; {advice}"));
            return None;
        }
        let is_reported = self.lacks_provider;
        for provider in
            found.value.iter().filter(|provider| !is_reported && !self.providers.contains(&provider.value.as_str()))
        {
            let name = &provider.value;
            let advice = file::did_you_mean(name, self.providers.iter().copied()).unwrap_or_else(|| {
                let other = if self.providers.is_empty() { String::new() } else { format!(" or {advice}") };
                format!("write a [provider.{name}]{other}")
            });
            self.reading.error(&provider.at, format!("there is no provider {name:?}; {advice}"));
        }
        Some(self.reading.once(found.value).into_iter().map(ProviderName::from).collect())
    }
}

/// Whether a key has to be written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    Always,
    AtWill,
}

/// The table of a node type that this program runs, which knows nothing of OpenStack.
fn without_keys_of_openstack<'a>(table: Table<'a>, command: &ProviderName) -> Table<'a> {
    let table = table.without_defaults_for(keys::nodes::OF_OPENSTACK);
    let text = format!(
        "is a key of OpenStack, and provider {command} is of type command; remove it, or write a node type of its own \
         for {command}"
    );
    table.refuse(keys::nodes::OF_OPENSTACK, &text);
    table
}

/// A key that is needed and missing is reported, so no configuration results from the empty text in its place.
fn image_and_size(table: &Table<'_>, needed: Needed) -> (String, FlavorChoice) {
    let image_names = ["image_name", "image"];
    let (image_name, size) = match needed {
        Needed::AtWill => {
            let size = table.text(&["size", "flavor"]).map(|found| FlavorChoice::Named(found.value));
            (table.text(&image_names), size)
        }
        Needed::Always => (table.required_text(&image_names, "write the image's name or id"), boot::size(table)),
    };
    let image_name = image_name.map(|found| found.value).unwrap_or_default();
    (image_name, size.unwrap_or(FlavorChoice::Named(String::new())))
}

/// A list, or one text with labels separated by white space.
fn labels(table: &Table<'_>) -> BTreeSet<String> {
    let written = match table.entry(&["labels"]) {
        Some(Found { value: DeValue::String(text), at }) => {
            // A Unicode blank is part of a label in Jenkins.
            let parts = text.split([' ', '\t', '\r', '\n']).filter(|label| !label.is_empty());
            parts.map(|label| Found { value: label.to_owned(), at: at.clone() }).collect()
        }
        Some(_) => table.texts(&["labels"]).map(|found| found.value).unwrap_or_default(),
        None => Vec::new(),
    };
    for label in &written {
        if let Some(error) = names::label_error(&label.value) {
            table.error(&label.at, format!("the label {:?} {error}", label.value));
        } else if label.value.contains(',') {
            let apart: Vec<String> = label.value.split(',').map(|part| format!("{part:?}")).collect();
            let text = format!(
                "the label {:?} has a comma, and Jenkins separates labels by blanks; did you mean [{}]?",
                label.value,
                apart.join(", ")
            );
            table.reading.warn(&label.at, text);
        }
    }
    table.reading.once(written).into_iter().collect()
}

fn metadata(table: &Table<'_>) -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::new();
    for Found { value: (key, value), at } in table.children("metadata") {
        if let Some(error) = names::metadata_key_error(key) {
            table.error(&at, format!("the key {error}"));
        }
        let Some(text) = table.string(value, &at) else { continue };
        match names::metadata_value_error(text) {
            Some(error) => table.error(&at, error),
            None => drop(metadata.insert(key.to_owned(), text.to_owned())),
        }
    }
    metadata
}
