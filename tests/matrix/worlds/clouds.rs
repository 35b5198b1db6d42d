//! Clouds as people have them: in which unusual ways those of a random world are set up, and what a configuration says then.

use crate::harness::{Chance, Installation, Proxy};
use mita_sim::openstack::AccessRule;

/// How the clouds of a world are set up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unusual {
    /// There is an external network that servers may use, and whether they do.
    shared_external: Option<bool>,
    /// Servers have a network first from which no router leads.
    inner: bool,
    /// mita logs in with a credential that allows nothing but what it needs.
    access_rules: bool,
    /// The size of one node type has no disk.
    diskless: bool,
    /// The image is in no list: a community image, or a hidden one.
    unlisted: Option<&'static str>,
    /// mita reaches Jenkins and the first cloud through a proxy.
    proxy: bool,
}

/// What mita needs.
const RULES: [(&str, &str, &str); 11] = [
    ("compute", "GET", "/compute/**"),
    ("compute", "POST", "/compute/v2.1/servers"),
    ("compute", "POST", "/compute/v2.1/servers/*/action"),
    ("compute", "DELETE", "/compute/v2.1/servers/*"),
    ("image", "GET", "/image/**"),
    ("network", "GET", "/network/**"),
    ("network", "POST", "/network/v2.0/floatingips"),
    ("network", "PUT", "/network/v2.0/floatingips/*"),
    ("network", "DELETE", "/network/v2.0/floatingips/*"),
    ("block-storage", "GET", "/volume/**"),
    ("block-storage", "DELETE", "/volume/**"),
];

const LOGIN: &str = "auth_version = \"3.x_appcred\"";

impl Unusual {
    /// Floating IPs come from a network that a router leads to, and that is not the servers' own.
    pub(super) fn of(chance: &mut Chance, floating_ips: bool) -> Self {
        let shared_external = chance.in_hundred(25).then(|| chance.in_hundred(50) && !floating_ips);
        let inner = chance.in_hundred(25);
        let access_rules = chance.in_hundred(25);
        let diskless = chance.in_hundred(25);
        let unlisted = chance.in_hundred(25).then(|| chance.one_of(&["community", "hidden"]));
        let proxy = chance.in_hundred(25);
        Self { shared_external, inner, access_rules, diskless, unlisted, proxy }
    }

    /// Further lines for each node type.
    pub(super) fn node_type(self) -> String {
        let own = if self.shared_external == Some(true) { "\"Ext-Net\"" } else { "\"ci-net\"" };
        match (self.inner, self.shared_external) {
            (false, None) => String::new(),
            (false, Some(_)) => format!("\nnetworks = [{own}]"),
            (true, _) => format!("\nnetworks = [\"inner\", {own}]"),
        }
    }

    /// Further lines for the node type whose size may have no disk.
    pub(super) fn size(self) -> &'static str {
        if self.diskless { "\nsize = \"diskless\"\nboot_volume = { size = 20 }" } else { "" }
    }

    /// Lines for the table of the first provider.
    pub(super) fn provider(self) -> &'static str {
        if self.access_rules { LOGIN } else { "" }
    }

    /// Sets the clouds up, and the configuration with what only they know.
    pub(super) fn set(self, farm: &Installation) {
        let names: Vec<String> = farm.sim.world().clouds.keys().cloned().collect();
        let image = farm.sim.cloud("openstack").images[0].id.clone();
        for (number, name) in names.iter().enumerate() {
            let mut cloud = farm.sim.cloud(name);
            if self.shared_external.is_some() {
                cloud.add_network("Ext-Net", &format!("198.51.{}", 100 + number), None);
                let network = cloud.networks.last_mut().expect("it was added");
                (network.external, network.project, network.has_router) = (true, None, false);
            }
            if self.inner {
                cloud.add_network("inner", &format!("10.7.{number}"), None);
                cloud.networks.last_mut().expect("it was added").has_router = false;
            }
            if self.diskless {
                cloud.add_flavor("diskless", 1, 2048, 0);
            }
            if let Some(how) = self.unlisted {
                cloud.images[0].id.clone_from(&image);
                cloud.images[0].hidden = how == "hidden";
                cloud.images[0].visibility = if how == "hidden" { "public" } else { "community" };
            }
        }
        let mut edits = Vec::new();
        if self.unlisted.is_some() {
            let name = farm.sim.cloud("openstack").images[0].name.clone();
            edits.push((format!("image_name = {name:?}"), format!("image_name = {image:?}")));
        }
        if self.access_rules {
            let rule = |(service, method, path)| AccessRule { service, method, path };
            let mut cloud = farm.sim.cloud("openstack");
            let credential = &mut cloud.app_credentials[0];
            credential.access_rules = RULES.map(rule).to_vec();
            let (id, secret) = (&credential.id, &credential.secret);
            let keys = format!("application_credential_id = {id:?}\napplication_credential_secret = {secret:?}");
            edits.push((LOGIN.to_owned(), format!("{LOGIN}\n{keys}")));
        }
        if self.proxy {
            let line = format!("proxy = \"http://127.0.0.1:{}\"", Proxy::start().port);
            edits.extend(
                ["[jenkins]", "[provider.openstack]"].map(|table| (table.to_owned(), format!("{table}\n{line}"))),
            );
        }
        farm.edit_config(|text| edits.iter().fold(text, |text, (from, to)| text.replace(from, to)));
    }
}

#[test]
fn each_unusual_setup_is_tried_every_day() {
    let worlds: Vec<Unusual> =
        (0..super::WORLDS).map(|seed| super::World::of(seed, super::Backend::OpenStack).unusual(false)).collect();
    let tried: [fn(&Unusual) -> bool; 8] = [
        |world| world.shared_external == Some(true),
        |world| world.shared_external == Some(false),
        |world| world.inner,
        |world| world.access_rules,
        |world| world.diskless,
        |world| world.unlisted == Some("community"),
        |world| world.unlisted == Some("hidden"),
        |world| world.proxy,
    ];
    let missing: Vec<usize> = (0..tried.len()).filter(|&at| !worlds.iter().any(tried[at])).collect();
    assert!(missing.is_empty(), "{missing:?} in {worlds:#?}");
}
