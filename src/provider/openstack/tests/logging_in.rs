//! Log-ins that are refused by something else than Keystone, and answers to them with odd parts.

use super::{cloud, token};
use crate::http::loopback::{Answer, Loopback, Seen};
use crate::provider::{FailureKind, Provider};
use serde_json::Value;

#[test]
fn what_a_proxy_or_a_rate_limit_answers_says_nothing_about_auth_url() {
    for (status, kind, advice) in [
        (429, FailureKind::RateLimited, "allows no more log-ins now"),
        (413, FailureKind::RateLimited, "allows no more log-ins now"),
        (407, FailureKind::Wrong, "a proxy asks for a log-in"),
    ] {
        // Keystone itself describes its version.
        let (_server, provider) = cloud(move |seen| {
            let answer = Answer::json(status, "{}").with("Retry-After", "60");
            (status != 413 || seen.method == "POST").then_some(answer)
        });
        let failure = provider.servers().unwrap_err();
        assert_eq!(failure.kind, kind);
        assert!(failure.message.contains(advice) && !failure.message.contains("not Keystone"), "{failure}");
    }
}

#[test]
fn a_project_that_keystone_calls_disabled_is_reported_as_that() {
    let body = r#"{"error":{"code":404,"title":"Not Found","message":"Unable to validate token because project c8df is disabled"}}"#;
    for status in [401, 403, 404] {
        let refuse = move |seen: &Seen| (seen.method == "POST").then(|| Answer::json(status, body));
        let (_server, provider) = cloud(refuse);
        let failure = provider.servers().unwrap_err();
        assert_eq!(failure.kind, FailureKind::Denied);
        assert!(failure.message.ends_with(": an administrator of the cloud has to enable it"), "{failure}");
    }
}

#[test]
fn s3_an_odd_part_of_a_token_hides_nothing_but_itself() {
    let odd: [fn(&mut Value); 7] = [
        |token| token["roles"] = serde_json::json!([null, {"name": 7}]),
        |token| token["roles"] = 7.into(),
        |token| token["project"]["id"] = 7.into(),
        |token| token["user"]["password_expires_at"] = 7.into(),
        |token| token["application_credential"] = serde_json::json!({"id": 7, "access_rules": {}}),
        |token| token["catalog"].as_array_mut().unwrap().insert(0, Value::Null),
        |token| token["catalog"][0]["endpoints"] = serde_json::json!([null, {"url": 7}]),
    ];
    for (number, odd) in odd.into_iter().enumerate() {
        let (_server, provider) = cloud(move |seen| {
            (seen.target == "/identity/v3/auth/tokens").then(|| {
                let Answer::Whole { status, headers, body } = token(seen) else { unreachable!("a token") };
                let mut body: Value = serde_json::from_slice(&body).unwrap();
                // The compute service stays as it is.
                body["token"]["catalog"].as_array_mut().unwrap().sort_by_key(|entry| entry["type"] == "compute");
                odd(&mut body["token"]);
                Answer::Whole { status, headers, body: body.to_string().into_bytes() }
            })
        });
        let servers = provider.servers();
        assert!(servers.is_ok(), "{number}: {:?}", servers.err());
    }
}

#[test]
fn an_empty_catalogue_is_reported_as_that_and_not_as_a_missing_project() {
    for (project, said) in [(Some("p1"), "the catalogue of project p1 is empty"), (None, "belongs to no project")] {
        let (_server, provider) = cloud(move |seen| {
            (seen.target == "/identity/v3/auth/tokens").then(|| {
                let Answer::Whole { status, headers, body } = token(seen) else { unreachable!("a token") };
                let mut body: Value = serde_json::from_slice(&body).unwrap();
                body["token"]["catalog"] = serde_json::json!([]);
                body["token"]["project"]["id"] = project.into();
                Answer::Whole { status, headers, body: body.to_string().into_bytes() }
            })
        });
        let failure = provider.servers().unwrap_err();
        assert!(failure.message.contains(said), "{failure}");
    }
}

/// A cloud whose tokens have these access rules for the compute service, each a method and a path.
fn with_rules(rules: &'static [(&str, &str)]) -> (Loopback, Box<dyn Provider>) {
    cloud(move |seen| {
        (seen.target == "/identity/v3/auth/tokens").then(|| {
            let Answer::Whole { status, headers, body } = token(seen) else { unreachable!("a token") };
            let mut body: Value = serde_json::from_slice(&body).unwrap();
            let rule = |(method, path): &(&str, &str)| serde_json::json!({"service": "compute", "method": method, "path": path});
            let rules: Vec<Value> = rules.iter().map(rule).collect();
            body["token"]["application_credential"] = serde_json::json!({"id": "a", "access_rules": rules});
            Answer::Whole { status, headers, body: body.to_string().into_bytes() }
        })
    })
}

#[test]
fn what_the_access_rules_do_not_allow_of_a_removal_is_known_before_it_is_tried() {
    const LIST: (&str, &str) = ("GET", "/compute/v2.1/servers/detail");
    const READ: (&str, &str) = ("GET", "/compute/v2.1/servers/*");
    const DELETE: (&str, &str) = ("DELETE", "/compute/v2.1/servers/*");
    for (rules, lacks) in [
        (&[][..], &[][..]),
        (&[LIST, READ, DELETE], &[]),
        (&[READ, DELETE], &[]),
        (&[LIST, DELETE], &["GET"]),
        (&[LIST, READ], &["DELETE"]),
        (&[LIST], &["GET", "DELETE"]),
        // The service answers under another path, and reads the rules by that.
        (&[("GET", "/servers/*"), ("DELETE", "/servers/*")], &[]),
    ] {
        let (_server, provider) = with_rules(rules);
        let why = provider.removal_forbidden().unwrap_or_default();
        for method in ["GET", "DELETE"] {
            let rule = format!("{{service: compute, method: {method}, path: /compute/v2.1/servers/*}}");
            assert_eq!(why.contains(&rule), lacks.contains(&method), "{rules:?}: {why}");
        }
    }
}

#[test]
fn keystone_is_known_by_its_words_where_a_gateway_hides_its_version() {
    let expired = "The password is expired and needs to be changed for user: 123.";
    let error = |message: &str| {
        serde_json::json!({"error": {"code": 401, "title": "Unauthorized", "message": message}}).to_string()
    };
    let receipt = r#"{"receipt": {"methods": ["password"]}, "required_auth_methods": [["totp", "password"]]}"#;
    let generic = error("The request you have made requires authentication.");
    for (body, quoted, advice) in [
        // Another test has the secret "password".
        (
            error(expired),
            "needs to be changed for user: 123",
            ": change the password, or use an application credential",
        ),
        (error("The account is locked for user: 1"), "is locked", "wait or have the user unlocked"),
        (receipt.to_owned(), "totp", "more than a password: use an application credential"),
        (generic, "requires authentication", "the password is wrong, the user, project or domain unknown"),
    ] {
        for root in [300, 403, 404] {
            let body = body.clone();
            let (_server, provider) = cloud(move |seen| {
                let root = Answer::json(root, "<html>");
                seen.target.starts_with("/identity").then(|| match seen.method.as_str() {
                    "POST" => Answer::json(401, &body),
                    _ => root,
                })
            });
            let failure = provider.servers().unwrap_err();
            assert_eq!(failure.kind, FailureKind::Denied, "{failure}");
            assert!(failure.message.contains(quoted) && failure.message.contains(advice), "{failure}");
            assert_eq!(failure.message.contains("is wrong"), advice.contains("is wrong"), "{failure}");
        }
    }
}
