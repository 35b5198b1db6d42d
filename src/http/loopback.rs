//! A server on 127.0.0.1 for tests: it gives the answers of the test, and records the requests.

use super::client::{Client, ClientOptions};
use super::network::Network;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `GET /path?query`
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }
}

/// What to send back.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A whole answer; the connection stays open.
    Whole { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// These bytes, then the end of the connection.
    Cut(Vec<u8>),
    /// The headers at once, then a byte each so often, and never the last one.
    Drip(Duration),
    /// Nothing, for so long.
    Silence(Duration),
}

impl Answer {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Answer::Whole { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
            .with("Content-Type", "application/json")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        if let Answer::Whole { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// The server. It lives as long as the test's process.
pub(crate) struct Loopback {
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<Mutex<usize>>,
}

impl Loopback {
    /// Serves each request by this rule; requests on different connections at the same time.
    pub(crate) fn new(rule: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(0));
        let rule = Arc::new(rule);
        let (log, count) = (Arc::clone(&seen), Arc::clone(&connections));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                *count.lock().unwrap() += 1;
                let (log, rule) = (Arc::clone(&log), Arc::clone(&rule));
                thread::spawn(move || serve(&stream, &log, &*rule));
            }
        });
        Self { url, seen, connections }
    }

    /// Gives these answers one after the other, the last one again and again.
    pub(crate) fn in_turn(answers: Vec<Answer>) -> Self {
        let next = Mutex::new(0);
        Self::new(move |_| {
            let mut next = next.lock().unwrap();
            let answer = answers[(*next).min(answers.len() - 1)].clone();
            *next += 1;
            answer
        })
    }

    /// What arrived so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Connections made so far.
    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    /// A client with this much time.
    pub(crate) fn client(&self, time: Duration) -> Client {
        client(time)
    }
}

/// A client with this much time.
pub(crate) fn client(time: Duration) -> Client {
    let options = ClientOptions {
        service: "test",
        cacert: None,
        client_cert: None,
        proxy: None,
        deadline: deadline(time),
        network: &Network::default(),
    };
    Client::new(options).unwrap()
}

/// An instant from now.
#[expect(clippy::disallowed_methods, reason = "a test has a deadline, too")]
pub(crate) fn deadline(time: Duration) -> Instant {
    Instant::now() + time
}

#[expect(clippy::disallowed_methods, reason = "plays a slow service")]
fn pause(time: Duration) {
    thread::sleep(time);
}

fn serve(stream: &TcpStream, log: &Mutex<Vec<Seen>>, rule: &dyn Fn(&Seen) -> Answer) {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(seen) = read_request(&mut reader) {
        log.lock().unwrap().push(seen.clone());
        match rule(&seen) {
            Answer::Whole { status, headers, body } => {
                let mut answer = format!("HTTP/1.1 {status} Word\r\n").into_bytes();
                for (name, value) in headers {
                    answer.extend(format!("{name}: {value}\r\n").bytes());
                }
                if status != 204 {
                    answer.extend(format!("Content-Length: {}\r\n", body.len()).bytes());
                }
                answer.extend(b"\r\n");
                answer.extend(body);
                if writer.write_all(&answer).is_err() {
                    return;
                }
            }
            Answer::Cut(bytes) => {
                let _ = writer.write_all(&bytes);
                return;
            }
            Answer::Drip(gap) => {
                let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n".to_vec();
                while writer.write_all(&bytes).is_ok() {
                    bytes = b"0".to_vec();
                    pause(gap);
                }
                return;
            }
            Answer::Silence(time) => {
                pause(time);
                return;
            }
        }
    }
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<Seen> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let mut seen = Seen { method: words.next()?.to_owned(), target: words.next()?.to_owned(), ..Seen::default() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        seen.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    seen.body = String::from_utf8_lossy(&body).into_owned();
    Some(seen)
}
