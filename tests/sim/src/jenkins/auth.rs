//! Who may do what: Basic authentication, permissions, crumbs
//! (jenkins/security/BasicHeaderProcessor.java, hudson/security/csrf/).

use std::collections::BTreeSet;

use crate::codec::base64_decode;
use crate::http::{Request, Response};
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
}

impl Permission {
    /// All of them.
    pub const ALL: [Permission; 8] = [
        Permission::OverallRead,
        Permission::JobRead,
        Permission::JobDiscover,
        Permission::AgentConnect,
        Permission::AgentDisconnect,
        Permission::AgentDelete,
        Permission::AgentCreate,
        Permission::AgentConfigure,
    ];

    /// The id in `X-Required-Permission`.
    pub fn id(self) -> &'static str {
        match self {
            Permission::OverallRead => "hudson.model.Hudson.Read",
            Permission::JobRead => "hudson.model.Item.Read",
            Permission::JobDiscover => "hudson.model.Item.Discover",
            Permission::AgentConnect => "hudson.model.Computer.Connect",
            Permission::AgentDisconnect => "hudson.model.Computer.Disconnect",
            Permission::AgentDelete => "hudson.model.Computer.Delete",
            Permission::AgentCreate => "hudson.model.Computer.Create",
            Permission::AgentConfigure => "hudson.model.Computer.Configure",
        }
    }

    /// `Agent/Delete`, as people and error pages name it.
    pub fn title(self) -> &'static str {
        match self {
            Permission::OverallRead => "Overall/Read",
            Permission::JobRead => "Job/Read",
            Permission::JobDiscover => "Job/Discover",
            Permission::AgentConnect => "Agent/Connect",
            Permission::AgentDisconnect => "Agent/Disconnect",
            Permission::AgentDelete => "Agent/Delete",
            Permission::AgentCreate => "Agent/Create",
            Permission::AgentConfigure => "Agent/Configure",
        }
    }
}

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
        let Some(header) = request.header("authorization").filter(|_| !self.options.loses_credentials) else {
            let permissions = self.options.anonymous.clone();
            return Ok(Caller { name: None, permissions, by_password: false });
        };
        let pair =
            header.strip_prefix("Basic ").and_then(|b| base64_decode(b.trim())).and_then(|b| String::from_utf8(b).ok());
        let (name, secret) = pair.as_deref().and_then(|p| p.split_once(':')).unwrap_or(("", ""));
        let user = self.options.users.iter().find(|u| u.name == name);
        let by_password = user.is_some_and(|u| u.password.as_deref() == Some(secret));
        match user {
            Some(u) if u.token == secret || by_password => {
                Ok(Caller { name: Some(u.name.clone()), permissions: u.permissions.clone(), by_password })
            }
            _ => Err(Box::new(
                Response::html(401, unauthorized_page())
                    .with("WWW-Authenticate", "Basic realm=\"Jenkins\"")
                    .with("X-Jenkins", self.options.version.to_string()),
            )),
        }
    }

    /// The 403 for a permission that the caller lacks.
    pub(crate) fn forbidden(&self, caller: &Caller, permission: Permission) -> Response {
        let Some(name) = &caller.name else {
            return Response::html(
                403,
                "<html><head><meta http-equiv='refresh' content='1;url=/login?from=%2F'/>\
                 <script>window.location.replace('/login?from=%2F');</script></head>\
                 <body>\n\n\nAuthentication required\n</body></html>",
            )
            .with("X-You-Are-Authenticated-As", "anonymous")
            .with("X-Required-Permission", permission.id())
            .with("X-Permission-Implied-By", "hudson.model.Hudson.Administer");
        };
        let page = format!(
            "<!DOCTYPE html><html><head><title>Access Denied [Jenkins]</title></head><body>\
             <h1>Access Denied</h1><p class=\"error\">{name} is missing the {} permission</p></body></html>",
            permission.title()
        );
        Response::html(403, page)
            .with("X-You-Are-Authenticated-As", name.clone())
            .with("X-Required-Permission", permission.id())
            .with("X-Permission-Implied-By", "hudson.security.Permission.GenericWrite")
            .with("X-Permission-Implied-By", "hudson.model.Hudson.Administer")
    }

    /// Whether a write carries the crumb that it needs: none with an API token
    /// (since 2.96), one bound to the session with a password.
    pub(crate) fn crumb_ok(&self, caller: &Caller, request: &Request) -> bool {
        let exempt = !caller.by_password && self.options.version >= Version::new(2, 96);
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
        let answer = Response::json(200, &body);
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

fn unauthorized_page() -> &'static str {
    "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html;charset=utf-8\"/>\
     <title>Error 401 Invalid password/token for user</title></head>\
     <body><h2>HTTP ERROR 401 Invalid password/token for user</h2></body></html>"
}
