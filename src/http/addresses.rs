//! The addresses of hosts: each host is asked for once in a run.
//!
//! ureq asks for the addresses before each request, also if it then uses an open connection, and its own resolver starts
//! a thread each time.

use super::failure::CONNECT_TIMEOUT;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use ureq::{Error, Timeout};

/// A resolver that remembers. Its clones share what they know.
#[derive(Clone)]
pub(super) struct Addresses {
    questions: Arc<Mutex<BTreeMap<String, Arc<Question>>>>,
    lookup: fn(&str) -> io::Result<Vec<IpAddr>>,
}

/// What the name servers were asked, and their answer.
#[derive(Default)]
struct Question {
    answer: Mutex<Option<Answer>>,
    answered: Condvar,
}

/// The addresses, in the system's order of preference (RFC 6724).
type Answer = Result<Vec<IpAddr>, (io::ErrorKind, String)>;

impl Default for Addresses {
    fn default() -> Self {
        let lookup = |host: &str| Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect());
        Self { questions: Arc::default(), lookup }
    }
}

impl Resolver for Addresses {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let known = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => self.of(&host.to_ascii_lowercase(), timeout)?,
        };
        let mut addresses = self.empty();
        // As many as fit.
        known.into_iter().take(16).for_each(|address| addresses.push(SocketAddr::new(address, port)));
        if addresses.is_empty() { Err(Error::HostNotFound) } else { Ok(addresses) }
    }
}

impl Addresses {
    /// The addresses of a host. Requests that need them at the same time wait for one answer. A failure is not remembered:
    /// the next attempt asks again.
    fn of(&self, host: &str, timeout: NextTimeout) -> Result<Vec<IpAddr>, Error> {
        let question = self.question(host);
        let waiting = question.answer.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, _) = question
            .answered
            .wait_timeout_while(waiting, (*timeout.after).min(CONNECT_TIMEOUT), |answer| answer.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        match &*answer {
            Some(Ok(addresses)) => Ok(addresses.clone()),
            Some(Err((kind, text))) => {
                self.forget(host, &question);
                Err(Error::Io(io::Error::new(*kind, text.clone())))
            }
            // The answer may still arrive in time for another request.
            None => Err(Error::Timeout(Timeout::Resolve)),
        }
    }

    /// The question for this host, which is asked now if it was not before.
    fn question(&self, host: &str) -> Arc<Question> {
        let mut questions = self.questions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(question) = questions.get(host) {
            return Arc::clone(question);
        }
        log::trace!("looking up the addresses of {host}");
        let question = Arc::new(Question::default());
        questions.insert(host.to_owned(), Arc::clone(&question));
        let (asked, host, lookup) = (Arc::clone(&question), host.to_owned(), self.lookup);
        // The system cannot be asked with a time limit.
        thread::spawn(move || {
            let answer = lookup(&host).map_err(|error| (error.kind(), error.to_string()));
            *asked.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
            asked.answered.notify_all();
        });
        question
    }

    fn forget(&self, host: &str, failed: &Arc<Question>) {
        let mut questions = self.questions.lock().unwrap_or_else(PoisonError::into_inner);
        if questions.get(host).is_some_and(|question| Arc::ptr_eq(question, failed)) {
            questions.remove(host);
        }
    }
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Addresses")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::sync::atomic::{AtomicU8, Ordering};
    use std::time::Duration;

    fn resolve(addresses: &Addresses, uri: &str, after: Duration) -> Result<Vec<SocketAddr>, Error> {
        let timeout = NextTimeout { after: after.into(), reason: Timeout::Resolve, ..NextTimeout::default() };
        let found = addresses.resolve(&uri.parse().unwrap(), &Config::default(), timeout)?;
        Ok(found.iter().copied().collect())
    }

    fn with(lookup: fn(&str) -> io::Result<Vec<IpAddr>>) -> Addresses {
        Addresses { lookup, ..Addresses::default() }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_host_is_asked_for_once_whatever_asks_for_it_and_how_often() {
        static ASKED: AtomicU8 = AtomicU8::new(0);
        let addresses = with(|host| {
            assert_eq!(host, "ci.example.com");
            let last = ASKED.fetch_add(1, Ordering::SeqCst);
            Ok(vec![Ipv4Addr::new(192, 0, 2, last).into(), Ipv4Addr::new(192, 0, 2, 100).into()])
        });
        thread::scope(|scope| {
            for number in 0..20 {
                let (addresses, scheme) = (addresses.clone(), if number % 2 == 0 { "http" } else { "https" });
                scope.spawn(move || {
                    let found = resolve(&addresses, &format!("{scheme}://CI.example.com/{number}"), LONG).unwrap();
                    let port = if number % 2 == 0 { 80 } else { 443 };
                    let wanted = ["192.0.2.0", "192.0.2.100"].map(|ip| SocketAddr::new(ip.parse().unwrap(), port));
                    assert_eq!(found, wanted, "every address, in the order of the answer");
                });
            }
        });
        assert_eq!(ASKED.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn an_address_is_no_question() {
        let addresses = with(|host| panic!("asked for {host}"));
        assert_eq!(resolve(&addresses, "http://192.0.2.7:8080/", LONG).unwrap(), ["192.0.2.7:8080".parse().unwrap()]);
        assert_eq!(
            resolve(&addresses, "https://[2001:db8::1]/", LONG).unwrap(),
            ["[2001:db8::1]:443".parse().unwrap()]
        );
    }

    #[test]
    fn a_failure_is_not_remembered() {
        static ASKED: AtomicU8 = AtomicU8::new(0);
        let addresses = with(|_| match ASKED.fetch_add(1, Ordering::SeqCst) {
            0 => Err(io::Error::other("the name server is asleep")),
            1 => Ok(Vec::new()),
            _ => panic!("an empty answer is an answer"),
        });
        let failed = resolve(&addresses, "http://h/", LONG).unwrap_err();
        assert!(matches!(&failed, Error::Io(cause) if cause.to_string() == "the name server is asleep"), "{failed:?}");
        for _ in 0..2 {
            assert!(matches!(resolve(&addresses, "http://h/", LONG), Err(Error::HostNotFound)));
        }
    }

    #[test]
    fn an_answer_that_comes_late_serves_the_next_request() {
        let addresses = with(|_| {
            super::super::client::wait(Duration::from_millis(300));
            Ok(vec![Ipv4Addr::LOCALHOST.into()])
        });
        let late = resolve(&addresses, "http://h/", Duration::from_millis(1)).unwrap_err();
        assert!(matches!(late, Error::Timeout(Timeout::Resolve)), "{late:?}");
        assert_eq!(resolve(&addresses, "http://h/", LONG).unwrap().len(), 1);
    }
}
