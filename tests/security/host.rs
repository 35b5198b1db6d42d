//! A host on 127.0.0.1 that answers what a rule tells it to, plainly or over TLS, and remembers what it was sent.

use super::pause;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    /// `http://HOST:PORT`, as the client calls this host.
    pub(super) root: String,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What to do with the connection in answer to a request. An error ends the connection.
pub(super) type Reply = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()>>;

/// These bytes.
pub(super) fn bytes(bytes: Vec<u8>) -> Reply {
    Box::new(move |out| out.write_all(&bytes))
}

/// A whole answer.
pub(super) fn whole(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut answer = format!("HTTP/1.1 {status} Word\r\nContent-Length: {}\r\n", body.len()).into_bytes();
    for (name, value) in headers {
        answer.extend([name.as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    answer.extend(b"\r\n");
    answer.extend(body);
    bytes(answer)
}

/// A JSON answer.
pub(super) fn json(status: u16, body: &str) -> Reply {
    whole(status, &[("Content-Type", "application/json")], body.as_bytes())
}

/// The host. It lives as long as the test's process.
pub(super) struct Host {
    /// `http://127.0.0.1:PORT`, or `https://`.
    pub(super) url: String,
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    connections: Arc<Mutex<Vec<Connection>>>,
}

/// What became of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Connection {
    /// What it came to before any request: an error of the handshake.
    pub(super) handshake: Option<String>,
    /// Bytes of requests, taken out of TLS where there is one.
    pub(super) received: usize,
    /// Whether it is over.
    over: bool,
}

impl Host {
    /// Answers each request by this rule.
    pub(super) fn new(rule: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(None, rule)
    }

    /// The same over TLS.
    pub(super) fn tls(tls: ServerConfig, rule: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(Some(Arc::new(tls)), rule)
    }

    fn start(tls: Option<Arc<ServerConfig>>, rule: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let host = Self {
            url: format!("{scheme}://{address}"),
            port: address.port(),
            asked: Arc::default(),
            connections: Arc::default(),
        };
        let (asked, connections) = (Arc::clone(&host.asked), Arc::clone(&host.connections));
        let rule = Arc::new(rule);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, rule) = (tls.clone(), Arc::clone(&rule));
                let (asked, connections) = (Arc::clone(&asked), Arc::clone(&connections));
                let number = {
                    let mut connections = connections.lock().expect("no panic");
                    connections.push(Connection::default());
                    connections.len() - 1
                };
                let notes = Notes { asked, connections, number };
                thread::spawn(move || {
                    serve(stream, tls, scheme, &*rule, &notes);
                    notes.connection(|connection| connection.over = true);
                });
            }
        });
        host
    }

    /// The host by another name.
    pub(super) fn called(&self, name: &str) -> String {
        let scheme = self.url.split_once("://").expect("a URL").0;
        format!("{scheme}://{name}:{}", self.port)
    }

    /// What arrived so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }

    /// The connections so far.
    pub(super) fn connections(&self) -> Vec<Connection> {
        self.connections.lock().expect("no panic").clone()
    }

    /// The same once all of them are over: a client may have gone before the host has read what ended the handshake.
    pub(super) fn ended_connections(&self) -> Vec<Connection> {
        loop {
            let connections = self.connections();
            if connections.iter().all(|connection| connection.over) {
                return connections;
            }
            pause(Duration::from_millis(5));
        }
    }
}

/// What is noted of one connection.
struct Notes {
    asked: Arc<Mutex<Vec<Asked>>>,
    connections: Arc<Mutex<Vec<Connection>>>,
    number: usize,
}

impl Notes {
    fn connection(&self, note: impl FnOnce(&mut Connection)) {
        note(&mut self.connections.lock().expect("no panic")[self.number]);
    }

    fn request(&self, request: &Asked) {
        self.asked.lock().expect("no panic").push(request.clone());
    }
}

fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    scheme: &str,
    rule: &dyn Fn(&Asked) -> Reply,
    notes: &Notes,
) {
    match tls {
        None => exchange(stream, scheme, rule, notes),
        Some(tls) => {
            let mut stream = stream;
            let mut connection = ServerConnection::new(tls).expect("a right configuration");
            while connection.is_handshaking() {
                if let Err(error) = connection.complete_io(&mut stream) {
                    notes.connection(|connection| connection.handshake = Some(error.to_string()));
                    break;
                }
            }
            // A client that does not trust us must not have sent anything, not even now.
            exchange(StreamOwned::new(connection, stream), scheme, rule, notes);
        }
    }
}

fn exchange(stream: impl Read + Write, scheme: &str, rule: &dyn Fn(&Asked) -> Reply, notes: &Notes) {
    let mut stream = BufReader::new(Counted { inner: stream, notes });
    loop {
        let request = match read(&mut stream, scheme) {
            Ok(request) => request,
            // As web servers answer to the beginning of a TLS handshake.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let _ = stream.get_mut().inner.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                return;
            }
            Err(_) => return,
        };
        notes.request(&request);
        let out = &mut stream.get_mut().inner;
        if rule(&request)(out).and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// Counts what is read.
struct Counted<'a, S> {
    inner: S,
    notes: &'a Notes,
}

impl<S: Read> Read for Counted<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.notes.connection(|connection| connection.received += read);
        Ok(read)
    }
}

fn read(stream: &mut impl BufRead, scheme: &str) -> io::Result<Asked> {
    let mut line = || -> io::Result<String> {
        let mut line = String::new();
        match stream.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    };
    let first = line()?;
    let mut words = first.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut asked = Asked { method, path: path.to_owned(), query: query.to_owned(), ..Asked::default() };
    while let Some((name, value)) = line()?.split_once(':') {
        asked.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    asked.root = format!("{scheme}://{}", asked.header("host").unwrap_or_default());
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    Ok(asked)
}
