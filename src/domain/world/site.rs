//! Which of several compute services a server is in: all regions of one Keystone share the ids of its projects.

use crate::domain::installation::Controller;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One compute service of a cloud.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// The one of this region.
    Region(String),
    /// The one at this host and path, where no region is known.
    Address(String),
}

impl Site {
    /// The service at a URL. Scheme, credentials, usual ports, slashes at the end and what comes from the version on make no
    /// difference.
    pub fn at(url: &str) -> Self {
        let address = Controller::at(url);
        let is_version = |part: &&str| {
            part.strip_prefix('v').is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
        };
        let mut parts = address.as_str().split('/');
        let host = parts.next().unwrap_or_default();
        let path = parts.take_while(|part| !is_version(part)).filter(|part| !part.is_empty());
        Self::Address(path.fold(host.to_owned(), |address, part| format!("{address}/{part}")))
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Site::Region(region) => write!(f, "region {region}"),
            Site::Address(address) => write!(f, "compute service at {address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_another_spelling_of_an_address_is_no_other_place() {
        let spellings = [
            "http://nova.example.com/compute",
            "https://nova.example.com/compute/",
            "https://NOVA.example.com:443/compute/v2.1",
            "http://nova.example.com:80/compute/v2/8e8353990a52/",
            "https://admin:secret@nova.example.com/compute//v2.1/?x=secret",
        ];
        for spelling in spellings {
            assert_eq!(Site::at(spelling), Site::Address("nova.example.com/compute".to_owned()), "{spelling}");
        }
        for other in
            ["http://nova2.example.com/compute", "http://nova.example.com", "http://nova.example.com/r2/compute"]
        {
            assert_ne!(Site::at(other), Site::at(spellings[0]), "{other}");
        }
        assert_eq!(Site::at("http://[2001:db8::1]:8774/v2.1"), Site::Address("[2001:db8::1]:8774".to_owned()));
    }
}
