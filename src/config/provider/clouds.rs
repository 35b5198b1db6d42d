//! `cloud = "NAME"`: a cloud of clouds.yaml and secure.yaml, or, with the name `envvars`, of the OS_* variables.
//!
//! As openstacksdk finds and merges them ("Configuring OpenStack SDK Applications"): the first clouds.yaml that exists
//! counts, secure.yaml is merged into it, the values of a region are laid over it ([`super::regions`]), and `auth` is one
//! more level. [`super::named_cloud`] decides what the values mean.

use super::regions;
use super::yaml::{Map, Value, read};
use crate::config::file;
use crate::config::file::{Environment, Place, Table};
use crate::config::secrets;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The name of the cloud that the environment describes.
const ENVIRONMENT: &str = "envvars";

/// The OS_* variables that mita reads, without the prefix and in lower case.
const VARIABLES: &str = "auth_type auth_url username user_name user_id password project_name project_id tenant_name tenant_id \
    user_domain_name user_domain_id project_domain_name project_domain_id domain_name domain_id default_domain_name \
    default_domain_id application_credential_id application_credential_name application_credential_secret region_name \
    interface endpoint_type identity_api_version cacert insecure trust_id system_scope passcode token cert key \
    compute_endpoint_override image_endpoint_override network_endpoint_override block_storage_endpoint_override \
    volumev3_endpoint_override volume_endpoint_override";

/// The values that are secrets.
const SECRETS: [&str; 4] = ["password", "application_credential_secret", "passcode", "token"];

/// The values of one cloud by openstacksdk's names, those under `auth` included.
pub(crate) struct Cloud {
    /// Where it is described, for messages.
    pub(crate) source: String,
    /// The prefix of its keys: `OS_` in the environment.
    prefix: &'static str,
    values: BTreeMap<String, String>,
    /// The region whose values these are, if the cloud lists its regions.
    pub(crate) region: Option<String>,
}

impl Cloud {
    /// The first of these values.
    pub(crate) fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.values.get(*name)).map(String::as_str)
    }

    /// The name of a key there.
    pub(crate) fn key(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}{}", self.prefix, name.to_uppercase()) }
    }
}

/// The cloud with this name in the region that the table names; `None` if it was reported.
pub(crate) fn find(table: &Table<'_>, at: &Place, name: &str, region: Option<&str>) -> Option<Cloud> {
    let found = if name == ENVIRONMENT { from_environment(table, at) } else { from_files(table, at, name, region) };
    let cloud = found.map_err(|error| table.error(at, error)).ok()?;
    for secret in SECRETS {
        // Registered for redaction, even if the cloud turns out to be unusable.
        let Some(text) = cloud.get(&[secret]) else { continue };
        Secret::new(text);
        if let Some(odd) = secrets::oddity(text).filter(|_| !text.is_empty()) {
            table.reading.warn(at, format!("the {} of {} {odd}", cloud.key(secret), cloud.source));
        }
    }
    Some(cloud)
}

/// The names that `cloud` can have here: those of clouds.yaml, and `envvars` if the OS_* variables describe a cloud.
///
/// # Errors
/// What is wrong with clouds.yaml.
pub fn available_clouds() -> Result<Vec<String>, String> {
    clouds_known_to(&file::of_process)
}

pub(crate) fn clouds_known_to(environment: Environment<'_>) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    if let Some(path) = places(environment, "OS_CLIENT_CONFIG_FILE", "clouds").iter().find(|path| is_usable(path)) {
        names.extend(read(path)?.into_keys());
    }
    if environment("OS_AUTH_URL").is_some_and(|url| !url.is_empty()) {
        names.push(ENVIRONMENT.to_owned());
    }
    Ok(names)
}

/// The only place where clouds.yaml is looked for, if the environment names one.
pub fn named_clouds_file() -> Option<PathBuf> {
    file::of_process("OS_CLIENT_CONFIG_FILE").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The clouds.yaml that is found only in this folder: cron starts programs in the home of their user.
pub fn clouds_file_of_this_folder() -> Option<PathBuf> {
    let found =
        places(&file::of_process, "OS_CLIENT_CONFIG_FILE", "clouds").into_iter().find(|path| is_usable(path))?;
    let home = file::of_process("HOME").map(PathBuf::from).and_then(|home| home.canonicalize().ok());
    let is_home = Path::new(".").canonicalize().is_ok_and(|here| home == Some(here));
    Some(found).filter(|found| found.starts_with(".") && !is_home)
}

/// The regions that clouds.yaml lists for a cloud.
///
/// # Errors
/// What is wrong with clouds.yaml.
pub fn regions_of_cloud(name: &str) -> Result<Vec<String>, String> {
    let places = places(&file::of_process, "OS_CLIENT_CONFIG_FILE", "clouds");
    let Some(path) = places.iter().find(|path| is_usable(path)).filter(|_| name != ENVIRONMENT) else {
        return Ok(Vec::new());
    };
    match read(path)?.remove(name) {
        Some(Value::Map(cloud)) => regions::names(cloud),
        Some(Value::Text(_) | Value::List(_)) | None => Ok(Vec::new()),
    }
}

fn from_environment(table: &Table<'_>, at: &Place) -> Result<Cloud, String> {
    let mut values = BTreeMap::new();
    for key in VARIABLES.split(' ') {
        let variable = format!("OS_{}", key.to_uppercase());
        match (table.reading.environment)(&variable).map(std::ffi::OsString::into_string) {
            Some(Ok(value)) if !value.is_empty() => drop(values.insert(key.to_owned(), value)),
            Some(Err(_)) => table.error(at, format!("the environment variable {variable} is not UTF-8 text")),
            Some(Ok(_)) | None => {}
        }
    }
    Ok(Cloud { source: "the environment".to_owned(), prefix: "OS_", values, region: None })
}

fn from_files(table: &Table<'_>, at: &Place, name: &str, region: Option<&str>) -> Result<Cloud, String> {
    let environment = table.reading.environment;
    let places_of_clouds = places(environment, "OS_CLIENT_CONFIG_FILE", "clouds");
    let Some(path) = places_of_clouds.iter().find(|path| is_usable(path)) else {
        let tried: Vec<_> = places_of_clouds.iter().map(|path| path.display().to_string()).collect();
        return Err(format!("no clouds.yaml found; looked for {}", tried.join(", ")));
    };
    table.reading.names_file(at, path);
    let mut clouds = read(path)?;
    let Some(Value::Map(mut cloud)) = clouds.remove(name) else {
        let others = || format!("there are {}", clouds.keys().cloned().collect::<Vec<_>>().join(", "));
        let advice = file::did_you_mean(name, clouds.keys().map(String::as_str)).unwrap_or_else(others);
        return Err(format!("{} has no cloud {name:?}; {advice}", path.display()));
    };
    warn_of_readers(table, at, path, &cloud);
    let secure = places(environment, "OS_CLIENT_SECURE_FILE", "secure").into_iter().find(|path| is_usable(path));
    secure.iter().for_each(|path| table.reading.names_file(at, path));
    if let Some(path) = secure
        && let Some(Value::Map(secrets)) = read(&path)?.remove(name)
    {
        warn_of_readers(table, at, &path, &secrets);
        merge(&mut cloud, secrets);
    }
    let source = format!("cloud {name} of {}", path.display());
    let of_cloud = |why: String| format!("{source} {why}");
    let region = regions::lay_over(&mut cloud, region).map_err(of_cloud)?;
    let auth = match cloud.remove("auth") {
        Some(Value::Map(auth)) => auth,
        Some(Value::Text(_) | Value::List(_)) => return Err(of_cloud("has an auth that is no mapping".to_owned())),
        None => Map::new(),
    };
    let mut values = BTreeMap::new();
    for (key, value) in cloud.into_iter().chain(auth) {
        let key = key.replace('-', "_");
        match value {
            Value::Text(text) => drop(values.insert(key, text)),
            // What mita does not read may be of any kind.
            Value::List(_) | Value::Map(_) if VARIABLES.split(' ').any(|known| known == key) => {
                return Err(of_cloud(format!("has several values as {key}; write one there")));
            }
            Value::List(_) | Value::Map(_) => {}
        }
    }
    Ok(Cloud { source, prefix: "", values, region })
}

/// Whether it exists, and is not another user's file in the current folder, which could name any host for the password.
fn is_usable(path: &Path) -> bool {
    file::exists(path) && (!path.starts_with(".") || file::foreign_owner(path).is_none())
}

/// Where openstacksdk looks for a file, in order. If the environment names one, only there.
fn places(environment: Environment<'_>, named: &str, stem: &str) -> Vec<PathBuf> {
    if let Some(path) = environment(named).filter(|path| !path.is_empty()) {
        return vec![path.into()];
    }
    let folders = file::user_folder(environment).into_iter().chain([PathBuf::from("/etc")]);
    let folders = std::iter::once(PathBuf::from(".")).chain(folders.map(|folder| folder.join("openstack")));
    folders.flat_map(|folder| ["yaml", "yml", "json"].map(|end| folder.join(format!("{stem}.{end}")))).collect()
}

fn warn_of_readers(table: &Table<'_>, at: &Place, path: &Path, cloud: &Map) {
    let holds_secret = |map: &Map| SECRETS.iter().any(|secret| map.contains_key(*secret));
    if holds_secret(cloud) || matches!(cloud.get("auth"), Some(Value::Map(auth)) if holds_secret(auth)) {
        file::warn_of_readers(table.reading, at, path, "holds a secret and ");
    }
}

/// Adds the entries of another map, which replace those that exist; maps are merged.
fn merge(lower: &mut Map, upper: Map) {
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(Value::Map(lower)), Value::Map(upper)) => merge(lower, upper),
            (_, value) => drop(lower.insert(key, value)),
        }
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
