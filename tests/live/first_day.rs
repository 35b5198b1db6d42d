//! The first day with a real cloud: `mita init`, `mita check --online`, and the first job.

use super::cloud;
use super::nova::Cloud;
use super::site::{LABEL, Site, image, size};
use mita::cli::Exit;
use mita_sim::Sim;
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

/// Runs the program beside the configuration of a site.
fn program(site: &Site, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mita"));
    command.current_dir(site.folder.path()).stdin(Stdio::null()).args(arguments);
    command.output().unwrap()
}

/// What `mita check --online` finds, and that it exits accordingly.
#[track_caller]
fn checked(site: &Site) -> Value {
    let ended = program(site, &["check", "--online", "--output", "json"]);
    let found: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let wanted = if found["ok"] == true { Exit::Done } else { Exit::Failed };
    assert_eq!(ended.status.code(), Some(i32::from(wanted.number())), "{found:#}");
    found["online"].clone()
}

fn texts(findings: &Value) -> Vec<String> {
    findings.as_array().unwrap().iter().map(|finding| format!("{}: {}", finding["where"], finding["text"])).collect()
}

/// The simulator's clock stands still on another day.
fn without_clocks(findings: &Value) -> Vec<String> {
    texts(findings).into_iter().filter(|text| !text.contains("clock is")).collect()
}

#[track_caller]
fn assert_fault(site: &Site, parts: &[&str]) {
    let faults = texts(&checked(site)["faults"]);
    assert!(
        matches!(faults.as_slice(), [one] if parts.iter().all(|part| one.contains(part))),
        "{parts:?} in {faults:#?}"
    );
}

fn node_type(lines: &str) -> String {
    format!("image_name = \"{}\"\nsize = \"{}\"\n{lines}", image(), size())
}

#[test]
fn live_a_configuration_from_init_is_in_order_and_serves_its_first_job() {
    let Some(cloud) = cloud() else { return };
    let site = Site::at(&cloud, "init");
    let url = format!("{}/", site.sim.jenkins_url());
    fs::write(site.folder.path().join("jenkins.token"), "jenkins-api-token\n").unwrap();
    fs::set_permissions(site.folder.path().join("jenkins.token"), Permissions::from_mode(0o600)).unwrap();
    let (image, size) = (image(), size());
    let ended = program(
        &site,
        &[
            "init",
            "--force",
            "--cloud",
            &cloud,
            "--jenkins-url",
            &url,
            "--owner",
            &site.owner,
            "--image",
            &image,
            "--flavor",
            &size,
            "--node",
            "live",
            "--labels",
            LABEL,
        ],
    );
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let found = checked(&site);
    assert_eq!(texts(&found["faults"]), [""; 0]);
    assert_eq!(without_clocks(&found["hints"]), [""; 0]);
    assert!(texts(&found["seen"]).iter().any(|text| text.contains("instances")), "{found:#}");

    site.queue("first");
    let run = site.run();
    // The provider is called after its cloud.
    let lines = run.lines();
    assert_eq!(lines[0], format!("create_server live@{cloud} demand done"));
    assert!(lines[1].starts_with("create_node live-") && lines[1].ends_with(" register done"), "{lines:?}");
    let id = run.report.results.unwrap()[0].server_id.as_ref().unwrap().to_string();
    let server = site.becomes(&id, "ACTIVE");
    // mita has made the node under the server's own name; its agent would call in with what the script holds.
    let node = server["name"].as_str().unwrap();
    assert!(site.sim.jenkins().node_names().contains(&node.to_owned()), "no node {node}");
    site.sim.jenkins().connect(node);
    site.sim.advance(std::time::Duration::from_secs(1));
    assert_eq!(building(&site.sim), ["first"]);
}

fn building(sim: &Sim) -> Vec<String> {
    let jenkins = sim.jenkins();
    let executors = jenkins.nodes.iter().flat_map(|node| &node.executors);
    executors.filter_map(|executor| executor.build.as_ref()).map(|build| build.job.name.clone()).collect()
}

#[test]
fn live_check_online_names_what_the_cloud_does_not_have_and_what_is_like_it() {
    let Some(cloud) = cloud() else { return };
    for (lines, parts) in [
        ("keyname = \"no-such-key\"", ["no key pair of this user", "no-such-key"]),
        ("security_groups = [\"defaul\"]", ["no security group", "nearest: \\\"default\\\""]),
        ("availability_zone = \"no-such-zone\"", ["no availability zone", "there is"]),
        ("networks = [\"no-such-network\"]", ["no network has this name", "correct networks"]),
    ] {
        assert_fault(&Site::with(&cloud, "names", &node_type(lines)), &parts);
    }
    let small = format!("image_name = \"{}\"\nsize = \"{}x\"", image(), size());
    assert_fault(&Site::with(&cloud, "size", &small), &["no flavor has this name"]);
}

/// The order itself says the same: the check is not stricter than the cloud. In a project of its own, since a further
/// network is one more to choose from for everybody in a project.
#[test]
fn live_an_external_network_and_one_without_a_subnet_are_told_and_refused() {
    if cloud().is_none() {
        return;
    }
    let cloud = super::variable("MITA_LIVE_OTHER_CLOUD").unwrap_or_else(|| "other-team".to_owned());
    if Cloud::named(&cloud).is_none() {
        return super::skipped("no cloud of another project");
    }
    let site = Site::at(&cloud, "bare");
    let all = site.cloud.ask("GET", "network", "/v2.0/networks", None);
    let external = all["networks"].as_array().unwrap().iter().find(|network| network["router:external"] == true);
    if let Some(external) = external {
        let name = external["name"].as_str().unwrap();
        let site = Site::with(&cloud, "external", &node_type(&format!("networks = [{name:?}]")));
        assert_fault(&site, &["is external"]);
    }
    let name = format!("bare-{}", site.owner);
    let made = site.cloud.ask("POST", "network", "/v2.0/networks", Some(&json!({"network": {"name": name}})));
    let Some(id) = made["network"]["id"].as_str() else { return super::skipped("the cloud lets us make no network") };
    let bare = Bare { site: &site, id: id.to_owned() };
    let with = Site::with(&cloud, "subnet", &node_type(&format!("networks = [{name:?}]")));
    assert_fault(&with, &["has no subnet"]);
    // Two networks, and none is named.
    assert_fault(&Site::at(&cloud, "two"), &["cannot choose between the networks", &name]);
    with.queue("ceph-build");
    let run = with.run();
    run.did(&["create_server live demand refused"]);
    assert!(run.errors()[0].contains("400"), "{}", run.errors()[0]);
    drop(bare);
}

/// A network that goes with the test.
struct Bare<'s> {
    site: &'s Site,
    id: String,
}

impl Drop for Bare<'_> {
    fn drop(&mut self) {
        self.site.cloud.ask("DELETE", "network", &format!("/v2.0/networks/{}", self.id), None);
    }
}

#[test]
fn live_servers_with_our_owner_that_nobody_here_ordered_are_told() {
    let Some(cloud) = cloud() else { return };
    let mut site = Site::at(&cloud, "owner");
    site.queue("ceph-build");
    let id = site.ordered(&site.run());
    site.becomes(&id, "ACTIVE");
    let of_it = |findings: &Value| texts(findings).into_iter().filter(|text| text.contains(&id)).collect::<Vec<_>>();
    assert_eq!(of_it(&checked(&site)["hints"]), [""; 0], "the state file knows it");
    fs::remove_file(site.folder.path().join("state.json")).unwrap();
    let hints = of_it(&checked(&site)["hints"]);
    assert!(matches!(hints.as_slice(), [one] if one.contains(&site.owner)), "{hints:?}");
    site.strangers.push(id);
}
