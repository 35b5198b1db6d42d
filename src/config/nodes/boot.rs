//! The keys of a node type that the cloud needs for a server: its flavor, boot volume, ports, floating IP, server group,
//! scheduler hints, tags and description.

use crate::config::file::{Found, Place, Table};
use crate::config::keys;
use crate::config::types::{Boot, BootVolume, FlavorChoice, Hint};
use crate::domain::names::is_uuid;
use std::collections::BTreeMap;
use toml::de::DeValue;

/// Nova: at most 50 tags of 60 characters (nova/objects/instance.py, nova/db/api.py), without commas and slashes.
const MOST_TAGS: usize = 50;
const LONGEST_TAG: usize = 60;

/// Nova's limit of a server's description (Compute API, since 2.19).
const LONGEST_DESCRIPTION: usize = 255;

/// Reads the keys of a node type's table.
pub(crate) fn read(table: &Table<'_>, max: Option<u32>) -> Boot {
    let ports = table.distinct("ports");
    if let Some(at) = table.has("ports").filter(|_| !ports.is_empty() && max.is_none_or(|max| max > 1)) {
        table.error(&at, "a port belongs to one server at a time; write max = 1");
    }
    let hints = scheduler_hints(table);
    let server_group = table.value("server_group");
    if let Some(at) = table.has("server_group").filter(|_| hints.contains_key("group")) {
        table.error(&at, "means the same as the scheduler hint group; keep one of the two");
    }
    Boot {
        volume: volume(table),
        ports,
        floating_ip_pool: table.value("floating_ip_pool"),
        server_group,
        scheduler_hints: hints,
        tags: tags(table),
        description: description(table),
    }
}

/// The flavor: by name or id, or by the least that it must have.
pub(crate) fn size(table: &Table<'_>) -> Option<FlavorChoice> {
    let (cores, ram) = (table.has("min_cores"), table.has("min_ram"));
    if let Some(at) = cores.as_ref().or(ram.as_ref()) {
        if ["size", "flavor"].iter().any(|key| table.has(key).is_some()) {
            table.error(at, "has no effect with size; keep one of the two");
        }
        let cores = if cores.is_some() { table.number("min_cores", 1..=u32::MAX)?.value } else { 0 };
        let ram_mib = if ram.is_some() { memory(table, "min_ram")? } else { 0 };
        return Some(FlavorChoice::AtLeast { cores, ram_mib });
    }
    let advice = "write the flavor's name or id, or min_cores and min_ram";
    table.required_text(&["size", "flavor"], advice).map(|found| FlavorChoice::Named(found.value))
}

/// An amount of memory with its unit, as in "8G", in MiB.
fn memory(table: &Table<'_>, key: &str) -> Option<u64> {
    let found = table.text(&[key])?;
    let amount = in_mib(&found.value);
    if amount.is_none() {
        let text = format!("{:?} is not an amount of memory; write it as in \"512M\" or \"8G\"", found.value);
        table.error(&found.at, text);
    }
    amount
}

fn in_mib(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let mib = match text[digits.len()..].trim_start() {
        "M" | "MB" | "MiB" => 1,
        "G" | "GB" | "GiB" => 1024,
        "T" | "TB" | "TiB" => 1024 * 1024,
        _ => return None,
    };
    digits.parse::<u64>().ok().filter(|amount| *amount > 0)?.checked_mul(mib)
}

fn volume(table: &Table<'_>) -> Option<BootVolume> {
    let entry = table.entry(&["boot_volume"])?;
    let volume = Table::open(table.reading, &entry, keys::BOOT_VOLUME)?;
    volume.require(&["size"], "write how many GB the volume has, as in { size = 20 }");
    let size = volume.number("size", 1..=u32::MAX)?.value;
    Some(BootVolume { size, volume_type: volume.value("type") })
}

/// Texts and lists of texts, as the filters of the scheduler take them.
fn scheduler_hints(table: &Table<'_>) -> BTreeMap<String, Hint> {
    let mut hints = BTreeMap::new();
    for Found { value: (key, value), at } in table.children("scheduler_hints") {
        let hint = match value {
            DeValue::Array(list) => {
                table.texts_of(list, &at).map(|texts| Hint::Many(texts.into_iter().map(|found| found.value).collect()))
            }
            other => table.line_of_text(other, &at).map(|found| Hint::One(found.value)),
        };
        if let Some(hint) = hint {
            check_ids(table, &at, key, &hint);
            hints.insert(key.to_owned(), hint);
        }
    }
    hints
}

/// Nova takes no names in these (nova/api/openstack/compute/schemas/servers.py, `_hints`). A single text as same_host is not
/// looked at there.
fn check_ids(table: &Table<'_>, at: &Place, key: &str, hint: &Hint) {
    let (ids, advice) = match (key, hint) {
        ("group", Hint::One(id)) => (std::slice::from_ref(id), "write its id, or its name as server_group"),
        ("group", Hint::Many(_)) => {
            return table.reading.unworkable(at, "is a list, and Nova takes one group; write its id");
        }
        ("different_host", Hint::One(id)) => (std::slice::from_ref(id), "write the id of a server"),
        ("different_host" | "same_host", Hint::Many(ids)) => (ids.as_slice(), "write ids of servers"),
        _ => return,
    };
    if let Some(name) = ids.iter().find(|id| !is_uuid(id)) {
        table.reading.unworkable(at, format!("{name:?} is no UUID, and Nova takes nothing else; {advice}"));
    }
}

fn tags(table: &Table<'_>) -> Vec<String> {
    let tags = table.distinct("tags");
    let Some(at) = table.has("tags") else { return tags };
    for tag in &tags {
        if tag.contains([',', '/']) {
            table.error(&at, format!("the tag {tag:?} has a comma or a slash, which Nova refuses; write it without"));
        } else if tag.chars().count() > LONGEST_TAG {
            let text = format!("the tag {tag:?} is longer than Nova's {LONGEST_TAG} characters; write a shorter one");
            table.error(&at, text);
        }
    }
    if tags.len() > MOST_TAGS {
        table.error(&at, format!("has {} tags, and Nova takes {MOST_TAGS}; remove some", tags.len()));
    }
    tags
}

fn description(table: &Table<'_>) -> Option<String> {
    let Found { value, at } = table.text(&["description"])?;
    let length = value.chars().count();
    if length > LONGEST_DESCRIPTION {
        let text = format!("has {length} characters, and Nova takes {LONGEST_DESCRIPTION}; write a shorter one");
        table.error(&at, text);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::in_mib;

    #[test]
    fn memory_is_written_with_its_unit() {
        for (text, mib) in [("512M", 512), ("8G", 8192), ("8 GiB", 8192), ("1T", 1_048_576), ("2GB", 2048)] {
            assert_eq!(in_mib(text), Some(mib), "{text}");
        }
        for text in ["", "8", "G", "-8G", "0G", "8.5G", "8g", "8K", "99999999999999999T"] {
            assert_eq!(in_mib(text), None, "{text}");
        }
    }
}
