//! Certificates and keys from PEM files.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, RootCertStore};
use std::path::Path;
use ureq::tls::{Certificate, ClientCert, PemItem, RootCerts, parse_pem};

pub(super) fn read_client_cert(cert: &Path, key: &Path) -> Result<ClientCert, String> {
    let read = |path| read(path, "the client certificate");
    let items = |path: &Path, pem: &[u8]| {
        let items: Result<Vec<_>, _> = parse_pem(pem).collect();
        items.map_err(|error| format!("the client certificate {} is not complete PEM: {error}", path.display()))
    };
    let (cert_pem, key_pem) = (read(cert)?, read(key)?);
    let chain: Vec<_> = items(cert, &cert_pem)?
        .into_iter()
        .filter_map(|item| if let PemItem::Certificate(certificate) = item { Some(certificate) } else { None })
        .collect();
    let mut keys = items(key, &key_pem)?.into_iter();
    let key_of = |item| if let PemItem::PrivateKey(key) = item { Some(key) } else { None };
    let Some(first) = chain.first() else {
        return Err(format!("{} holds no certificate in PEM form", cert.display()));
    };
    let Some(private) = keys.find_map(key_of) else {
        return Err(format!("{} holds no private key without a password in PEM form", key.display()));
    };
    check_pair((cert, first, &chain[1..]), (key, &key_pem))?;
    Ok(ClientCert::new_with_certs(&chain, private))
}

/// Fails where rustls would not take certificate and key: ureq panics then, with the first connection.
fn check_pair(
    (cert, first, others): (&Path, &Certificate<'_>, &[Certificate<'_>]),
    (key, pem): (&Path, &[u8]),
) -> Result<(), String> {
    let (cert, key) = (cert.display(), key.display());
    let private = PrivateKeyDer::from_pem_slice(pem).ok();
    let loaded = private.and_then(|private| ring::default_provider().key_provider.load_private_key(private).ok());
    let Some(private) = loaded else {
        return Err(format!(
            "mita cannot use the private key in {key}: it is damaged, or none of RSA with 2048 to 4096 bits, ECDSA with \
             P-256 or P-384, and Ed25519"
        ));
    };
    let belongs = |certificate: &Certificate<'_>| {
        let certificate = CertificateDer::from(certificate.der().to_vec());
        match CertifiedKey::new(vec![certificate], private.clone()).keys_match() {
            Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(()),
            other => other,
        }
    };
    match belongs(first) {
        Ok(()) => Ok(()),
        Err(Error::InconsistentKeys(_)) if others.iter().any(|other| belongs(other).is_ok()) => Err(format!(
            "the key in {key} belongs to a later certificate in {cert}, not to the first: write that one first, and those \
             of authorities after it"
        )),
        Err(Error::InconsistentKeys(_)) => Err(format!(
            "the key in {key} does not belong to the certificate in {cert}: was only one of the two renewed?"
        )),
        Err(_) => Err(format!(
            "mita cannot use the certificate in {cert}: it is damaged, or not of X.509 version 3, which `openssl x509 -req` \
             writes only with -extfile"
        )),
    }
}

pub(super) fn read_roots(path: &Path) -> Result<RootCerts, String> {
    let shown = path.display();
    let pem = read(path, "the certificates of cacert")?;
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
    // rustls leaves out what it cannot read.
    let of_rustls = certificates.iter().map(|certificate| CertificateDer::from(certificate.der()));
    if RootCertStore::empty().add_parsable_certificates(of_rustls).0 == 0 {
        return Err(format!("cacert {shown} holds no certificate that can be read: it is damaged"));
    }
    Ok(RootCerts::from(certificates))
}

/// A file, without the mark (U+FEFF) that editors of Windows begin a text with.
fn read(path: &Path, what: &str) -> Result<Vec<u8>, String> {
    let mut pem = std::fs::read(path).map_err(|error| format!("cannot read {what} {}: {error}", path.display()))?;
    if pem.starts_with(b"\xef\xbb\xbf") {
        pem.drain(..3);
    }
    Ok(pem)
}
