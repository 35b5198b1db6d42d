//! The services of a cloud.

use std::fmt;

/// The services that mita calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Compute,
    Image,
    Network,
    Volume,
}

impl Service {
    /// Its types in catalogues, the official one first (OpenStack service-types authority).
    pub(crate) fn types(self) -> &'static [&'static str] {
        match self {
            Service::Compute => &["compute"],
            Service::Image => &["image"],
            Service::Network => &["network"],
            Service::Volume => &["block-storage", "volumev3", "volumev2", "block-store", "volume"],
        }
    }

    /// The key of a provider for its URL.
    pub(crate) fn override_key(self) -> &'static str {
        match self {
            Service::Compute => "compute_endpoint_override",
            Service::Image => "image_endpoint_override",
            Service::Network => "network_endpoint_override",
            Service::Volume => "volume_endpoint_override",
        }
    }

    /// Whether a URL can be that of the API that mita speaks: the types of old catalogues name older ones, too.
    pub(crate) fn speaks(self, url: &str) -> bool {
        self != Service::Volume || !url.trim_end_matches('/').split('/').any(|segment| segment == "v1")
    }

    /// The version that mita speaks, for URLs that name none (usually those of Glance and Neutron).
    fn version(self) -> &'static str {
        match self {
            Service::Compute => "v2.1",
            Service::Image => "v2",
            Service::Network => "v2.0",
            Service::Volume => "v3",
        }
    }

    /// The URL with the version that mita speaks, unless its path names one.
    pub(crate) fn versioned(self, url: &str) -> String {
        versioned(url, self.version())
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Service::Compute => "the compute service",
            Service::Image => "the image service",
            Service::Network => "the network service",
            Service::Volume => "the volume service",
        })
    }
}

/// The URL with this version, unless its path names one.
fn versioned(url: &str, version: &str) -> String {
    let url = url.trim_end_matches('/');
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let has_version = path.split('/').skip(1).any(|segment| {
        segment.strip_prefix('v').is_some_and(|digits| digits.starts_with(|digit: char| digit.is_ascii_digit()))
    });
    if has_version { url.to_owned() } else { format!("{url}/{version}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_looked_for_in_the_path_only() {
        assert_eq!(versioned("http://v2.example:80/image/", "v2"), "http://v2.example:80/image/v2");
        assert_eq!(versioned("http://h/volumes/", "v2"), "http://h/volumes/v2");
        assert_eq!(versioned("http://h/v2.0", "v2.0"), "http://h/v2.0");
    }
}
