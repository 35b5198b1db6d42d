//! What the clients of a run share: the addresses of hosts, the certificates that they trust, and the time for reading.

use super::addresses::Addresses;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, LazyBuffers, NextTimeout, RustlsConnector,
    TcpConnector, Transport,
};

/// What the clients of a run share. Clones share it, too.
#[derive(Clone, Debug, Default)]
pub struct Network {
    pub(super) addresses: Addresses,
    trusted: Arc<Mutex<BTreeMap<Trust, Arc<Connections>>>>,
    reads_end: Arc<Mutex<Option<Instant>>>,
}

/// What a TLS connection depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Trust {
    /// The file with the authorities; `None` for those of the system.
    pub(super) cacert: Option<PathBuf>,
    /// The files with the client certificate and its key.
    pub(super) client_cert: Option<(PathBuf, PathBuf)>,
}

impl Network {
    /// Does what only reads, and ends every request of it at this moment: a service that answers each request late, or
    /// whose list never ends, leaves time to what follows.
    pub fn reading_until<T>(&self, end: Instant, read: impl FnOnce() -> T) -> T {
        let set = |end| *self.reads_end.lock().unwrap_or_else(PoisonError::into_inner) = end;
        set(Some(end));
        let result = read();
        set(None);
        result
    }

    /// When the requests of now have to end, if they end before the run does.
    pub fn reads_end(&self) -> Option<Instant> {
        *self.reads_end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connections that trust these certificates.
    pub(super) fn connections(&self, trust: Trust) -> Arc<Connections> {
        let mut trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(trusted.entry(trust).or_default())
    }
}

/// Makes connections, all with one TLS configuration.
#[derive(Default)]
pub(super) struct Connections {
    tls: RustlsConnector,
    configured: Mutex<bool>,
}

impl Connections {
    pub(super) fn connect(&self, details: &ConnectionDetails<'_>) -> Result<Option<Box<dyn Transport>>, Error> {
        // ureq reads the trusted certificates again for a request with a configuration of its own. Those of mita differ only
        // in timeout and proxy, so they can share them.
        let details = &ConnectionDetails {
            uri: details.uri,
            addrs: details.addrs.clone(),
            config: details.config,
            request_level: false,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let proxied = ConnectProxyConnector::default().connect(details, None::<Nowhere>)?;
        let connected = TcpConnector::default().connect(details, proxied)?;
        let host = details.uri.host().unwrap_or_default();
        log::trace!("connected to {host}");
        if details.needs_tls() {
            log::trace!("TLS with {host}");
            self.configure(details);
        }
        Ok(self.tls.connect(details, connected)?.map(|connection| Box::new(connection) as Box<dyn Transport>))
    }

    /// Reads the trusted certificates. ureq would read them again for each of the first connections, which are made at the
    /// same time; so they are read for a connection that leads nowhere. What is wrong with them, the real ones report.
    fn configure(&self, details: &ConnectionDetails<'_>) {
        let mut configured = self.configured.lock().unwrap_or_else(PoisonError::into_inner);
        if !*configured {
            let _ = self.tls.connect(details, Some(Nowhere(LazyBuffers::new(1024, 1024))));
            *configured = true;
        }
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connections")
    }
}

/// A connection on which nothing can be sent.
#[derive(Debug)]
struct Nowhere(LazyBuffers);

impl Transport for Nowhere {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.0
    }

    fn transmit_output(&mut self, _: usize, _: NextTimeout) -> Result<(), Error> {
        Err(Error::ConnectionFailed)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        Err(Error::ConnectionFailed)
    }

    fn is_open(&mut self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_that_trust_the_same_share_their_connections_tls_configuration() {
        let network = Network::default();
        let trust = |cacert: Option<&str>| Trust { cacert: cacert.map(PathBuf::from), client_cert: None };
        let system = network.connections(trust(None));
        assert!(Arc::ptr_eq(&system, &network.clone().connections(trust(None))));
        assert!(!Arc::ptr_eq(&system, &network.connections(trust(Some("ca.pem")))));
        assert!(!Arc::ptr_eq(&system, &Network::default().connections(trust(None))));
    }
}
