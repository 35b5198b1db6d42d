//! clouds.yaml and secure.yaml as texts, lists and maps.

use crate::config::file;
use saphyr::{ScalarStyle, Yaml, YamlLoader};
use saphyr_parser::{Event, Parser};
use std::collections::BTreeMap;
use std::path::Path;

/// A file of all the clouds that a person knows has some KiB.
const LARGEST: u64 = 1024 * 1024;

/// The values of a hundred thousand clouds, and the depth of nested lists and mappings: `clouds`, a cloud, `regions`, a
/// region, `values`, with room for what other programs keep there.
const MOST_VALUES: usize = 1_000_000;
const DEEPEST: usize = 32;

/// The parts of YAML that clouds.yaml uses. A text stays as written, so that a password of digits stays a text.
pub(super) enum Value {
    Text(String),
    List(Vec<Value>),
    Map(Map),
}

pub(super) type Map = BTreeMap<String, Value>;

/// The clouds of a file.
pub(super) fn read(path: &Path) -> Result<Map, String> {
    let text = file::text(path, LARGEST).map_err(|error| format!("{} {error}", path.display()))?;
    if is_too_large(&text) {
        return Err(format!(
            "{} is nested too deeply, or repeats itself too often, to be a list of clouds",
            path.display()
        ));
    }
    let mut loader = YamlLoader::<Yaml<'_>>::default();
    loader.early_parse(false);
    let parsed = Parser::new_from_str(&text).load(&mut loader, true);
    if let Some(error) = parsed.err().as_ref().or(loader.error()) {
        // Without the parser's own message, which can quote a secret from the file.
        let (line, column) = (error.marker().line(), error.marker().col() + 1);
        let blanks =
            text.lines().nth(line.saturating_sub(1)).map_or("", |text| &text[..text.len() - text.trim_start().len()]);
        let cure = if blanks.contains('\t') { ": YAML allows no tab before a key; write blanks" } else { "" };
        return Err(format!("{} is not YAML in line {line}, column {column}{cure}", path.display()));
    }
    let document = loader.into_documents().into_iter().next();
    let mut clouds = match document.and_then(value_of) {
        Some(Value::Map(document)) => document,
        _ => Map::new(),
    };
    match clouds.remove("clouds") {
        Some(Value::Map(clouds)) => Ok(clouds),
        _ => Err(format!("{} has no clouds; write them under the key clouds", path.display())),
    }
}

/// Whether the document would overflow the stack or the memory: by its depth, or by aliases of aliases, each of which is a
/// copy.
fn is_too_large(text: &str) -> bool {
    // For each open list and mapping: its anchor, and the values in it so far.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut anchors: BTreeMap<usize, usize> = BTreeMap::new();
    for event in Parser::new_from_str(text) {
        let (anchor, values) = match event {
            Ok((Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _), _)) => {
                open.push((anchor, 1));
                (0, 0)
            }
            Ok((Event::SequenceEnd | Event::MappingEnd, _)) => open.pop().unwrap_or_default(),
            Ok((Event::Scalar(_, _, anchor, _), _)) => (anchor, 1),
            Ok((Event::Alias(anchor), _)) => (0, anchors.get(&anchor).copied().unwrap_or(1)),
            Ok(_) => (0, 0),
            Err(_) => return false,
        };
        anchors.insert(anchor, values);
        let within = open.last_mut().map_or(0, |(_, within)| {
            *within += values;
            *within
        });
        if within > MOST_VALUES || open.len() > DEEPEST {
            return true;
        }
    }
    false
}

fn value_of(node: Yaml<'_>) -> Option<Value> {
    match node {
        Yaml::Representation(text, ..) if text.is_empty() => None,
        Yaml::Representation(text, ScalarStyle::Plain, _) if ["~", "null"].contains(&text.as_ref()) => None,
        Yaml::Representation(text, _, _) => Some(Value::Text(text.into_owned())),
        Yaml::Sequence(items) => Some(Value::List(items.into_iter().filter_map(value_of).collect())),
        Yaml::Mapping(entries) => Some(Value::Map(map_of(entries))),
        Yaml::Tagged(_, node) => value_of(*node),
        Yaml::Value(_) | Yaml::Alias(_) | Yaml::BadValue => None,
    }
}

/// The entries, with those of the mappings under the merge key `<<` that they do not have themselves.
fn map_of(entries: saphyr::Mapping<'_>) -> Map {
    let mut map = Map::new();
    let mut merged = Vec::new();
    for (key, value) in entries {
        match (value_of(key), value_of(value)) {
            (Some(Value::Text(key)), Some(value)) if key == "<<" => merged.push(value),
            (Some(Value::Text(key)), Some(value)) => drop(map.insert(key, value)),
            _ => {}
        }
    }
    while let Some(value) = merged.pop() {
        match value {
            Value::List(values) => merged.extend(values.into_iter().rev()),
            Value::Map(other) => {
                for (key, value) in other {
                    map.entry(key).or_insert(value);
                }
            }
            Value::Text(_) => {}
        }
    }
    map
}
