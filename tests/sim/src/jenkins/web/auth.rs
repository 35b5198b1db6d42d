//! Who may do what: Basic authentication, permissions, crumbs
//! (jenkins/security/BasicHeaderProcessor.java, hudson/security/csrf/).

use std::collections::BTreeSet;

use crate::codec::base64_decode;
use crate::http::{Request, Response};
use crate::jenkins::web::pages::{error_page, page};
use crate::jenkins::why::wording::Language;
use crate::jenkins::{Jenkins, Version};

/// A permission of the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Overall/Read.
    OverallRead,
    /// Job/Read.
    JobRead,
    /// Job/Discover.
    JobDiscover,
    /// Job/Create.
    JobCreate,
    /// Job/Build.
    JobBuild,
    /// Job/Delete.
    JobDelete,
    /// Agent/Connect.
    AgentConnect,
    /// Agent/Disconnect.
    AgentDisconnect,
    /// Agent/Delete.
    AgentDelete,
    /// Agent/Create.
    AgentCreate,
    /// Agent/Configure.
    AgentConfigure,
    /// Agent/Extended Read, which a controller has to be set up for; Agent/Configure includes it.
    AgentExtendedRead,
}

impl Permission {
    /// All of them.
    pub const ALL: [Permission; 12] = [
        Permission::OverallRead,
        Permission::JobRead,
        Permission::JobDiscover,
        Permission::JobCreate,
        Permission::JobBuild,
        Permission::JobDelete,
        Permission::AgentConnect,
        Permission::AgentDisconnect,
        Permission::AgentDelete,
        Permission::AgentCreate,
        Permission::AgentConfigure,
        Permission::AgentExtendedRead,
    ];

    /// The id in `X-Required-Permission`.
    pub fn id(self) -> &'static str {
        match self {
            Permission::OverallRead => "hudson.model.Hudson.Read",
            Permission::JobRead => "hudson.model.Item.Read",
            Permission::JobDiscover => "hudson.model.Item.Discover",
            Permission::JobCreate => "hudson.model.Item.Create",
            Permission::JobBuild => "hudson.model.Item.Build",
            Permission::JobDelete => "hudson.model.Item.Delete",
            Permission::AgentConnect => "hudson.model.Computer.Connect",
            Permission::AgentDisconnect => "hudson.model.Computer.Disconnect",
            Permission::AgentDelete => "hudson.model.Computer.Delete",
            Permission::AgentCreate => "hudson.model.Computer.Create",
            Permission::AgentConfigure => "hudson.model.Computer.Configure",
            Permission::AgentExtendedRead => "hudson.model.Computer.ExtendedRead",
        }
    }

    /// `Agent/Delete`, as people and error pages name it.
    pub fn title(self) -> &'static str {
        match self {
            Permission::OverallRead => "Overall/Read",
            Permission::JobRead => "Job/Read",
            Permission::JobDiscover => "Job/Discover",
            Permission::JobCreate => "Job/Create",
            Permission::JobBuild => "Job/Build",
            Permission::JobDelete => "Job/Delete",
            Permission::AgentConnect => "Agent/Connect",
            Permission::AgentDisconnect => "Agent/Disconnect",
            Permission::AgentDelete => "Agent/Delete",
            Permission::AgentCreate => "Agent/Create",
            Permission::AgentConfigure => "Agent/Configure",
            Permission::AgentExtendedRead => "Agent/ExtendedRead",
        }
    }

    /// The permissions that include it, nearest first (hudson/model/{Computer,Item}.java,
    /// hudson/security/Permission.java).
    fn implied_by(self) -> &'static [&'static str] {
        match self {
            Permission::OverallRead | Permission::JobRead => &["hudson.security.Permission.GenericRead", ADMINISTER],
            Permission::JobDiscover => {
                &["hudson.model.Item.Read", "hudson.security.Permission.GenericRead", ADMINISTER]
            }
            Permission::AgentConnect => &["hudson.model.Computer.Disconnect", ADMINISTER],
            Permission::AgentDisconnect => &[ADMINISTER],
            Permission::JobDelete | Permission::AgentDelete => {
                &["hudson.security.Permission.GenericDelete", "hudson.security.Permission.GenericWrite", ADMINISTER]
            }
            Permission::JobBuild => {
                &["hudson.security.Permission.GenericUpdate", "hudson.security.Permission.GenericWrite", ADMINISTER]
            }
            Permission::JobCreate | Permission::AgentCreate => {
                &["hudson.security.Permission.GenericCreate", "hudson.security.Permission.GenericWrite", ADMINISTER]
            }
            Permission::AgentConfigure => &[
                "hudson.security.Permission.GenericConfigure",
                "hudson.security.Permission.GenericUpdate",
                "hudson.security.Permission.GenericWrite",
                ADMINISTER,
            ],
            Permission::AgentExtendedRead => &[
                "hudson.model.Computer.Configure",
                "hudson.security.Permission.GenericConfigure",
                "hudson.security.Permission.GenericUpdate",
                "hudson.security.Permission.GenericWrite",
                ADMINISTER,
            ],
        }
    }
}

const ADMINISTER: &str = "hudson.model.Hudson.Administer";

/// Somebody who may log in.
#[derive(Debug, Clone)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The API token.
    pub token: String,
    /// The password; with it, writes need a crumb.
    pub password: Option<String>,
    /// What the user may do.
    pub permissions: BTreeSet<Permission>,
}

impl User {
    /// A user with an API token and all permissions.
    pub fn new(name: &str, token: &str) -> Self {
        User { name: name.to_string(), token: token.to_string(), password: None, permissions: Permission::ALL.into() }
    }

    /// The same user with these permissions only.
    #[must_use]
    pub fn with_only(mut self, permissions: &[Permission]) -> Self {
        self.permissions = permissions.iter().copied().collect();
        self
    }

    /// The same user with all permissions but this.
    #[must_use]
    pub fn without(mut self, permission: Permission) -> Self {
        self.permissions.remove(&permission);
        self
    }

    /// The same user, who can log in with a password too.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_string());
        self
    }
}

/// Who sent a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) name: Option<String>,
    pub(crate) language: Language,
    permissions: BTreeSet<Permission>,
    by_password: bool,
}

impl Caller {
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

impl Jenkins {
    /// Who sent this, or the 401 that wrong credentials get.
    pub(crate) fn caller(&self, request: &Request) -> Result<Caller, Box<Response>> {
        let language = self.options.language.unwrap_or_else(|| Language::of(request));
        let header = request.header("authorization").filter(|_| !self.options.loses_credentials);
        // With another scheme than Basic the caller is anonymous.
        let Some(encoded) = header.and_then(|header| header.strip_prefix("Basic ")) else {
            let permissions = self.options.anonymous.clone();
            return Ok(Caller { name: None, language, permissions, by_password: false });
        };
        let text = base64_decode(encoded.trim()).and_then(|bytes| String::from_utf8(bytes).ok());
        let Some((name, secret)) = text.as_deref().and_then(|text| text.split_once(':')) else {
            return Err(Box::new(unauthorized("Malformed HTTP basic Authorization header", request)));
        };
        let user = self.options.users.iter().find(|u| u.name == name);
        let by_password = user.is_some_and(|u| u.password.as_deref() == Some(secret));
        match user {
            Some(u) if u.token == secret || by_password => {
                Ok(Caller { name: Some(u.name.clone()), language, permissions: u.permissions.clone(), by_password })
            }
            _ => Err(Box::new(unauthorized(&format!("Invalid password/token for user: {name}"), request))),
        }
    }

    /// The 403 for a permission that the caller lacks. Anonymous is sent to the login page, without a reason.
    pub(crate) fn forbidden(&self, caller: &Caller, permission: Permission, request: &Request) -> Response {
        let Some(name) = &caller.name else { return self.login_redirect(request) };
        let missing = format!("<h1>Access Denied</h1><p>{name} is missing the {} permission</p>", permission.title());
        let answer = page(403, "Jenkins", &missing)
            .with("X-You-Are-Authenticated-As", name.clone())
            .with("X-You-Are-In-Group-Disabled", GROUPS)
            .with("X-Required-Permission", permission.id());
        permission.implied_by().iter().fold(answer, |answer, by| answer.with("X-Permission-Implied-By", *by))
    }

    /// Whether a write carries the crumb that it needs: none with an API token
    /// (since 2.96), one bound to the session with a password or without any login.
    pub(crate) fn crumb_ok(&self, caller: &Caller, request: &Request) -> bool {
        let by_token = caller.name.is_some() && !caller.by_password;
        let exempt = by_token && self.options.version >= Version::new(2, 96);
        if exempt || !self.options.crumbs {
            return true;
        }
        let session = session_of(request);
        let given = request.header("jenkins-crumb");
        given.is_some() && session.and_then(|s| self.crumbs.get(&s)).map(String::as_str) == given
    }

    /// `crumbIssuer/api/json`.
    pub(crate) fn issue_crumb(&mut self, request: &Request) -> Response {
        if !self.options.crumbs {
            return self.not_found();
        }
        let known = session_of(request).filter(|s| self.crumbs.contains_key(s));
        let fresh = known.is_none();
        let session = known.unwrap_or_else(|| format!("node0{:x}", self.session * 31 + self.crumbs.len() as u64));
        let crumb = format!("{:064x}", self.session * 1_000_003 + self.crumbs.len() as u64);
        let crumb = self.crumbs.entry(session.clone()).or_insert(crumb).clone();
        let body = serde_json::json!({
            "_class": "hudson.security.csrf.DefaultCrumbIssuer",
            "crumb": crumb,
            "crumbRequestField": "Jenkins-Crumb",
        });
        let answer = self.json(&body);
        if fresh {
            let cookie = format!("JSESSIONID.5e551000={session}; Path=/; HttpOnly");
            return answer.with("Set-Cookie", cookie);
        }
        answer
    }
}

fn session_of(request: &Request) -> Option<String> {
    let cookies = request.header("cookie")?;
    let mut pairs = cookies.split(';').filter_map(|c| c.trim().split_once('='));
    pairs.find(|(n, _)| n.starts_with("JSESSIONID")).map(|(_, v)| v.to_string())
}

/// The 401 for wrong credentials, which has no header of Jenkins' own.
fn unauthorized(message: &str, request: &Request) -> Response {
    error_page(401, message, request)
        .with("Set-Cookie", "remember-me=; Path=/; Expires=Thu, 01-Jan-1970 00:00:00 GMT; Max-Age=0")
        .with("WWW-Authenticate", "Basic realm=\"Jenkins\"")
}

const GROUPS: &str = "JENKINS-39402: use -Dhudson.security.AccessDeniedException2.REPORT_GROUP_HEADERS=true or use \
    /whoAmI to diagnose";
