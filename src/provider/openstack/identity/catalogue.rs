//! The service catalogue of a token: which URL serves what, by type, region and interface.

use super::wire::{CatalogueEntryV2, CatalogueEntryV3};
use crate::config::Interface;
use crate::domain::world::Site;
use crate::provider::openstack::api::service::Service;
use crate::provider::openstack::api::values::Loose;
use std::collections::BTreeSet;

/// All endpoints that a token gives access to.
pub(crate) struct Catalogue(Vec<Endpoint>);

struct Endpoint {
    service_type: String,
    interface: Interface,
    /// Its name and id, which are equal in most clouds.
    regions: BTreeSet<String>,
    url: String,
}

impl Catalogue {
    pub(crate) fn v3(entries: Vec<Loose<Option<CatalogueEntryV3>>>) -> Self {
        let mut all = Vec::new();
        for entry in entries.into_iter().filter_map(|Loose(entry)| entry) {
            for Loose(endpoint) in entry.endpoints.0 {
                let (Some(interface), Some(url)) =
                    (endpoint.interface.as_deref().and_then(Interface::from_name), endpoint.url)
                else {
                    continue;
                };
                let named = |region: &String| !region.is_empty();
                let regions = [endpoint.region, endpoint.region_id].into_iter().flatten().filter(named).collect();
                all.push(Endpoint { service_type: entry.service_type.clone(), interface, regions, url });
            }
        }
        Self(all)
    }

    pub(crate) fn v2(entries: Vec<Loose<Option<CatalogueEntryV2>>>) -> Self {
        let mut all = Vec::new();
        for entry in entries.into_iter().filter_map(|Loose(entry)| entry) {
            for Loose(endpoint) in entry.endpoints.0 {
                let urls = [
                    (Interface::Public, endpoint.public_url),
                    (Interface::Internal, endpoint.internal_url),
                    (Interface::Admin, endpoint.admin_url),
                ];
                let regions: BTreeSet<_> = endpoint.region.into_iter().collect();
                for (interface, url) in urls {
                    let Some(url) = url else { continue };
                    let (service_type, regions) = (entry.service_type.clone(), regions.clone());
                    all.push(Endpoint { service_type, interface, regions, url });
                }
            }
        }
        Self(all)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The regions that have a service, each by one name.
    pub(crate) fn regions(&self, service: Service, wanted: Interface) -> Vec<String> {
        let serves = |endpoint: &&Endpoint| {
            service.types().contains(&endpoint.service_type.as_str()) && endpoint.interface == wanted
        };
        let regions = self.0.iter().filter(serves).filter_map(|endpoint| endpoint.regions.first());
        regions.cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The region that has a service at this site; of several regions that share it, the one that is wanted, if that is one.
    pub(crate) fn region_of(&self, service: Service, site: &Site, wanted: Option<&str>) -> Option<String> {
        let is_there = |endpoint: &&Endpoint| {
            service.types().contains(&endpoint.service_type.as_str()) && Site::at(&endpoint.url) == *site
        };
        let there: Vec<&BTreeSet<String>> = self.0.iter().filter(is_there).map(|endpoint| &endpoint.regions).collect();
        let is_wanted = |regions: &&&BTreeSet<String>| wanted.is_some_and(|wanted| regions.contains(wanted));
        let only = || there.first().filter(|first| there.iter().all(|regions| regions == *first));
        there.iter().find(is_wanted).or_else(only)?.first().cloned()
    }

    /// The URL of a service, with a version and without a slash at its end; or why there is none, and what to do.
    pub(crate) fn url(&self, service: Service, region: Option<&str>, wanted: Interface) -> Result<String, String> {
        let of_type: Vec<_> = service
            .types()
            .iter()
            .map(|name| {
                let fits = |endpoint: &&Endpoint| endpoint.service_type == *name && service.speaks(&endpoint.url);
                self.0.iter().filter(fits).collect::<Vec<_>>()
            })
            .find(|endpoints| !endpoints.is_empty())
            .ok_or_else(|| {
                let types = listed(self.0.iter().map(|endpoint| endpoint.service_type.as_str()));
                let (names, key) = (service.types().join(" or "), service.override_key());
                format!(
                    "the catalogue lacks {service} (type {names}); it has: {types}: ask those who run the cloud, or write its \
                     URL as {key}"
                )
            })?;
        let of_interface: Vec<_> = of_type.iter().filter(|endpoint| endpoint.interface == wanted).collect();
        if of_interface.is_empty() {
            let interfaces = listed(of_type.iter().map(|endpoint| endpoint.interface.name()));
            return Err(format!(
                "the catalogue lacks {service} at the {} interface: set the interface to one of: {interfaces}",
                wanted.name()
            ));
        }
        let regions = listed(of_interface.iter().flat_map(|endpoint| endpoint.regions.iter().map(String::as_str)));
        let chosen = match region {
            Some(region) => of_interface
                .iter()
                .find(|endpoint| endpoint.regions.contains(region))
                .ok_or_else(|| without_region(service, region, &regions))?,
            None => {
                let first = of_interface[0];
                if of_interface.iter().any(|endpoint| endpoint.regions != first.regions) {
                    return Err(format!("the cloud has several regions: set service_region to one of: {regions}"));
                }
                &of_interface[0]
            }
        };
        if !["http://", "https://"].iter().any(|scheme| chosen.url.starts_with(scheme)) {
            return Err(format!(
                "the catalogue has {:?} as the URL of {service}: have it corrected by those who run the cloud, or write its \
                 URL as {}",
                chosen.url,
                service.override_key()
            ));
        }
        Ok(service.versioned(&chosen.url))
    }
}

/// Why a service is not in this region, and what to do. Clouds share services between regions, or name no regions at all.
fn without_region(service: Service, region: &str, regions: &str) -> String {
    let key = service.override_key();
    match regions {
        "none" => format!(
            "the catalogue names no region for {service}: leave service_region out, or write {key} if other services need it"
        ),
        _ => format!(
            "the region \"{region}\" lacks {service}; regions that have it: {regions}: correct service_region, or write its URL \
             as {key}"
        ),
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: BTreeSet<_> = names.collect();
    if names.is_empty() { "none".to_owned() } else { names.into_iter().collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Catalogue {
        let body = include_str!("../../../../tests/fixtures/openstack/token.json");
        let mut body: serde_json::Value = serde_json::from_str(body).unwrap();
        Catalogue::v3(serde_json::from_value(body["token"]["catalog"].take()).unwrap())
    }

    fn two_regions() -> Catalogue {
        let entry = r#"[{"type":"compute","endpoints":[
            {"interface":"public","region":"one","region_id":"one","url":"http://one/compute"},
            {"interface":"public","region":"two","region_id":"r2","url":"http://two/compute/v2/p1/"},
            {"interface":"internal","region":"two","url":null},
            {"interface":"other","region":"two","url":"http://no"}]},
            {"type":"empty","endpoints":null}]"#;
        Catalogue::v3(serde_json::from_str(entry).unwrap())
    }

    #[test]
    fn a_service_is_found_by_type_and_gets_its_version_where_the_catalogue_has_none() {
        let catalogue = recorded();
        let url = |service| catalogue.url(service, Some("RegionOne"), Interface::Public).unwrap();
        assert_eq!(url(Service::Compute), "http://127.0.0.1:8774/v2.1");
        assert_eq!(url(Service::Image), "http://127.0.0.1:9292/v2");
        assert_eq!(url(Service::Network), "http://127.0.0.1:9696/v2.0");
        assert_eq!(url(Service::Volume), "http://127.0.0.1:8776/v3/8e8353990a524cf6aa5db0a615d800a1");
        assert_eq!(catalogue.url(Service::Compute, None, Interface::Admin).unwrap(), "http://127.0.0.1:8774/v2.1");
    }

    #[test]
    fn several_regions_need_one_to_be_chosen_by_name_or_id() {
        let catalogue = two_regions();
        assert_eq!(
            catalogue.url(Service::Compute, None, Interface::Public).unwrap_err(),
            "the cloud has several regions: set service_region to one of: one, r2, two"
        );
        assert_eq!(catalogue.regions(Service::Compute, Interface::Public), ["one", "r2"]);
        for region in ["two", "r2"] {
            let url = catalogue.url(Service::Compute, Some(region), Interface::Public).unwrap();
            assert_eq!(url, "http://two/compute/v2/p1");
        }
        assert_eq!(
            catalogue.url(Service::Compute, Some("three"), Interface::Public).unwrap_err(),
            "the region \"three\" lacks the compute service; regions that have it: one, r2, two: correct service_region, or \
             write its URL as compute_endpoint_override"
        );
    }

    #[test]
    fn s3_the_region_of_a_compute_service_is_known_by_its_address_whatever_the_configuration_calls_it() {
        let catalogue = two_regions();
        let region = |url: &str, wanted: Option<&str>| catalogue.region_of(Service::Compute, &Site::at(url), wanted);
        for wanted in [None, Some("two"), Some("r2"), Some("one")] {
            assert_eq!(region("https://two/compute/v2.1", wanted).as_deref(), Some("r2"), "{wanted:?}");
        }
        assert_eq!(region("http://one/compute", None).as_deref(), Some("one"));
        assert_eq!(region("http://three/compute", Some("one")), None);
        let shared = r#"[{"type":"compute","endpoints":[
            {"interface":"public","region":"one","region_id":"one","url":"http://h/compute"},
            {"interface":"public","region":"two","region_id":"two","url":"http://h/compute"}]}]"#;
        let shared = Catalogue::v3(serde_json::from_str(shared).unwrap());
        let site = Site::at("http://h/compute");
        assert_eq!(shared.region_of(Service::Compute, &site, Some("two")).as_deref(), Some("two"));
        assert_eq!(shared.region_of(Service::Compute, &site, None), None);
    }

    #[test]
    fn a_catalogue_without_regions_needs_none() {
        let entries = r#"[{"type":"image","endpoints":[{"interface":"public","region":null,"url":"http://h:9292"},
            {"interface":"public","region":"","region_id":"","url":"http://h:9292"}]}]"#;
        let catalogue = Catalogue::v3(serde_json::from_str(entries).unwrap());
        assert_eq!(catalogue.url(Service::Image, None, Interface::Public).unwrap(), "http://h:9292/v2");
        assert_eq!(
            catalogue.url(Service::Image, Some("one"), Interface::Public).unwrap_err(),
            "the catalogue names no region for the image service: leave service_region out, or write \
             image_endpoint_override if other services need it"
        );
    }

    #[test]
    fn the_volume_service_is_found_under_its_old_types_but_not_in_its_first_version() {
        for kind in ["block-store", "volume", "volumev2"] {
            let entries = format!(
                r#"[{{"type":"volume","endpoints":[{{"interface":"public","region":"r","url":"http://h/v1/p1"}}]}},
                    {{"type":"{kind}","endpoints":[{{"interface":"public","region":"r","url":"http://h/v3/p1"}}]}}]"#
            );
            let catalogue = Catalogue::v3(serde_json::from_str(&entries).unwrap());
            assert_eq!(catalogue.url(Service::Volume, None, Interface::Public).unwrap(), "http://h/v3/p1", "{kind}");
        }
    }

    #[test]
    fn what_the_catalogue_lacks_is_reported_with_what_it_has() {
        let catalogue = two_regions();
        assert_eq!(
            catalogue.url(Service::Volume, None, Interface::Public).unwrap_err(),
            "the catalogue lacks the volume service (type block-storage or volumev3 or volumev2 or block-store or volume); it \
             has: compute: ask those who run the cloud, or write its URL as volume_endpoint_override"
        );
        assert_eq!(
            catalogue.url(Service::Compute, None, Interface::Admin).unwrap_err(),
            "the catalogue lacks the compute service at the admin interface: set the interface to one of: public"
        );
    }

    #[test]
    fn what_is_no_url_in_the_catalogue_is_reported_with_the_key_that_replaces_it() {
        for url in ["", "/compute/v2.1", "compute.example.com"] {
            let entries =
                format!(r#"[{{"type":"compute","endpoints":[{{"interface":"public","region":"r","url":"{url}"}}]}}]"#);
            let catalogue = Catalogue::v3(serde_json::from_str(&entries).unwrap());
            let error = catalogue.url(Service::Compute, None, Interface::Public).unwrap_err();
            let said = format!("has {url:?} as the URL of the compute service");
            assert!(error.contains(&said) && error.ends_with("compute_endpoint_override"), "{error}");
        }
    }

    #[test]
    fn version_two_names_its_urls_by_interface() {
        let entries = r#"[{"type":"network","endpoints":[
            {"region":"r","publicURL":"http://p:9696/","internalURL":"http://i:9696/"}]}]"#;
        let catalogue = Catalogue::v2(serde_json::from_str(entries).unwrap());
        let url = |interface| catalogue.url(Service::Network, None, interface);
        assert_eq!(url(Interface::Public).unwrap(), "http://p:9696/v2.0");
        assert_eq!(url(Interface::Internal).unwrap(), "http://i:9696/v2.0");
        assert!(url(Interface::Admin).is_err());
    }
}
