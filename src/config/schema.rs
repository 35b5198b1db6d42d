//! The configuration described for editors and people: a JSON Schema and the pages of a manual.
//!
//! Both come from the keys that the parser knows, so they describe nothing that it refuses. `mita check` finds what needs
//! the whole file, such as a provider without a table.

use super::keys::{self, Key, Kind};
use serde_json::{Map, Value, json};

/// A JSON Schema of the configuration, of draft 7, the newest one that editors of TOML support.
pub fn schema() -> Value {
    let mut schema = table(keys::TOP);
    schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    schema["title"] = "mita's configuration".into();
    schema["required"] = json!(["jenkins"]);
    let both = |all: &[&[&str]]| -> Value { all.iter().map(|names| one_of(names)).collect() };
    let jenkins = &mut schema["properties"]["jenkins"];
    jenkins["required"] = json!(["url", "user"]);
    jenkins["allOf"] = both(&[&["token", "token_file", "token_env", "password", "password_file", "password_env"]]);
    let provider = &mut schema["properties"]["provider"]["additionalProperties"];
    provider["allOf"] = both(&[&["auth_url", "cloud", "command"]]);
    // The provider can be in the defaults.
    let named = json!({"properties": {"nodes": {"additionalProperties": {"required": ["provider"]}}}});
    schema["anyOf"] = json!([named, {"required": ["defaults"]}]);
    for pointer in ["/properties/nodes/additionalProperties", "/properties/defaults"] {
        schema.pointer_mut(pointer).into_iter().for_each(complete_node_type);
    }
    schema
}

/// What a list of keys cannot say about a node type.
fn complete_node_type(node_type: &mut Value) {
    // A node type of a provider of type "command" needs neither image nor size.
    node_type["allOf"] = json!([
        {"not": {"required": ["image_name", "image"]}},
        {"not": {"required": ["size", "flavor"]}},
        {"not": {"required": ["size", "min_cores"]}},
        {"not": {"required": ["size", "min_ram"]}},
        {"not": {"required": ["flavor", "min_cores"]}},
        {"not": {"required": ["flavor", "min_ram"]}},
    ]);
    let entry = &mut node_type["properties"]["min_idle"]["anyOf"][1]["items"];
    entry["required"] = json!(["count"]);
    node_type["properties"]["boot_volume"]["required"] = json!(["size"]);
}

/// Exactly one of these keys is there.
fn one_of(names: &[&str]) -> Value {
    let each: Vec<Value> = names.iter().map(|name| json!({"required": [name]})).collect();
    json!({ "oneOf": each })
}

fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().filter_map(|key| Some((key.name.to_owned(), property(key, keys)?))).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

/// The schema of a key; `None` if the key is always refused.
fn property(key: &Key, table_keys: &[Key]) -> Option<Value> {
    let mut property = match key.kind {
        Kind::Text | Kind::Path | Kind::Lines => json!({"type": "string", "minLength": 1}),
        Kind::OneOf(texts) => json!({"enum": texts}),
        Kind::Url => schema_of_url(),
        Kind::Proxy => json!({"type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://([^/?#]*@)?[^/?#@]+[^?#@]*$"}),
        // Numbers with units; a number alone is refused.
        Kind::Time => json!({"type": "string", "pattern": "^[^-]*[0-9][^-]*[A-Za-zµ:][^-]*$"}),
        Kind::Number(least, u32::MAX) => json!({"type": "integer", "minimum": least}),
        Kind::Number(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Urls => json!({"anyOf": [schema_of_url(), {"type": "array", "items": schema_of_url()}]}),
        Kind::Texts => one_or_more(json!({"type": "string", "minLength": 1})),
        Kind::Words => one_or_more(json!({"type": "string"})),
        Kind::Memory => json!({"type": "string", "pattern": "^0*[1-9][0-9]* ?(M|MB|MiB|G|GB|GiB|T|TB|TiB)$"}),
        Kind::NumberOrTables(keys) => json!({"anyOf": [
            {"type": "integer", "minimum": 0},
            {"type": "array", "items": table(keys)},
        ]}),
        Kind::Hints => {
            json!({"type": "object", "additionalProperties": one_or_more(json!({"type": "string", "minLength": 1}))})
        }
        Kind::Metadata => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        Kind::Table(keys) => table(keys),
        Kind::Tables(keys) => json!({"type": "object", "additionalProperties": table(keys)}),
        Kind::Same(other) => property(table_keys.iter().find(|key| key.name == other)?, table_keys)?,
        Kind::Refused => return None,
    };
    property["description"] = match key.kind {
        Kind::Same(other) => format!("the same as {other}").into(),
        _ => with_default(key.about, key.default).into(),
    };
    Some(property)
}

fn schema_of_url() -> Value {
    json!({"type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@]+[^?#@]*$"})
}

fn one_or_more(text: Value) -> Value {
    json!({"anyOf": [text, {"type": "array", "items": {"type": "string", "minLength": 1}}]})
}

fn with_default(about: &str, default: &str) -> String {
    match default {
        "" => about.to_owned(),
        required if required.starts_with("required") => format!("{about} ({required})"),
        default => format!("{about} (default: {default})"),
    }
}

/// One table of the manual, with its keys in order of importance.
#[derive(Clone, Debug)]
pub struct Manual {
    /// Its header; empty for the top of the file.
    pub table: &'static str,
    /// Each key.
    pub keys: Vec<Entry>,
}

/// One key of the manual.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub name: &'static str,
    /// Its other names.
    pub aliases: Vec<&'static str>,
    /// The default, or that it is required; empty if other keys decide.
    pub default: &'static str,
    /// Its meaning, with its values if these are few.
    pub about: String,
}

/// All tables of the configuration.
pub fn manual() -> Vec<Manual> {
    let page = |(keys, table): (&'static [Key], &'static str)| {
        let entry = |key: &Key| {
            let others = keys.iter().filter(|other| matches!(other.kind, Kind::Same(name) if name == key.name));
            let values = match key.kind {
                Kind::OneOf(texts) if texts.len() > 1 => format!(": {}", texts.join(", ")),
                _ => String::new(),
            };
            Entry {
                name: key.name,
                aliases: others.map(|other| other.name).collect(),
                default: key.default,
                about: format!("{}{values}", key.about),
            }
        };
        let shown = keys.iter().filter(|key| !matches!(key.kind, Kind::Same(_) | Kind::Refused));
        Manual { table, keys: shown.map(entry).collect() }
    };
    keys::TABLES.into_iter().map(page).collect()
}

/// The meaning with the default.
impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&with_default(&self.about, self.default))
    }
}
