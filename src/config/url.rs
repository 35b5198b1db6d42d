//! The root URL of a service.

use super::file::Table;
use std::net::Ipv6Addr;

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
    if text.starts_with(['<', '(', '[', '"', '\'', '`', '“', '”', '„', '‘', '’', '«', '»']) {
        return error("begins with a quote or a bracket, which is no part of a URL");
    }
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
    if let Some(wrong) = wrong_host(authority) {
        return error(wrong);
    }
    Ok(format!("{scheme}://{}{}/", authority.to_ascii_lowercase(), path.trim_end_matches('/')))
}

/// What is wrong with host and port.
fn wrong_host(authority: &str) -> Option<&'static str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => match bracketed.split_once(']') {
            Some((host, port)) if host.parse::<Ipv6Addr>().is_ok() => ("v6", port),
            _ => return Some("has brackets, and no IPv6 address in them"),
        },
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let is_port = |digits: &str| digits.parse::<u16>().is_ok_and(|port| port > 0) && !digits.starts_with('+');
    if !authority.starts_with('[') && port.matches(':').count() > 1 {
        Some("has several colons; an IPv6 address goes in brackets, as in [2001:db8::1]")
    } else if host.is_empty() {
        Some("lacks the name of the host")
    } else if ["http", "https"].contains(&host) && port == ":" {
        Some("begins with http:// or https:// twice")
    } else if host.contains(char::is_whitespace) {
        Some("has a blank in the name of the host")
    } else if host.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) {
        Some(
            "has a letter in the name of the host that is none of a to z; write the form of that name that begins with xn--",
        )
    } else if !host.chars().all(is_part) {
        Some("has a character in the name of the host that none can have")
    } else if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        Some("has a port that is not a number from 1 to 65535")
    } else {
        None
    }
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
    fn the_error_says_which_part_is_wrong() {
        for (written, told) in [
            ("https://::1:8080/", "goes in brackets"),
            ("https://2001:db8::1/", "goes in brackets"),
            ("https://[::1:8080/", "no IPv6 address"),
            ("https://bücher.example/", "xn--"),
            ("https://ci .example/", "a blank"),
            ("https://ci\u{a0}/", "a blank"),
            ("http://http://ci.example/", "twice"),
            ("https://ci.example:99999/", "a port"),
            ("https://ci.example:http/", "a port"),
            ("https:///", "lacks the name"),
            ("“https://ci.example/”", "begins with a quote"),
            ("<https://ci.example/>", "begins with a quote"),
            ("ci.example", "must begin with https://"),
        ] {
            let error = root(written, "x").expect_err(written);
            assert!(error.contains(told), "{written}: {error}");
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
