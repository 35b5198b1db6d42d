//! `[provider.NAME]` of type "openstack": which cloud, and how to log in to Keystone.

use super::{connection, named_cloud};
use crate::config::file::{Found, Table};
use crate::config::types::{Auth, CredentialId, Domain, Identified, OpenStackConfig};
use crate::config::{keys, secrets, tls, url};

/// The values of `auth_version`.
const AUTH_VERSIONS: [(&str, Version); 4] = [
    ("3.x_password", Version::Password),
    ("3.x_appcred", Version::ApplicationCredential),
    ("3.x_token", Version::Token),
    ("2.0_password", Version::V2Password),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Password,
    ApplicationCredential,
    Token,
    V2Password,
}

/// The name and the id of something, under two keys.
struct Named {
    name: Option<Found<String>>,
    id: Option<Found<String>>,
}

/// Reads the table; `None` if something was reported.
pub(crate) fn read(table: &Table<'_>) -> Option<OpenStackConfig> {
    if table.has("cloud").is_some() {
        return named_cloud::read(table);
    }
    let auth_url = url::required(table, "auth_url", "https://openstack.example.com:5000/");
    let region = table.text(&["service_region", "region", "region_name"]).map(|found| found.value);
    let interface = connection::interface(table);
    let cacert = tls::cacert(table);
    let connection = connection::read(table);
    tls::refuse_insecure(table);
    let version = version(table)?;
    refuse_what_has_no_effect(table, version);
    if let Some(url) = &auth_url {
        check_path(table, url, version);
    }
    let auth = auth(table, version)?;
    Some(OpenStackConfig { auth_url: auth_url?, auth, region, interface: interface?, cacert, connection })
}

/// How to log in. Without `auth_version` the other keys decide.
fn version(table: &Table<'_>) -> Option<Version> {
    if table.has("auth_version").is_none() {
        let has_credential = keys::names(keys::PROVIDER)
            .any(|key| key.starts_with("application_credential") && table.has(key).is_some());
        let has_token = ["token", "token_file", "token_env"].iter().any(|key| table.has(key).is_some());
        return Some(match (has_credential, has_token) {
            (true, _) => Version::ApplicationCredential,
            (false, true) => Version::Token,
            (false, false) => Version::Password,
        });
    }
    table.choice("auth_version", &AUTH_VERSIONS)
}

/// Refuses the keys that this way to log in does not use: the operator believes that they have an effect.
fn refuse_what_has_no_effect(table: &Table<'_>, version: Version) {
    let (name, has_effect): (_, fn(&str) -> bool) = match version {
        Version::Password => {
            ("3.x_password", |key| !["application_credential", "token"].iter().any(|start| key.starts_with(start)))
        }
        Version::ApplicationCredential => ("3.x_appcred, whose credential belongs to one project", |key| {
            !["password", "tenant", "project", "token"].iter().any(|start| key.starts_with(start))
        }),
        Version::Token => ("3.x_token, whose token has a user", |key| {
            !["application_credential", "password", "user"].iter().any(|start| key.starts_with(start))
        }),
        Version::V2Password => ("2.0_password", |key| {
            let unknown =
                ["application_credential", "token", "user_", "project_domain", "project_id", "tenant_id", "domain_"];
            !unknown.iter().any(|start| key.starts_with(start))
        }),
    };
    let unused = keys::names(keys::PROVIDER).filter(|key| !has_effect(key));
    table.refuse(unused, &format!("has no effect with auth_version {name}; remove it"));
}

/// A URL that ends in another version than that of `auth_version` is a mistake.
fn check_path(table: &Table<'_>, url: &str, version: Version) {
    let (other, advice) = match version {
        Version::Password | Version::ApplicationCredential | Version::Token => {
            ("/v2.0/", "or write auth_version = \"2.0_password\"")
        }
        Version::V2Password => ("/v3/", "or write auth_version = \"3.x_password\""),
    };
    if let Some(at) = table.has("auth_url").filter(|_| url.ends_with(other)) {
        let path = other.trim_end_matches('/');
        table
            .reading
            .error(&at, format!("ends in {path}, which is not the version of auth_version; remove {path} {advice}"));
    }
}

fn auth(table: &Table<'_>, version: Version) -> Option<Auth> {
    match version {
        Version::Password => password(table),
        Version::ApplicationCredential => application_credential(table),
        Version::Token => {
            let token = secrets::required(table, &["token"]);
            let project = project(table);
            Some(Auth::Token { token: token?.value, project })
        }
        Version::V2Password => {
            let user = table.required_text(&["username"], "write the user's name");
            let password = secrets::required(table, &["password"]);
            let tenant = table.text(&["tenant_name", "project_name"]).map(|found| found.value);
            Some(Auth::V2Password { user: user?.value, password: password?.value, tenant })
        }
    }
}

fn password(table: &Table<'_>) -> Option<Auth> {
    let user = user(table);
    table.require(&["username", "user_id"], "write the user's name or, as user_id, its id");
    let password = secrets::required(table, &["password"]);
    let project = project(table);
    Some(Auth::Password { user: user?, password: password?.value, project })
}

/// The project, if one is named.
fn project(table: &Table<'_>) -> Option<Identified> {
    let project =
        Named { name: table.text(&["tenant_name", "project_name"]), id: table.text(&["tenant_id", "project_id"]) };
    let keys = Keys { name: "tenant_name", domain_name: "project_domain_name", domain_id: "project_domain_id" };
    if ["tenant_name", "project_name", "tenant_id", "project_id"].iter().all(|key| table.has(key).is_none()) {
        let text = "has no effect without tenant_name; remove it or write tenant_name";
        table.refuse([keys.domain_name, keys.domain_id], text);
    }
    identified(table, project, keys)
}

fn application_credential(table: &Table<'_>) -> Option<Auth> {
    let secret = secrets::required(table, &["application_credential_secret"]);
    let credential =
        Named { name: table.text(&["application_credential_name"]), id: table.text(&["application_credential_id"]) };
    if !table.require(
        &["application_credential_id", "application_credential_name"],
        "write the credential's id, or its name and the username",
    ) {
        return None;
    }
    only_one(table, &credential, "application_credential_name");
    if let Some(id) = credential.id {
        let of_user = ["username", "user_id", "user_domain_name", "user_domain_id", "domain_name"];
        table.refuse(of_user, "has no effect with application_credential_id; remove it");
        return Some(Auth::ApplicationCredential { credential: CredentialId::Id(id.value), secret: secret?.value });
    }
    let name = credential.name?.value;
    table.require(&["username", "user_id"], "a credential's name is unique for one user only; write whose it is");
    let credential = CredentialId::Name { name, user: user(table)? };
    Some(Auth::ApplicationCredential { credential, secret: secret?.value })
}

fn user(table: &Table<'_>) -> Option<Identified> {
    let user = Named { name: table.text(&["username"]), id: table.text(&["user_id"]) };
    let keys = Keys { name: "username", domain_name: "user_domain_name", domain_id: "user_domain_id" };
    identified(table, user, keys)
}

/// The keys of a user or of a project.
struct Keys {
    name: &'static str,
    domain_name: &'static str,
    domain_id: &'static str,
}

/// By id, or by name in a domain.
fn identified(table: &Table<'_>, named: Named, keys: Keys) -> Option<Identified> {
    only_one(table, &named, keys.name);
    let domain = Named { name: table.text(&[keys.domain_name]), id: table.text(&[keys.domain_id]) };
    only_one(table, &domain, keys.domain_name);
    let common_domain = table.text(&["domain_name"]);
    if let Some(id) = named.id {
        for at in [domain.name, domain.id].into_iter().flatten().map(|found| found.at) {
            table.error(&at, "has no effect with an id, which needs no domain; remove it");
        }
        return Some(Identified::Id(id.value));
    }
    let name = named.name?.value;
    let domain = match (domain.id, domain.name.or(common_domain)) {
        (Some(id), _) => Domain::Id(id.value),
        (None, Some(name)) => Domain::Name(name.value),
        (None, None) => Domain::default(),
    };
    Some(Identified::Name { name, domain })
}

fn only_one(table: &Table<'_>, named: &Named, name_key: &str) {
    if let (Some(_), Some(id)) = (&named.name, &named.id) {
        let text = format!("says the same as {name_key}; keep one of the two");
        table.error(&id.at, text);
    }
}
