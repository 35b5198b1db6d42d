//! `cloud = "NAME"`: a cloud of clouds.yaml and secure.yaml, or, with the name `envvars`, of the OS_* variables.
//!
//! Found and laid out as openstacksdk does it ("Configuring OpenStack SDK Applications"): of the places for
//! clouds.yaml the first that is there counts, secure.yaml is laid over it, and `auth` is one more level. What the
//! values mean is decided by [`super::cloud_login`].

use crate::config::env::Lookup;
use crate::config::reading::Place;
use crate::config::table::Table;
use crate::config::{files, keys, locate};
use crate::secret::Secret;
use saphyr::{ScalarStyle, Yaml, YamlLoader};
use saphyr_parser::{Event, Parser};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file of all the clouds that a person knows has some KiB.
const LARGEST: u64 = 1024 * 1024;

/// The values of a hundred thousand clouds, and lists and mappings open at once: `clouds`, a cloud, `regions`, a region,
/// `values`, with room for what other programs keep there.
const MOST_VALUES: usize = 1_000_000;
const DEEPEST: usize = 32;

/// The name of the cloud that the environment describes.
const ENVIRONMENT: &str = "envvars";

/// The OS_* variables that are read, without the prefix and in lower case.
const VARIABLES: &[&str] = &[
    "auth_type",
    "auth_url",
    "username",
    "user_id",
    "password",
    "project_name",
    "project_id",
    "tenant_name",
    "tenant_id",
    "user_domain_name",
    "user_domain_id",
    "project_domain_name",
    "project_domain_id",
    "domain_name",
    "domain_id",
    "default_domain_name",
    "default_domain_id",
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
    "region_name",
    "interface",
    "endpoint_type",
    "identity_api_version",
    "cacert",
    "insecure",
    "trust_id",
    "system_scope",
    "passcode",
    "token",
    "cert",
    "key",
    "compute_endpoint_override",
    "image_endpoint_override",
    "network_endpoint_override",
    "block_storage_endpoint_override",
    "volumev3_endpoint_override",
    "volume_endpoint_override",
];

/// The values whose text is a secret.
const SECRETS: [&str; 4] = ["password", "application_credential_secret", "passcode", "token"];

/// The values of one cloud, by openstacksdk's names, with those under `auth` beside the others.
pub(super) struct Cloud {
    /// Where it is described, in words.
    pub(super) whence: String,
    /// What stands before a key's name there: `OS_` in the environment.
    prefix: &'static str,
    values: BTreeMap<String, String>,
    /// The names under `regions`.
    pub(super) regions: Vec<String>,
}

impl Cloud {
    /// The first of these values that is there.
    pub(super) fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.values.get(*name)).map(String::as_str)
    }

    /// The key as it is written there.
    pub(super) fn key(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}{}", self.prefix, name.to_uppercase()) }
    }
}

/// The cloud of this name; `None` when it was reported.
pub(super) fn find(table: &Table<'_>, at: &Place, name: &str) -> Option<Cloud> {
    let found = if name == ENVIRONMENT { from_environment(table, at) } else { from_files(table, at, name) };
    let cloud = found.map_err(|fault| table.reading.fault(at, fault)).ok()?;
    for secret in SECRETS {
        // Registered, so that no output can show it, whatever becomes of the cloud.
        cloud.get(&[secret]).map(Secret::new);
    }
    Some(cloud)
}

/// The names that `cloud` can have here: those of clouds.yaml, and `envvars` where the OS_* variables describe one.
///
/// # Errors
/// What is wrong with the clouds.yaml that is there.
pub fn clouds_at_hand() -> Result<Vec<String>, String> {
    clouds_known_to(&crate::config::env::of_process)
}

pub(super) fn clouds_known_to(variable: Lookup<'_>) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    if let Some(path) = places(variable, "OS_CLIENT_CONFIG_FILE", "clouds").iter().find(|path| locate::is_there(path)) {
        names.extend(read(path)?.into_keys());
    }
    if variable("OS_AUTH_URL").is_some_and(|url| !url.is_empty()) {
        names.push(ENVIRONMENT.to_owned());
    }
    Ok(names)
}

fn from_environment(table: &Table<'_>, at: &Place) -> Result<Cloud, String> {
    let mut values = BTreeMap::new();
    for key in VARIABLES {
        let variable = format!("OS_{}", key.to_uppercase());
        match table.reading.variable(&variable).map(std::ffi::OsString::into_string) {
            Some(Ok(value)) if !value.is_empty() => drop(values.insert((*key).to_owned(), value)),
            Some(Err(_)) => table.reading.fault(at, format!("the environment variable {variable} is not UTF-8 text")),
            Some(Ok(_)) | None => {}
        }
    }
    Ok(Cloud { whence: "the environment".to_owned(), prefix: "OS_", values, regions: Vec::new() })
}

fn from_files(table: &Table<'_>, at: &Place, name: &str) -> Result<Cloud, String> {
    let variable = table.reading.variables();
    let places = places(variable, "OS_CLIENT_CONFIG_FILE", "clouds");
    let Some(path) = places.iter().find(|path| locate::is_there(path)) else {
        let tried: Vec<_> = places.iter().map(|path| path.display().to_string()).collect();
        return Err(format!("no clouds.yaml found; looked for {}", tried.join(", ")));
    };
    let mut clouds = read(path)?;
    let whence = format!("cloud {name} of {}", path.display());
    let Some(mut cloud) = take(&mut clouds, name) else {
        let advice = match keys::nearest(name, clouds.keys().map(String::as_str)) {
            Some(meant) => format!("did you mean {meant:?}?"),
            None => format!("there are {}", clouds.into_keys().collect::<Vec<_>>().join(", ")),
        };
        return Err(format!("{} has no cloud {name:?}; {advice}", path.display()));
    };
    warn_of_readers(table, at, path, &cloud);
    let secure = places_of_secrets(variable).into_iter().find(|path| locate::is_there(path));
    if let Some(path) = secure
        && let Some(secrets) = take(&mut read(&path)?, name)
    {
        warn_of_readers(table, at, &path, &secrets);
        lay_over(&mut cloud, secrets);
    }
    let regions = match cloud.remove("regions") {
        Some(Value::List(regions)) => regions.into_iter().filter_map(name_of_region).collect(),
        _ => Vec::new(),
    };
    let auth = match cloud.remove("auth") {
        Some(Value::Map(auth)) => auth,
        _ => Map::new(),
    };
    let mut values = BTreeMap::new();
    for (key, value) in cloud.into_iter().chain(auth) {
        if let Value::Text(text) = value {
            values.insert(key.replace('-', "_"), text);
        }
    }
    Ok(Cloud { whence, prefix: "", values, regions })
}

fn places_of_secrets(variable: Lookup<'_>) -> Vec<PathBuf> {
    places(variable, "OS_CLIENT_SECURE_FILE", "secure")
}

/// Where openstacksdk looks for a file, in order. One that the environment names is not looked for elsewhere.
fn places(variable: Lookup<'_>, named: &str, stem: &str) -> Vec<PathBuf> {
    if let Some(path) = variable(named).filter(|path| !path.is_empty()) {
        return vec![path.into()];
    }
    let folders = [Some(PathBuf::from(".")), locate::user_folder(variable), Some(PathBuf::from("/etc"))];
    let folders = folders.into_iter().flatten();
    let folders = folders.map(|folder| if folder == Path::new(".") { folder } else { folder.join("openstack") });
    folders.flat_map(|folder| ["yaml", "yml", "json"].map(|end| folder.join(format!("{stem}.{end}")))).collect()
}

fn warn_of_readers(table: &Table<'_>, at: &Place, path: &Path, cloud: &Map) {
    let holds_secret = |map: &Map| SECRETS.iter().any(|secret| map.contains_key(*secret));
    let holds_secret = holds_secret(cloud) || matches!(cloud.get("auth"), Some(Value::Map(auth)) if holds_secret(auth));
    if let Some(mode) = files::too_open(path).filter(|_| holds_secret) {
        let path = path.display();
        let text = format!("{path} holds a secret and can be read by others (mode {mode:04o}); run chmod 600 {path}");
        table.reading.warn(at, text);
    }
}

/// A YAML document as far as clouds need it: a text is as written, so that a password of digits stays what it is.
enum Value {
    Text(String),
    List(Vec<Value>),
    Map(Map),
}

type Map = BTreeMap<String, Value>;

/// The clouds of a file.
fn read(path: &Path) -> Result<Map, String> {
    let text = files::text(path, LARGEST).map_err(|error| format!("{} {error}", path.display()))?;
    if grows(&text) {
        return Err(format!(
            "{} is nested too deep, or repeats itself too often, to be a list of clouds",
            path.display()
        ));
    }
    let mut loader = YamlLoader::<Yaml<'_>>::default();
    loader.early_parse(false);
    let parsed = Parser::new_from_str(&text).load(&mut loader, true);
    if let Some(error) = parsed.err().as_ref().or(loader.error()) {
        // The parser's own words stay away: they can quote the file, and a secret with it.
        let (line, column) = (error.marker().line(), error.marker().col() + 1);
        return Err(format!("{} is not YAML in line {line}, column {column}", path.display()));
    }
    let document = loader.into_documents().into_iter().next();
    match document.and_then(value_of) {
        Some(Value::Map(mut document)) => match document.remove("clouds") {
            Some(Value::Map(clouds)) => Ok(clouds),
            _ => Err(format!("{} has no clouds; write them under the key clouds", path.display())),
        },
        _ => Err(format!("{} has no clouds; write them under the key clouds", path.display())),
    }
}

/// Whether the document would outgrow the stack, or memory, once it is taken apart: by its depth, or by aliases of
/// aliases, each of which is a copy. What is not YAML ends where it is not.
fn grows(text: &str) -> bool {
    // What holds so far of every list and mapping that is open: its anchor, and the values within.
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

/// The entries, and where the merge key `<<` brings a mapping along, those of its entries that are not there.
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

fn take(clouds: &mut Map, name: &str) -> Option<Map> {
    match clouds.remove(name)? {
        Value::Map(cloud) => Some(cloud),
        Value::Text(_) | Value::List(_) => None,
    }
}

fn lay_over(cloud: &mut Map, upper: Map) {
    for (key, value) in upper {
        match (cloud.get_mut(&key), value) {
            (Some(Value::Map(lower)), Value::Map(upper)) => lay_over(lower, upper),
            (_, value) => drop(cloud.insert(key, value)),
        }
    }
}

fn name_of_region(region: Value) -> Option<String> {
    match region {
        Value::Text(name) => Some(name),
        Value::Map(mut region) => region.remove("name").and_then(name_of_region),
        Value::List(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clouds_files_are_looked_for_where_openstacksdk_looks() {
        let places = places(&|name| (name == "HOME").then(|| "/home/jo".into()), "OS_CLIENT_CONFIG_FILE", "clouds");
        let yaml: Vec<_> = places.iter().filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
        assert_eq!(
            yaml,
            ["./clouds.yaml", "/home/jo/.config/openstack/clouds.yaml", "/etc/openstack/clouds.yaml"].map(Path::new)
        );
        assert_eq!(places.len(), 9);
    }
}
