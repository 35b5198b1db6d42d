//! `proxy`: how a service is reached.

use super::file::{Found, Table};
use super::url;
use crate::secret::Secret;

/// An example for messages.
const EXAMPLE: &str = "http://proxy.example.com:3128";

/// `http://[USER:PASSWORD@]HOST:PORT`. No message quotes it.
pub(super) fn read(table: &Table<'_>) -> Option<Secret> {
    let Found { value, at } = table.text(&["proxy"])?;
    let (scheme, rest) = value.split_once("://").unwrap_or(("", ""));
    let (user, host) = rest.rsplit_once('@').map_or((None, rest), |(user, host)| (Some(user), host));
    if let Some((_, password)) = user.and_then(|user| user.split_once(':')) {
        // Registered for redaction on its own, too.
        table.reading.holds_secret(&at);
        Secret::new(password);
    }
    if let Err(error) = url::root(&format!("{scheme}://{host}"), EXAMPLE) {
        table.error(&at, error);
        return None;
    }
    Some(Secret::new(value))
}
