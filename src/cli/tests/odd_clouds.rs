//! `mita check --online` against clouds that are set up in unusual ways.

use super::online::{assert_fault, assert_hint, cloud_with, lines, online, scene, scene_with};
use crate::config::{Auth, Backend, BootVolume, CredentialId, NodeType};
use crate::secret::Secret;
use crate::view::tests::scene::Scene;
use mita_sim::openstack::{AccessRule, Cloud, Snapshot};

/// One node type in a cloud that was changed like this.
fn with_cloud(change: impl FnOnce(&mut Cloud)) -> Scene {
    let mut scene = cloud_with(change);
    scene.loaded.config.node_types.truncate(1);
    scene
}

fn both(node_type: impl FnOnce(&mut NodeType), cloud: impl FnOnce(&mut Cloud)) -> Scene {
    let scene = scene_with(node_type);
    cloud(&mut scene.sim.cloud("openstack"));
    scene
}

#[test]
fn what_is_on_a_later_page_of_neutron_exists() {
    let mut scene = both(
        |kind| {
            kind.security_groups = vec!["the-last".into()];
            kind.networks = vec!["ci-net".into()];
        },
        |cloud| {
            cloud.options.page_size = 2;
            for name in ["a", "b", "c", "the-last"] {
                cloud.add_security_group(name);
                cloud.add_network(name, "10.0.0", None);
            }
        },
    );
    scene.loaded.config.node_types.truncate(1);
    let found = online(&scene);
    assert_eq!((lines(&found.faults), lines(&found.hints)), (Vec::new(), Vec::new()));
    // Nova would have to choose from all of them.
    let scene = with_cloud(|cloud| {
        cloud.options.page_size = 2;
        cloud.add_network("on-page-2", "10.0.0", None);
    });
    assert_fault(&scene, &["cannot choose between the networks", "\"on-page-2\""]);
}

#[test]
fn an_external_network_takes_servers_if_it_is_shared_and_then_nova_has_to_choose() {
    let share = |cloud: &mut Cloud| cloud.networks[1].project = None;
    let mut scene = both(|kind| kind.networks = vec!["public".into()], share);
    scene.loaded.config.node_types.truncate(1);
    assert_eq!(lines(&online(&scene).faults), [""; 0]);
    assert_fault(&with_cloud(share), &["between the networks \"ci-net\", \"public\"", "write networks = [\"ci-net\"]"]);
    let only_external = with_cloud(|cloud| {
        cloud.networks.remove(0);
        cloud.networks[0].project = Some(cloud.project.clone());
    });
    assert_fault(&only_external, &["the only network is \"public\", which is external"]);
}

#[test]
fn a_network_to_choose_is_one_where_servers_get_an_address() {
    let scene = with_cloud(|cloud| {
        cloud.add_network("a-first", "10.0.0", None);
        cloud.networks.last_mut().unwrap().has_subnets = false;
    });
    assert_fault(&scene, &["between the networks \"a-first\", \"ci-net\"", "write networks = [\"ci-net\"]"]);
}

#[test]
fn a_volume_type_that_does_not_exist_is_told_as_nova_would_refuse_it() {
    let boot = |kind: &str| {
        let volume = BootVolume { size: 20, volume_type: Some(kind.to_owned()) };
        let mut scene = scene_with(|node_type| node_type.boot.volume = Some(volume));
        scene.loaded.config.node_types.truncate(1);
        scene
    };
    assert_fault(&boot("sdd"), &["no volume type has the name \"sdd\"", "nearest: \"ssd\"", "type of boot_volume"]);
    for known in ["ssd", "00000000-0000-4000-9000-000000000001"] {
        assert_eq!(lines(&online(&boot(known)).faults), [""; 0]);
    }
}

#[test]
fn a_quota_of_floating_ips_that_is_used_up_is_told_where_servers_need_some() {
    let with_pool = |change: fn(&mut Cloud)| both(|kind| kind.boot.floating_ip_pool = Some("public".into()), change);
    let none_left = with_pool(|cloud| {
        let project = cloud.project.clone();
        cloud.quota_mut(&project).floating_ips = Some(1);
        cloud.place_floating_ip("somebody's");
    });
    let hints = lines(&online(&none_left).hints);
    assert!(hints.iter().any(|hint| hint.contains("1 of 1 floating IPs of the project are in use")), "{hints:?}");
    for room in [Some(1), None] {
        let some_left = with_pool(|_| {});
        {
            let mut cloud = some_left.sim.cloud("openstack");
            let project = cloud.project.clone();
            cloud.quota_mut(&project).floating_ips = room;
        }
        let hints = lines(&online(&some_left).hints);
        assert!(!hints.iter().any(|hint| hint.contains("floating")), "{hints:?}");
    }
}

#[test]
fn more_metadata_than_a_server_may_have_is_told_with_what_mita_itself_writes() {
    let items = |number: usize| {
        move |kind: &mut NodeType| {
            kind.metadata = (0..number).map(|item| (format!("item-{item}"), "x".into())).collect();
        }
    };
    assert_eq!(lines(&online(&both(items(124), |_| {})).faults), [""; 0]);
    let words = ["a server may have 128 metadata items here, and the order has 129, 125 of them from metadata"];
    assert_fault(&both(items(125), |_| {}), &words);
}

#[test]
fn a_flavor_without_a_disk_needs_a_volume_to_boot_from() {
    let diskless = |kind: &mut NodeType| kind.size = crate::config::FlavorChoice::Named("diskless".into());
    let add = |cloud: &mut Cloud| cloud.add_flavor("diskless", 1, 1024, 0);
    assert_fault(&both(diskless, add), &["the flavor \"diskless\" has no disk", "write boot_volume = { size = 20 }"]);
    let volume = |kind: &mut NodeType| {
        diskless(kind);
        kind.boot.volume = Some(BootVolume { size: 20, volume_type: None });
    };
    assert_eq!(lines(&online(&both(volume, add)).faults), [""; 0]);
    let administrator = both(diskless, |cloud| {
        add(cloud);
        cloud.users[0].roles = vec!["admin".into()];
    });
    assert_eq!(lines(&online(&administrator).faults), [""; 0]);
    // Its servers boot from a volume already.
    let of_snapshot = both(diskless, |cloud| {
        add(cloud);
        cloud.images[0].snapshot = Some(Snapshot { id: "00000000-0000-4000-8000-00000000005a".into(), size: 20 });
    });
    assert_eq!(lines(&online(&of_snapshot).faults), [""; 0]);
}

#[test]
fn an_image_that_no_list_shows_is_named_with_its_id() {
    type Change = fn(&mut mita_sim::openstack::Image);
    let ways: [(&str, Change); 3] = [
        ("is a community image", |image| image.visibility = "community"),
        ("is hidden", |image| image.hidden = true),
        ("this project has not accepted it", |image| image.visibility = "shared"),
    ];
    for (part, change) in ways {
        let scene = with_cloud(|cloud| change(&mut cloud.images[0]));
        let id = scene.sim.cloud("openstack").images[0].id.clone();
        assert_fault(&scene, &[part, &format!("write image_name = {id:?}")]);
        let by_id = scene_with(|kind| kind.image_name.clone_from(&id));
        {
            let mut cloud = by_id.sim.cloud("openstack");
            cloud.images[0].id.clone_from(&id);
            change(&mut cloud.images[0]);
        }
        assert_eq!(lines(&online(&by_id).faults), [""; 0], "{part}");
    }
}

/// A cloud that mita reaches with an application credential of these rules.
fn with_rules(rules: &[AccessRule]) -> Scene {
    let mut scene = scene();
    let mut cloud = scene.sim.cloud("openstack");
    let credential = &mut cloud.app_credentials[0];
    credential.access_rules = rules.to_vec();
    let (credential, secret) = (CredentialId::Id(credential.id.clone()), Secret::new(&credential.secret));
    drop(cloud);
    let Backend::OpenStack(openstack) = &mut scene.loaded.config.providers[0].backend else { panic!("not OpenStack") };
    openstack.auth = Auth::ApplicationCredential { credential, secret };
    scene
}

fn rule(service: &'static str, method: &'static str, path: &'static str) -> AccessRule {
    AccessRule { service, method, path }
}

#[test]
fn the_access_rule_that_a_credential_lacks_is_named_before_it_is_needed() {
    let reads = [
        rule("compute", "GET", "/compute/**"),
        rule("image", "GET", "/image/**"),
        rule("network", "GET", "/network/**"),
    ];
    let online = online(&with_rules(&reads));
    let faults = lines(&online.faults).join("\n");
    for part in
        ["allows POST /compute/v2.1/servers of the service compute", "{service: compute, method: DELETE, path: "]
    {
        assert!(faults.contains(part), "{faults}");
    }
    let all = [
        reads.as_slice(),
        &[rule("compute", "POST", "/compute/v2.1/servers"), rule("compute", "DELETE", "/compute/v2.1/servers/*")],
    ]
    .concat();
    assert_eq!(lines(&super::online::online(&with_rules(&all)).faults), [""; 0]);
    let none = super::online::online(&with_rules(&[rule("image", "GET", "/image/**")]));
    let part = "none of them allows GET /compute/v2.1/servers/detail of the service compute";
    assert!(lines(&none.faults).iter().any(|line| line.contains(part)), "{none:?}");
}

#[test]
fn security_groups_of_one_name_are_told_with_their_ids() {
    let scene = scene_with(|kind| kind.security_groups = vec!["web".into()]);
    let mut cloud = scene.sim.cloud("openstack");
    (0..2).for_each(|_| cloud.add_security_group("web"));
    let web = cloud.security_groups.iter().filter(|group| group.name == "web");
    let mut ids: Vec<String> = web.map(|group| group.id.clone()).collect();
    ids.sort();
    drop(cloud);
    let said = format!("\"web\": 2 security groups have this name: use the id of one instead: {}", ids.join(", "));
    assert_fault(&scene, &[&said]);
}

#[test]
fn a_host_in_a_zone_is_told_as_one_for_administrators() {
    let mut scene = scene_with(|kind| kind.availability_zone = Some("nova:host-1".into()));
    scene.loaded.config.node_types.truncate(1);
    assert_hint(&scene, &["\"nova:host-1\" of ", "names a host", "administrators only: write \"nova\""]);
}

#[test]
fn a_gateway_that_drops_the_microversion_is_told_with_what_it_costs() {
    let drop = |cloud: &mut Cloud| cloud.options.drops_microversions = true;
    let header = "the compute service does not answer to the header OpenStack-API-Version (a gateway drops it";
    let mut plain = with_cloud(drop);
    plain.loaded.config.node_types[0].networks = vec!["ci-net".into()];
    assert_hint(&plain, &[header, "does not show which servers are locked"]);
    let mut tagged = with_cloud(drop);
    tagged.loaded.config.node_types[0].boot.tags = vec!["ci".into()];
    assert_hint(&tagged, &[header, "which servers are locked, and refuses tags"]);
}
