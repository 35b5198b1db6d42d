//! Ways to a cloud: with a client certificate, through a proxy that is configured or that the environment names, and at
//! other addresses than the catalogue's.

use super::host::Host;
use super::marked::traces;
use super::program::{Ended, Login, Place, usual};
use super::services::{jenkins, openstack};
use super::tls::Authority;
use crate::harness::{Proxy, read_head};
use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::thread;

const PASSWORD: &str = "proxy-Qm7vRk2Zd5";

/// An installation whose cloud is called so, with these lines in its table.
fn place(controller: &Host, cloud: &str, lines: &str) -> Place {
    let login =
        Login { jenkins: &controller.url, token: "jenkins-token-4711", cloud, password: "cloud-4711", more: "" };
    Place::new(&usual(&login).replace("[provider.cloud]\n", &format!("[provider.cloud]\n{lines}\n")))
}

fn ordered(ended: &Ended) {
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(document["results"][0]["server_id"], "server-1", "{document}");
}

#[test]
fn a_client_certificate_is_shown_to_the_cloud_that_asks_for_it() {
    let authority = Authority::new("our own");
    let controller = Host::new(jenkins);
    let cloud = Host::tls(authority.host_for_clients(&["localhost"]), openstack);
    let called = cloud.called("localhost");
    let (certificate, key) = authority.client("mita");
    for lines in ["cert = \"mita.pem\"\nkey = \"mita.key\"", "cert = \"both.pem\"", ""] {
        let place = place(&controller, &called, "cacert = \"ca.pem\"");
        // With the mark that editors of Windows begin a text with.
        place.write("ca.pem", format!("\u{feff}{}", authority.pem()));
        place.write("mita.pem", &certificate);
        place.write("mita.key", &key);
        place.write("both.pem", format!("{certificate}\n{key}"));
        let text = std::fs::read_to_string(place.path("mita.toml")).expect("a configuration");
        place.write("mita.toml", text.replace("cacert =", &format!("{lines}\ncacert =")));
        let ended = place.run(&["reconcile", "--output", "json"]);
        if lines.is_empty() {
            assert_eq!(ended.status, Some(1), "{ended:?}");
            assert!(ended.stderr.contains("it wants a client certificate: set cert and key"), "{ended:?}");
        } else {
            ordered(&ended);
        }
    }
}

/// An installation with a second cloud, and these lines in the table of the first.
fn place_with_two_clouds(controller: &Host, clouds: [&Host; 2], lines: &str) -> Place {
    let login = Login {
        jenkins: &controller.url,
        token: "token-4711",
        cloud: &clouds[0].url,
        password: "cloud-4711",
        more: "",
    };
    let text = usual(&login).replace("provider = \"cloud\"", "provider = [\"cloud\", \"other\"]");
    let (start, of_cloud) = text.split_once("[provider.cloud]\n").expect("a provider");
    let of_other = of_cloud.split_once("[nodes").expect("node types").0.replace(&clouds[0].url, &clouds[1].url);
    Place::new(&format!("{start}[provider.other]\n{of_other}\n[provider.cloud]\n{lines}\n{of_cloud}"))
}

#[test]
fn s3_a_client_certificate_that_cannot_be_used_is_an_error_of_its_provider_and_stops_no_other() {
    let authority = Authority::new("our own");
    let controller = Host::new(jenkins);
    let clouds = [Host::tls(authority.host_for_clients(&["localhost"]), openstack), Host::new(openstack)];
    let ((certificate, key), (_, other_key)) = (authority.client("mita"), authority.client("mita"));
    let ca = authority.pem();
    let damaged = |kind: &str| format!("-----BEGIN {kind}-----\naGVsbG8gd29ybGQ=\n-----END {kind}-----\n");
    let broken = |kind: &str| format!("-----BEGIN {kind}-----\n?\n-----END {kind}-----\n");
    for (cert, key, why) in [
        (certificate.clone(), other_key, "mita.key does not belong to the certificate in "),
        (format!("{ca}{certificate}"), key.clone(), "mita.pem, not to the first: write that one first"),
        (damaged("CERTIFICATE"), key.clone(), "mita.pem: it is damaged, or not of X.509 version 3"),
        (broken("CERTIFICATE"), key, "mita.pem is not complete PEM"),
        (certificate.clone(), damaged("PRIVATE KEY"), "mita.key: it is damaged, or none of RSA"),
        (certificate.clone(), damaged("EC PRIVATE KEY"), "mita.key: it is damaged, or none of RSA"),
        (certificate, broken("PRIVATE KEY"), "mita.key is not complete PEM"),
    ] {
        let lines = "cacert = \"ca.pem\"\ncert = \"mita.pem\"\nkey = \"mita.key\"";
        let place = place_with_two_clouds(&controller, [&clouds[0], &clouds[1]], lines);
        place.write("ca.pem", &ca);
        place.write("mita.pem", cert);
        place.write("mita.key", key);
        let checked = place.run(&["check"]);
        assert_eq!(checked.status, Some(2), "{why}: {checked:?}");
        let errors: Vec<_> = checked.stderr.lines().filter(|line| line.contains("provider.cloud: ")).collect();
        assert!(matches!(errors[..], [error] if error.contains(why)), "{why}: {checked:?}");
        let ended = place.run(&["reconcile", "--output", "json"]);
        assert_eq!(ended.status, Some(1), "{why}: {ended:?}");
        assert!(ended.stderr.contains(why), "{why}: {ended:?}");
        let document: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
        assert_eq!(document["results"][0]["server_id"], "server-1", "{why}: {document}");
    }
}

#[test]
fn s9_the_proxy_that_is_configured_is_used_and_its_password_comes_out_nowhere() {
    let authority = Authority::new("our own");
    let controller = Host::new(jenkins);
    let cloud = Host::tls(authority.host(&["cloud.example"], |_| {}), openstack);
    let proxy = Proxy::start();
    let lines = format!("proxy = \"http://mita:{PASSWORD}@127.0.0.1:{}\"\ncacert = \"ca.pem\"", proxy.port);
    let place = place(&controller, &cloud.called("cloud.example"), &lines);
    place.write("ca.pem", authority.pem());
    let ended = place.run(&["-vvv", "reconcile", "--output", "json"]);
    ordered(&ended);
    let asked = proxy.asked();
    assert!(!asked.is_empty());
    for head in asked {
        assert!(head.starts_with("CONNECT cloud.example:"), "{head}");
        assert!(head.to_lowercase().contains("proxy-authorization: basic "), "{head}");
    }
    let all = format!("{ended:?} {:?}", place.files());
    for trace in traces(PASSWORD) {
        assert!(!all.contains(&trace), "{all}");
    }
}

#[test]
fn the_proxy_of_the_environment_is_used_but_for_the_hosts_that_it_excepts() {
    let authority = Authority::new("our own");
    let controller = Host::new(jenkins);
    let cloud = Host::tls(authority.host(&["cloud.example"], |_| {}), openstack);
    let proxy = Proxy::start();
    let mut place = place(&controller, &cloud.called("cloud.example"), "cacert = \"ca.pem\"");
    place.write("ca.pem", authority.pem());
    place.set("HTTPS_PROXY", &format!("http://127.0.0.1:{}", proxy.port));
    ordered(&place.run(&["reconcile", "--output", "json"]));
    let used = proxy.asked().len();
    assert!(used > 0 && proxy.asked().iter().all(|head| head.starts_with("CONNECT cloud.example:")));
    place.set("NO_PROXY", "cloud.example");
    // Nobody but the proxy knows this host.
    assert_eq!(place.run(&["reconcile", "--output", "json"]).status, Some(1));
    assert_eq!(proxy.asked().len(), used);
}

#[test]
fn an_address_of_the_configuration_takes_the_place_of_the_catalogues() {
    let controller = Host::new(jenkins);
    let nova = Host::new(openstack);
    let rest = Host::new(openstack);
    let lines = format!("compute_endpoint_override = \"{}/compute\"", nova.url);
    ordered(&place(&controller, &rest.url, &lines).run(&["reconcile", "--output", "json"]));
    assert!(nova.asked().iter().all(|asked| asked.path.starts_with("/compute/v2.1/")));
    assert!(nova.asked().iter().any(|asked| asked.method == "POST"));
    assert!(rest.asked().iter().all(|asked| !asked.path.starts_with("/compute")));
}

/// A proxy that gives this answer to everything.
fn proxy_that_answers(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = read_head(&mut BufReader::new(&client)).and_then(|_| client.write_all(answer.as_bytes()));
        }
    });
    port
}

#[test]
fn s9_a_proxy_that_refuses_or_answers_something_else_is_named_with_what_to_do() {
    let controller = Host::new(jenkins);
    for (answer, scheme, words) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            "https",
            "it refuses the user and the password in its URL, or wants another way",
        ),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "http", "let it allow CONNECT to port 5000"),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno", "https", "can it reach cloud.example?"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>no</html>", "https", "no trusted TLS connection"),
        ("", "https", "did not answer"),
    ] {
        let port = proxy_that_answers(answer);
        let lines = format!("proxy = \"http://mita:{PASSWORD}@127.0.0.1:{port}\"");
        let ended = place(&controller, &format!("{scheme}://cloud.example:5000"), &lines).run(&["reconcile"]);
        assert_eq!(ended.status, Some(1), "{ended:?}");
        let named = ended.stderr.contains(&format!("the proxy 127.0.0.1:{port}"));
        assert!(named && ended.stderr.contains(words) && !ended.stderr.contains(PASSWORD), "{words}: {ended:?}");
    }
}
