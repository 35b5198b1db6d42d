//! How mita reaches a cloud's services: interface, client certificate, proxy, and addresses instead of the catalogue's.

use super::clouds::Cloud;
use crate::config::file::{Found, Table};
use crate::config::types::{ClientCertificate, Connection, Endpoints, Interface};
use crate::config::{proxy, tls, url};
use std::path::PathBuf;

/// An example for messages.
const ENDPOINT: &str = "https://compute.example.com/v2.1";

/// Reads the keys of the table.
pub(crate) fn read(table: &Table<'_>) -> Connection {
    let endpoint = |key: &str| {
        let Found { value, at } = table.text(&[key])?;
        endpoint(&value).map_err(|error| table.error(&at, error)).ok()
    };
    Connection {
        client_cert: client_cert(table),
        proxy: proxy::read(table),
        endpoints: Endpoints {
            compute: endpoint("compute_endpoint_override"),
            image: endpoint("image_endpoint_override"),
            network: endpoint("network_endpoint_override"),
            volume: endpoint("volume_endpoint_override"),
        },
    }
}

/// Fills in what the table leaves open from a cloud of clouds.yaml, by the names of openstacksdk. `path` gives a file that
/// is named there; errors go to `error`.
pub(crate) fn complete(
    Connection { client_cert, proxy: _, endpoints }: &mut Connection,
    cloud: &Cloud,
    path: impl Fn(&str) -> Option<PathBuf>,
    error: impl Fn(&str),
) {
    let Endpoints { compute, image, network, volume } = endpoints;
    let keys_of_volume = ["block_storage_endpoint_override", "volumev3_endpoint_override", "volume_endpoint_override"];
    let open: [(&mut Option<String>, &[&str]); 4] = [
        (compute, &["compute_endpoint_override"]),
        (image, &["image_endpoint_override"]),
        (network, &["network_endpoint_override"]),
        (volume, &keys_of_volume),
    ];
    for (address, names) in open.into_iter().filter(|(address, _)| address.is_none()) {
        let written = cloud.get(names).map(endpoint).transpose();
        *address = written.map_err(|why| error(&format!("has a {} that {why}", names[0]))).unwrap_or_default();
    }
    if client_cert.is_none()
        && let Some(cert) = path("cert")
    {
        let certificate = ClientCertificate { key: path("key").unwrap_or_else(|| cert.clone()), cert };
        match check(&certificate) {
            Ok(()) => *client_cert = Some(certificate),
            Err(why) => error(&format!("names a client certificate, and {why}")),
        }
    }
}

/// The interface that the table names, else the public one; `None` if it was reported.
pub(crate) fn interface(table: &Table<'_>) -> Option<Interface> {
    match table.has("interface") {
        None => Some(Interface::Public),
        Some(_) => table.choice("interface", &Interface::NAMES),
    }
}

/// A certificate with its chain, and its key in the same file or in another one.
fn client_cert(table: &Table<'_>) -> Option<ClientCertificate> {
    if let (None, Some(at)) = (table.has("cert"), table.has("key")) {
        table.error(&at, "has no effect without cert; write the certificate's file as well");
    }
    let (cert, key) = (table.path("cert"), table.path("key"));
    let cert = cert?;
    let key = key.map_or_else(|| cert.value.clone(), |found| found.value);
    let certificate = ClientCertificate { cert: cert.value, key };
    check(&certificate).map_err(|error| table.error(&cert.at, error)).ok()?;
    Some(certificate)
}

fn check(certificate: &ClientCertificate) -> Result<(), String> {
    tls::contains(&certificate.cert, "-----BEGIN CERTIFICATE-----", "certificate")?;
    tls::contains(&certificate.key, "PRIVATE KEY-----", "private key")
}

/// An address without a slash at its end. `%(project_id)s` and `%(tenant_id)s` mean the project's id.
fn endpoint(written: &str) -> Result<String, String> {
    url::root(written, ENDPOINT).map(|url| url.trim_end_matches('/').to_owned())
}
