//! The listening sockets: one per host, a thread for each connection, keep-alive,
//! and the ways in which an answer can fail to arrive.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::http::{Incoming, Response, read_request};
use crate::world::{Delivery, World};

/// The longest that a hanging request hangs, so that a forgotten one ends.
const LONGEST_HANG: Duration = Duration::from_secs(120);

/// What the threads share.
struct State {
    world: Mutex<World>,
    /// How often the world was set back: a connection that was made before that is of another world.
    age: AtomicU64,
    stop: AtomicBool,
    latency: AtomicU64,
    connections: AtomicUsize,
    /// Counts releases of hanging requests; its condition also ends waits at the stop.
    releases: Mutex<u64>,
    wake: Condvar,
}

/// One connection, as it is counted.
struct Connection(Arc<State>);

impl Connection {
    fn new(state: Arc<State>) -> Self {
        state.connections.fetch_add(1, Ordering::SeqCst);
        Self(state)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The server side of a simulator.
pub(crate) struct Shared {
    state: Arc<State>,
    listeners: Mutex<Vec<(SocketAddr, JoinHandle<()>)>>,
}

/// A socket on this port of an address of this machine; any free one for 0.
pub(crate) fn bind(address: Ipv4Addr, port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((address, port))
        .map_err(|error| io::Error::new(error.kind(), format!("{address}:{port}: {error}")))
}

pub(crate) fn url(socket: &TcpListener) -> io::Result<String> {
    Ok(format!("http://{}", socket.local_addr()?))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A test that failed while it held a view must not take the others with it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(world: World, latency: Duration) -> Self {
        let state = State {
            world: Mutex::new(world),
            age: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            latency: AtomicU64::new(crate::clock::millis(latency)),
            connections: AtomicUsize::new(0),
            releases: Mutex::new(0),
            wake: Condvar::new(),
        };
        Shared { state: Arc::new(state), listeners: Mutex::new(Vec::new()) }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.state.world)
    }

    /// Puts another world in the place of this one. What is still under way in this one does nothing in the other.
    pub(crate) fn replace(&self, other: World) {
        let mut world = self.world();
        *world = other;
        self.state.age.fetch_add(1, Ordering::Relaxed);
        drop(world);
        self.release();
    }

    pub(crate) fn set_latency(&self, latency: Duration) {
        self.state.latency.store(crate::clock::millis(latency), Ordering::Relaxed);
    }

    pub(crate) fn release(&self) {
        *lock(&self.state.releases) += 1;
        self.state.wake.notify_all();
    }

    /// Waits until every request that was sent has been served, and nobody is connected any more.
    pub(crate) fn drain(&self) -> io::Result<()> {
        for (address, _) in lock(&self.listeners).iter() {
            // Connections are accepted in turn: once this one has ended, all before it are counted.
            let mut last = TcpStream::connect(address)?;
            last.shutdown(Shutdown::Write)?;
            io::copy(&mut last, &mut io::sink())?;
        }
        while self.state.connections.load(Ordering::SeqCst) > 0 {
            self.state.wait(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Serves a host on this socket until the simulator is dropped.
    pub(crate) fn listen(&self, socket: TcpListener, host: &str) -> io::Result<()> {
        let address = socket.local_addr()?;
        let state = Arc::clone(&self.state);
        let host = host.to_string();
        let accept = move || {
            for stream in socket.incoming() {
                if state.stop.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (state, host, age) = (Arc::clone(&state), host.clone(), state.age.load(Ordering::Relaxed));
                let connection = Connection::new(state);
                std::thread::spawn(move || connection.0.converse(stream, &host, age));
            }
        };
        lock(&self.listeners).push((address, std::thread::spawn(accept)));
        Ok(())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::Relaxed);
        self.release();
        for (address, thread) in lock(&self.listeners).drain(..) {
            // Wakes the accept loop, which then sees that it is to stop.
            drop(TcpStream::connect(address));
            drop(thread.join());
        }
    }
}

impl State {
    /// One connection: requests and answers until either side ends it.
    fn converse(&self, mut stream: TcpStream, host: &str, age: u64) {
        let ready = stream.set_read_timeout(Some(Duration::from_millis(100))).and_then(|()| stream.set_nodelay(true));
        if ready.is_err() {
            return;
        }
        let mut buffer = Vec::new();
        loop {
            match read_request(&mut stream, &mut buffer, &self.stop) {
                Incoming::Closed => return,
                Incoming::Malformed => {
                    let answer = Response::html(400, "Bad Request");
                    drop(send(&mut stream, &answer, false));
                    return;
                }
                Incoming::Request(request, keep_alive) => {
                    let arrived = now();
                    let mut world = lock(&self.world);
                    if self.age.load(Ordering::Relaxed) != age {
                        return;
                    }
                    let delivery = world.serve(host, &request);
                    drop(world);
                    // The work on the answer is a part of the time that it takes.
                    let latency = Duration::from_millis(self.latency.load(Ordering::Relaxed));
                    self.wait(latency.saturating_sub(arrived.elapsed()));
                    if !self.deliver(&mut stream, &delivery, keep_alive) {
                        drop(stream.shutdown(Shutdown::Both));
                        return;
                    }
                }
            }
        }
    }

    /// Sends an answer in its manner; false when the connection ends with it.
    fn deliver(&self, stream: &mut TcpStream, delivery: &Delivery, keep_alive: bool) -> bool {
        match delivery {
            Delivery::Whole(answer) => send(stream, answer, keep_alive).is_ok() && keep_alive,
            Delivery::Late(answer, pause) => {
                self.wait(*pause);
                send(stream, answer, keep_alive).is_ok() && keep_alive
            }
            Delivery::Truncated(answer) => {
                let mut bytes = answer.head(false);
                bytes.extend_from_slice(&answer.body[..answer.body.len() / 2]);
                drop(stream.write_all(&bytes));
                false
            }
            Delivery::Drip(answer, pause) => {
                let mut bytes = answer.head(false);
                bytes.extend_from_slice(&answer.body);
                for byte in bytes {
                    self.wait(*pause);
                    if self.stop.load(Ordering::Relaxed) || stream.write_all(&[byte]).is_err() {
                        break;
                    }
                }
                false
            }
            Delivery::Huge(size) => {
                drop(send_huge(stream, *size));
                false
            }
            Delivery::Drop => false,
            Delivery::Hang => {
                let releases = lock(&self.releases);
                let before = *releases;
                let hanging = |now: &mut u64| *now == before && !self.stop.load(Ordering::Relaxed);
                drop(self.wake.wait_timeout_while(releases, LONGEST_HANG, hanging));
                false
            }
        }
    }

    /// Waits in real time, without any lock, and no longer than the simulator lives.
    fn wait(&self, time: Duration) {
        if !time.is_zero() {
            let running = |_: &mut u64| !self.stop.load(Ordering::Relaxed);
            drop(self.wake.wait_timeout_while(lock(&self.releases), time, running));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the latency is real time")]
fn now() -> Instant {
    Instant::now()
}

/// A JSON text that ends with the connection, or where the client has enough of it.
fn send_huge(stream: &mut TcpStream, size: usize) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[\"")?;
    let piece = [b'x'; 64 << 10];
    let mut left = size;
    while left > 0 {
        let now = left.min(piece.len());
        stream.write_all(&piece[..now])?;
        left -= now;
    }
    stream.write_all(b"\"]")
}

fn send(stream: &mut TcpStream, answer: &Response, keep_alive: bool) -> io::Result<()> {
    let mut bytes = answer.head(keep_alive);
    if !answer.head_only {
        bytes.extend_from_slice(&answer.body);
    }
    stream.write_all(&bytes)
}
