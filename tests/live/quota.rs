//! The quota and the log-in of a project that the test makes for itself, so that nobody else's orders are refused.

use super::nova::Cloud;
use super::site::{Site, image, size};
use super::{cloud, skipped};
use mita::domain::names::MitaId;
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita::provider::{Access, FailureKind, Network, Order, open};
use serde_json::{Value, json};

/// A project with one user, made by the administrator of `clouds.yaml`.
struct Project {
    admin: Cloud,
    id: String,
    user: String,
    name: String,
}

const PASSWORD: &str = "live-quota-password";

impl Project {
    fn new(admin: Cloud) -> Project {
        let name = format!("mita-live-{}", std::process::id());
        let domain = &admin.project()["domain"]["id"];
        let made = |kind: &str, body: Value| {
            let answer = identity(&admin, "POST", &format!("/{kind}s"), Some(&json!({ kind: body })));
            answer[kind]["id"].as_str().unwrap().to_owned()
        };
        let id = made("project", json!({"name": name, "domain_id": domain}));
        let user =
            made("user", json!({"name": name, "domain_id": domain, "default_project_id": id, "password": PASSWORD}));
        let project = Project { admin, id, user, name };
        project.give_a_role();
        project
    }

    fn give_a_role(&self) {
        self.role("PUT");
    }

    fn take_the_role_away(&self) {
        self.role("DELETE");
    }

    fn role(&self, method: &str) {
        let roles = identity(&self.admin, "GET", "/roles?name=member", None);
        let role = roles["roles"][0]["id"].as_str().unwrap();
        identity(&self.admin, method, &format!("/projects/{}/users/{}/roles/{role}", self.id, self.user), None);
    }

    fn allow(&self, instances: u32, floating_ips: u32) {
        let body = json!({"quota_set": {"instances": instances}});
        self.admin.ask("PUT", "compute", &format!("/os-quota-sets/{}", self.id), Some(&body));
        let body = json!({"quota": {"floatingip": floating_ips}});
        self.admin.ask("PUT", "network", &format!("/v2.0/quotas/{}", self.id), Some(&body));
    }

    /// An installation there, for servers with these lines besides image and size.
    fn site(&self, name: &str, lines: &str) -> Site {
        let login = format!(
            "auth_url = \"{}\"\nusername = \"{user}\"\npassword = \"{PASSWORD}\"\ntenant_name = \"{user}\"",
            self.auth_url(),
            user = self.name
        );
        let lines = format!("image_name = \"{}\"\nsize = \"{}\"\n{lines}", image(), size());
        Site::of(self.log_in(), &login, name, &lines)
    }

    fn log_in(&self) -> Cloud {
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {"id": self.user, "password": PASSWORD}}},
            "scope": {"project": {"id": self.id}}}});
        Cloud::log_in(&self.auth_url(), &body)
    }

    /// An installation there that logs in with an application credential of the user.
    fn site_with_credential(&self, name: &str) -> Site {
        let client = self.log_in();
        let path = v3(&client, &format!("/users/{}/application_credentials", self.user));
        let body = json!({"application_credential": {"name": name}});
        let mut made = client.ask("POST", "identity", &path, Some(&body))["application_credential"].take();
        let mut text = |key: &str| made[key].take().as_str().unwrap().to_owned();
        let login = format!(
            "auth_url = \"{}\"\napplication_credential_id = \"{}\"\napplication_credential_secret = \"{}\"",
            self.auth_url(),
            text("id"),
            text("secret")
        );
        let lines = format!("image_name = \"{}\"\nsize = \"{}\"", image(), size());
        Site::of(client, &login, name, &lines)
    }

    fn enable(&self, enabled: bool) {
        let body = json!({"project": {"enabled": enabled}});
        identity(&self.admin, "PATCH", &format!("/projects/{}", self.id), Some(&body));
    }

    fn auth_url(&self) -> String {
        self.admin.service("identity").trim_end_matches("/v3").to_owned()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        for path in [format!("/users/{}", self.user), format!("/projects/{}", self.id)] {
            if let Err(error) = self.admin.try_to_send("DELETE", "identity", &v3(&self.admin, &path), None) {
                println!("{path} is left over: {error}");
            }
        }
    }
}

fn identity(admin: &Cloud, method: &str, path: &str, body: Option<&Value>) -> Value {
    admin.ask(method, "identity", &v3(admin, path), body)
}

/// The catalogue may list Keystone with its version or without.
fn v3(admin: &Cloud, path: &str) -> String {
    if admin.service("identity").ends_with("/v3") { path.to_owned() } else { format!("/v3{path}") }
}

#[test]
fn live_s4_without_quota_nothing_is_ordered_and_an_order_all_the_same_is_refused_for_quota() {
    if cloud().is_none() {
        return;
    }
    let Some(admin) = Cloud::named("admin") else { return skipped("clouds.yaml has no cloud admin") };
    let project = Project::new(admin);
    project.allow(0, 0);
    let site = project.site("quota", "");
    site.queue("ceph-build");
    let run = site.run();
    run.did(&[]);
    assert_eq!(run.rule(Subject::QueueItem, "ceph-build"), Rule::Quota);

    let config = site.config();
    let deadline = super::clock() + std::time::Duration::from_secs(30);
    let provider =
        open(&config.providers[0], Access { deadline, concurrency: 4, network: &Network::default() }).unwrap();
    let order = Order {
        node_type: &config.node_types[0],
        installation: &config.installation(),
        id: &MitaId::from("20200101T000000Z-1"),
        name: "live",
        user_data: String::new(),
    };
    let failure = provider.create(&order).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Quota, "{failure}");
    assert!(failure.message.contains("Quota exceeded for instances"), "{failure}");
    assert!(site.cloud.servers().is_empty());
}

#[test]
fn live_s4_without_a_floating_ip_left_no_server_is_ordered_that_needs_one() {
    if cloud().is_none() {
        return;
    }
    let Some(admin) = Cloud::named("admin") else { return skipped("clouds.yaml has no cloud admin") };
    let project = Project::new(admin);
    project.allow(10, 0);
    let site = project.site("addresses", "floating_ip_pool = \"public\"");
    site.queue("ceph-build");
    let run = site.run();
    run.did(&[]);
    assert_eq!(run.rule(Subject::QueueItem, "ceph-build"), Rule::Quota);
}

#[test]
fn live_more_metadata_than_the_project_may_write_is_wrong_and_no_want_of_quota() {
    if cloud().is_none() {
        return;
    }
    let Some(admin) = Cloud::named("admin") else { return skipped("clouds.yaml has no cloud admin") };
    let project = Project::new(admin);
    let body = json!({"quota_set": {"metadata_items": 5}});
    project.admin.ask("PUT", "compute", &format!("/os-quota-sets/{}", project.id), Some(&body));
    let site = project.site("metadata", "metadata = { team = \"ci\", room = \"4\" }");
    site.queue("ceph-build");
    let run = site.run();
    run.did(&["create_server live demand refused"]);
    assert!(run.errors()[0].contains("write fewer in metadata"), "{:?}", run.errors());
    assert_eq!(site.run().rule(Subject::QueueItem, "ceph-build"), Rule::BreakerOpen);
}

#[test]
fn live_a_credential_whose_project_is_disabled_or_whose_user_lost_a_role_is_told_so() {
    if cloud().is_none() {
        return;
    }
    let Some(admin) = Cloud::named("admin") else { return skipped("clouds.yaml has no cloud admin") };
    let project = Project::new(admin);
    let site = project.site_with_credential("credential");
    assert_eq!(site.run().problems(), [""; 0]);
    project.enable(false);
    let disabled = site.run().problems().join("\n");
    project.enable(true);
    assert!(disabled.contains("is disabled") && disabled.contains("has to enable it"), "{disabled}");
    project.take_the_role_away();
    let problems = site.run().problems().join("\n");
    assert!(problems.contains("its user is disabled or lost a role"), "{problems}");
}
