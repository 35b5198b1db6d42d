//! Error answers, and what they mean for an operator.

use super::*;

#[test]
fn each_refusal_says_what_to_do_about_it() {
    let forbidden = |permission: Option<&str>| ErrorKind::Forbidden { permission: permission.map(str::to_owned) };
    for (answer, kind, text) in [
        (
            html(401, "Unauthorized").with("WWW-Authenticate", "Basic realm=\"Jenkins\""),
            ErrorKind::Unauthorized,
            "status 401: Jenkins does not know this user with this token; check user and token of [jenkins]",
        ),
        (
            html(403, "Error 403")
                .with("X-You-Are-Authenticated-As", "adeza")
                .with("X-Required-Permission", "hudson.model.Hudson.Read")
                .with("X-Permission-Implied-By", "hudson.model.Hudson.Administer"),
            forbidden(Some("Overall/Read")),
            "status 403: the user adeza lacks the permission Overall/Read (hudson.model.Hudson.Read): grant it in \
             Jenkins",
        ),
        (
            html(403, "").with("X-You-Are-Authenticated-As", "anonymous"),
            forbidden(None),
            "status 403: Jenkins treats mita as anonymous: check user and token of [jenkins], and \
             whether a proxy in front of Jenkins removes the Authorization header",
        ),
        (
            html(403, "Authentication required").with("X-Jenkins", "2.426.3"),
            forbidden(None),
            "status 403: Jenkins treats mita as anonymous: check user and token of [jenkins], and \
             whether a proxy in front of Jenkins removes the Authorization header",
        ),
        (
            html(403, "Blocked by policy"),
            forbidden(None),
            "status 403: the user of [jenkins] may not do this (an HTML page titled \"Blocked by policy\")",
        ),
        (
            html(503, "Starting Jenkins"),
            ErrorKind::Starting,
            "status 503: Jenkins is starting or restarting, or the proxy in front of it cannot reach it (an HTML page \
             titled \"Starting Jenkins\")",
        ),
        (
            html(404, "Not Found"),
            ErrorKind::NotFound,
            "status 404: there is no such page (an HTML page titled \"Not Found\"); does the url of [jenkins] lack a \
             prefix like /jenkins/, or have one too many, or has it the host or port of another program?",
        ),
        (
            html(404, "Not Found").with("X-Jenkins", "2.426.3"),
            ErrorKind::NotFound,
            "status 404: there is no such page (an HTML page titled \"Not Found\"); does the url of [jenkins] lack a \
             prefix like /jenkins/, or have one too many?",
        ),
        (
            html(400, "Error").with("X-Error", "No such view"),
            ErrorKind::Refused { status: 400 },
            "status 400: Jenkins says: No such view",
        ),
        (
            html(500, "Oops"),
            ErrorKind::Failed { status: 500 },
            "status 500 (text/html;charset=utf-8): an HTML page titled \"Oops\"",
        ),
        (
            redirect(302, "https://ci.example.com/jenkins/queue/api/json?tree=x"),
            ErrorKind::Redirected,
            "status 302: Jenkins moved; set url = \"https://ci.example.com/jenkins/\" in [jenkins]",
        ),
        (
            redirect(307, "https://adeza:pw@sso.example.com/login?from=%2Fqueue%2Fapi%2Fjson"),
            ErrorKind::Redirected,
            "status 307 redirects to https://sso.example.com/login, which mita does not follow; does something in front of \
             Jenkins ask for a log-in? mita needs the remote API with user and token",
        ),
    ] {
        let server = Loopback::new(move |_| answer.clone());
        let error = controller(&server, "").queue().unwrap_err();
        assert_eq!((&error.kind, error.text.as_str()), (&kind, text));
        assert_eq!(error.request, format!("GET {}/queue/api/json", server.url));
    }
}

#[test]
fn a_redirect_to_a_prefix_of_the_same_host_names_the_url_to_set() {
    let server = Loopback::new(|_| redirect(301, "/jenkins/api/json"));
    let error = controller(&server, "").mode().unwrap_err();
    assert!(error.text.ends_with(&format!("set url = \"{}/jenkins/\" in [jenkins]", server.url)), "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_missing_permission_is_named() {
    let server = Loopback::new(|_| {
        html(403, "")
            .with("X-You-Are-Authenticated-As", "ci")
            .with("X-Required-Permission", "hudson.model.Computer.Delete")
    });
    let error = controller(&server, "").delete(&NodeName::from("n")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Forbidden { permission: Some("Agent/Delete".to_owned()) });
    assert_eq!(
        error.text,
        "status 403: the user ci lacks the permission Agent/Delete (hudson.model.Computer.Delete): grant it in Jenkins"
    );
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn s9_no_error_holds_the_token_even_where_jenkins_repeats_it() {
    let server = Loopback::new(|seen| {
        let said = seen.header("authorization").unwrap_or_default();
        Answer::json(500, &format!("{{\"you said\":\"{said}\",\"and\":\"11aa-jenkins-token\"}}"))
    });
    let error = controller(&server, "").queue().unwrap_err();
    assert_eq!(error.text, "status 500 (application/json): {\"you said\":\"[secret]\",\"and\":\"[secret]\"}");
}

#[test]
fn an_unreadable_certificate_authority_is_reported_before_anything_is_sent() {
    let config = JenkinsConfig {
        url: "https://127.0.0.1:1/".to_owned(),
        former_urls: Vec::new(),
        user: "adeza".to_owned(),
        token: Secret::new("11aa-jenkins-token"),
        cacert: Some("/nonexistent/ca.pem".into()),
        proxy: None,
    };
    let error = Jenkins::new(&config, deadline(Duration::from_secs(30)), &Network::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotSent);
    assert!(error.text.contains("/nonexistent/ca.pem"), "{error}");
}
