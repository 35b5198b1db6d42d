//! The client against a server that misbehaves in every way that the two services and the proxies before them know.

use super::client::now;
use super::loopback::{Answer, Loopback, client, deadline};
use super::repair::LONGEST_TEXT;
use super::*;
use crate::secret::Secret;
use std::net::TcpListener;
use std::time::Duration;

const PLENTY: Duration = Duration::from_secs(30);

fn ok(body: &str) -> Answer {
    Answer::json(200, body)
}

fn refused_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn a_read_brings_status_headers_and_body_and_names_the_program() {
    let server = Loopback::new(|_| ok(r#"{"a":1}"#).with("X-Openstack-Request-Id", "req-1"));
    let client = server.client(PLENTY);
    let token = Secret::new("token-in-a-header");
    let url = format!("{}/x?y=z", server.url);
    let response = client.send(&Request::get(url).secret_header("X-Auth-Token", &token)).unwrap();
    assert_eq!((response.status, response.request_id().as_deref()), (200, Some("req-1")));
    assert_eq!(response.json::<serde_json::Value>("a").unwrap(), serde_json::json!({"a": 1}));
    let seen = &server.seen()[0];
    assert_eq!(seen.line(), "GET /x?y=z");
    assert_eq!(seen.header("user-agent"), Some(concat!("mita/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(seen.header("x-auth-token"), Some("token-in-a-header"));
    assert_eq!(client.requests_sent(), 1);
}

#[test]
fn a_long_token_a_long_boot_script_and_long_headers_of_an_answer_fit_in_the_buffers_of_a_connection() {
    let server = Loopback::new(|_| ok("{}").with("X-Long", &"h".repeat(24 << 10)));
    let (token, script) = (Secret::new("t".repeat(12 << 10)), "s".repeat(200 << 10));
    let request = Request::post(&server.url).secret_header("X-Auth-Token", &token).json(&script);
    let response = server.client(PLENTY).send(&request).unwrap();
    assert_eq!(response.header("x-long").map(str::len), Some(24 << 10));
    let seen = &server.seen()[0];
    assert_eq!((seen.header("x-auth-token").map(str::len), seen.body.len()), (Some(12 << 10), (200 << 10) + 2));
}

#[test]
fn a_token_that_fits_in_no_header_is_named_as_what_is_wrong() {
    let server = Loopback::new(|_| ok("{}"));
    let token = Secret::new("t".repeat(20 << 10));
    let error =
        server.client(PLENTY).send(&Request::post(&server.url).secret_header("X-Auth-Token", &token)).unwrap_err();
    assert_eq!(error.kind, Kind::NotSent, "{error}");
    assert!(error.text.starts_with("the token is longer than the 16 KiB"), "{error}");
}

#[test]
fn headers_without_end_are_an_error_that_says_so() {
    let server = Loopback::new(|_| ok("{}").with("X-Long", &"h".repeat(40 << 10)));
    let error = server.client(PLENTY).send(&Request::post(&server.url)).unwrap_err();
    assert_eq!(error.kind, Kind::TooLarge, "{error}");
}

#[test]
fn a_write_carries_json_or_a_form_or_says_that_it_carries_nothing() {
    let server = Loopback::new(|_| ok(""));
    let client = server.client(PLENTY);
    client.send(&Request::post(format!("{}/j", server.url)).json(&serde_json::json!({"ä": "\n"}))).unwrap();
    client.send(&Request::post(format!("{}/f", server.url)).form(&[("json", "{\"a\":1}")])).unwrap();
    client.send(&Request::post(format!("{}/n", server.url))).unwrap();
    client.send(&Request::new(Method::DELETE, format!("{}/d", server.url))).unwrap();
    let seen = server.seen();
    assert_eq!((seen[0].header("content-type"), seen[0].body.as_str()), (Some("application/json"), r#"{"ä":"\n"}"#));
    assert_eq!(seen[1].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(seen[1].body, "json=%7B%22a%22%3A1%7D");
    assert_eq!(seen[2].header("content-length"), Some("0"));
    assert_eq!(seen[3].line(), "DELETE /d");
}

#[test]
fn a_host_that_cannot_be_reached_is_reported_in_the_same_words_for_every_path() {
    let client = client(PLENTY);
    let url = refused_url();
    let words = |path: &str| client.send(&Request::get(format!("{url}{path}"))).unwrap_err().to_string();
    assert_eq!(words("/queue?tree=items"), words("/computer"));
    assert!(words("/queue").starts_with(&format!("{url}: connection refused")), "{}", words("/queue"));
}

#[test]
fn a_refused_connection_has_sent_nothing() {
    let client = client(PLENTY);
    let error = client.send(&Request::post(format!("{}/x", refused_url()))).unwrap_err();
    assert_eq!(error.kind, Kind::NotSent);
    assert!(error.text.starts_with("connection refused"), "{error}");
    assert_eq!(client.requests_sent(), 0);
}

#[test]
fn a_host_name_without_address_has_sent_nothing() {
    // A label of more than 63 letters: no name server needs to be asked.
    let error = client(PLENTY).send(&Request::post(format!("http://{}/", "a".repeat(64)))).unwrap_err();
    assert_eq!(error.kind, Kind::NotSent, "{error}");
}

#[test]
fn a_port_that_does_not_speak_tls_has_sent_nothing() {
    let server = Loopback::new(|_| ok(""));
    let url = server.url.replace("http:", "https:");
    let error = server.client(PLENTY).send(&Request::post(url)).unwrap_err();
    assert_eq!(error.kind, Kind::NotSent, "{error}");
}

#[test]
fn nothing_is_sent_after_the_deadline() {
    let server = Loopback::new(|_| ok(""));
    let client = server.client(Duration::ZERO);
    let error = client.send(&Request::get(&server.url)).unwrap_err();
    assert_eq!(error.text, "no time is left before the run's deadline");
    assert!(error.kind == Kind::NotSent && server.seen().is_empty());
}

#[test]
fn s4_a_write_without_an_answer_is_lost_and_not_repeated() {
    let server = Loopback::new(|_| Answer::Cut(Vec::new()));
    let error = server.client(PLENTY).send(&Request::post(&server.url).json(&1)).unwrap_err();
    assert_eq!(error.kind, Kind::Lost);
    assert_eq!(error.text, "the connection was closed before an answer came");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn s4_a_write_whose_answer_is_cut_in_the_body_is_lost() {
    let server =
        Loopback::new(|_| Answer::Cut(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n{\"server".to_vec()));
    let error = server.client(PLENTY).send(&Request::post(&server.url).json(&1)).unwrap_err();
    assert_eq!((&error.kind, error.text.as_str()), (&Kind::Lost, "the answer (status 202) was cut off"));
}

#[test]
fn a_chunked_answer_without_its_last_chunk_is_lost() {
    let cut = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n".to_vec();
    let server = Loopback::new(move |_| Answer::Cut(cut.clone()));
    let error = server.client(PLENTY).send(&Request::post(&server.url)).unwrap_err();
    assert_eq!(error.kind, Kind::Lost, "{error}");
}

#[test]
fn an_answer_that_is_not_http_is_lost() {
    let server = Loopback::new(|_| Answer::Cut(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()));
    let error = server.client(PLENTY).send(&Request::post(&server.url)).unwrap_err();
    assert_eq!(error.kind, Kind::Lost, "{error}");
}

#[test]
fn a_read_is_repeated_until_it_succeeds() {
    let busy = Answer::json(503, "");
    let server = Loopback::in_turn(vec![Answer::Cut(Vec::new()), busy, ok("[]")]);
    let client = server.client(PLENTY);
    assert_eq!(client.send(&Request::get(&server.url)).unwrap().status, 200);
    assert_eq!((server.seen().len(), client.requests_sent()), (3, 3));
}

#[test]
fn a_read_is_tried_three_times_and_its_last_answer_counts() {
    let server = Loopback::new(|_| Answer::json(502, "{}"));
    assert_eq!(server.client(PLENTY).send(&Request::get(&server.url)).unwrap().status, 502);
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn a_status_that_another_attempt_would_not_change_is_an_answer() {
    for status in [400, 401, 403, 404, 500] {
        let server = Loopback::new(move |_| Answer::json(status, "{}"));
        assert_eq!(server.client(PLENTY).send(&Request::get(&server.url)).unwrap().status, status);
        assert_eq!(server.seen().len(), 1, "{status}");
    }
}

#[test]
fn a_write_is_repeated_only_where_it_says_that_it_may_be() {
    let server = Loopback::in_turn(vec![Answer::json(503, ""), ok("")]);
    assert_eq!(server.client(PLENTY).send(&Request::post(&server.url)).unwrap().status, 503);
    let server = Loopback::in_turn(vec![Answer::json(503, ""), ok("")]);
    assert_eq!(server.client(PLENTY).send(&Request::post(&server.url).retryable()).unwrap().status, 200);
}

#[test]
fn retry_after_is_kept_where_the_time_allows() {
    let limited = |seconds: &str| Answer::json(429, "").with("Retry-After", seconds);
    let server = Loopback::in_turn(vec![limited("1"), ok("")]);
    let started = now();
    assert_eq!(server.client(PLENTY).send(&Request::get(&server.url)).unwrap().status, 200);
    assert!(started.elapsed() >= Duration::from_secs(1));

    for (asked, time) in [("3", Duration::from_secs(2)), ("11", PLENTY)] {
        let server = Loopback::in_turn(vec![limited(asked), ok("")]);
        assert_eq!(server.client(time).send(&Request::get(&server.url)).unwrap().status, 429, "{asked}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn s9_a_redirect_is_not_followed_and_named_without_its_query() {
    let other = Loopback::new(|_| ok("{}"));
    let target = format!("{}/v3?token=1", other.url.replace("http://", "http://u:p@"));
    let server = Loopback::new(move |_| Answer::json(302, "").with("Location", &target));
    let token = Secret::new("token-for-one-host");
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let request = Request::new(method, &server.url).secret_header("X-Auth-Token", &token);
        let error = server.client(PLENTY).send(&request).unwrap_err();
        let host = other.url.trim_start_matches("http://").to_owned();
        assert_eq!(
            error.text,
            format!(
                "status 302 redirects to http://{host}/v3; redirects are not followed: configure the final address"
            )
        );
        assert_eq!(error.kind, Kind::Redirect);
    }
    assert!(other.seen().is_empty());
}

#[test]
fn a_redirect_within_the_host_and_one_that_is_expected() {
    let server = Loopback::new(|_| Answer::json(302, "").with("Location", "/login?from=%2F"));
    let error = server.client(PLENTY).send(&Request::get(&server.url)).unwrap_err();
    assert_eq!(error.kind, Kind::Redirect);
    assert!(error.text.contains("/login;"), "{error}");
    let response = server.client(PLENTY).send(&Request::post(&server.url).expect_redirect()).unwrap();
    assert_eq!((response.status, response.header("location")), (302, Some("/login?from=%2F")));
}

#[test]
fn an_answer_that_is_too_large_is_an_error() {
    let server = Loopback::new(|_| {
        let body = vec![b' '; (128 << 20) + 1];
        Answer::Whole { status: 200, headers: Vec::new(), body }.with("Content-Type", "text/plain")
    });
    let error = server.client(PLENTY).send(&Request::get(&server.url)).unwrap_err();
    assert_eq!(error.kind, Kind::TooLarge);
    assert_eq!(error.text, "the answer (status 200) is larger than 128 MiB");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn s3_a_text_of_any_length_is_read_as_far_as_it_goes() {
    let server = Loopback::new(|_| ok(&format!("[\"{}\", \"behind\"]", "x".repeat(40 << 20))));
    let texts = server.client(PLENTY).send(&Request::get(&server.url)).unwrap().json::<Vec<String>>("texts").unwrap();
    let cut = texts[0].strip_suffix('…').expect("the sign of a text that was cut");
    assert_eq!((cut.len(), texts[1].as_str()), (LONGEST_TEXT, "behind"));
}

#[test]
fn s3_an_odd_text_in_json_is_repaired_and_other_answers_stay_as_they_are() {
    let server = Loopback::new(|seen| {
        let kind = if seen.target == "/json" { "application/json;charset=utf-8" } else { "application/xml" };
        let body = b"[\"a\x1b\\ud800\xff\"]".to_vec();
        Answer::Whole { status: 200, headers: Vec::new(), body }.with("Content-Type", kind)
    });
    let read = |path: &str| server.client(PLENTY).send(&Request::get(format!("{}{path}", server.url))).unwrap();
    assert_eq!(read("/json").json::<Vec<String>>("texts").unwrap(), ["a\u{1b}\u{fffd}\u{fffd}"]);
    assert_eq!(read("/xml").body, b"[\"a\x1b\\ud800\xff\"]");
}

#[test]
fn a_compressed_answer_is_uncompressed() {
    // `{"packed":true}` as gzip writes it.
    let packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x2a\x48\x4c\xce\x4e\x4d\x51\xb2\x2a\x29\x2a\x4d\xad\x05\x00\x89\xe0\xb5\xdc\x0f\x00\x00\x00";
    let server = Loopback::new(|seen| {
        assert_eq!(seen.header("accept-encoding"), Some("gzip"));
        Answer::Whole { status: 200, headers: Vec::new(), body: packed.to_vec() }.with("Content-Encoding", "gzip")
    });
    let response = server.client(PLENTY).send(&Request::get(&server.url)).unwrap();
    assert_eq!(response.body, br#"{"packed":true}"#);
}

/// The time that a message names after these words: what was left when the request was sent.
fn seconds(error: &HttpError, words: &str) -> f64 {
    let (_, rest) = error.text.split_once(words).unwrap_or_else(|| panic!("{error}"));
    rest.trim_start().split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn an_answer_that_only_trickles_takes_at_most_half_of_the_time_left() {
    let server = Loopback::new(|_| Answer::Drip(Duration::from_millis(20)));
    let error = server.client(Duration::from_secs(3)).send(&Request::get(&server.url)).unwrap_err();
    assert_eq!(error.kind, Kind::Lost, "{error}");
    assert!((0.1..=1.5).contains(&seconds(&error, "did not arrive completely within")), "{error}");
}

#[test]
fn the_deadline_ends_a_silence() {
    let server = Loopback::new(|_| Answer::Silence(Duration::from_secs(120)));
    let error = server.client(Duration::from_secs(1)).send(&Request::post(&server.url)).unwrap_err();
    assert_eq!(error.kind, Kind::Lost, "{error}");
    assert!((0.1..=1.0).contains(&seconds(&error, "no answer within")), "{error}");
}

#[test]
fn reading_ends_before_the_run_does() {
    let server = Loopback::new(|seen| match seen.target.as_str() {
        "/silence" => Answer::Silence(Duration::from_secs(120)),
        _ => ok("{}"),
    });
    let network = Network::default();
    let (service, deadline) = ("jenkins", deadline(PLENTY));
    let options = ClientOptions { service, cacert: None, client_cert: None, proxy: None, deadline, network: &network };
    let client = Client::new(options).unwrap();
    let read = |end, path: &str| {
        network.reading_until(end, || (client.has_time(), client.send(&Request::get(format!("{}{path}", server.url)))))
    };
    let (_, silent) = read(now() + Duration::from_secs(1), "/silence");
    assert!((0.1..=1.0).contains(&seconds(&silent.unwrap_err(), "no answer within")));
    let (has_time, late) = read(now(), "/");
    let late = late.unwrap_err();
    assert_eq!((has_time, &late.kind), (false, &Kind::NotSent));
    assert!(late.text.contains("no time is left to read it"), "{late}");
    assert!(client.has_time() && client.send(&Request::get(&server.url)).is_ok());
}

#[test]
fn threads_share_a_client_and_its_connections() {
    let server = Loopback::new(|seen| ok(&format!("{:?}", seen.target)));
    let client = server.client(PLENTY);
    for _ in 0..3 {
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (client, url) = (&client, &server.url);
                scope.spawn(move || {
                    let response = client.send(&Request::get(format!("{url}/{number}"))).unwrap();
                    assert_eq!(response.json::<String>("an echo").unwrap(), format!("/{number}"));
                });
            }
        });
    }
    assert_eq!(client.requests_sent(), 24);
    assert!(server.connections() <= 8, "{} connections", server.connections());
}

#[test]
fn a_certificate_file_that_is_not_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let open = || {
        let options = ClientOptions {
            service: "jenkins",
            cacert: Some(path.clone()),
            client_cert: None,
            proxy: None,
            deadline: deadline(PLENTY),
            network: &Network::default(),
        };
        Client::new(options).unwrap_err().to_string()
    };
    let shown = path.display();
    assert!(open().starts_with(&format!("jenkins: cannot read the certificates of cacert {shown}: No such file")));
    std::fs::write(&path, "no PEM").unwrap();
    assert!(open().contains("holds no certificate:"));
    std::fs::write(&path, "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n").unwrap();
    assert!(open().contains("holds no certificate that can be read"));
}
