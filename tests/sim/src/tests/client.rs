//! A small HTTP client, so that the tests need no other.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::codec::base64_encode;
use crate::{Sim, SimOptions};

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
}

/// One request on a connection of its own.
pub(super) fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Answer> {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut head = format!(
        "{method} {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n",
        if path.is_empty() { "/" } else { path }
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(head.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes).ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "no whole answer"))
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> =
        lines.filter_map(|l| l.split_once(": ")).map(|(n, v)| (n.to_string(), v.to_string())).collect();
    let mut body = bytes[end + 4..].to_vec();
    let length = headers.iter().find(|(n, _)| n == "Content-Length").map(|(_, v)| v.parse());
    if length.is_some_and(|l| l != Ok(body.len())) {
        return None;
    }
    if headers.iter().any(|(n, v)| n == "Content-Encoding" && v == "gzip") {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain).ok()?;
        body = plain;
    }
    Some(Answer { status, headers, text: String::from_utf8_lossy(&body).into_owned() })
}

/// A simulator with a client that is logged in everywhere.
pub(super) struct Client {
    pub(super) sim: Sim,
    pub(super) token: String,
    auth: String,
}

impl Client {
    pub(super) fn new() -> Self {
        Client::with(SimOptions::default())
    }

    pub(super) fn with(options: SimOptions) -> Self {
        let sim = Sim::start(options).unwrap();
        let auth = basic("mita", "jenkins-api-token");
        let mut client = Client { sim, token: String::new(), auth };
        client.token = client.login().header("x-subject-token").unwrap().to_string();
        client
    }

    pub(super) fn login(&self) -> Answer {
        self.post_token(&json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": "mita", "domain": {"name": "Default"}, "password": "mita-secret"}}},
            "scope": {"project": {"name": "ceph-ci", "domain": {"name": "Default"}}},
        }}))
    }

    pub(super) fn post_token(&self, body: &Value) -> Answer {
        let url = format!("{}/auth/tokens", self.sim.auth_url("openstack"));
        send("POST", &url, &[("Content-Type", "application/json")], &body.to_string()).unwrap()
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        let url = format!("{}{path}", self.sim.jenkins_url());
        send("GET", &url, &[("Authorization", &self.auth)], "").unwrap()
    }

    pub(super) fn post(&self, path: &str) -> Answer {
        let url = format!("{}{path}", self.sim.jenkins_url());
        send("POST", &url, &[("Authorization", &self.auth)], "").unwrap()
    }

    pub(super) fn queue(&self) -> Vec<Value> {
        self.get("/queue/api/json").json()["items"].as_array().unwrap().clone()
    }

    /// The `why` of the only item.
    #[track_caller]
    pub(super) fn why(&self) -> String {
        let items = self.queue();
        assert_eq!(items.len(), 1, "{items:?}");
        items[0]["why"].as_str().unwrap().to_string()
    }

    pub(super) fn try_cloud(&self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        let url = format!("{}{path}", self.cloud_root());
        send(method, &url, &[("X-Auth-Token", &self.token), ("Content-Type", "application/json")], body)
    }

    pub(super) fn cloud(&self, method: &str, path: &str) -> Answer {
        self.try_cloud(method, path, "").unwrap()
    }

    pub(super) fn cloud_root(&self) -> String {
        self.sim.auth_url("openstack").replace("/identity/v3", "")
    }

    pub(super) fn order(&self, order: &Value) -> Answer {
        self.try_cloud("POST", "/compute/v2.1/servers", &json!({"server": order}).to_string()).unwrap()
    }

    /// An order that is taken, with our mark; gives the server's id.
    #[track_caller]
    pub(super) fn ordered(&self, name: &str, id: &str) -> String {
        let mut order = self.plain_order(name);
        order["metadata"] = json!({"mita_owner": "ceph-ci", "mita_node": name, "mita_id": id});
        let answer = self.order(&order);
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.json()["server"]["id"].as_str().unwrap().to_string()
    }

    pub(super) fn plain_order(&self, name: &str) -> Value {
        let image = self.sim.cloud("openstack").images[0].id.clone();
        json!({"name": name, "flavorRef": "1", "imageRef": image})
    }
}

pub(super) fn basic(user: &str, secret: &str) -> String {
    format!("Basic {}", base64_encode(format!("{user}:{secret}").as_bytes()))
}
