//! What a new configuration still has in place of what a person fills in.

use crate::config::{Auth, Backend, Config, CredentialId};
use crate::domain::address::above_page;

/// What `boot-inbound.sh`, which `mita init` writes, has in place of a user and a token.
const REGISTRAR: &str = "registrar:API_TOKEN";

/// The hosts and the id that `mita init --offline` writes.
pub(crate) const JENKINS: &str = "https://jenkins.example.com/";
pub(crate) const KEYSTONE: &str = "https://openstack.example.com:5000/v3";
pub(crate) const CREDENTIAL: &str = "ID";

/// Values that nobody has replaced yet, with which nothing works.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    let mut warn = |key: String, value: &str, what: &str| {
        found.push(format!("{}: {key}: {value} is a placeholder: write {what}", config.path.display()));
    };
    if config.jenkins.url == JENKINS {
        warn("jenkins.url".to_owned(), JENKINS, "the URL of your Jenkins");
    }
    for provider in &config.providers {
        let Backend::OpenStack(cloud) = &provider.backend else { continue };
        let name = &provider.name;
        if cloud.auth_url.trim_end_matches('/') == KEYSTONE {
            warn(format!("provider.{name}.auth_url"), KEYSTONE, "the URL of your Keystone");
        }
        if matches!(&cloud.auth, Auth::ApplicationCredential { credential: CredentialId::Id(id), .. } if id == CREDENTIAL)
        {
            let key = format!("provider.{name}.application_credential_id");
            warn(key, CREDENTIAL, "the id of your application credential");
        }
    }
    for kind in config.node_types.iter().filter(|kind| kind.script.contains(REGISTRAR)) {
        warn(format!("nodes.{}.script", kind.name), REGISTRAR, "a Jenkins user and its API token there");
    }
    found
}

/// The URL of a page in place of that of Jenkins. Nobody is asked.
pub(super) fn errors(config: &Config) -> Vec<String> {
    let told = |root| format!("{}: jenkins.url: {}", config.path.display(), of_page(root));
    above_page(&config.jenkins.url).map(told).into_iter().collect()
}

/// What is wrong with the URL of a page, below this root.
pub(crate) fn of_page(root: &str) -> String {
    format!("seems to be the address of a page; the URL of Jenkins itself would be {root}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn what_nobody_has_filled_in_yet_is_a_warning() {
        let mut config = Config::load(Path::new("examples/mita.toml")).unwrap().config;
        config.jenkins.url = "https://ci.example.org/".to_owned();
        assert_eq!(warnings(&config), [""; 0]);
        config.jenkins.url = JENKINS.to_owned();
        config.node_types[0].script = std::fs::read_to_string("examples/boot-inbound.sh").unwrap();
        let Backend::OpenStack(cloud) = &mut config.providers[0].backend else { panic!("no OpenStack") };
        cloud.auth_url = format!("{KEYSTONE}/");
        let secret = crate::secret::Secret::new("a-secret-of-nobody");
        cloud.auth = Auth::ApplicationCredential { credential: CredentialId::Id(CREDENTIAL.to_owned()), secret };
        let told = warnings(&config).join("\n");
        for part in [
            "jenkins.url: https://jenkins.example.com/ is a placeholder",
            ".auth_url: https://openstack.example.com:5000/v3 is a placeholder",
            ".application_credential_id: ID is a placeholder",
            "nodes.precise-slave.script: registrar:API_TOKEN is a placeholder",
        ] {
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn the_url_of_a_page_is_an_error() {
        let mut config = Config::load(Path::new("examples/mita.toml")).unwrap().config;
        assert_eq!(errors(&config), [""; 0]);
        for page in ["login/", "job/x/", "computer/", "api/json/"] {
            config.jenkins.url = format!("https://ci.example.org/jenkins/{page}");
            let told = "the URL of Jenkins itself would be https://ci.example.org/jenkins/";
            assert!(matches!(&errors(&config)[..], [error] if error.ends_with(told)), "{page}");
        }
    }
}
