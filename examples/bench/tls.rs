//! TLS in front of the simulator, which speaks HTTP only.

use anyhow::{Context, Result};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// A certificate for `localhost`, and what serves with it.
pub(crate) struct Tls {
    /// The certificate, for `cacert`.
    pub(crate) pem: String,
    server: Arc<ServerConfig>,
}

impl Tls {
    pub(crate) fn new() -> Result<Tls> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(["localhost".to_owned()])?.self_signed(&key)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)?;
        Ok(Tls { pem: certificate.pem(), server: Arc::new(server) })
    }

    /// Serves `url`, of the form `http://HOST:PORT`, with TLS on a port of its own. Returns the new URL.
    pub(crate) fn front(&self, url: &str) -> Result<String> {
        let behind = url.strip_prefix("http://").context("the simulator speaks HTTP")?.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").context("no port for TLS")?;
        let port = listener.local_addr()?.port();
        let server = Arc::clone(&self.server);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (server, behind) = (Arc::clone(&server), behind.clone());
                // A client that goes away ends its connection, and nothing else.
                thread::spawn(move || drop(serve(stream, server, &behind)));
            }
        });
        Ok(format!("https://localhost:{port}"))
    }
}

/// Passes one message after the other on: HTTP/1.1 without pipelining.
fn serve(stream: TcpStream, server: Arc<ServerConfig>, behind: &str) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let connection = ServerConnection::new(server).map_err(io::Error::other)?;
    let mut client = BufReader::new(StreamOwned::new(connection, stream));
    let service = TcpStream::connect(behind)?;
    service.set_nodelay(true)?;
    let mut service = BufReader::new(service);
    while let Some(request) = message(&mut client)? {
        service.get_mut().write_all(&request)?;
        let Some(answer) = message(&mut service)? else { break };
        client.get_mut().write_all(&answer)?;
        client.get_mut().flush()?;
    }
    Ok(())
}

/// One message with its body, of which `Content-Length` tells the length; nothing at the end.
fn message(from: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let (mut message, mut length) = (Vec::new(), 0);
    loop {
        let began = message.len();
        if from.read_until(b'\n', &mut message)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&message[began..]).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            break;
        }
    }
    from.take(length).read_to_end(&mut message)?;
    Ok(Some(message))
}
