//! Logging in to Keystone (Identity API v3 and v2.0): the token request and its answer.

use super::access_rules::AccessRule;
use super::catalogue::Catalogue;
use super::keystone::without_version;
use super::refusal::refused;
use super::wire::Role;
use crate::config::{Auth, CredentialId, Domain, Identified, OpenStackConfig};
use crate::http::{Client, HttpError, JsonBody, Request, Response, encode_segment};
use crate::provider::failure::{Failure, FailureKind};
use crate::provider::openstack::api::Operation;
use crate::provider::openstack::api::values::{Loose, timestamp};
use crate::secret::Secret;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A token and what it gives access to.
pub(crate) struct Login {
    pub(crate) token: Secret,
    pub(crate) catalogue: Catalogue,
    pub(crate) identity: Identity,
}

/// Who is logged in, and to which project, as far as Keystone says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    /// The project's id.
    pub(crate) project: Option<String>,
    /// The names of the user's roles in it.
    pub(crate) roles: Vec<String>,
    /// When the user's password expires.
    pub(crate) password_expires: Option<Timestamp>,
    /// The URL of the application credential that logged in, if one did.
    pub(crate) credential: Option<String>,
    /// The access rules of that credential; empty if it has none.
    pub(crate) access_rules: Vec<AccessRule>,
}

impl Identity {
    /// Whether the user is one of those that Nova's default policies call an administrator.
    pub(crate) fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role.eq_ignore_ascii_case("admin"))
    }
}

/// Sends the token request. It changes nothing, so it may be repeated.
pub(crate) fn log_in(http: &Client, config: &OpenStackConfig, operation: &Operation<'_>) -> Result<Login, Failure> {
    let (url, body) = token_request(config);
    let response =
        http.send(&Request::post(url).json(&body).retryable()).map_err(|error| operation.unusable(&error))?;
    if !response.is_success() {
        return Err(refused(http, config, &response, operation));
    }
    let login = match config.auth {
        Auth::Password { .. } | Auth::ApplicationCredential { .. } | Auth::Token { .. } => {
            v3_login(without_version(&config.auth_url), &response, operation)?
        }
        Auth::V2Password { .. } => v2_login(&response, operation)?,
    };
    if login.catalogue.is_empty() && config.connection.endpoints.compute.is_none() {
        let text = match &login.identity.project {
            Some(project) => format!(
                "the catalogue of project {project} is empty, so nothing says where the services are: ask those who run the \
                 cloud, or write compute_endpoint_override and image_endpoint_override"
            ),
            None => {
                "the token belongs to no project, so it gives access to no service: set the project (tenant_name or \
                     project_name)"
                    .to_owned()
            }
        };
        return Err(operation.failure(FailureKind::Wrong, &text));
    }
    Ok(login)
}

fn v3_login(base: &str, response: &Response, operation: &Operation<'_>) -> Result<Login, Failure> {
    let unusable = |error: HttpError| operation.unusable(&error);
    let body = response.json_body("a token").map_err(unusable)?;
    let Some(token) = response.header("x-subject-token") else {
        let reason = "the answer has no X-Subject-Token header: is auth_url that of Keystone?";
        return Err(operation
            .failure(FailureKind::Wrong, &format!("{} answered {}: {reason}", response.request(), response.status)));
    };
    let user: Option<String> = part(&body, "/token/user/id");
    let credential: Option<String> = part(&body, "/token/application_credential/id");
    let credential = credential.zip(user).map(|(credential, user)| {
        let (user, credential) = (encode_segment(&user), encode_segment(&credential));
        format!("{base}/v3/users/{user}/application_credentials/{credential}")
    });
    let password_expires: Option<String> = part(&body, "/token/user/password_expires_at");
    let identity = Identity {
        project: part(&body, "/token/project/id"),
        roles: names(part(&body, "/token/roles")),
        // An application credential does not need the password.
        password_expires: password_expires.filter(|_| credential.is_none()).as_deref().and_then(timestamp),
        credential,
        access_rules: part(&body, "/token/application_credential/access_rules"),
    };
    Ok(Login { token: Secret::new(token), catalogue: Catalogue::v3(part(&body, "/token/catalog")), identity })
}

fn v2_login(response: &Response, operation: &Operation<'_>) -> Result<Login, Failure> {
    let unusable = |error: HttpError| operation.unusable(&error);
    let body = response.json_body("a token").map_err(unusable)?;
    let token: String = body.take("/access/token/id").map_err(unusable)?;
    let identity = Identity {
        project: part(&body, "/access/token/tenant/id"),
        roles: names(part(&body, "/access/user/roles")),
        ..Identity::default()
    };
    Ok(Login { token: Secret::new(token), catalogue: Catalogue::v2(part(&body, "/access/serviceCatalog")), identity })
}

/// A part that a log-in can do without.
fn part<T: DeserializeOwned + Default>(body: &JsonBody<'_>, pointer: &str) -> T {
    body.take(pointer).map(|Loose(part)| part).unwrap_or_default()
}

fn names(roles: Vec<Loose<Option<Role>>>) -> Vec<String> {
    roles.into_iter().filter_map(|Loose(role)| role).map(|role| role.name).collect()
}

fn token_request(config: &OpenStackConfig) -> (String, Value) {
    let base = without_version(&config.auth_url);
    match &config.auth {
        Auth::Password { user, password, project } => {
            let mut who = identified(user);
            who["password"] = password.expose().into();
            let mut auth = json!({"identity": {"methods": ["password"], "password": {"user": who}}});
            if let Some(project) = project {
                auth["scope"] = json!({"project": identified(project)});
            }
            (format!("{base}/v3/auth/tokens"), json!({"auth": auth}))
        }
        Auth::ApplicationCredential { credential, secret } => {
            let mut which = match credential {
                CredentialId::Id(id) => json!({"id": id}),
                CredentialId::Name { name, user } => json!({"name": name, "user": identified(user)}),
            };
            which["secret"] = secret.expose().into();
            // No scope: the credential has its own, and Keystone answers 401 for any other.
            let identity = json!({"methods": ["application_credential"], "application_credential": which});
            (format!("{base}/v3/auth/tokens"), json!({"auth": {"identity": identity}}))
        }
        Auth::Token { token, project } => {
            let mut auth = json!({"identity": {"methods": ["token"], "token": {"id": token.expose()}}});
            if let Some(project) = project {
                auth["scope"] = json!({"project": identified(project)});
            }
            (format!("{base}/v3/auth/tokens"), json!({"auth": auth}))
        }
        Auth::V2Password { user, password, tenant } => {
            let mut auth = json!({"passwordCredentials": {"username": user, "password": password.expose()}});
            if let Some(tenant) = tenant {
                auth["tenantName"] = tenant.as_str().into();
            }
            (format!("{base}/v2.0/tokens"), json!({"auth": auth}))
        }
    }
}

fn identified(who: &Identified) -> Value {
    match who {
        Identified::Id(id) => json!({"id": id}),
        Identified::Name { name, domain: Domain::Id(id) } => json!({"name": name, "domain": {"id": id}}),
        Identified::Name { name, domain: Domain::Name(domain) } => json!({"name": name, "domain": {"name": domain}}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Connection, Interface};

    fn config(auth_url: &str, auth: Auth) -> OpenStackConfig {
        OpenStackConfig {
            auth_url: auth_url.into(),
            auth,
            region: None,
            interface: Interface::Public,
            cacert: None,
            connection: Connection::default(),
        }
    }

    fn named(name: &str) -> Identified {
        Identified::Name { name: name.into(), domain: Domain::Name("Default".into()) }
    }

    #[test]
    fn a_password_log_in_names_user_and_project_with_their_domains() {
        let auth = Auth::Password {
            user: named("mita"),
            password: Secret::new("pw-4711"),
            project: Some(Identified::Name { name: "ceph-ci".into(), domain: Domain::Id("d1".into()) }),
        };
        let (url, body) = token_request(&config("http://h/identity", auth));
        assert_eq!(url, "http://h/identity/v3/auth/tokens");
        assert_eq!(
            body,
            json!({"auth": {
                "identity": {"methods": ["password"], "password": {"user":
                    {"name": "mita", "domain": {"name": "Default"}, "password": "pw-4711"}}},
                "scope": {"project": {"name": "ceph-ci", "domain": {"id": "d1"}}}}})
        );
    }

    #[test]
    fn a_password_log_in_without_project_has_no_scope() {
        let auth =
            Auth::Password { user: Identified::Id("u1".into()), password: Secret::new("pw-4712"), project: None };
        let (_, body) = token_request(&config("http://h/v3", auth));
        assert_eq!(body["auth"].get("scope"), None);
        assert_eq!(body["auth"]["identity"]["password"]["user"], json!({"id": "u1", "password": "pw-4712"}));
    }

    #[test]
    fn an_application_credential_logs_in_without_scope_by_id_or_by_name_and_user() {
        let secret = Secret::new("app-4711");
        let by_id = Auth::ApplicationCredential { credential: CredentialId::Id("c1".into()), secret: secret.clone() };
        let (_, body) = token_request(&config("http://h", by_id));
        assert_eq!(
            body,
            json!({"auth": {"identity": {"methods": ["application_credential"],
                "application_credential": {"id": "c1", "secret": "app-4711"}}}})
        );
        let by_name = CredentialId::Name { name: "app".into(), user: named("mita") };
        let (_, body) = token_request(&config("http://h", Auth::ApplicationCredential { credential: by_name, secret }));
        assert_eq!(
            body["auth"]["identity"]["application_credential"],
            json!({"name": "app", "user": {"name": "mita", "domain": {"name": "Default"}}, "secret": "app-4711"})
        );
    }

    #[test]
    fn a_token_logs_in_for_its_own_project_or_for_the_one_that_is_named() {
        let of =
            |project| token_request(&config("http://h", Auth::Token { token: Secret::new("tok-4711"), project })).1;
        let identity = json!({"methods": ["token"], "token": {"id": "tok-4711"}});
        assert_eq!(of(None), json!({"auth": {"identity": identity}}));
        assert_eq!(
            of(Some(Identified::Id("p1".into()))),
            json!({"auth": {"identity": identity, "scope": {"project": {"id": "p1"}}}})
        );
    }

    #[test]
    fn version_two_asks_by_tenant() {
        let auth =
            Auth::V2Password { user: "u".into(), password: Secret::new("pw-4713"), tenant: Some("ceph-ci".into()) };
        let (url, body) = token_request(&config("http://h:5000/v2.0/", auth));
        assert_eq!(url, "http://h:5000/v2.0/tokens");
        assert_eq!(
            body,
            json!({"auth": {"passwordCredentials": {"username": "u", "password": "pw-4713"}, "tenantName": "ceph-ci"}})
        );
    }
}
