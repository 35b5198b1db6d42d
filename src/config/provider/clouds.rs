//! `cloud = "NAME"`: a cloud of clouds.yaml and secure.yaml, or, with the name `envvars`, of the OS_* variables.
//!
//! Found and laid out as openstacksdk does it ("Configuring OpenStack SDK Applications"): of the places for
//! clouds.yaml the first that is there counts, secure.yaml is laid over it, and `auth` is one more level. What the
//! values mean is decided by [`super::named_cloud`].

use super::yaml::{Map, Value, read};
use crate::config::file::{self, Lookup, Place, Table};
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
pub(crate) struct Cloud {
    /// Where it is described, in words.
    pub(crate) whence: String,
    /// What stands before a key's name there: `OS_` in the environment.
    prefix: &'static str,
    values: BTreeMap<String, String>,
    /// The names under `regions`.
    pub(crate) regions: Vec<String>,
}

impl Cloud {
    /// The first of these values that is there.
    pub(crate) fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.values.get(*name)).map(String::as_str)
    }

    /// The key as it is written there.
    pub(crate) fn key(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}{}", self.prefix, name.to_uppercase()) }
    }
}

/// The cloud of this name; `None` when it was reported.
pub(crate) fn find(table: &Table<'_>, at: &Place, name: &str) -> Option<Cloud> {
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
    clouds_known_to(&file::of_process)
}

pub(crate) fn clouds_known_to(variable: Lookup<'_>) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    if let Some(path) = places(variable, "OS_CLIENT_CONFIG_FILE", "clouds").iter().find(|path| file::is_there(path)) {
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
    let Some(path) = places.iter().find(|path| file::is_there(path)) else {
        let tried: Vec<_> = places.iter().map(|path| path.display().to_string()).collect();
        return Err(format!("no clouds.yaml found; looked for {}", tried.join(", ")));
    };
    let mut clouds = read(path)?;
    let whence = format!("cloud {name} of {}", path.display());
    let Some(mut cloud) = take(&mut clouds, name) else {
        let advice = match file::nearest(name, clouds.keys().map(String::as_str)) {
            Some(meant) => format!("did you mean {meant:?}?"),
            None => format!("there are {}", clouds.into_keys().collect::<Vec<_>>().join(", ")),
        };
        return Err(format!("{} has no cloud {name:?}; {advice}", path.display()));
    };
    warn_of_readers(table, at, path, &cloud);
    let secure = places_of_secrets(variable).into_iter().find(|path| file::is_there(path));
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
    let folders = [Some(PathBuf::from(".")), file::user_folder(variable), Some(PathBuf::from("/etc"))];
    let folders = folders.into_iter().flatten();
    let folders = folders.map(|folder| if folder == Path::new(".") { folder } else { folder.join("openstack") });
    folders.flat_map(|folder| ["yaml", "yml", "json"].map(|end| folder.join(format!("{stem}.{end}")))).collect()
}

fn warn_of_readers(table: &Table<'_>, at: &Place, path: &Path, cloud: &Map) {
    let holds_secret = |map: &Map| SECRETS.iter().any(|secret| map.contains_key(*secret));
    let holds_secret = holds_secret(cloud) || matches!(cloud.get("auth"), Some(Value::Map(auth)) if holds_secret(auth));
    if let Some(mode) = file::too_open(path).filter(|_| holds_secret) {
        let path = path.display();
        let text = format!("{path} holds a secret and can be read by others (mode {mode:04o}); run chmod 600 {path}");
        table.reading.warn(at, text);
    }
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
