//! `[provider.NAME]`: the clouds that node types name.

mod clouds;
mod command;
mod connection;
mod named_cloud;
mod openstack;
mod regions;
mod yaml;

pub use clouds::{available_clouds, clouds_file_of_this_folder, named_clouds_file, regions_of_cloud};

use super::budget;
use super::file::{Found, Place, Reading, Table};
use super::keys;
use super::types::{Backend, ProviderConfig, ZoneName};
use super::url;
use crate::domain::names::ProviderName;
use jiff::SignedDuration;
use toml::de::DeValue;

/// Reads every `[provider.NAME]`, in the order of the file. A provider with errors is reported and left out.
pub(crate) fn read_all(top: &Table<'_>, time_zone: &ZoneName) -> Vec<ProviderConfig> {
    top.named_tables("provider", keys::PROVIDER)
        .into_iter()
        .filter_map(|found| read(top.reading, &found, time_zone))
        .collect()
}

fn read<'a>(
    reading: &'a Reading<'a>,
    found: &Found<(&'a str, &'a DeValue<'a>)>,
    time_zone: &ZoneName,
) -> Option<ProviderConfig> {
    let (name, value) = found.value;
    check_name(reading, name, &found.at);
    let table = Table::open(reading, &Found { value, at: found.at.clone() }, keys::PROVIDER)?;
    let max = table.number("max", 0..=u32::MAX).map(|found| found.value);
    let budget = budget::read(&table, time_zone);
    let dashboard_url = table.text(&["dashboard_url"]).and_then(|found| {
        let root = url::root(&found.value, "https://cloud.example.com/dashboard/");
        root.map_err(|error| table.error(&found.at, error)).ok()
    });
    let billing = table.time("billing", SHORTEST_BILLING);
    let kind = if table.has("type").is_some() { table.choice("type", &TYPES)? } else { Type::OpenStack };
    let backend = match kind {
        Type::OpenStack => {
            table
                .refuse(keys::provider::OF_COMMAND, "is a key of type command; remove it, or write type = \"command\"");
            Backend::OpenStack(Box::new(openstack::read(&table)?))
        }
        Type::Command => {
            let of_openstack = keys::names(keys::PROVIDER).filter(|key| !is_of_command(key));
            table.refuse(of_openstack, "is a key of type openstack; remove it, or configure the program itself");
            Backend::Command(command::read(&table)?)
        }
    };
    Some(ProviderConfig { name: ProviderName::from(name), max, budget, dashboard_url, billing, backend })
}

/// An idle server goes in the last five minutes of the time that is paid.
const SHORTEST_BILLING: SignedDuration = SignedDuration::from_mins(5);

/// The values of `type`.
const TYPES: [(&str, Type); 2] = [("openstack", Type::OpenStack), (COMMAND, Type::Command)];

const COMMAND: &str = "command";

#[derive(Clone, Copy)]
enum Type {
    OpenStack,
    Command,
}

fn is_of_command(key: &str) -> bool {
    keys::provider::OF_EVERY_TYPE.contains(&key) || keys::provider::OF_COMMAND.contains(&key)
}

/// Whether the table of a provider has type "command".
pub(crate) fn is_command(table: &DeValue<'_>) -> bool {
    table.get("type").and_then(|value| value.get_ref().as_str()) == Some(COMMAND)
}

fn check_name(reading: &Reading<'_>, name: &str, at: &Place) {
    if name.is_empty() || name.trim() != name || name.chars().any(char::is_control) {
        reading.error(at, "is not a name; write one without control characters and without spaces at its ends");
    }
}
