//! What the values of a cloud in clouds.yaml or in the OS_* variables mean.
//!
//! Many programs read them, so mita ignores what it does not need. But it refuses what changes the log-in in a way that
//! mita does not know.

use super::clouds::{self, Cloud};
use super::connection;
use crate::config::file::{Found, Place, Table};
use crate::config::types::{Auth, CredentialId, Domain, Identified, Interface, OpenStackConfig};
use crate::config::{keys, secrets, tls, url};
use crate::secret::Secret;
use std::path::PathBuf;

/// How the keys begin that the cloud answers, so that they have no effect in the table.
const ANSWERED: [&str; 7] =
    ["auth_", "user", "tenant_", "project_", "domain_", "application_credential_id", "application_credential_name"];

/// The user's name; the second is the older word for it (keystoneauth, `deprecated`).
const USER: [&str; 2] = ["username", "user_name"];

/// Reads a table with `cloud = "NAME"`; `None` if something was reported.
pub(crate) fn read(table: &Table<'_>) -> Option<OpenStackConfig> {
    let answered = keys::names(keys::PROVIDER).filter(|key| ANSWERED.iter().any(|start| key.starts_with(start)));
    table.refuse(answered, "has no effect with cloud; write it there or remove cloud");
    let region = table.text(&["service_region", "region", "region_name"]).map(|found| found.value);
    let interface = connection::interface(table);
    let cacert = tls::cacert(table);
    let password = secrets::secret(table, &["password"]);
    let credential_secret = secrets::secret(table, &["application_credential_secret"]);
    let token = secrets::secret(table, &["token"]);
    tls::refuse_insecure(table);
    let name = table.text(&["cloud"])?;
    let cloud = clouds::find(table, &name.at, &name.value, region.as_deref())?;
    let login = Login { table, at: &name.at, cloud: &cloud };
    login.refuse_unknown();
    let auth_url = login.auth_url();
    let auth = login.auth(password.clone(), credential_secret.clone(), token.clone());
    let unused = match auth {
        Some(Auth::Password { .. } | Auth::V2Password { .. }) => [credential_secret, token],
        Some(Auth::ApplicationCredential { .. }) => [password, token],
        Some(Auth::Token { .. }) => [password, credential_secret],
        None => [None, None],
    };
    for secret in unused.into_iter().flatten() {
        table.error(&secret.at, format!("has no effect: {} logs in another way; remove it", cloud.source));
    }
    let region = region.or_else(|| login.region());
    let interface = if table.has("interface").is_some() { interface } else { login.interface() };
    let cacert = cacert.or_else(|| login.cacert());
    let mut connection = connection::read(table);
    connection::complete(&mut connection, &cloud, |key| login.path(key), |text| login.error(text));
    Some(OpenStackConfig { auth_url: auth_url?, auth: auth?, region, interface: interface?, cacert, connection })
}

/// A secret that the table gives.
type Given = Option<Found<Secret>>;

struct Login<'a> {
    table: &'a Table<'a>,
    at: &'a Place,
    cloud: &'a Cloud,
}

impl Login<'_> {
    fn error(&self, text: &str) {
        self.table.error(self.at, format!("{} {text}", self.cloud.source));
    }

    fn required(&self, names: &[&str]) -> Option<&str> {
        let value = self.cloud.get(names);
        if value.is_none() {
            self.error(&format!("has no {}; set it there", self.cloud.key(names[0])));
        }
        value
    }

    fn refuse_unknown(&self) {
        let is = |key: &str, words: [&str; 4]| {
            self.cloud.get(&[key]).is_some_and(|value| words.contains(&value.to_lowercase().as_str()))
        };
        if is("insecure", ["true", "yes", "on", "1"]) || is("verify", ["false", "no", "off", "0"]) {
            self.error(
                "turns the verification of certificates off; name the cloud's certificate authority with cacert",
            );
        }
        if self.cloud.get(&["system_scope"]).is_some() {
            let (scope, project) = (self.cloud.key("system_scope"), self.cloud.key("project_name"));
            self.error(&format!("has {scope}, with which a token belongs to no project; remove it and set {project}"));
        }
        for key in ["trust_id", "passcode"] {
            if self.cloud.get(&[key]).is_some() {
                self.error(&format!(
                    "has {key}, a way to log in that mita does not know; use a password or an application credential"
                ));
            }
        }
    }

    fn auth_url(&self) -> Option<String> {
        match (self.cloud.get(&["auth_url"]), self.cloud.get(&["profile", "cloud"])) {
            (None, Some(profile)) => {
                self.error(&format!(
                    "relies on the vendor profile {profile:?}, which mita does not read; write auth_url there"
                ));
                return None;
            }
            (Some(_), Some(profile)) => {
                let text = format!(
                    "has the vendor profile {profile:?}, which mita does not read; write there what it needs of it"
                );
                self.table.reading.warn(self.at, format!("{} {text}", self.cloud.source));
            }
            (_, None) => {}
        }
        let url = url::root(self.required(&["auth_url"])?, "https://openstack.example.com:5000/");
        url.map_err(|error| self.error(&format!("has an auth_url that {error}"))).ok()
    }

    fn region(&self) -> Option<String> {
        self.cloud.region.clone().or_else(|| self.cloud.get(&["region_name"]).map(str::to_owned))
    }

    fn interface(&self) -> Option<Interface> {
        let Some(written) = self.cloud.get(&["interface", "endpoint_type"]) else { return Some(Interface::Public) };
        let known = Interface::from_name(written);
        if known.is_none() {
            self.error(&format!("has the unknown interface {written:?}; write public, internal or admin"));
        }
        known
    }

    /// A path in clouds.yaml is relative to the current folder, or begins with `~/`, as in openstacksdk.
    fn path(&self, key: &str) -> Option<PathBuf> {
        let written = self.cloud.get(&[key])?;
        let home = || (self.table.reading.environment)("HOME").map(PathBuf::from);
        let path = match written.strip_prefix("~/") {
            Some(rest) => home().unwrap_or_default().join(rest),
            None => PathBuf::from(written),
        };
        self.table.reading.names_file(self.at, &path);
        Some(path)
    }

    fn cacert(&self) -> Option<PathBuf> {
        let path = self.path("cacert")?;
        tls::check_certificate(&path).map_err(|error| self.error(&format!("names a cacert, and {error}"))).ok()?;
        Some(path)
    }

    fn auth(&self, password: Given, credential_secret: Given, token: Given) -> Option<Auth> {
        let old = self.cloud.get(&["identity_api_version"]).is_some_and(|version| version.starts_with('2'));
        let has_credential = self.cloud.get(&["application_credential_id", "application_credential_name"]).is_some();
        match self.cloud.get(&["auth_type"]) {
            Some("v3applicationcredential") => self.application_credential(credential_secret),
            None if has_credential => self.application_credential(credential_secret),
            Some("v3token" | "token") => {
                let token = self.secret(token, "token")?;
                Some(Auth::Token { token, project: self.project() })
            }
            Some("v2password") => self.v2_password(password),
            Some("password") | None if old => self.v2_password(password),
            Some("v3password" | "password") | None => {
                let user = self.identified("user", &USER, &["user_id"]);
                let project = self.project();
                if user.is_none() {
                    self.error(&format!(
                        "has no {}; set it or {} there",
                        self.cloud.key("username"),
                        self.cloud.key("user_id")
                    ));
                }
                let password = self.secret(password, "password")?;
                Some(Auth::Password { user: user?, password, project })
            }
            Some(other) => {
                self.error(&format!("has the auth_type {other:?}; use v3password, v3applicationcredential or v3token"));
                None
            }
        }
    }

    fn project(&self) -> Option<Identified> {
        self.identified("project", &["project_name", "tenant_name"], &["project_id", "tenant_id"])
    }

    fn v2_password(&self, password: Given) -> Option<Auth> {
        let user = self.required(&USER).map(str::to_owned);
        let password = self.secret(password, "password");
        let tenant = self.cloud.get(&["project_name", "tenant_name"]).map(str::to_owned);
        Some(Auth::V2Password { user: user?, password: password?, tenant })
    }

    fn application_credential(&self, secret: Given) -> Option<Auth> {
        let secret = self.secret(secret, "application_credential_secret");
        let credential = match self.cloud.get(&["application_credential_id"]) {
            Some(id) => CredentialId::Id(id.to_owned()),
            None => {
                let name = self.required(&["application_credential_name"])?.to_owned();
                let Some(user) = self.identified("user", &USER, &["user_id"]) else {
                    self.error("names an application credential without its user; set username or user_id there");
                    return None;
                };
                CredentialId::Name { name, user }
            }
        };
        Some(Auth::ApplicationCredential { credential, secret: secret? })
    }

    /// The secret in the table, else the one of the cloud.
    fn secret(&self, given: Given, key: &str) -> Option<Secret> {
        let secret = given.map(|found| found.value).or_else(|| self.cloud.get(&[key]).map(Secret::new));
        if secret.is_none() {
            self.error(&format!("has no {}; set it there, or write {key}_file next to cloud", self.cloud.key(key)));
        }
        secret
    }

    /// By id, which needs no domain, else by name: clouds.yaml as Horizon writes it has both.
    fn identified(&self, of: &str, names: &[&str], ids: &[&str]) -> Option<Identified> {
        if let Some(id) = self.cloud.get(ids) {
            return Some(Identified::Id(id.to_owned()));
        }
        let name = self.cloud.get(names)?.to_owned();
        let id = self.cloud.get(&[&format!("{of}_domain_id"), "domain_id"]);
        let domain_name = self.cloud.get(&[&format!("{of}_domain_name"), "domain_name"]);
        let default = self.cloud.get(&["default_domain_id"]);
        let domain = match (id, domain_name, default) {
            (Some(id), _, _) | (None, None, Some(id)) => Domain::Id(id.to_owned()),
            (None, Some(name), _) => Domain::Name(name.to_owned()),
            (None, None, None) => {
                self.cloud.get(&["default_domain_name"]).map(|name| Domain::Name(name.to_owned())).unwrap_or_default()
            }
        };
        Some(Identified::Name { name, domain })
    }
}
