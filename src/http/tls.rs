//! Certificates and keys from PEM files.

use std::path::Path;
use ureq::tls::{ClientCert, PemItem, RootCerts, parse_pem};

pub(super) fn read_client_cert(cert: &Path, key: &Path) -> Result<ClientCert, String> {
    let items = |path: &Path| {
        let shown = path.display();
        let pem =
            std::fs::read(path).map_err(|error| format!("cannot read the client certificate {shown}: {error}"))?;
        let items: Result<Vec<_>, _> = parse_pem(&pem).collect();
        items.map_err(|error| format!("the client certificate {shown} is not complete PEM: {error}"))
    };
    let chain: Vec<_> = items(cert)?
        .into_iter()
        .filter_map(|item| if let PemItem::Certificate(certificate) = item { Some(certificate) } else { None })
        .collect();
    let mut keys = items(key)?.into_iter();
    let key_of = |item| if let PemItem::PrivateKey(key) = item { Some(key) } else { None };
    match keys.find_map(key_of) {
        _ if chain.is_empty() => Err(format!("{} holds no certificate in PEM form", cert.display())),
        None => Err(format!("{} holds no private key without a password in PEM form", key.display())),
        Some(key) => Ok(ClientCert::new_with_certs(&chain, key)),
    }
}

pub(super) fn read_roots(path: &Path) -> Result<RootCerts, String> {
    let shown = path.display();
    let pem =
        std::fs::read(path).map_err(|error| format!("cannot read the certificates of cacert {shown}: {error}"))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(format!("the certificates of cacert {shown} are not complete PEM: {error}")),
        }
    }
    if certificates.is_empty() {
        return Err(format!("cacert {shown} holds no certificate: it should hold those of the authority, as PEM"));
    }
    Ok(RootCerts::from(certificates))
}
