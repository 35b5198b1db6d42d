//! Which installation of mita a mark belongs to: an owner at a controller.
//!
//! Two installations can have the same owner by accident, as when somebody copies a configuration for a second Jenkins.
//! The controller tells them apart.

use crate::domain::names::Owner;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest value of server metadata, in characters (Nova API reference, `metadata`).
const METADATA_VALUE: usize = 255;

/// What the paths of pages of Jenkins begin with, below its root.
const PAGES: [&str; 8] = ["job", "computer", "queue", "view", "manage", "user", "me", "blue"];

/// A Jenkins controller: host, port and path of its URL, in one spelling.
///
/// Scheme, user information, query, the usual ports (80 and 443), the case of the host, a dot at its end and slashes at
/// the end of the path make no difference, nor does what server metadata has no room for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct Controller(String);

impl Controller {
    /// The controller at a URL, which may lack the scheme.
    pub fn at(url: &str) -> Self {
        let url = url.trim();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address).to_ascii_lowercase();
        let usual = address.strip_suffix(":443").or_else(|| address.strip_suffix(":80")).unwrap_or(&address);
        let (host, port) = match usual.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (usual, None),
        };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let whole = format!("{}{port}{}", host.trim_end_matches('.'), path.trim_end_matches('/'));
        Self(whole.chars().take(METADATA_VALUE).collect())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Controller {
    fn from(url: String) -> Self {
        Self::at(&url)
    }
}

impl fmt::Display for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An installation of mita.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The owner.
    pub owner: Owner,
    /// The controller.
    pub controller: Controller,
    /// Names that the controller had before.
    pub former: Vec<Controller>,
}

impl Installation {
    /// Whether this is the controller, under its present name or a former one.
    pub fn is_at(&self, controller: &Controller) -> bool {
        self.controller == *controller || self.former.contains(controller)
    }

    /// Whether this is the address of a page of the controller, not of another one below it.
    pub fn has_page(&self, page: &Controller) -> bool {
        let is_below = |root: &Controller| {
            let path = page.0.strip_prefix(&root.0).and_then(|rest| rest.strip_prefix('/'));
            path.is_some_and(|path| PAGES.contains(&path.split('/').next().unwrap_or_default()))
        };
        is_below(&self.controller) || self.former.iter().any(is_below)
    }

    /// Whether a mark is of this installation. One without a controller is from a version of mita that wrote none, and
    /// counts.
    pub fn is(&self, owner: &Owner, controller: Option<&Controller>) -> bool {
        self.owner == *owner && controller.is_none_or(|controller| self.is_at(controller))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_a_controller_are_one() {
        for url in [
            "https://ci.example.com/jenkins",
            "https://ci.example.com/jenkins/",
            "http://CI.Example.com/jenkins//",
            "https://ci.example.com:443/jenkins/",
            "http://ci.example.com:80/jenkins",
            "https://ci.example.com./jenkins/",
            "https://jo:secret@ci.example.com/jenkins/?x=y",
            " ci.example.com/jenkins ",
        ] {
            assert_eq!(Controller::at(url).as_str(), "ci.example.com/jenkins", "{url}");
        }
        assert_eq!(Controller::at(&format!("https://ci/{}", "x".repeat(300))).as_str().len(), METADATA_VALUE);
        assert_eq!(Controller::at("http://[2001:DB8::1]/").as_str(), "[2001:db8::1]");
        assert_eq!(Controller::at("http://[2001:db8::80]:8080/ci/").as_str(), "[2001:db8::80]:8080/ci");
    }

    #[test]
    fn another_host_port_or_path_is_another_controller() {
        let ci = Controller::at("https://ci.example.com/");
        for url in ["https://ci2.example.com/", "https://ci.example.com:8080/", "https://ci.example.com/staging"] {
            assert_ne!(Controller::at(url), ci, "{url}");
        }
        assert_ne!(Controller::at("https://ci.example.com/A"), Controller::at("https://ci.example.com/a"));
    }

    #[test]
    fn the_name_of_a_controller_is_read_as_it_was_written() {
        for url in ["https://CI.example.com:8443/a/", "http://[::1]:80", "localhost:8080", ""] {
            let controller = Controller::at(url);
            assert_eq!(Controller::at(controller.as_str()), controller);
        }
    }

    #[test]
    fn s2_a_mark_is_ours_by_owner_and_controller_and_by_the_owner_alone_where_it_names_no_controller() {
        let owner = |name: &str| Owner::new(name).unwrap();
        let us = Installation {
            owner: owner("ci"),
            controller: Controller::at("https://new/"),
            former: vec![Controller::at("https://old/")],
        };
        for (name, controller, ours) in [
            ("ci", None, true),
            ("ci", Some("new"), true),
            ("ci", Some("old"), true),
            ("ci", Some("staging"), false),
            ("ci", Some(""), false),
            ("other", None, false),
            ("other", Some("new"), false),
        ] {
            let controller = controller.map(Controller::at);
            assert_eq!(us.is(&owner(name), controller.as_ref()), ours, "{name} {controller:?}");
        }
    }
}
