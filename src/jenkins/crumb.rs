//! Crumbs, which protect Jenkins' writes from requests that other web pages forge.
//!
//! An API token needs none since 2.96 (jenkins/security/ApiCrumbExclusion.java), so mita fetches none until a write is
//! refused for lack of one: with a password, or by an older controller. Such a refusal means that nothing was done.

use crate::http::lenient::{Field, object};
use crate::http::{HttpError, Request, Response};
use crate::secret::Secret;

/// A crumb with its session, which it is bound to since 2.176.2.
#[derive(Clone, Debug)]
pub(super) struct Crumb {
    header: String,
    value: Secret,
    cookies: Option<Secret>,
}

object!(Issued {
    "crumbRequestField" => header: Option<String>,
    "crumb" => value: Option<String>,
});

impl Crumb {
    /// The crumb in an answer of the crumb issuer; `None` if there is no crumb in it.
    pub(super) fn read(response: &Response) -> Result<Option<Self>, HttpError> {
        let Field(Issued { header, value }) = response.json("a crumb")?;
        let value = value.map(Secret::new);
        Ok(header.zip(value).map(|(header, value)| Crumb { header, value, cookies: cookies(response) }))
    }

    /// The request with this crumb.
    pub(super) fn add_to(&self, request: Request) -> Request {
        let request = request.secret_header(&self.header, &self.value);
        match &self.cookies {
            Some(cookies) => request.secret_header("Cookie", cookies),
            None => request,
        }
    }
}

/// Whether a write was refused for lack of a crumb (hudson/security/csrf/CrumbFilter.java).
pub(super) fn is_missing(response: &Response) -> bool {
    response.status == 403 && String::from_utf8_lossy(&response.body).contains("No valid crumb")
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
        // Registered alone, too: a message that repeats a session leaves out what surrounds it.
        drop(Secret::new(value));
    }
    (!pairs.is_empty()).then(|| Secret::new(pairs.join("; ")))
}
