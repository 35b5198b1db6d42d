//! Which proxy a request goes through, if any.
//!
//! The variables mean what they mean for curl and for Python's requests: the scheme of the URL decides which one counts,
//! small letters come before capitals, and NO_PROXY lists hosts, domains with all their subdomains, addresses, ranges of
//! addresses, each with or without a port, between commas or blanks.

use crate::secret::Secret;
use std::net::IpAddr;
use ureq::http::Uri;
use ureq::{Proxy, ProxyProtocol};

/// Gives the value of an environment variable.
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The proxies of one client.
#[derive(Debug)]
pub(super) enum Proxies {
    /// One that is configured, for all requests.
    Configured(Proxy),
    /// Those of the environment.
    Environment {
        /// The error is for what cannot be used, once a host needs it.
        http: Result<Option<Proxy>, String>,
        https: Result<Option<Proxy>, String>,
        /// Hosts without a proxy.
        direct: Vec<Exception>,
    },
}

impl Proxies {
    /// The proxy that is configured, else those of the environment of this process.
    ///
    /// # Errors
    /// If the configured one cannot be used, without its text, which can contain a password.
    pub(super) fn new(configured: Option<&Secret>) -> Result<Self, String> {
        match configured {
            Some(proxy) => parsed(proxy.expose(), "the proxy").map(Proxies::Configured),
            None => Ok(Self::of_environment(&of_process)),
        }
    }

    fn of_environment(environment: Environment<'_>) -> Self {
        let value = |name: &str| {
            let names = [name.to_owned(), name.to_uppercase()];
            names.into_iter().find_map(|name| environment(&name).filter(|value| !value.is_empty()).map(|v| (name, v)))
        };
        let proxy = |name: &str| match value(name).or_else(|| value("all_proxy")) {
            Some((name, text)) => {
                // Registered for redaction, with its password on its own. An address without a user is no secret.
                if let Some((user, _)) = text.rsplit_once('@') {
                    Secret::new(&text);
                    let password = user.rsplit_once(':').filter(|(_, password)| !password.starts_with("//"));
                    password.map(|(_, it)| Secret::new(it));
                }
                parsed(&text, &name).map(Some)
            }
            None => Ok(None),
        };
        let direct = value("no_proxy").map(|(_, text)| exceptions(&text)).unwrap_or_default();
        Proxies::Environment { http: proxy("http_proxy"), https: proxy("https_proxy"), direct }
    }

    /// The proxy for this URL. A proxy of the environment is never used for this machine itself.
    ///
    /// # Errors
    /// If that of the environment cannot be used.
    pub(super) fn of(&self, uri: &Uri) -> Result<Option<&Proxy>, &str> {
        match self {
            Proxies::Configured(proxy) => Ok(Some(proxy)),
            Proxies::Environment { http, https, direct } => {
                let is_tls = uri.scheme_str() == Some("https");
                let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).trim_end_matches('.').to_lowercase();
                let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
                if is_loopback(&host) || direct.iter().any(|except| except.covers(&host, port)) {
                    return Ok(None);
                }
                let proxy = if is_tls { https } else { http };
                proxy.as_ref().map(Option::as_ref).map_err(String::as_str)
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the proxy of a machine is set in its environment")]
fn of_process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn parsed(text: &str, what: &str) -> Result<Proxy, String> {
    // Without ureq's message, which could quote a password in the address. ureq takes a port that is none for the usual one,
    // and connects directly where it does not know the protocol.
    let proxy = Proxy::new(text).ok().filter(has_port);
    let proxy = proxy.ok_or_else(|| {
        let encoded = if text.is_ascii() && !text.contains('%') {
            ""
        } else {
            " (in user and password, write what is not ASCII and a percent sign in bytes, as %C3%A4 and %25)"
        };
        format!("{what} is not of the form http://HOST:PORT{encoded}")
    })?;
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => Ok(proxy),
        _ => Err(format!("{what} is a SOCKS proxy, and mita needs an HTTP proxy, as in http://HOST:PORT")),
    }
}

/// Whether the port is a number that ports have, if there is one.
fn has_port(proxy: &Proxy) -> bool {
    let authority = proxy.uri().authority().map_or("", |authority| authority.as_str());
    let place = authority.rsplit('@').next().unwrap_or_default();
    let port = place.strip_prefix(proxy.host()).unwrap_or_default();
    port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// An entry of NO_PROXY.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exception {
    hosts: Hosts,
    /// `None` for any port.
    port: Option<u16>,
}

#[derive(Debug, PartialEq, Eq)]
enum Hosts {
    All,
    /// An address and the number of its bits that count.
    Range(IpAddr, u32),
    /// A domain in small letters and everything below it.
    Domain(String),
}

fn exceptions(text: &str) -> Vec<Exception> {
    let entries = text.split(|c: char| c == ',' || c.is_whitespace());
    entries.filter(|entry| !entry.is_empty()).map(Exception::read).collect()
}

impl Exception {
    fn read(entry: &str) -> Self {
        let entry = entry.to_lowercase();
        if let Some(hosts) = range(&entry) {
            return Exception { hosts, port: None };
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, digits)) => match digits.parse() {
                Ok(port) => (host, Some(port)),
                Err(_) => (entry.as_str(), None),
            },
            None => (entry.as_str(), None),
        };
        let hosts = range(host.trim_matches(['[', ']'])).unwrap_or_else(|| match host {
            "*" => Hosts::All,
            domain => Hosts::Domain(domain.trim_start_matches('*').trim_matches('.').to_owned()),
        });
        Exception { hosts, port }
    }

    fn covers(&self, host: &str, port: u16) -> bool {
        let covered = match &self.hosts {
            Hosts::All => true,
            Hosts::Range(address, bits) => host.parse().is_ok_and(|ip| share_bits(*address, ip, *bits)),
            Hosts::Domain(domain) => {
                host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
        };
        covered && self.port.is_none_or(|only| only == port)
    }
}

/// An address, or a range as in `10.0.0.0/8`.
fn range(text: &str) -> Option<Hosts> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    bits.is_none_or(|bits| bits <= most).then(|| Hosts::Range(address, bits.unwrap_or(most)))
}

fn share_bits(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    let (difference, all) = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(one.to_bits() ^ other.to_bits()), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits(), 128),
        _ => return false,
    };
    difference.checked_shr(all - bits).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::redact;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        let value = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Proxies::of_environment(&value)
    }

    fn used(proxies: &Proxies, url: &str) -> Option<String> {
        proxies.of(&url.parse().unwrap()).unwrap().map(|proxy| proxy.host().to_owned())
    }

    #[test]
    fn s9_the_user_of_a_proxy_is_secret_and_its_address_is_not() {
        let plain = "proxy.somewhere.example:3128 answered 403";
        proxies(&[("http_proxy", "proxy.somewhere.example:3128")]);
        assert_eq!(redact(plain), plain);
        proxies(&[("http_proxy", "http://jo:hunter2-of-proxy@proxy.somewhere.example:3128")]);
        assert!(!redact("jo:hunter2-of-proxy@proxy.somewhere.example").contains("hunter2"));
        assert_eq!(redact(plain), plain);
    }

    #[test]
    fn no_proxy_is_read_as_curl_and_openstackclient_read_it() {
        for (list, direct, through) in [
            (
                "example.com",
                "https://example.com https://os.example.com https://OS.Example.com.",
                "https://notexample.com",
            ),
            (".example.com", "https://os.example.com", "https://example.org"),
            ("*.example.com", "https://os.example.com", "https://example.org"),
            (
                "a.example, b.example c.example\td.example",
                "http://a.example http://b.example http://c.example http://d.example",
                "http://e.example",
            ),
            ("10.0.0.0/8,fd00::/8", "http://10.1.2.3:5000 http://[fd12::1]:5000", "http://11.0.0.1 http://[fe80::1]"),
            ("192.168.1.0/25", "http://192.168.1.127", "http://192.168.1.128"),
            ("192.168.1.7 2001:db8::1", "http://192.168.1.7 http://[2001:db8::1]", "http://192.168.1.70"),
            ("0.0.0.0/0", "http://8.8.8.8", "http://[2001:db8::1] http://a.example"),
            ("os.example:5000", "http://os.example:5000", "http://os.example:8774 http://os.example"),
            ("os.example:443,[2001:db8::1]:80", "https://os.example http://[2001:db8::1]", "http://os.example"),
            ("*", "http://anything https://8.8.8.8", ""),
            ("", "", "http://anything"),
        ] {
            let proxies = proxies(&[("https_proxy", "http://p:3128"), ("http_proxy", "p:3128"), ("no_proxy", list)]);
            for url in direct.split_whitespace() {
                assert_eq!(used(&proxies, url), None, "{list}: {url}");
            }
            for url in through.split_whitespace() {
                assert_eq!(used(&proxies, url).as_deref(), Some("p"), "{list}: {url}");
            }
        }
    }

    #[test]
    fn the_scheme_decides_which_variable_counts_and_small_letters_come_first() {
        let both =
            proxies(&[("HTTP_PROXY", "http://big"), ("http_proxy", "http://small"), ("HTTPS_PROXY", "http://tls")]);
        assert_eq!(used(&both, "http://h").as_deref(), Some("small"));
        assert_eq!(used(&both, "https://h").as_deref(), Some("tls"));
        let all = proxies(&[("https_proxy", ""), ("ALL_PROXY", "http://all"), ("NO_PROXY", "h.example")]);
        assert_eq!(used(&all, "https://h").as_deref(), Some("all"));
        assert_eq!(used(&all, "http://h.example"), None);
        for own in ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:5000"] {
            assert_eq!(used(&all, own), None, "{own}");
        }
    }

    #[test]
    fn s9_a_proxy_that_cannot_be_used_is_named_by_its_variable_alone() {
        const FORM: &str = " is not of the form http://HOST:PORT";
        const ENCODED: &str = " is not of the form http://HOST:PORT (in user and password, write what is not ASCII and a \
                               percent sign in bytes, as %C3%A4 and %25)";
        const SOCKS: &str = " is a SOCKS proxy, and mita needs an HTTP proxy, as in http://HOST:PORT";
        for (variable, value, error) in [
            ("HTTPS_PROXY", "ftp://u:hidden-proxy-word@h", FORM),
            ("https_proxy", "http://u:hidden-proxy-word@h:99999", FORM),
            ("https_proxy", "http://u:hidden-proxy-word@[::1", FORM),
            ("https_proxy", "http://u:hidden-proxy-wordä@h", ENCODED),
            ("https_proxy", "http://u:hidden-proxy-word%FF@h", ENCODED),
            ("all_proxy", "socks5://u:hidden-proxy-word@h:1080", SOCKS),
            ("ALL_PROXY", "socks4a://h", SOCKS),
        ] {
            let proxies =
                proxies(&[(variable, value), ("http_proxy", "http://p:3128"), ("no_proxy", "direct.example")]);
            assert_eq!(proxies.of(&"https://h.example".parse().unwrap()).unwrap_err(), format!("{variable}{error}"));
            assert_eq!(used(&proxies, "https://direct.example"), None, "{value}");
            assert_eq!(used(&proxies, "http://h.example").as_deref(), Some("p"), "{value}");
        }
        assert!(!crate::secret::redact("hidden-proxy-word").contains("word"));
    }
}
