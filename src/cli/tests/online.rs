//! `mita check --online` against set-ups that are broken in one way each.

use crate::cli::check::online::check;
use crate::config::{Auth, Backend, CredentialId, FlavorChoice, NodeSettings, NodeType, Registration, Transport};
use crate::secret::Secret;
use crate::view::document::check::{Online, Remark};
use crate::view::tests::scene::Scene;
use jiff::{SignedDuration, Timestamp};
use mita_sim::jenkins::{Permission, Version};
use mita_sim::openstack::Cloud;
use mita_sim::{Fault, Kind, Service};

pub(super) fn online(scene: &Scene) -> Online {
    let online = check(&scene.loaded.config, scene.moment());
    assert!(scene.sim.writes().is_empty(), "{:?}", scene.sim.writes());
    scene.sim.assert_promises();
    online
}

pub(super) fn lines(findings: &[Remark]) -> Vec<String> {
    findings.iter().map(|finding| format!("{}: {}", finding.place, finding.text)).collect()
}

#[track_caller]
pub(super) fn only(lines: &[String], parts: &[&str]) {
    assert!(matches!(lines, [one] if parts.iter().all(|part| one.contains(part))), "{parts:?} in {lines:#?}");
}

/// One fault that says all of this, and no hint.
#[track_caller]
pub(super) fn assert_fault(scene: &Scene, parts: &[&str]) {
    let online = online(scene);
    only(&lines(&online.faults), parts);
    assert_eq!(lines(&online.hints), [""; 0]);
}

/// One hint that says all of this, and no fault.
#[track_caller]
pub(super) fn assert_hint(scene: &Scene, parts: &[&str]) {
    let online = online(scene);
    assert_eq!(lines(&online.faults), [""; 0]);
    only(&lines(&online.hints), parts);
}

/// A scene whose quota has room for everything, so that what a test breaks stands alone.
pub(super) fn scene() -> Scene {
    let scene = Scene::start();
    let mut cloud = scene.sim.cloud("openstack");
    cloud.quota_mut("ceph-ci").instances = None;
    drop(cloud);
    scene
}

pub(super) fn scene_with(change: impl FnOnce(&mut NodeType)) -> Scene {
    let mut scene = scene();
    change(&mut scene.loaded.config.node_types[0]);
    scene
}

pub(super) fn cloud_with(change: impl FnOnce(&mut Cloud)) -> Scene {
    let scene = scene();
    change(&mut scene.sim.cloud("openstack"));
    scene
}

#[test]
fn a_set_up_that_works_has_neither_faults_nor_hints() {
    let scene = scene();
    let online = online(&scene);
    assert_eq!((lines(&online.faults), lines(&online.hints)), (Vec::new(), Vec::new()));
    assert_eq!(
        lines(&online.seen),
        [
            "jenkins: version 2.578 answers mita; 0 queue items, 2 nodes",
            "provider openstack: answers; 0 servers, 0 of this installation",
            "provider openstack: in use: 0 instances, 0 of 100 cores, 0 of 400000 MiB of RAM",
        ]
    );
    let without_script =
        "whether the image starts an agent where there is neither `script` nor `register`: ubuntu, centos";
    assert_eq!(online.not_checked, [without_script]);
    let scene = scene_with(|kind| kind.script = "#!/bin/sh\n".to_owned());
    let not_checked = self::online(&scene).not_checked;
    assert_eq!(not_checked, [&without_script.replace("ubuntu, ", ""), "what the scripts do on the servers"]);
}

#[test]
fn an_image_name_that_several_images_have_is_told() {
    let scene = scene_with(|kind| kind.image_name = "dup-image".into());
    assert_hint(
        &scene,
        &["2 active images have the name \"dup-image\"", "mita takes the newest", "write the id of one"],
    );
}

#[test]
fn s9_a_token_that_jenkins_refuses_is_told_once() {
    let mut scene = scene();
    scene.loaded.config.jenkins.token = Secret::new("n0t-the-token");
    assert_fault(&scene, &["status 401: Jenkins does not know this user with this token"]);
}

#[test]
fn each_missing_permission_is_told_by_its_jenkins_name_with_what_it_is_for() {
    for version in [Version::new(2, 578), Version::new(2, 346)] {
        for (permission, parts) in [
            (Permission::AgentConnect, ["mita lacks the permission Agent/Connect", "bring a node back", "node vault"]),
            (Permission::AgentDisconnect, ["lacks the permission Agent/Disconnect", "set a node offline", "grant it"]),
            (Permission::AgentDelete, ["lacks the permission Agent/Delete", "delete a retired node", "grant it"]),
        ] {
            let scene = scene();
            scene.sim.jenkins().options.version = version;
            scene.sim.jenkins().options.users[0].permissions.remove(&permission);
            assert_fault(&scene, &parts);
        }
    }
}

#[test]
fn agent_create_is_asked_for_where_mita_makes_nodes_and_nowhere_else() {
    let mut scene = scene();
    scene.sim.jenkins().options.users[0].permissions.remove(&Permission::AgentCreate);
    assert!(online(&scene).faults.is_empty());
    scene.loaded.config.node_types[0].registration =
        Registration::Inbound(NodeSettings::default(), Transport::WebSocket);
    assert_fault(&scene, &["jenkins: mita lacks the permission Agent/Create, so that mita cannot create the nodes"]);
    scene.sim.jenkins().options.users[0].permissions.insert(Permission::AgentCreate);
    assert!(online(&scene).faults.is_empty());
}

#[test]
fn a_user_without_job_read_is_told_of_it_though_the_queue_is_empty() {
    let scene = scene();
    scene.sim.jenkins().options.users[0].permissions.remove(&Permission::JobRead);
    assert_hint(&scene, &["jenkins: mita sees no job at all", "grant Job/Read"]);
}

#[test]
fn a_log_in_that_gets_lost_on_the_way_is_told_of_though_anybody_may_read() {
    let scene = scene();
    scene.sim.jenkins().options.anonymous = [Permission::OverallRead, Permission::JobRead].into();
    scene.sim.jenkins().options.loses_credentials = true;
    assert_fault(&scene, &["treats mita as anonymous", "Authorization header"]);
}

#[test]
fn a_jenkins_without_agents_is_told_to_keep_one_and_agent_delete_stays_unknown() {
    let scene = scene();
    scene.sim.jenkins().delete_node("vault");
    assert_hint(&scene, &["jenkins: has no agent at all", "Add one permanent agent"]);
    let online = online(&scene);
    assert!(online.not_checked[0].starts_with("the permission Agent/Delete"), "{:?}", online.not_checked);
    scene.sim.jenkins().options.users[0].permissions.remove(&Permission::AgentDisconnect);
    only(&lines(&self::online(&scene).faults), &["Agent/Disconnect", "asked of the built-in node"]);
}

#[test]
fn a_node_of_ours_is_asked_about_before_any_other() {
    let scene = scene();
    scene.sim.jenkins().add_agent("centos+192.168.1.10", "amd64", 1);
    scene.sim.jenkins().options.users[0].permissions.remove(&Permission::AgentDelete);
    assert_fault(&scene, &["asked of node centos+192.168.1.10"]);
}

#[test]
fn names_that_the_cloud_does_not_know_are_told_with_near_ones() {
    let name = |name: &str| Some(name.to_owned());
    let list = |name: &str| vec![name.to_owned()];
    assert_fault(&scene_with(|kind| kind.image_name = "Debian 13".into()), &["nodes.ubuntu", "nearest: \"Debian 12\""]);
    assert_fault(
        &scene_with(|kind| kind.size = FlavorChoice::Named("m1.smal".into())),
        &["nodes.ubuntu", "nearest: \"m1.small\""],
    );
    assert_fault(
        &scene_with(|kind| kind.keyname = name("jenkins-slav")),
        &["nodes.ubuntu at provider openstack", "nearest: \"jenkins-slave\"", "key pairs belong to users"],
    );
    assert_fault(
        &scene_with(|kind| kind.security_groups = list("defualt")),
        &["no security group has the name \"defualt\"; nearest: \"default\""],
    );
    assert_fault(
        &scene_with(|kind| kind.availability_zone = name("nove")),
        &["there is no availability zone \"nove\"; nearest: \"nova\""],
    );
    assert_fault(&scene_with(|kind| kind.networks = list("ci-ned")), &["nearest: \"ci-net\""]);
}

#[test]
fn a_key_pair_of_another_user_is_not_ours() {
    let scene = scene_with(|kind| kind.keyname = Some("jenkins-slave".into()));
    scene.sim.cloud("openstack").users[0].keypairs.clear();
    scene.sim.cloud("openstack").users[1].keypairs.push("jenkins-slave".into());
    assert_fault(&scene, &["no key pair of this user", "there is none"]);
}

#[test]
fn networks_that_servers_cannot_be_attached_to_are_told() {
    assert_fault(&scene_with(|kind| kind.networks = vec!["public".into()]), &["is external"]);
    let mut two = cloud_with(|cloud| drop(cloud.add_network("second", "10.0.0", None)));
    two.loaded.config.node_types.truncate(1);
    assert_fault(&two, &["cannot choose between the networks \"ci-net\", \"second\": write networks = [\"ci-net\"]"]);
    let mut bare = cloud_with(|cloud| cloud.networks[0].has_subnets = false);
    bare.loaded.config.node_types.truncate(1);
    assert_fault(&bare, &["the network \"ci-net\" has no subnet"]);
    let mut none = cloud_with(|cloud| cloud.networks.retain(|network| network.external));
    none.loaded.config.node_types.truncate(1);
    assert_fault(&none, &["the project has no network"]);
}

#[test]
fn a_size_that_is_too_small_for_the_image_is_told_as_nova_would_refuse_it() {
    let image = "Ubuntu Trusty (2014.04) cloudimg";
    let demanding = |min_ram, min_disk| {
        cloud_with(|cloud| {
            let image = cloud.images.iter_mut().find(|found| found.name == image).unwrap();
            (image.min_ram, image.min_disk) = (min_ram, min_disk);
        })
    };
    assert_fault(&demanding(4096, 0), &["nodes.ubuntu", "2048 MiB of RAM", "needs 4096"]);
    assert_fault(&demanding(0, 40), &["nodes.ubuntu", "a disk of 20 GB", "needs 40"]);
    assert!(online(&demanding(2048, 20)).faults.is_empty());
}

#[test]
fn user_data_is_measured_as_it_would_be_sent() {
    let scene = scene_with(|kind| kind.script = format!("#!/bin/sh\n{}", "${MITA_SERVER_NAME}".repeat(9000)));
    assert_fault(
        &scene,
        &["nodes.ubuntu at provider openstack", "its script has", "let a short script fetch the rest"],
    );
}

#[test]
fn a_user_who_may_only_read_and_a_password_that_ends_soon_are_told() {
    let reader = cloud_with(|cloud| cloud.users[0].roles = vec!["reader".into()]);
    assert_hint(&reader, &["provider openstack", "only the role reader", "grant it the role member"]);
    let both = cloud_with(|cloud| cloud.users[0].roles = vec!["reader".into(), "member".into()]);
    assert!(online(&both).hints.is_empty());
    let day = 24 * 3600 * 1000;
    for (days, told) in [(3, true), (20, false)] {
        let scene = scene();
        let end = scene.sim.now() + days * day;
        scene.sim.cloud("openstack").users[0].password_expires = Some(end);
        if told {
            assert_hint(&scene, &["the user's password expires at 2026-01-08 08:00 UTC"]);
        } else {
            assert!(online(&scene).hints.is_empty());
        }
    }
}

#[test]
fn an_application_credential_that_ends_soon_is_told() {
    let mut scene = scene();
    let credential = scene.sim.cloud("openstack").app_credentials[0].clone();
    let Backend::OpenStack(cloud) = &mut scene.loaded.config.providers[0].backend else { panic!("not OpenStack") };
    let (id, secret) = (CredentialId::Id(credential.id), Secret::new(credential.secret));
    cloud.auth = Auth::ApplicationCredential { credential: id, secret };
    assert!(online(&scene).hints.is_empty());
    let end = scene.sim.now() + 3 * 24 * 3600 * 1000;
    scene.sim.cloud("openstack").app_credentials[0].expires = Some(end);
    assert_hint(&scene, &["provider openstack", "the application credential expires at 2026-01-08 08:00 UTC"]);
}

#[test]
fn a_quota_that_is_smaller_than_the_limits_is_told_with_what_is_used() {
    let scene = cloud_with(|cloud| {
        cloud.quota_mut("ceph-ci").instances = Some(3);
        cloud.place_server("another", &[]);
    });
    assert_hint(&scene, &["nodes.centos at provider openstack", "quota of instances has room for 2"]);
    assert!(lines(&online(&scene).seen).iter().any(|line| line.contains("in use: 1 of 3 instances")));
}

#[test]
fn clocks_that_differ_are_told_and_whose_is_wrong() {
    let scene = scene();
    scene.sim.jenkins().options.clock_ahead = 120;
    assert_hint(&scene, &["jenkins: its clock is", "ahead of this machine's", "NTP"]);
    scene.sim.jenkins().options.clock_ahead = -300;
    scene.sim.cloud("openstack").options.clock_ahead = -300;
    assert_hint(&scene, &["this machine: its clock is", "ahead of that of jenkins and provider openstack"]);
    scene.sim.jenkins().options.clock_ahead = 5;
    scene.sim.cloud("openstack").options.clock_ahead = -5;
    assert!(online(&scene).hints.is_empty());
}

fn mark<'a>(owner: &'a str, kind: &'a str) -> [(&'a str, &'a str); 3] {
    [("mita_owner", owner), ("mita_node", kind), ("mita_id", "20260105T070000Z-1")]
}

#[test]
fn an_owner_that_another_installation_uses_shows_by_servers_that_nobody_here_ordered() {
    let ours = cloud_with(|cloud| drop(cloud.place_server("theirs", &mark("ceph-ci", "ubuntu"))));
    assert_hint(&ours, &["1 server, theirs (", "the mark of owner \"ceph-ci\"", "set another owner"]);
    let odd = cloud_with(|cloud| drop(cloud.place_server("theirs", &mark("ceph-ci", "windows"))));
    assert_fault(&odd, &["node type that is not configured here", "would retire what is idle"]);
    let others = cloud_with(|cloud| drop(cloud.place_server("theirs", &mark("other-ci", "windows"))));
    assert!(online(&others).faults.is_empty() && online(&others).hints.is_empty());
}

#[test]
fn a_server_that_this_installation_ordered_is_no_stranger() {
    let mut scene = Scene::with_jobs();
    scene.sim.cloud("openstack").quota_mut("ceph-ci").instances = None;
    scene.loaded.config.node_types[0].max = None;
    scene.run();
    scene.sim.clear_log();
    let online = online(&scene);
    assert!(lines(&online.seen)[1].contains("of this installation"), "{:?}", lines(&online.seen));
    assert_eq!((lines(&online.faults), lines(&online.hints)), (Vec::new(), Vec::new()));
}

#[test]
fn servers_that_this_state_never_ordered_show_that_another_machine_runs_with_this_configuration() {
    let mut scene = Scene::with_jobs();
    scene.sim.cloud("openstack").quota_mut("ceph-ci").instances = None;
    scene.loaded.config.node_types[0].max = None;
    scene.run();
    // The second machine has no state yet; later it has one that found them.
    std::fs::remove_file(&scene.loaded.config.state_file).unwrap();
    for _ in 0..2 {
        scene.sim.clear_log();
        assert_hint(&scene, &["this state file did not order them", "one state file belongs to one crontab"]);
        scene.run();
    }
}

#[test]
fn s2_an_installation_at_another_jenkins_with_the_same_owner_is_told() {
    let theirs = [("mita_owner", "ceph-ci"), ("mita_node", "ubuntu"), ("mita_controller", "staging.example.com")];
    let theirs = [&theirs[..], &[("mita_id", "20260105T070000Z-1")]].concat();
    let scene = cloud_with(|cloud| drop(cloud.place_server("theirs", &theirs)));
    assert_fault(&scene, &["1 server has the mark of owner ceph-ci at the Jenkins staging.example.com", "former_urls"]);
}

#[test]
fn another_owner_that_serves_the_same_jenkins_is_told() {
    for (at_ours, is_told) in [(true, true), (false, false)] {
        let scene = scene();
        let url = if at_ours { scene.loaded.config.jenkins.url.clone() } else { "staging.example.com".to_owned() };
        let theirs = [&mark("other-ci", "ubuntu")[..], &[("mita_controller", &url)]].concat();
        scene.sim.cloud("openstack").place_server("theirs", &theirs);
        if is_told {
            let told =
                ["1 server, theirs (", "the mark of owner \"other-ci\" for this same Jenkins", "twice", "stop one"];
            assert_hint(&scene, &told);
        } else {
            assert_eq!(lines(&online(&scene).hints), [""; 0]);
        }
    }
}

#[test]
fn an_agent_that_is_named_as_a_node_type_or_a_label_is_told() {
    for (name, part) in [
        ("ubuntu", "the name of a node type"),
        ("trusty", "the name of a label of nodes.ubuntu"),
        ("ubuntu+192.0.2.99", "the name of a node of nodes.ubuntu, is no node of a server of mita"),
    ] {
        let scene = scene();
        scene.sim.jenkins().add_agent(name, "signing", 1);
        assert_hint(&scene, &[&format!("node {name}: has {part}"), "rename it"]);
    }
}

#[test]
fn nobody_is_advised_to_delete_the_node_of_another_installations_server() {
    let scene = scene();
    let theirs = [&mark("other-ci", "ubuntu")[..], &[("mita_controller", "staging.example.com")]].concat();
    let id = scene.sim.cloud("openstack").place_server("theirs", &theirs);
    let address = scene.sim.cloud("openstack").addresses(&id).remove(0);
    scene.sim.jenkins().add_agent(&format!("ubuntu+{address}"), "signing", 1);
    assert_eq!(lines(&online(&scene).hints), [""; 0]);
}

#[test]
fn s3_a_node_of_ours_whose_cloud_cannot_be_read_is_not_told_as_somebody_elses() {
    let scene = Scene::with_jobs();
    (0..4).for_each(|_| drop(scene.run()));
    let mut jenkins = scene.sim.jenkins();
    let ours = jenkins.nodes.iter_mut().find(|node| node.name.starts_with("ubuntu+")).expect("a node of ours");
    ours.label_by_plugin("linux");
    drop(jenkins);
    scene.sim.clear_log();
    scene.sim.fault(Fault::new(Service::Keystone, Kind::Status(503, "{}".into())).always());
    let hints = lines(&online(&scene).hints);
    assert!(!hints.iter().any(|hint| hint.starts_with("node ")), "{hints:?}");
}

#[test]
fn a_password_is_measured_against_the_time_of_this_run() {
    let soon: Timestamp = "2026-01-10T08:00:00Z".parse().unwrap();
    let scene = scene();
    let end = u64::try_from(soon.as_millisecond()).unwrap();
    scene.sim.cloud("openstack").users[0].password_expires = Some(end);
    let mut moment = scene.moment();
    assert_eq!(check(&scene.loaded.config, moment).hints.len(), 1);
    moment.now = soon - SignedDuration::from_hours(15 * 24);
    let hints = lines(&check(&scene.loaded.config, moment).hints);
    assert!(!hints.iter().any(|hint| hint.contains("expires")), "{hints:?}");
}

#[test]
fn a_proxy_that_drops_the_headers_of_jenkins_is_named_and_its_json_is_believed() {
    for (pages_show_session, part) in [(true, "pages more in each run"), (false, "does not notice restarts")] {
        let scene = scene();
        let mut jenkins = scene.sim.jenkins();
        jenkins.options.lost_headers = &["X-Jenkins-Session"];
        jenkins.options.pages_show_session = pages_show_session;
        drop(jenkins);
        assert_hint(&scene, &["without the header X-Jenkins-Session", part]);
        scene.sim.jenkins().options.lost_headers = &["X-Jenkins"];
        assert_hint(&scene, &["without the header X-Jenkins,", "takes it for an old version"]);
    }
}

#[test]
fn the_url_of_a_page_is_told_with_that_of_jenkins_itself() {
    for page in ["login/", "job/ceph-build/", "computer/", "manage/"] {
        let mut scene = scene();
        let root = scene.loaded.config.jenkins.url.clone();
        scene.loaded.config.jenkins.url = format!("{root}{page}");
        let told = format!("is the address of a page; the URL of Jenkins itself is {root}");
        assert_fault(&scene, &[&format!("jenkins: the url {root}{page} {told}")]);
    }
}
