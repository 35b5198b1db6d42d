//! What the errors of Jenkins mean, and which setting an operator should change.

use super::crumb;
use crate::http::{HttpError, Kind, Response, excerpt, may_be_passed_on};
use crate::secret::sentences;

/// A request that Jenkins did not answer as it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{request}: {text}")]
pub struct JenkinsError {
    /// Method and URL, without query.
    pub request: String,
    /// What it means.
    pub kind: ErrorKind,
    /// What happened, and what to do. May quote Jenkins, so it has to be redacted where it leaves the program.
    pub text: String,
}

/// What a failure means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// 401: the user or the token is wrong.
    Unauthorized,
    /// 403: the user may not do this.
    Forbidden {
        /// The permission that is missing, as Jenkins' pages call it (`Agent/Disconnect`), where Jenkins said so.
        permission: Option<String>,
    },
    /// 503: the controller is starting, or the proxy in front of it cannot reach it.
    Starting,
    /// 404: there is nothing at this address.
    NotFound,
    /// The answer redirects to another address, which mita does not follow.
    Redirected,
    /// Something other than Jenkins answered.
    NotJenkins,
    /// Jenkins answered something else than what mita asked for.
    Unexpected,
    /// A list that lacks an entry that every such list has, or hides one.
    Incomplete,
    /// Any other status below 500: not done.
    Refused {
        /// The status.
        status: u16,
    },
    /// Any other status from 500 on.
    Failed {
        /// The status.
        status: u16,
    },
    /// Nothing of the request left this machine.
    NotSent,
    /// It was sent, and no complete answer came.
    Lost,
}

impl JenkinsError {
    /// Whether Jenkins may have done a write that ended with this error. A proxy answers 503 also after it passed the request
    /// on.
    pub fn outcome_is_unknown(&self) -> bool {
        match self.kind {
            ErrorKind::Unauthorized
            | ErrorKind::Forbidden { .. }
            | ErrorKind::NotFound
            | ErrorKind::Redirected
            | ErrorKind::NotSent => false,
            ErrorKind::Refused { status } => may_be_passed_on(status),
            ErrorKind::Starting
            | ErrorKind::NotJenkins
            | ErrorKind::Unexpected
            | ErrorKind::Incomplete
            | ErrorKind::Failed { .. }
            | ErrorKind::Lost => true,
        }
    }
}

impl From<HttpError> for JenkinsError {
    fn from(HttpError { request, kind, text }: HttpError) -> Self {
        let kind = match kind {
            Kind::NotSent => ErrorKind::NotSent,
            Kind::Lost | Kind::TooLarge => ErrorKind::Lost,
            Kind::Redirect => ErrorKind::Redirected,
            Kind::NotJson => ErrorKind::Unexpected,
        };
        JenkinsError { request, kind, text }
    }
}

fn error(response: &Response, kind: ErrorKind, text: String) -> JenkinsError {
    JenkinsError { request: response.request().to_owned(), kind, text }
}

/// A 200 without `X-Jenkins`.
pub(super) fn not_jenkins(response: &Response) -> JenkinsError {
    let text = format!(
        "the answer does not come from Jenkins: {}; check the url of [jenkins], and whether something in front of \
         Jenkins asks for a log-in",
        response.description()
    );
    error(response, ErrorKind::NotJenkins, text)
}

/// An answer whose status is neither a success nor a redirect.
pub(super) fn refused(response: &Response) -> JenkinsError {
    let status = response.status;
    let (kind, text) = match status {
        401 => (ErrorKind::Unauthorized, format!("status 401: {}", sentences::JENKINS_REFUSED)),
        403 => forbidden(response),
        404 => (
            ErrorKind::NotFound,
            format!(
                "status 404: there is no such page ({}); does the url of [jenkins] lack a prefix like /jenkins/, or \
                 have one too many{}?",
                excerpt(&response.body),
                if response.header("x-jenkins").is_some() {
                    ""
                } else {
                    ", or has it the host or port of another program"
                }
            ),
        ),
        503 => (
            ErrorKind::Starting,
            format!(
                "status 503: Jenkins is starting or restarting, or the proxy in front of it cannot reach it ({})",
                excerpt(&response.body)
            ),
        ),
        // hudson/model/Failure.java puts the text of its HTML page in a header, too.
        400..500 => match response.quoted_header("x-error") {
            Some(message) => (ErrorKind::Refused { status }, format!("status {status}: Jenkins says: {message}")),
            None => (ErrorKind::Refused { status }, response.description()),
        },
        500.. => (ErrorKind::Failed { status }, response.description()),
        _ => (ErrorKind::Unexpected, response.description()),
    };
    error(response, kind, text)
}

/// The headers are those of hudson/security/AccessDeniedException3.java.
fn forbidden(response: &Response) -> (ErrorKind, String) {
    let who = response.quoted_header("x-you-are-authenticated-as");
    let is_named_anonymous = who.as_deref().is_some_and(|who| who.eq_ignore_ascii_case("anonymous"));
    if is_named_anonymous || asks_for_log_in(response) {
        let text = "status 403: Jenkins treats mita as anonymous: check user and token of [jenkins], and whether a proxy in \
                    front of Jenkins removes the Authorization header";
        return (ErrorKind::Forbidden { permission: None }, text.to_owned());
    }
    let user = who.map_or_else(|| "the user of [jenkins]".to_owned(), |who| format!("the user {who}"));
    if let Some(id) = response.quoted_header("x-required-permission") {
        let permission = permission_name(&id);
        let text = format!("status 403: {user} lacks the permission {permission} ({id}): grant it in Jenkins");
        return (ErrorKind::Forbidden { permission: Some(permission) }, text);
    }
    let text = if crumb::is_missing(response) {
        "status 403: Jenkins wants a crumb with each write and refuses its own: use an API token instead of the \
         password"
            .to_owned()
    } else {
        format!("status 403: {user} may not do this ({})", excerpt(&response.body))
    };
    (ErrorKind::Forbidden { permission: None }, text)
}

/// Whether it is the page that sends anonymous to the log-in (hudson/security/HudsonAuthenticationEntryPoint.java): it names
/// neither a user nor a permission.
fn asks_for_log_in(response: &Response) -> bool {
    let body = String::from_utf8_lossy(&response.body);
    response.header("x-jenkins").is_some() && body.contains("Authentication required")
}

/// The name of `hudson.model.Computer.Disconnect` on Jenkins' pages: `Agent/Disconnect`.
fn permission_name(id: &str) -> String {
    let Some((class, name)) = id.rsplit_once('.') else { return id.to_owned() };
    let group = match class {
        "hudson.model.Hudson" | "jenkins.model.Jenkins" => "Overall",
        "hudson.model.Computer" => "Agent",
        "hudson.model.Item" => "Job",
        "hudson.model.Run" => "Run",
        "hudson.model.View" => "View",
        _ => return id.to_owned(),
    };
    let name = if name == "ExtendedRead" { "Extended Read" } else { name };
    format!("{group}/{name}")
}

/// A redirect as the answer to a request for `path` below `root`.
pub(super) fn redirected(response: &Response, root: &str, path: &str) -> JenkinsError {
    let status = response.status;
    let to = response.location().unwrap_or_default();
    let text = match to.strip_suffix(path) {
        // The same page at another address: https instead of http, a canonical host name, a prefix.
        Some(elsewhere) if elsewhere != root => {
            format!("status {status}: Jenkins moved; set url = \"{}\" in [jenkins]", excerpt(elsewhere.as_bytes()))
        }
        _ => format!(
            "status {status} redirects to {}, which mita does not follow; does something in front of Jenkins ask for a \
             log-in? mita needs the remote API with user and token",
            excerpt(to.as_bytes())
        ),
    };
    error(response, ErrorKind::Redirected, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_called_what_jenkins_pages_call_them() {
        for (id, name) in [
            ("hudson.model.Hudson.Read", "Overall/Read"),
            ("jenkins.model.Jenkins.Manage", "Overall/Manage"),
            ("hudson.model.Item.Read", "Job/Read"),
            ("hudson.model.Computer.Connect", "Agent/Connect"),
            ("hudson.model.Computer.Delete", "Agent/Delete"),
            ("hudson.model.Computer.ExtendedRead", "Agent/Extended Read"),
            ("org.example.Plugin.Use", "org.example.Plugin.Use"),
            ("odd", "odd"),
        ] {
            assert_eq!(permission_name(id), name);
        }
    }
}
