//! Whether anything of a request left this machine.
//!
//! ureq's errors do not distinguish a refused connection from one that broke during the request, which matters for writes.
//! So each connection is wrapped, and the wrapper notes the first byte of a request. It wraps the TLS connection, so a
//! failed handshake has sent no request.

use super::network::Connections;
use std::cell::Cell;
use std::sync::Arc;
use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

thread_local! {
    /// ureq does everything from connecting to reading in the calling thread.
    static SENT: Cell<bool> = const { Cell::new(false) };
}

/// Makes one call, and returns whether anything of its request was given to a connection.
pub(super) fn watch<T>(call: impl FnOnce() -> T) -> (T, bool) {
    SENT.set(false);
    let outcome = call();
    (outcome, SENT.get())
}

/// The connections of a client, watched.
#[derive(Debug)]
pub(super) struct WatchedConnector(pub(super) Arc<Connections>);

impl Connector<()> for WatchedConnector {
    type Out = Watched;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Watched>, Error> {
        let connected = self.0.connect(details);
        // The CONNECT to a proxy uses a wrapped connection, too, and is not part of the request.
        SENT.set(false);
        Ok(connected?.map(Watched))
    }
}

/// A connection that notes its use.
#[derive(Debug)]
pub(super) struct Watched(Box<dyn Transport>);

impl Transport for Watched {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        SENT.set(true);
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}
