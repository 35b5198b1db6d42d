//! Real TLS handshakes: who is trusted, who is not, and that nothing is said to the latter.

use super::host::Host;
use super::program::{Ended, Login, Place, usual};
use super::services::{jenkins, openstack};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;

/// A certificate authority.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = called(name);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// A host with a certificate of this authority for these names.
    pub(super) fn host(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> ServerConfig {
        let (params, key) = certificate(names, change);
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        server(certificate.der().clone(), &key)
    }

    pub(super) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A host that takes nobody without a certificate of this authority.
    pub(super) fn host_for_clients(&self, names: &[&str]) -> ServerConfig {
        let (params, key) = certificate(names, |_| {});
        let certificate = params.signed_by(&key, &self.0).expect("a certificate").der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).expect("an authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("usual versions")
            .with_client_cert_verifier(verifier.build().expect("a verifier"))
            .with_single_cert(vec![certificate], key)
            .expect("a right configuration")
    }

    /// Certificate and key of a client, in PEM form.
    pub(super) fn client(&self, name: &str) -> (String, String) {
        let (params, key) = certificate(&[name], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        });
        (params.signed_by(&key, &self.0).expect("a certificate").pem(), key.serialize_pem())
    }
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

fn certificate(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> (CertificateParams, KeyPair) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name = called("host");
    change(&mut params);
    (params, KeyPair::generate().expect("a key"))
}

/// A host with a certificate that it signed itself, and the certificate in PEM form.
fn self_signed(names: &[&str], is_ca: IsCa) -> (ServerConfig, String) {
    let (params, key) = certificate(names, |params| params.is_ca = is_ca);
    let certificate = params.self_signed(&key).expect("a certificate");
    (server(certificate.der().clone(), &key), certificate.pem())
}

fn server(certificate: rustls::pki_types::CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key))
        .expect("a right configuration")
}

/// One run against a controller and a cloud, with this `cacert` for both.
fn run(jenkins: &str, cloud: &str, cacert: Option<&str>) -> Ended {
    let more = cacert.map(|_| "cacert = \"ca.pem\"").unwrap_or_default();
    let login = Login { jenkins, token: "jenkins-token-4711", cloud, password: "cloud-password-4711", more };
    let place = Place::new(&usual(&login));
    if let Some(pem) = cacert {
        place.write("ca.pem", pem);
    }
    place.run(&["reconcile", "--output", "json"])
}

#[test]
fn a_certificate_of_the_authority_in_cacert_is_good_for_both_services() {
    let authority = Authority::new("our own");
    let controller = Host::tls(authority.host(&["127.0.0.1", "localhost"], |_| {}), jenkins);
    let cloud = Host::tls(authority.host(&["127.0.0.1", "localhost"], |_| {}), openstack);
    let ended = run(&controller.called("localhost"), &cloud.called("127.0.0.1"), Some(&authority.pem()));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(document["results"][0]["server_id"], "server-1", "{document}");
    assert!(controller.asked().iter().all(|asked| asked.header("authorization").is_some()));
    assert_eq!(cloud.ended_connections().iter().filter(|connection| connection.handshake.is_some()).count(), 0);
}

#[test]
fn one_of_several_authorities_in_cacert_is_enough() {
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    let controller = Host::tls(first.host(&["localhost"], |_| {}), jenkins);
    let cloud = Host::tls(second.host(&["localhost"], |_| {}), openstack);
    let bundle = format!("# two of them\n{}\n{}", first.pem(), second.pem());
    let ended = run(&controller.called("localhost"), &cloud.called("localhost"), Some(&bundle));
    assert_eq!(ended.status, Some(0), "{ended:?}");
}

/// Both services stand there with a certificate that is not to be trusted, for this reason and with this advice.
fn refused(tls: impl Fn() -> ServerConfig, called: &str, cacert: Option<&str>, reason: &str, advice: &str) {
    let controller = Host::tls(tls(), jenkins);
    let cloud = Host::tls(tls(), openstack);
    let ended = run(&controller.called(called), &cloud.called(called), cacert);
    assert_eq!(ended.status, Some(1), "{ended:?}");
    for host in [&controller, &cloud] {
        assert!(!host.connections().is_empty(), "nobody came: {ended:?}");
        for connection in host.ended_connections() {
            assert_eq!(connection.received, 0, "it was told something: {connection:?}");
            assert!(connection.handshake.is_some(), "{connection:?}");
        }
        let line = ended.stderr.lines().find(|line| line.contains(&host.called(called)));
        let line = line.unwrap_or_else(|| panic!("no word of {}: {}", host.called(called), ended.stderr));
        assert!(line.contains(reason), "{line}");
        assert!(line.contains(advice), "{line}");
    }
    assert!(!ended.stderr.contains("failed to verify"), "a line of the library: {}", ended.stderr);
}

#[test]
fn s9_a_certificate_for_another_host_is_refused_before_anything_is_said() {
    let authority = Authority::new("our own");
    let tls = || authority.host(&["elsewhere.example"], |_| {});
    let advice = "use a host name of the certificate in the URL";
    refused(tls, "localhost", Some(&authority.pem()), "not valid for name \"localhost\"", advice);
}

#[test]
fn s9_an_expired_certificate_is_refused_before_anything_is_said() {
    let authority = Authority::new("our own");
    let tls = || {
        authority.host(&["localhost"], |params| {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 1);
        })
    };
    refused(tls, "localhost", Some(&authority.pem()), "not valid after 2020-01-01 00:00 UTC", "have it renewed");
}

#[test]
fn s9_a_certificate_of_the_future_is_refused_before_anything_is_said() {
    let authority = Authority::new("our own");
    let tls = || {
        authority.host(&["localhost"], |params| {
            params.not_before = date_time_ymd(2090, 1, 1);
            params.not_after = date_time_ymd(2091, 1, 1);
        })
    };
    refused(
        tls,
        "localhost",
        Some(&authority.pem()),
        "not valid before 2090-01-01",
        "is the clock of this machine right",
    );
}

#[test]
fn s9_a_self_signed_certificate_is_refused_before_anything_is_said() {
    let advice = "for an authority of your own set cacert";
    let (host, _) = self_signed(&["localhost"], IsCa::NoCa);
    refused(|| host.clone(), "localhost", None, "UnknownIssuer", advice);
    let authority = Authority::new("our own");
    refused(|| host.clone(), "localhost", Some(&authority.pem()), "UnknownIssuer", advice);
}

#[test]
fn a_self_signed_certificate_in_cacert_is_good_unless_it_is_that_of_an_authority() {
    let (host, pem) = self_signed(&["localhost"], IsCa::ExplicitNoCa);
    let (controller, cloud) = (Host::tls(host.clone(), jenkins), Host::tls(host, openstack));
    let ended = run(&controller.called("localhost"), &cloud.called("localhost"), Some(&pem));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    // As openssl makes it, and as other programs take it.
    let (host, pem) = self_signed(&["localhost"], IsCa::Ca(BasicConstraints::Unconstrained));
    refused(|| host.clone(), "localhost", Some(&pem), "CaUsedAsEndEntity", "critical,CA:FALSE");
}

#[test]
fn s9_an_authority_that_is_not_in_cacert_is_refused_before_anything_is_said() {
    let (ours, theirs) = (Authority::new("our own"), Authority::new("theirs"));
    let advice = "for an authority of your own set cacert";
    refused(|| theirs.host(&["localhost"], |_| {}), "localhost", Some(&ours.pem()), "UnknownIssuer", advice);
    // The same name is not the same authority.
    let twin = Authority::new("our own");
    refused(
        || twin.host(&["localhost"], |_| {}),
        "localhost",
        Some(&ours.pem()),
        "no trusted TLS connection",
        "cacert",
    );
}

#[test]
fn s9_a_plain_service_behind_an_https_address_is_refused_before_anything_is_said() {
    let controller = Host::new(jenkins);
    let cloud = Host::new(openstack);
    let secure = |host: &Host| host.called("localhost").replace("http://", "https://");
    let ended = run(&secure(&controller), &secure(&cloud), None);
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert!(controller.asked().is_empty() && cloud.asked().is_empty());
    assert_eq!(ended.stderr.matches("does this port speak https?").count(), 2, "{}", ended.stderr);
}
