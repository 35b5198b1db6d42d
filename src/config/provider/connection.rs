//! How a cloud's services are reached: with a client certificate, through a proxy, at other addresses than the catalogue's.

use super::clouds::Cloud;
use crate::config::file::{Found, Table};
use crate::config::types::{ClientCertificate, Connection, Endpoints, Interface};
use crate::config::{tls, url};
use crate::secret::Secret;
use std::path::PathBuf;

/// An example of a proxy, for messages.
const PROXY: &str = "http://proxy.example.com:3128";

/// An example of a service's address.
const ENDPOINT: &str = "https://compute.example.com/v2.1";

/// The keys of the table.
pub(crate) fn read(table: &Table<'_>) -> Connection {
    let endpoint = |key: &str| {
        let Found { value, at } = table.text(&[key])?;
        endpoint(&value).map_err(|fault| table.reading.fault(&at, fault)).ok()
    };
    Connection {
        client_cert: client_cert(table),
        proxy: proxy(table),
        endpoints: Endpoints {
            compute: endpoint("compute_endpoint_override"),
            image: endpoint("image_endpoint_override"),
            network: endpoint("network_endpoint_override"),
            volume: endpoint("volume_endpoint_override"),
        },
    }
}

/// The same with what a cloud of clouds.yaml says where the table says nothing, under the names that openstacksdk knows.
/// `path` finds a file that is named there; what is wrong goes to `fault`.
pub(crate) fn beside_cloud(
    table: &Table<'_>,
    cloud: &Cloud,
    path: impl Fn(&str) -> Option<PathBuf>,
    fault: impl Fn(&str),
) -> Connection {
    let Connection { client_cert, proxy, endpoints } = read(table);
    let endpoint_of = |names: &[&str]| {
        let written = cloud.get(names)?;
        endpoint(written).map_err(|why| fault(&format!("has a {} that {why}", names[0]))).ok()
    };
    let of_cloud = || {
        let certificate = ClientCertificate { key: path("key").or_else(|| path("cert"))?, cert: path("cert")? };
        check(&certificate).map_err(|why| fault(&format!("names a client certificate, and {why}"))).ok()?;
        Some(certificate)
    };
    Connection {
        client_cert: client_cert.or_else(of_cloud),
        proxy,
        endpoints: Endpoints {
            compute: endpoints.compute.or_else(|| endpoint_of(&["compute_endpoint_override"])),
            image: endpoints.image.or_else(|| endpoint_of(&["image_endpoint_override"])),
            network: endpoints.network.or_else(|| endpoint_of(&["network_endpoint_override"])),
            volume: endpoints.volume.or_else(|| {
                endpoint_of(&[
                    "block_storage_endpoint_override",
                    "volumev3_endpoint_override",
                    "volume_endpoint_override",
                ])
            }),
        },
    }
}

/// The interface that the table names, else the public one; `None` when it was reported.
pub(crate) fn interface(table: &Table<'_>) -> Option<Interface> {
    match table.entry(&["interface"]) {
        None => Some(Interface::Public),
        Some(_) => table.one_of(&table.text(&["interface"])?, &Interface::NAMES),
    }
}

/// A certificate with its chain, and its key in the same file or in one of its own.
fn client_cert(table: &Table<'_>) -> Option<ClientCertificate> {
    if let (None, Some(at)) = (table.has("cert"), table.has("key")) {
        table.reading.fault(&at, "has no effect without cert; write the certificate's file as well");
    }
    let (cert, key) = (table.path("cert"), table.path("key"));
    let cert = cert?;
    let key = key.map_or_else(|| cert.value.clone(), |found| found.value);
    let certificate = ClientCertificate { cert: cert.value, key };
    check(&certificate).map_err(|fault| table.reading.fault(&cert.at, fault)).ok()?;
    Some(certificate)
}

fn check(certificate: &ClientCertificate) -> Result<(), String> {
    tls::holds(&certificate.cert, "-----BEGIN CERTIFICATE-----", "certificate")?;
    tls::holds(&certificate.key, "PRIVATE KEY-----", "private key")
}

/// `http://[USER:PASSWORD@]HOST:PORT`. No message quotes it.
fn proxy(table: &Table<'_>) -> Option<Secret> {
    let Found { value, at } = table.text(&["proxy"])?;
    let (scheme, rest) = value.split_once("://").unwrap_or(("", ""));
    let (user, host) = rest.rsplit_once('@').map_or((None, rest), |(user, host)| (Some(user), host));
    if let Some((_, password)) = user.and_then(|user| user.split_once(':')) {
        // Registered, as written and as the proxy is told it, so that no output can show it.
        table.reading.holds_secret(&at);
        Secret::new(password);
    }
    if let Err(fault) = url::root(&format!("{scheme}://{host}"), PROXY) {
        table.reading.fault(&at, fault);
        return None;
    }
    Some(Secret::new(value))
}

/// An address without a slash at its end. `%(project_id)s` and `%(tenant_id)s` stand for the project's id.
fn endpoint(written: &str) -> Result<String, String> {
    url::root(written, ENDPOINT).map(|url| url.trim_end_matches('/').to_owned())
}
