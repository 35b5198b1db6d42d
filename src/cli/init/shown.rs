//! Answers that are shown again.

use std::borrow::Cow;

/// An answer to show again: a URL without the user and the password before its host. A password may have the characters that end
/// a host: then what stands after the first colon is no port.
pub(super) fn without_user(answer: &str) -> Cow<'_, str> {
    let parts = answer.split_once("://").and_then(|(scheme, rest)| {
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let port = authority.split_once(':').map_or("", |(_, port)| port);
        let is_host = !authority.contains('@') && port.chars().all(|c| c.is_ascii_digit());
        let at = if is_host { None } else { authority.rfind('@').or_else(|| rest.rfind('@')) };
        Some((scheme, &rest[at? + 1..]))
    });
    parts.map_or(answer.into(), |(scheme, rest)| format!("{scheme}://...@{rest}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s9_the_password_in_a_url_is_not_shown_again() {
        for (answer, shown) in [
            ("http://mita:pw@ci/jenkins", "http://...@ci/jenkins"),
            ("http://mita:my pw@ci/jenkins", "http://...@ci/jenkins"),
            ("http://mita:p/w#?@ci/jenkins", "http://...@ci/jenkins"),
            ("http://mita:p@w@ci:8080/x@y", "http://...@ci:8080/x@y"),
            ("https://ci/x@y", "https://ci/x@y"),
            ("https://ci:8080/x@y", "https://ci:8080/x@y"),
            ("https://[2001:db8::1]:8080/x", "https://[2001:db8::1]:8080/x"),
            ("m1.small", "m1.small"),
        ] {
            assert_eq!(without_user(answer), shown);
        }
    }
}
