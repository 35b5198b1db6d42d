//! What else a node type asks of its cloud: a volume to boot from, ports, a floating IP, neighbours, tags, and the size
//! by what it must have.

use crate::config::file::{Found, Table};
use crate::config::keys;
use crate::config::types::{Boot, BootVolume, Hint, Sizing};
use std::collections::BTreeMap;
use toml::de::DeValue;

/// Nova: at most 50 tags of 60 characters (nova/objects/instance.py, nova/db/api.py), without commas and slashes.
const MOST_TAGS: usize = 50;
const LONGEST_TAG: usize = 60;

/// Nova's limit of a server's description (Compute API, since 2.19).
const LONGEST_DESCRIPTION: usize = 255;

/// Reads the keys of a node type's table.
pub(crate) fn read(table: &Table<'_>, max: Option<u32>) -> Boot {
    let text = |key| table.text(&[key]).map(|found| found.value);
    let ports = table.distinct("ports");
    if let Some(at) = table.has("ports").filter(|_| !ports.is_empty() && max.is_none_or(|max| max > 1)) {
        table.reading.fault(&at, "a port carries one server at a time; write max = 1");
    }
    let hints = scheduler_hints(table);
    let server_group = text("server_group");
    if let Some(at) = table.has("server_group").filter(|_| hints.contains_key("group")) {
        table.reading.fault(&at, "says the same as the scheduler hint group; keep one of the two");
    }
    Boot {
        volume: volume(table),
        ports,
        floating_ip_pool: text("floating_ip_pool"),
        server_group,
        scheduler_hints: hints,
        tags: tags(table),
        description: description(table),
    }
}

/// The flavor: by name or id, or by what it must have at least.
pub(crate) fn size(table: &Table<'_>) -> Option<Sizing> {
    let (cores, ram) = (table.has("min_cores"), table.has("min_ram"));
    if let Some(at) = cores.clone().or(ram.clone()) {
        if ["size", "flavor"].iter().any(|key| table.has(key).is_some()) {
            table.reading.fault(&at, "has no effect beside size; keep one of the two");
        }
        let cores = match cores {
            Some(_) => Some(table.number("min_cores", 1..=u32::MAX)?.value),
            None => None,
        };
        let ram_mib = match ram {
            Some(_) => Some(memory(table, "min_ram")?),
            None => None,
        };
        return Some(Sizing::AtLeast { cores: cores.unwrap_or(0), ram_mib: ram_mib.unwrap_or(0) });
    }
    let advice = "write the flavor's name or id, or min_cores and min_ram";
    table.required_text(&["size", "flavor"], advice).map(|found| Sizing::Named(found.value))
}

/// An amount of memory with its unit, as in "8G", in MiB.
fn memory(table: &Table<'_>, key: &str) -> Option<u64> {
    let found = table.text(&[key])?;
    let amount = in_mib(&found.value);
    if amount.is_none() {
        let text = format!("{:?} is not an amount of memory; write it as in \"512M\" or \"8G\"", found.value);
        table.reading.fault(&found.at, text);
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
    Some(BootVolume { size, volume_type: volume.text(&["type"]).map(|found| found.value) })
}

/// Texts and lists of texts: what filters of the scheduler take.
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
            hints.insert(key.to_owned(), hint);
        }
    }
    hints
}

fn tags(table: &Table<'_>) -> Vec<String> {
    let tags = table.distinct("tags");
    let Some(at) = table.has("tags") else { return tags };
    let fault = |text: String| table.reading.fault(&at, text);
    for tag in &tags {
        check_tag(tag, &fault);
    }
    if tags.len() > MOST_TAGS {
        fault(format!("has {} tags, and Nova takes {MOST_TAGS}; remove some", tags.len()));
    }
    tags
}

fn check_tag(tag: &str, fault: &impl Fn(String)) {
    if tag.contains([',', '/']) {
        fault(format!("the tag {tag:?} holds a comma or a slash, which Nova refuses; write it without"));
    } else if tag.chars().count() > LONGEST_TAG {
        fault(format!("the tag {tag:?} is longer than Nova's {LONGEST_TAG} characters; write a shorter one"));
    }
}

fn description(table: &Table<'_>) -> Option<String> {
    let Found { value, at } = table.text(&["description"])?;
    let length = value.chars().count();
    if length > LONGEST_DESCRIPTION {
        let text = format!("has {length} characters, and Nova takes {LONGEST_DESCRIPTION}; write a shorter one");
        table.reading.fault(&at, text);
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
