//! Marked secrets, which hostile services repeat wherever they can: none of them comes out anywhere.

use super::host::{Asked, Host, Reply, json, whole};
use super::program::{Ended, Login, Place, usual};
use super::services::{JENKINS, jenkins, openstack_with};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Each holds a word that stands nowhere else, so that a part of it gives the secret away.
const SECRETS: [(&str, &str); 6] = [
    ("jenkins-Zq7kWv3XpL-\"'<&>/+ é%41", "Zq7kWv3XpL"),
    ("keystone Rk2vB8nQ4w \\ $`{}|", "Rk2vB8nQ4w"),
    ("gAAAAABk-Ht5mXc9Jd2_token-of-keystone", "Ht5mXc9Jd2"),
    ("admin-Gy6tPb4Rf8-pass", "Gy6tPb4Rf8"),
    ("crumb-Uw3eNs7Ka5-0123456789abcdef", "Uw3eNs7Ka5"),
    ("session-Bv8oLi2Tz6-0123456789", "Bv8oLi2Tz6"),
];
const JENKINS_TOKEN: &str = SECRETS[0].0;
const PASSWORD: &str = SECRETS[1].0;
const KEYSTONE_TOKEN: &str = SECRETS[2].0;
const ADMIN_PASSWORD: &str = SECRETS[3].0;
const CRUMB: &str = SECRETS[4].0;
const COOKIE: &str = SECRETS[5].0;

/// What mita knows from the start, and what it knows once it has logged in.
const CONFIGURED: [&str; 2] = [JENKINS_TOKEN, PASSWORD];
const KNOWN_TO_THE_CLOUD: [&str; 3] = [JENKINS_TOKEN, PASSWORD, KEYSTONE_TOKEN];

fn percent(text: &str, letter: fn(u8) -> bool) -> String {
    text.bytes().map(|byte| if letter(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A secret as services and programs write it.
fn writings(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        format!("{secret:?}"),
        secret.escape_default().to_string(),
        secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"),
        percent(secret, |byte| byte.is_ascii_alphanumeric()),
        percent(secret, |byte| byte.is_ascii_alphanumeric() || b"/'+-._~".contains(&byte)),
        percent(secret, |byte| byte.is_ascii_alphanumeric() || byte == b' ').replace(' ', "+"),
        percent(secret, |_| false).to_lowercase(),
        STANDARD.encode(secret),
        STANDARD.encode(format!("mita:{secret}")),
        STANDARD.encode(format!("{{\"auth\":{{\"password\":{json}}}}}")),
        URL_SAFE_NO_PAD.encode(format!("x{secret}")),
        secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
        serde_json::Value::from(json).to_string(),
    ]
}

/// What gives a secret away: its word in any of these forms.
pub(super) fn traces(word: &str) -> Vec<String> {
    let mut traces = vec![word.to_owned(), word.bytes().map(|byte| format!("{byte:02x}")).collect()];
    traces.push(percent(word, |_| false));
    traces.push(percent(word, |_| false).to_lowercase());
    for before in 0..3_usize {
        let letters = STANDARD.encode(format!("{}{word}", "x".repeat(before)));
        traces.push(letters[(before * 4).div_ceil(3)..(before + word.len()) * 4 / 3].to_owned());
    }
    traces
}

/// Every secret in every writing, one after the other, again and again.
#[derive(Clone)]
struct Echo {
    all: Arc<Vec<String>>,
    next: Arc<AtomicUsize>,
}

impl Echo {
    fn of(secrets: &[&str]) -> Self {
        let all = secrets.iter().flat_map(|secret| writings(secret)).collect();
        Self { all: Arc::new(all), next: Arc::default() }
    }

    fn next(&self) -> &str {
        &self.all[self.next.fetch_add(1, Ordering::Relaxed) % self.all.len()]
    }

    /// As a part of a JSON text.
    fn quoted(&self) -> String {
        let quoted = serde_json::Value::from(self.next()).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    }

    /// As a header can hold it.
    fn header(&self) -> String {
        self.next().chars().filter(|c| !c.is_control()).collect()
    }

    fn rounds(&self) -> usize {
        self.next.load(Ordering::Relaxed) / self.all.len()
    }
}

#[track_caller]
fn kept(what: &str, text: &str) {
    for (_, word) in SECRETS {
        for trace in traces(word) {
            if let Some(at) = text.find(&trace) {
                let before: Vec<char> = text[..at].chars().rev().take(200).collect();
                let before: String = before.into_iter().rev().collect();
                let behind: String = text[at..].chars().take(100).collect();
                panic!("{what} gives {word} away: {before} >>> {behind}");
            }
        }
    }
}

/// Fails where anything that the run wrote holds a secret.
#[track_caller]
fn nothing_came_out(place: &Place, ended: &Ended) {
    kept("standard output", &ended.stdout);
    kept("standard error", &ended.stderr);
    for (name, bytes) in place.files() {
        kept(&name, &String::from_utf8_lossy(&bytes));
    }
    if ended.stdout.starts_with('{') {
        let document: Result<serde_json::Value, _> = serde_json::from_str(&ended.stdout);
        assert!(document.is_ok(), "{document:?}: {}", ended.stdout);
    }
    // In a URL the mark itself is encoded.
    let is_masked = |text: &str| text.contains("[secret]") || text.contains("%5Bsecret%5D");
    assert!(is_masked(&ended.stdout) || is_masked(&ended.stderr), "nothing was echoed: {ended:?}");
}

const COMMANDS: [&[&str]; 11] = [
    &["-vvv", "reconcile", "--dry-run", "--record", "dry.json"],
    &["-vvv", "reconcile", "--dry-run", "--output", "json"],
    &["-vvv", "reconcile", "--output", "json", "--record", "record.json"],
    &["-vvv", "--log-format", "json", "reconcile"],
    &["reconcile", "--metrics-file", "mita.prom", "--html", "page.html"],
    &["-vvv", "status"],
    &["-vvv", "status", "--output", "json"],
    &["-vvv", "explain", "trusty"],
    &["-vvv", "explain", "1", "--output", "json"],
    &["-vvv", "check", "--online"],
    &["-vvv", "check", "--online", "--output", "json"],
];

/// Runs every command against these two services until every writing was echoed by both.
fn run_all(
    echoes: [&Echo; 2],
    of_jenkins: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    of_openstack: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
) {
    let (controller, cloud) = (Host::new(of_jenkins), Host::new(of_openstack));
    let login =
        Login { jenkins: &controller.url, token: JENKINS_TOKEN, cloud: &cloud.url, password: PASSWORD, more: "" };
    let mut place = Place::new(&usual(&login));
    place.set("RUST_LOG", "trace");
    place.set("RUST_BACKTRACE", "1");
    let mut runs = 0;
    while echoes.iter().any(|echo| echo.rounds() == 0) || runs < COMMANDS.len() {
        let ended = place.run(COMMANDS[runs % COMMANDS.len()]);
        nothing_came_out(&place, &ended);
        runs += 1;
        assert!(runs < 200, "the services are hardly asked");
    }
}

#[test]
fn s9_secrets_in_names_labels_reasons_and_faults_come_out_nowhere() {
    let (first, second) = (Echo::of(&CONFIGURED), Echo::of(&KNOWN_TO_THE_CLOUD));
    let echoes = [&first.clone(), &second.clone()];
    let of_jenkins = move |asked: &Asked| {
        let name = || first.quoted();
        let agent = r#""_class":"hudson.slaves.SlaveComputer","idle":true,"temporarilyOffline":false,"numExecutors":1"#;
        let body = match asked.path.as_str() {
            path if path.ends_with("/queue/api/json") => {
                let item = |id: u32, why: String| {
                    let (job, label) = (name(), name());
                    format!(
                        r#"{{"id":{id},"buildable":true,"pending":false,"why":"{why}","task":{{"name":"{job}",
                            "_class":"hudson.model.FreeStyleProject","labelExpression":"{label}"}}}}"#
                    )
                };
                let items = [
                    item(1, format!("There are no nodes with the label ‘{}’", name())),
                    item(2, format!("Waiting for next available executor on ‘{}’", name())),
                    item(3, name()),
                    item(4, format!("‘{}’ is offline; ‘{}’ doesn’t have label ‘{}’", name(), name(), name())),
                    item(5, "There are no nodes with the label ‘trusty’".to_owned()),
                ];
                format!(r#"{{"items":[{}]}}"#, items.join(","))
            }
            path if path.ends_with("/computer/api/json") => {
                let node = |offline: bool| {
                    format!(
                        r#"{{{agent},"displayName":"{}","offline":{offline},"executors":[{{"idle":true}}],
                            "offlineCauseReason":"{}","assignedLabels":[{{"name":"{}"}}]}}"#,
                        name(),
                        name(),
                        name()
                    )
                };
                let built_in = r#"{"_class":"hudson.model.Hudson$MasterComputer","displayName":"Built-In Node"}"#;
                format!(r#"{{"computer":[{built_in},{},{}]}}"#, node(true), node(false))
            }
            _ => return jenkins(asked),
        };
        whole(200, &[JENKINS, ("X-Jenkins-Session", "one")], body.as_bytes())
    };
    let of_openstack = move |asked: &Asked| {
        let name = || second.quoted();
        let server = |id: &str, status: &str| {
            format!(
                r#"{{"id":"{id}","name":"{}","status":"{status}","fault":{{"message":"{}"}},"metadata":
                    {{"mita_owner":"ceph-ci","mita_node":"{}","mita_id":"{}"}}}}"#,
                name(),
                name(),
                name(),
                name()
            )
        };
        let path = asked.path.as_str();
        if path.ends_with("/action") {
            return json(200, &format!(r#"{{"output":"boot\n{}\n{}"}}"#, name(), name()));
        }
        if asked.method == "DELETE" || path.contains("/servers/") && !path.ends_with("/detail") {
            return json(200, &format!(r#"{{"server":{}}}"#, server(path.rsplit('/').next().unwrap_or(""), "ERROR")));
        }
        if path.ends_with("/servers/detail") {
            let servers =
                [server(&name(), "ERROR"), server("2", "ACTIVE"), server("3", &name()), server("4", "SHUTOFF")];
            return json(200, &format!(r#"{{"servers":[{}]}}"#, servers.join(",")));
        }
        if path.ends_with("/flavors/detail") {
            return json(200, &format!(r#"{{"flavors":[{{"id":"{}","name":"{}"}}]}}"#, name(), name()));
        }
        openstack_with(asked, KEYSTONE_TOKEN, ADMIN_PASSWORD)
    };
    run_all(echoes, of_jenkins, of_openstack);
}

/// An error that repeats secrets in its body and in every header that is shown.
fn error(echo: &Echo, number: usize) -> Reply {
    let status = [400, 401, 403, 404, 409, 413, 422, 500, 501, 200, 302, 418][number % 12];
    let (header, text) = (|| echo.header(), || echo.quoted());
    let body = match number % 7 {
        0 => echo.next().to_owned(),
        1 => format!("<!DOCTYPE html><html><head><title>Wrong: {}</title></head><body>x</body></html>", echo.next()),
        2 => format!(r#"{{"badRequest":{{"code":400,"message":"you sent {}"}}}}"#, text()),
        3 => format!(r#"{{"error":{{"code":401,"title":"x","message":"{}"}}}}"#, text()),
        4 => format!(r#"{{"items":"{}","computer":{{}},"servers":"{}","token":"{}"}}"#, text(), text(), text()),
        5 => format!("{}{}", " ".repeat(32 * 1024 - 12), echo.next()),
        _ => format!("{}{}", "x".repeat(190), echo.next()),
    };
    let headers = [
        ("Content-Type", format!("text/{}{}", "x".repeat(number % 80), header())),
        ("X-Openstack-Request-Id", format!("req-{}", header())),
        ("X-Error", header()),
        ("X-You-Are-Authenticated-As", header()),
        ("X-Required-Permission", header()),
        ("X-Jenkins", header()),
        ("Location", format!("http://mita:{}@127.0.0.1:1/{}?{}", header(), header(), header()).replace(' ', "%20")),
    ];
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .filter(|(name, _)| *name != "X-Jenkins" || number.is_multiple_of(2))
        .map(|(n, v)| (*n, v.as_str()))
        .collect();
    whole(status, &headers, body.as_bytes())
}

#[test]
fn s9_secrets_in_errors_of_any_kind_come_out_nowhere() {
    let (first, second, log_in) = (Echo::of(&CONFIGURED), Echo::of(&KNOWN_TO_THE_CLOUD), Echo::of(&CONFIGURED));
    let echoes = [&first.clone(), &second.clone()];
    let (of_jenkins, of_openstack) = (AtomicUsize::new(0), AtomicUsize::new(0));
    run_all(
        echoes,
        move |_| error(&first, of_jenkins.fetch_add(1, Ordering::Relaxed)),
        move |asked| {
            let number = of_openstack.fetch_add(1, Ordering::Relaxed);
            match asked.path.as_str() {
                // Until the log-in succeeds, nobody but the cloud knows the token.
                path if path.ends_with("/auth/tokens") && number.is_multiple_of(4) => error(&log_in, number / 4),
                // After a refused log-in, mita looks whether this is Keystone at all.
                path if path.ends_with("/v3") || path.ends_with("/v3/") => error(&log_in, number / 4),
                path if path.ends_with("/auth/tokens") => openstack_with(asked, KEYSTONE_TOKEN, ADMIN_PASSWORD),
                _ => error(&second, number),
            }
        },
    );
}

#[test]
fn s9_the_password_of_a_new_server_comes_out_nowhere() {
    for writing in writings(ADMIN_PASSWORD) {
        let quoted = serde_json::Value::from(writing).to_string();
        let controller = Host::new(jenkins);
        let cloud = Host::new(move |asked: &Asked| match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", path) if path.ends_with("/servers") => {
                json(202, &format!(r#"{{"server":{{"id":{quoted},"adminPass":"{ADMIN_PASSWORD}"}}}}"#))
            }
            _ => openstack_with(asked, KEYSTONE_TOKEN, ADMIN_PASSWORD),
        });
        let login =
            Login { jenkins: &controller.url, token: JENKINS_TOKEN, cloud: &cloud.url, password: PASSWORD, more: "" };
        let place = Place::new(&usual(&login));
        let ended = place.run(&["-vvv", "reconcile", "--output", "json"]);
        assert_eq!(ended.status, Some(0), "{ended:?}");
        nothing_came_out(&place, &ended);
    }
}

#[test]
fn s9_a_crumb_and_its_session_come_out_nowhere() {
    let mut echoed = writings(CRUMB);
    echoed.extend(writings(COOKIE));
    for writing in echoed {
        let controller = Host::new(move |asked: &Asked| {
            if asked.path.ends_with("/crumbIssuer/api/json") {
                let cookie = format!("JSESSIONID={COOKIE}; Path=/; HttpOnly");
                let body = format!(r#"{{"crumb":"{CRUMB}","crumbRequestField":"Jenkins-Crumb"}}"#);
                return whole(200, &[JENKINS, ("Set-Cookie", "lang=en"), ("Set-Cookie", &cookie)], body.as_bytes());
            }
            match asked.header("jenkins-crumb") {
                None => whole(403, &[JENKINS], b"No valid crumb was included in the request"),
                Some(CRUMB) => whole(500, &[JENKINS], format!("Wrong: {writing}").as_bytes()),
                Some(other) => whole(400, &[JENKINS], other.as_bytes()),
            }
        });
        let config = mita::config::JenkinsConfig {
            url: format!("{}/", controller.url),
            former_urls: Vec::new(),
            user: "mita".to_owned(),
            token: mita::secret::Secret::new(JENKINS_TOKEN),
            cacert: None,
            proxy: None,
        };
        let deadline = super::now() + std::time::Duration::from_secs(20);
        let controller = mita::jenkins::Jenkins::new(&config, deadline, &mita::http::Network::default())
            .expect("no certificates to read");
        let error = controller.set_offline(&"trusty+10.0.0.1".into(), "mita").expect_err("an error");
        let shown = mita::secret::redact(&error.to_string()).into_owned();
        assert!(shown.contains("[secret]"), "{shown}");
        kept("the error", &shown);
    }
}

#[test]
fn s9_a_password_in_the_address_of_a_proxy_comes_out_nowhere() {
    let proxy = Host::new(|asked: &Asked| {
        let sent = asked.header("proxy-authorization").unwrap_or_default().to_owned();
        whole(407, &[("Proxy-Authenticate", &sent)], format!("Not with proxy-Jf4sYx1Ew9 or {sent}").as_bytes())
    });
    let login = Login {
        jenkins: "http://jenkins.example",
        token: JENKINS_TOKEN,
        cloud: "https://cloud.example",
        password: PASSWORD,
        more: "",
    };
    let mut place = Place::new(&usual(&login));
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        place.set(name, &proxy.url.replace("http://", "http://mita:proxy-Jf4sYx1Ew9@"));
    }
    let ended = place.run(&["-vvv", "reconcile", "--output", "json"]);
    assert!(!proxy.asked().is_empty(), "{ended:?}");
    let all = format!("{ended:?} {:?}", place.files());
    for trace in traces("Jf4sYx1Ew9") {
        assert!(!all.contains(&trace), "{all}");
    }
}
