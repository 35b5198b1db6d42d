//! `[provider.NAME]`: the clouds that node types name.

mod clouds;
mod connection;
mod named_cloud;
mod openstack;
mod yaml;

pub use clouds::available_clouds;

use super::file::{Found, Place, Reading, Table};
use super::keys;
use super::types::{Backend, ProviderConfig};
use super::url;
use crate::domain::names::ProviderName;
use toml::de::DeValue;

/// Reads every `[provider.NAME]`, in the order of the file. A provider with errors is reported and left out.
pub(crate) fn read_all(top: &Table<'_>) -> Vec<ProviderConfig> {
    top.children("provider").into_iter().filter_map(|found| read(top.reading, &found)).collect()
}

fn read<'a>(reading: &'a Reading<'a>, found: &Found<(&'a str, &'a DeValue<'a>)>) -> Option<ProviderConfig> {
    let (name, value) = found.value;
    check_name(reading, name, &found.at);
    let table = Table::open(reading, &Found { value, at: found.at.clone() }, keys::PROVIDER)?;
    let max = table.number("max", 0..=u32::MAX).map(|found| found.value);
    let dashboard_url = table.text(&["dashboard_url"]).and_then(|found| {
        let root = url::root(&found.value, "https://cloud.example.com/dashboard/");
        root.map_err(|error| table.error(&found.at, error)).ok()
    });
    let read = match table.has("type") {
        None => openstack::read,
        Some(_) => table.choice("type", &[("openstack", openstack::read as fn(&Table<'_>) -> _)])?,
    };
    let backend = read(&table)?;
    Some(ProviderConfig { name: ProviderName::from(name), max, dashboard_url, backend: Backend::OpenStack(backend) })
}

fn check_name(reading: &Reading<'_>, name: &str, at: &Place) {
    if name.is_empty() || name.trim() != name || name.chars().any(char::is_control) {
        reading.error(at, "is not a name; write one without control characters and without spaces at its ends");
    }
}
