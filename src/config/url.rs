//! The root URL of a service.

use super::file::Table;

/// Reads a required root URL, with one `/` at its end.
pub(super) fn required(table: &Table<'_>, key: &str, example: &str) -> Option<String> {
    let found = table.required_text(&[key], &format!("write it as in \"{example}\""))?;
    self::root(&found.value, example).map_err(|error| table.error(&found.at, error)).ok()
}

/// The URL with a lower-case scheme and host and one `/` at its end.
///
/// # Errors
/// What is wrong and what to do, without the URL, which may contain a password.
pub(super) fn root(text: &str, example: &str) -> Result<String, String> {
    let error = |what: &str| Err(format!("{what}; write it as in \"{example}\""));
    let Some((scheme, rest)) = text.split_once("://") else {
        return error("must begin with https:// or http://");
    };
    let scheme = scheme.to_ascii_lowercase();
    if !["http", "https"].contains(&scheme.as_str()) {
        return error("must begin with https:// or http://");
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return error("holds user information before the host; write user and secret under keys of their own");
    }
    if path.contains(['?', '#']) {
        return error("must end with the path, without ? or #");
    }
    if !path.chars().all(|c| c.is_ascii_graphic() && !"\\\"<>^`{|}".contains(c)) {
        return error("holds a character that a URL cannot hold");
    }
    if !is_host_and_port(authority) {
        return error("must name a host, and after a colon a port from 1 to 65535 where it is not the usual one");
    }
    Ok(format!("{scheme}://{}{}/", authority.to_ascii_lowercase(), path.trim_end_matches('/')))
}

fn is_host_and_port(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => match bracketed.split_once(']') {
            Some((host, port)) if host.parse::<std::net::Ipv6Addr>().is_ok() => ("v6", port),
            _ => return false,
        },
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let host_is_good = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    let port_is_good = match port.strip_prefix(':') {
        Some(digits) => digits.parse::<u16>().is_ok_and(|port| port > 0) && !digits.starts_with('+'),
        None => port.is_empty(),
    };
    host_is_good && port_is_good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_url_ends_in_one_slash() {
        for (written, read) in [
            ("https://jenkins.example.com", "https://jenkins.example.com/"),
            ("HTTP://Jenkins.Example.com:8080//", "http://jenkins.example.com:8080/"),
            ("https://ci.example.com/Jenkins", "https://ci.example.com/Jenkins/"),
            ("http://[2001:db8::1]:5000/v3/", "http://[2001:db8::1]:5000/v3/"),
        ] {
            assert_eq!(root(written, "x"), Ok(read.to_owned()));
        }
    }

    #[test]
    fn anything_else_is_refused_without_showing_it() {
        for written in [
            "jenkins.example.com",
            "ftp://hunter2.example.com",
            "https://",
            "https://:80",
            "https://jo:hunter2@ci.example.com/",
            "https://jo@ci.example.com/",
            "https://ci.example.com/?token=hunter2",
            "https://ci.example.com/#hunter2",
            "https://ci.example.com:0/",
            "https://ci.example.com:+80/",
            "https://ci.example.com:65536/",
            "https://ci.example.com:hunter2/",
            "https://[2001:db8::hunter2]/",
            "https://ci example.com/",
            "https://ci.example.com/a b",
            "https://ci.example.com/a\\b",
            "https://bücher.example/",
        ] {
            let error = root(written, "x").expect_err(written);
            assert!(!error.contains("hunter2") && !error.contains("jo"), "{error}");
        }
    }
}
