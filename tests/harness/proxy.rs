//! An HTTP proxy: it takes every host for this machine, and remembers what it was asked.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub(crate) struct Proxy {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let heard = Arc::clone(&heard);
                thread::spawn(move || pass_on(client, &heard));
            }
        });
        Self { port, asked }
    }

    /// The head of each request to the proxy itself.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

/// A head of HTTP, with the empty line behind it.
pub(crate) fn read_head(reader: &mut impl BufRead) -> io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn pass_on(client: TcpStream, heard: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let head = read_head(&mut reader)?;
    heard.lock().expect("no panic").push(head.clone());
    let target = head.split(' ').nth(1).unwrap_or_default();
    let port: u16 = target.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default();
    let server = TcpStream::connect(("127.0.0.1", port))?;
    (&client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let mut upwards = server.try_clone()?;
    thread::spawn(move || io::copy(&mut reader, &mut upwards).and_then(|_| upwards.shutdown(Shutdown::Write)));
    // An answer that breaks off must break off for the client, too, who would wait for the rest of it.
    io::copy(&mut &server, &mut &client)?;
    client.shutdown(Shutdown::Both)
}
