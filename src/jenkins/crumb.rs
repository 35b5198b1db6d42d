//! Crumbs: what Jenkins wants with a write so that no foreign web page can send it.
//!
//! Not needed with an API token since 2.96 (jenkins/security/ApiCrumbExclusion.java), so none is fetched until a write
//! is refused for want of one: with a password, or by an older controller. Such a refusal means that nothing was done.

use crate::http::{Request, Response};
use crate::jenkins::{Jenkins, JenkinsError, error, wire};
use crate::secret::Secret;

/// A crumb with the session that it is bound to since 2.176.2.
#[derive(Clone, Debug)]
pub(super) struct Crumb {
    header: String,
    value: Secret,
    cookies: Option<Secret>,
}

/// The request with its crumb, where there is one.
pub(super) fn with(request: Request, crumb: Option<&Crumb>) -> Request {
    let Some(crumb) = crumb else { return request };
    let request = request.secret_header(&crumb.header, &crumb.value);
    match &crumb.cookies {
        Some(cookies) => request.secret_header("Cookie", cookies),
        None => request,
    }
}

/// Whether a write was refused for want of a crumb (hudson/security/csrf/CrumbFilter.java).
pub(super) fn is_missing(response: &Response) -> bool {
    response.status == 403 && String::from_utf8_lossy(&response.body).contains("No valid crumb")
}

impl Jenkins {
    /// The crumb that writes go with so far.
    pub(super) fn crumb(&self) -> Option<Crumb> {
        self.crumb.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// Asks for a crumb; none where Jenkins has none to give.
    pub(super) fn new_crumb(&self) -> Result<Option<Crumb>, JenkinsError> {
        let url = format!("{}crumbIssuer/api/json", self.root);
        let response = self.client.send(&self.signed(Request::get(url)))?;
        match response.status {
            200 => {}
            404 => return Ok(None),
            _ => return Err(error::refused(&response)),
        }
        let answer = response.json("a crumb")?;
        let (Some(header), Some(value)) = (wire::text(&answer, "crumbRequestField"), wire::text(&answer, "crumb"))
        else {
            return Err(self.garbled("crumbIssuer/api/json", "wanted a crumb, and the answer holds none".to_owned()));
        };
        let crumb = Crumb { header: header.to_owned(), value: Secret::new(value), cookies: cookies(&response) };
        *self.crumb.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(crumb.clone());
        Ok(Some(crumb))
    }
}

/// The cookies that an answer sets, as a request sends them back.
fn cookies(response: &Response) -> Option<Secret> {
    let pairs: Vec<&str> = response
        .headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .map(str::trim)
        .collect();
    for value in pairs.iter().filter_map(|pair| pair.split_once('=')).map(|(_, value)| value) {
        // Registered on its own, too: whoever repeats a session leaves out what stood around it.
        drop(Secret::new(value));
    }
    (!pairs.is_empty()).then(|| Secret::new(pairs.join("; ")))
}
