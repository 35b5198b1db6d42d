//! The access rules of an application credential: the only requests that its tokens are good for.
//!
//! Each service compares a request with the rules and answers 401 if none allows it, as if the token had expired
//! (keystonemiddleware/auth_token/__init__.py, `validate_allowed_request`).

use crate::provider::openstack::api::service::Service;
use serde::Deserialize;

/// One rule.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AccessRule {
    service: Option<String>,
    method: Option<String>,
    /// `*` and `{name}` stand for one part of the path, `**` for any rest.
    path: Option<String>,
}

/// Why none of the rules allows this request, and which rule would; `None` if one does, or if there are no rules.
pub(crate) fn missing(rules: &[AccessRule], service: Service, method: &str, url: &str) -> Option<String> {
    let path = path_of(url);
    let allows = |rule: &AccessRule| {
        rule.service.as_deref().is_some_and(|name| service.types().contains(&name))
            && rule.method.as_deref() == Some(method)
            && rule.path.as_deref().is_some_and(|pattern| matches(pattern.as_bytes(), path.as_bytes()))
    };
    (!rules.is_empty() && !rules.iter().any(allows)).then(|| {
        let (kind, pattern) = (service.types()[0], pattern_of(path));
        format!(
            "the application credential has access rules, and none of them allows {method} {pattern} of the service {kind}: \
             make a credential with the rule {{service: {kind}, method: {method}, path: {pattern}}}, or one without rules"
        )
    })
}

fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    path.split(['?', '#']).next().unwrap_or(path)
}

/// The path with `*` for each id in it: a rule for one server is of no use for the next.
fn pattern_of(path: &str) -> String {
    let is_id = |part: &str| part.len() >= 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    path.split('/').map(|part| if is_id(part) { "*" } else { part }).collect::<Vec<_>>().join("/")
}

fn matches(pattern: &[u8], path: &[u8]) -> bool {
    match pattern {
        [] => path.is_empty(),
        [b'*', b'*', rest @ ..] => (0..=path.len()).any(|end| matches(rest, &path[end..])),
        [b'*', rest @ ..] => matches_segment(rest, path),
        [b'{', rest @ ..] => match rest.iter().position(|byte| *byte == b'}') {
            Some(end) => matches_segment(&rest[end + 1..], path),
            None => false,
        },
        [literal, rest @ ..] => path.split_first().is_some_and(|(byte, path)| byte == literal && matches(rest, path)),
    }
}

/// Whether one byte or more of a segment, and then the rest of the pattern, are this path.
fn matches_segment(rest: &[u8], path: &[u8]) -> bool {
    let segment = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
    (1..=segment).any(|end| matches(rest, &path[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_one_part_of_a_path_or_for_any_rest() {
        let fits = |pattern: &str, path: &str| matches(pattern.as_bytes(), path.as_bytes());
        for (pattern, path) in [
            ("/v2.1/servers", "/v2.1/servers"),
            ("/v2.1/servers/*", "/v2.1/servers/s1"),
            ("/v2.1/servers/{server_id}/action", "/v2.1/servers/s1/action"),
            ("/v2.1/**", "/v2.1/servers/s1/action"),
            ("**", "/anything"),
        ] {
            assert!(fits(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/v2.1/servers", "/v2.1/servers/s1"),
            ("/v2.1/servers/*", "/v2.1/servers/s1/action"),
            ("/v2.1/servers/*", "/v2.1/servers/"),
            ("/v2.1/servers/{id", "/v2.1/servers/s1"),
        ] {
            assert!(!fits(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn the_rule_that_is_missing_is_named_with_service_method_and_path() {
        let rules = r#"[{"id":"r1","service":"compute","method":"GET","path":"/v2.1/servers/detail"},
            {"service":"volumev3","method":"DELETE","path":"/v3/*/volumes/*"}]"#;
        let rules: Vec<AccessRule> = serde_json::from_str(rules).unwrap();
        let missing = |service, method, url| missing(&rules, service, method, url);
        assert_eq!(missing(Service::Compute, "GET", "http://h:8774/v2.1/servers/detail?limit=1000"), None);
        assert_eq!(missing(Service::Volume, "DELETE", "http://h/v3/p1/volumes/v1"), None);
        let text = missing(Service::Compute, "POST", "http://h:8774/v2.1/servers").unwrap();
        assert!(text.contains("{service: compute, method: POST, path: /v2.1/servers}"), "{text}");
        let server = "http://h:8774/v2.1/servers/160df46c-368d-4bf3-a71a-7a87d86f66f7";
        let text = missing(Service::Compute, "DELETE", server).unwrap();
        assert!(text.contains("{service: compute, method: DELETE, path: /v2.1/servers/*}"), "{text}");
        assert_eq!(super::missing(&[], Service::Compute, "POST", "http://h/v2.1/servers"), None);
    }
}
