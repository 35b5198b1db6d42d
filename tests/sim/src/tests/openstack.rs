//! OpenStack: tokens, servers and their life, refusals, quotas, pages, the other services.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Client, send};
use crate::JoinRule;
use crate::jenkins::queue::Job;
use crate::openstack::Fate;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[track_caller]
fn refused(answer: &super::client::Answer, status: u16, kind: &str) -> String {
    assert_eq!(answer.status, status, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body[kind]["code"], status, "{body}");
    body[kind]["message"].as_str().unwrap().to_string()
}

#[test]
fn tokens_are_given_for_passwords_and_credentials_and_refused_alike() {
    let c = Client::new();
    let answer = c.login();
    assert_eq!(answer.status, 201);
    let token = &answer.json()["token"];
    let kinds: Vec<&str> = token["catalog"].as_array().unwrap().iter().map(|s| s["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["identity", "compute", "network", "image", "volumev3", "block-storage"]);
    assert_eq!(token["project"]["name"], "ceph-ci");
    let bad = |password: &str, project: &str| {
        c.post_token(&json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": "mita", "domain": {"id": "default"}, "password": password}}},
            "scope": {"project": {"name": project, "domain": {"id": "default"}}}}}))
    };
    for answer in [bad("wrong", "ceph-ci"), bad("mita-secret", "nope"), bad("mita-secret", "other-team")] {
        let text = refused(&answer, 401, "error");
        assert_eq!(text, "The request you have made requires authentication.");
    }
    let id = c.sim.cloud("openstack").app_credentials[0].id.clone();
    let credential = |id: &str, secret: &str, scope: Value| {
        c.post_token(&json!({"auth": {
            "identity": {"methods": ["application_credential"], "application_credential": {"id": id, "secret": secret}},
            "scope": scope}}))
    };
    assert_eq!(credential(&id, "ceph-ci-app-secret", Value::Null).status, 201);
    assert_eq!(credential(&id, "wrong", Value::Null).status, 401);
    assert_eq!(credential(&id, "ceph-ci-app-secret", json!({"project": {"id": "x"}})).status, 401);
    assert_eq!(credential("nope", "x", Value::Null).status, 404);
}

#[test]
fn tokens_end_and_every_service_says_401() {
    let c = Client::new();
    c.sim.advance(seconds(3601));
    let answer = c.cloud("GET", "/compute/v2.1/servers/detail");
    refused(&answer, 401, "error");
    assert!(answer.header("x-openstack-request-id").unwrap().starts_with("req-"));
    assert!(answer.header("WWW-Authenticate").unwrap().starts_with("Keystone uri="));
    assert_eq!(c.cloud("GET", "/network/v2.0/networks").status, 401);
    let url = format!("{}/image/v2/images", c.cloud_root());
    let glance = send("GET", &url, &[("Accept", "application/json")], "").unwrap();
    assert_eq!(glance.json()["code"], "401 Unauthorized");
}

#[test]
fn keystone_v2_answers_only_where_it_still_is() {
    let c = Client::new();
    let url = format!("{}/identity/v2.0/tokens", c.cloud_root());
    let body = json!({"auth": {"passwordCredentials": {"username": "mita", "password": "mita-secret"},
                               "tenantName": "ceph-ci"}})
    .to_string();
    let post = || send("POST", &url, &[("Content-Type", "application/json")], &body).unwrap();
    assert_eq!(post().status, 404);
    c.sim.cloud("openstack").options.keystone_v2 = true;
    let access = post().json();
    assert!(access["access"]["token"]["id"].is_string());
    let compute = &access["access"]["serviceCatalog"][1];
    assert!(compute["endpoints"][0]["publicURL"].as_str().unwrap().ends_with("/compute/v2.1"));
}

#[test]
fn a_server_boots_step_by_step_joins_jenkins_and_takes_its_agent_with_it() {
    let c = Client::new();
    c.sim.on_boot("ubuntu", JoinRule::base_plus_ip(seconds(30), "amd64"));
    let id = c.ordered("ubuntu", "1");
    let show = || c.cloud("GET", &format!("/compute/v2.1/servers/{id}")).json()["server"].clone();
    assert_eq!((&show()["status"], &show()["OS-EXT-STS:task_state"]), (&json!("BUILD"), &json!("scheduling")));
    let mut tasks = Vec::new();
    while show()["status"] == "BUILD" {
        tasks.push(show()["OS-EXT-STS:task_state"].as_str().unwrap().to_string());
        c.sim.advance(seconds(1));
    }
    tasks.dedup();
    assert_eq!(tasks, ["scheduling", "networking", "spawning"]);
    assert_eq!(show()["addresses"]["ci-net"][0]["addr"], "192.168.1.10");
    assert!(c.sim.jenkins().node_names().is_empty());
    c.sim.advance(seconds(30));
    assert_eq!(c.sim.jenkins().node_names(), ["ubuntu+192.168.1.10"]);
    c.sim.jenkins().submit(Job::freestyle("f").label("amd64"));
    assert_eq!(c.sim.jenkins().running_on("ubuntu+192.168.1.10").len(), 1);

    assert_eq!(c.cloud("DELETE", &format!("/compute/v2.1/servers/{id}")).status, 204);
    assert_eq!(show()["OS-EXT-STS:task_state"], "deleting");
    assert_eq!(c.cloud("DELETE", &format!("/compute/v2.1/servers/{id}")).status, 204);
    c.sim.advance(seconds(5));
    assert_eq!(show()["status"], "DELETED");
    c.sim.advance(seconds(1));
    let gone = c.cloud("GET", &format!("/compute/v2.1/servers/{id}"));
    assert_eq!(refused(&gone, 404, "itemNotFound"), format!("Instance {id} could not be found."));
    let node = c.get("/computer/ubuntu+192.168.1.10/api/json?tree=offline,offlineCause[x]").json();
    assert_eq!(node["offlineCause"]["_class"], "hudson.slaves.OfflineCause$ChannelTermination");
    assert!(c.sim.jenkins().finished[0].killed);
}

#[test]
fn a_blank_volume_comes_and_goes_with_its_server() {
    let c = Client::new();
    let mut order = c.plain_order("ubuntu");
    let image = order["imageRef"].clone();
    let blank = json!({"source_type": "blank", "destination_type": "volume", "volume_size": 10,
                       "boot_index": -1, "delete_on_termination": true});
    order["block_device_mapping_v2"] = json!([blank]);
    assert!(refused(&c.order(&order), 400, "badRequest").contains("Boot sequence"));
    let local = json!({"source_type": "image", "uuid": image, "destination_type": "local",
                       "boot_index": 0, "delete_on_termination": true});
    order["block_device_mapping_v2"] = json!([local, blank]);
    let id = c.order(&order).json()["server"]["id"].as_str().unwrap().to_string();
    c.sim.advance(seconds(60));
    let project = c.sim.cloud("openstack").project.clone();
    let volumes = c.cloud("GET", &format!("/volume/v3/{project}/volumes/detail")).json();
    assert_eq!(volumes["volumes"][0]["name"], format!("{id}-blank-vol"));
    assert_eq!(volumes["volumes"][0]["status"], "in-use");
    assert_eq!(volumes["volumes"][0]["attachments"][0]["server_id"], id);
    let volume = volumes["volumes"][0]["id"].as_str().unwrap().to_string();
    let in_use = c.cloud("DELETE", &format!("/volume/v3/{project}/volumes/{volume}"));
    refused(&in_use, 400, "badRequest");
    c.cloud("DELETE", &format!("/compute/v2.1/servers/{id}"));
    c.sim.advance(seconds(5));
    assert!(c.sim.cloud("openstack").volumes.is_empty());
}

#[test]
fn a_volume_that_never_was_ready_outlives_its_server() {
    let c = Client::new();
    c.sim.cloud("openstack").next_fates.push_back(Fate::VolumeNeverReady);
    let mut order = c.plain_order("ubuntu");
    order["block_device_mapping_v2"] = json!([
        {"source_type": "image", "uuid": order["imageRef"], "destination_type": "local", "boot_index": 0},
        {"source_type": "blank", "destination_type": "volume", "volume_size": 10, "boot_index": -1,
         "delete_on_termination": true}]);
    let id = c.order(&order).json()["server"]["id"].as_str().unwrap().to_string();
    c.sim.advance(seconds(61));
    let server = c.cloud("GET", &format!("/compute/v2.1/servers/{id}")).json();
    assert!(server["server"]["fault"]["message"].as_str().unwrap().contains("did not finish being created"));
    c.cloud("DELETE", &format!("/compute/v2.1/servers/{id}"));
    c.sim.advance(seconds(10));
    let volume = c.sim.cloud("openstack").volumes[0].clone();
    assert_eq!((volume.name, volume.status), (format!("{id}-blank-vol"), "available".into()));
}

#[test]
fn orders_that_nova_refuses_are_refused_in_its_words() {
    let c = Client::new();
    let with = |key: &str, value: Value| {
        let mut order = c.plain_order("x");
        order[key] = value;
        refused(&c.order(&order), 400, "badRequest")
    };
    assert_eq!(with("flavorRef", json!("77")), "Flavor 77 could not be found.");
    let nobody = "11111111-1111-1111-1111-111111111111";
    assert_eq!(with("imageRef", json!(nobody)), "Can not find requested image");
    assert!(with("imageRef", json!("Debian 12")).contains("imageRef"));
    assert_eq!(with("key_name", json!("zz")), "Invalid key_name provided.");
    assert_eq!(with("networks", json!([{"uuid": nobody}])), format!("Network {nobody} could not be found."));
    assert_eq!(with("networks", json!([{}])), "Bad network format: missing 'uuid'");
    assert!(with("networks", json!("auto")).contains("is not of type 'array'"));
    assert_eq!(with("security_groups", json!([{"name": "zz"}])), "Unable to find security_group with name or id 'zz'");
    assert_eq!(with("availability_zone", json!("zz")), "The requested availability zone is not available");
    assert!(with("user_data", json!("abc")).ends_with("is not a 'base64'"));
    assert!(with("user_data", json!("A".repeat(65_536))).ends_with("is too long"));
    assert!(with("metadata", json!({"a": 1})).contains("is not of type 'string'"));
    assert!(with("metadata", json!({"a": "x".repeat(256)})).ends_with("is too long"));
    assert!(with("tags", json!(["a"])).contains("Additional properties are not allowed ('tags' was unexpected)"));
    assert!(with("name", json!("")).contains("is too short"));
    let url = format!("{}/compute/v2.1/servers", c.cloud_root());
    let headers = [("X-Auth-Token", c.token.as_str()), ("X-OpenStack-Nova-API-Version", "2.37")];
    let answer = send("POST", &url, &headers, &json!({"server": c.plain_order("x")}).to_string()).unwrap();
    assert!(refused(&answer, 400, "badRequest").contains("'networks' is a required property"));
    let headers = [("X-Auth-Token", c.token.as_str()), ("X-OpenStack-Nova-API-Version", "2.999")];
    refused(&send("GET", &url, &headers, "").unwrap(), 406, "computeFault");
    assert!(c.sim.cloud("openstack").servers.is_empty());
}

#[test]
fn quotas_count_what_others_use_too() {
    let c = Client::new();
    c.sim.cloud("openstack").place_server("somebody's", &[]);
    c.sim.cloud("openstack").quota_mut("ceph-ci").instances = Some(1);
    let text = refused(&c.order(&c.plain_order("x")), 403, "forbidden");
    assert_eq!(text, "Quota exceeded for instances: Requested 1, but already used 1 of 1 instances");
    let limits = c.cloud("GET", "/compute/v2.1/limits").json()["limits"]["absolute"].clone();
    assert_eq!((&limits["maxTotalInstances"], &limits["totalInstancesUsed"]), (&json!(1), &json!(1)));
    assert_eq!((&limits["maxTotalRAMSize"], &limits["totalRAMUsed"]), (&json!(400_000), &json!(512)));
}

#[test]
fn too_large_a_volume_is_taken_and_ends_in_error() {
    let c = Client::new();
    c.sim.cloud("openstack").quota_mut("ceph-ci").gigabytes = Some(5);
    let mut order = c.plain_order("ubuntu");
    order["block_device_mapping_v2"] = json!([
        {"source_type": "image", "uuid": order["imageRef"], "destination_type": "local", "boot_index": 0},
        {"source_type": "blank", "destination_type": "volume", "volume_size": 10, "boot_index": -1}]);
    let id = c.order(&order).json()["server"]["id"].as_str().unwrap().to_string();
    c.sim.advance(seconds(60));
    let server = c.cloud("GET", &format!("/compute/v2.1/servers/{id}")).json()["server"].clone();
    assert_eq!(server["status"], "ERROR");
    let text = server["fault"]["message"].as_str().unwrap();
    assert!(text.contains("aborted: VolumeSizeExceedsAvailableQuota"), "{text}");
    assert!(c.sim.cloud("openstack").volumes.is_empty());
}

#[test]
fn servers_fail_or_build_for_ever_where_the_test_says_so() {
    let c = Client::new();
    c.sim.cloud("openstack").next_fates.extend([Fate::no_valid_host(), Fate::BuildForever]);
    let failed = c.ordered("a", "1");
    let slow = c.ordered("b", "2");
    c.sim.advance(Duration::from_secs(86_400));
    // A day later the token has ended.
    let token = c.login().header("x-subject-token").unwrap().to_string();
    let show = |path: &str| {
        let url = format!("{}/compute/v2.1/servers/{path}", c.cloud_root());
        send("GET", &url, &[("X-Auth-Token", &token)], "").unwrap().json()
    };
    let list = show("detail");
    let states: Vec<&Value> = list["servers"].as_array().unwrap().iter().map(|s| &s["status"]).collect();
    assert_eq!(states, ["BUILD", "ERROR"], "newest first");
    assert!(list["servers"][1].get("fault").is_none(), "the list has no fault");
    let one = show(&failed);
    assert_eq!(one["server"]["fault"]["message"], "No valid host was found. ");
    assert_eq!(one["server"]["fault"]["code"], 500);
    assert_eq!(show(&slow)["server"]["addresses"], json!({}));
}

#[test]
fn other_projects_cannot_be_seen_or_touched() {
    let c = Client::new();
    let other = c.sim.cloud("openstack").place_server_of("other-team", "theirs");
    assert_eq!(c.cloud("GET", "/compute/v2.1/servers").json()["servers"], json!([]));
    assert_eq!(c.cloud("DELETE", &format!("/compute/v2.1/servers/{other}")).status, 404);
    let all = c.cloud("GET", "/compute/v2.1/servers/detail?all_tenants=1");
    assert!(refused(&all, 403, "forbidden").starts_with("Policy doesn't allow"));
}

#[test]
fn a_locked_server_is_deleted_for_nobody_and_shown_as_locked_since_2_9() {
    let c = Client::new();
    let id = c.ordered("ubuntu", "1");
    let (path, action) = (format!("/compute/v2.1/servers/{id}"), format!("/compute/v2.1/servers/{id}/action"));
    let act = |name: &str| c.try_cloud("POST", &action, &json!({name: null}).to_string()).unwrap().status;
    assert_eq!(act("lock"), 202);
    let locked = refused(&c.cloud("DELETE", &path), 409, "conflictingRequest");
    assert_eq!(locked, format!("Instance {id} is locked"));
    assert_eq!(act("os-stop"), 409);
    assert_eq!(c.cloud("GET", &path).json()["server"].get("locked"), None);
    let url = format!("{}{path}", c.cloud_root());
    let headers = [("X-Auth-Token", c.token.as_str()), ("OpenStack-API-Version", "compute 2.9")];
    let shown = || super::client::send("GET", &url, &headers, "").unwrap();
    assert_eq!(shown().json()["server"]["locked"], json!(true));
    c.sim.cloud("openstack").options.newest_microversion = 8;
    refused(&shown(), 406, "computeFault");
    assert_eq!(act("unlock"), 202);
    assert_eq!(c.cloud("DELETE", &path).status, 204);
}

#[test]
fn full_pages_name_a_next_one_even_when_nothing_follows() {
    let c = Client::new();
    for n in 0..4 {
        c.sim.cloud("openstack").place_server(&format!("s{n}"), &[]);
    }
    c.sim.cloud("openstack").options.page_size = 2;
    let mut path = "/compute/v2.1/servers/detail?limit=50&name=s".to_string();
    let mut pages = Vec::new();
    loop {
        let body = c.cloud("GET", &path).json();
        pages.push(body["servers"].as_array().unwrap().len());
        let Some(next) = body["servers_links"][0]["href"].as_str() else { break };
        path = next.replace(&c.cloud_root(), "");
    }
    assert_eq!(pages, [2, 2, 0]);
    let bad = c.cloud("GET", "/compute/v2.1/servers/detail?marker=zz");
    assert_eq!(refused(&bad, 400, "badRequest"), "marker [zz] not found");
}

#[test]
fn metadata_filters_are_ignored_and_names_are_regular_expressions() {
    let c = Client::new();
    for name in ["ubuntu", "ubuntu-2", "debian"] {
        c.sim.cloud("openstack").place_server(name, &[]);
    }
    let names = |query: &str| {
        let list = c.cloud("GET", &format!("/compute/v2.1/servers?{query}")).json();
        list["servers"].as_array().unwrap().len()
    };
    assert_eq!(names("metadata=%7B%22a%22%3A%22b%22%7D"), 3);
    assert_eq!(names("name=ubuntu"), 2);
    assert_eq!(names("name=%5Eubuntu%24"), 1);
    refused(&c.cloud("GET", "/compute/v2.1/servers?name=%5B"), 400, "badRequest");
}

#[test]
fn new_servers_are_missing_from_lagging_lists() {
    let c = Client::new();
    c.sim.cloud("openstack").options.list_lag = seconds(90);
    let id = c.ordered("a", "1");
    let listed = || c.cloud("GET", "/compute/v2.1/servers/detail").json()["servers"].as_array().unwrap().len();
    assert_eq!(listed(), 0);
    assert_eq!(c.cloud("GET", &format!("/compute/v2.1/servers/{id}")).status, 200);
    c.sim.advance(seconds(90));
    assert_eq!(listed(), 1);
}

#[test]
fn with_two_networks_one_must_be_named_and_ipv6_comes_with_it() {
    let c = Client::new();
    let six = c.sim.cloud("openstack").add_network("six", "10.0.0", Some("2001:db8::"));
    refused(&c.order(&c.plain_order("x")), 409, "conflictingRequest");
    let mut order = c.plain_order("x");
    order["networks"] = json!([{"uuid": six}]);
    let id = c.order(&order).json()["server"]["id"].as_str().unwrap().to_string();
    c.sim.advance(seconds(60));
    assert_eq!(c.sim.cloud("openstack").addresses(&id), ["10.0.0.10", "2001:db8::a"]);
    let ports = c.cloud("GET", &format!("/network/v2.0/ports?device_id={id}")).json();
    assert_eq!(ports["ports"][0]["fixed_ips"].as_array().unwrap().len(), 2);
}

#[test]
fn floating_addresses_are_made_tagged_found_and_released() {
    let c = Client::new();
    let id = c.ordered("a", "1");
    c.sim.advance(seconds(60));
    let public = c.cloud("GET", "/network/v2.0/networks?name=public&fields=id").json();
    assert_eq!(public["networks"][0].as_object().unwrap().len(), 1);
    let port = c.sim.cloud("openstack").server(&id).unwrap().addresses[0].port.clone();
    let body = json!({"floatingip": {"floating_network_id": public["networks"][0]["id"], "port_id": port,
                                     "description": "mita_owner=ceph-ci"}});
    let made = c.try_cloud("POST", "/network/v2.0/floatingips", &body.to_string()).unwrap();
    assert_eq!(made.status, 201);
    let ip = made.json()["floatingip"].clone();
    assert_eq!(ip["fixed_ip_address"], "192.168.1.10");
    let server = c.cloud("GET", &format!("/compute/v2.1/servers/{id}")).json();
    assert_eq!(server["server"]["addresses"]["ci-net"][1]["OS-EXT-IPS:type"], "floating");
    let path = format!("/network/v2.0/floatingips/{}", ip["id"].as_str().unwrap());
    assert_eq!(c.try_cloud("PUT", &format!("{path}/tags"), r#"{"tags":["a"]}"#).unwrap().status, 200);
    assert_eq!(c.cloud("GET", "/network/v2.0/floatingips?tags=b").json()["floatingips"], json!([]));
    assert_eq!(c.cloud("DELETE", &path).status, 204);
    let gone = c.cloud("DELETE", &path);
    assert_eq!(gone.json()["NeutronError"]["type"], "FloatingIPNotFound");
    c.sim.assert_promises();
}

#[test]
fn volumes_over_the_quota_are_413_and_images_come_in_pages() {
    let c = Client::new();
    let project = c.sim.cloud("openstack").project.clone();
    let path = format!("/volume/v3/{project}/volumes");
    let answer = c.try_cloud("POST", &path, r#"{"volume":{"size":99999}}"#).unwrap();
    assert!(refused(&answer, 413, "overLimit").starts_with("VolumeSizeExceedsAvailableQuota"));
    assert_eq!(answer.header("Retry-After"), Some("0"));
    let images = c.cloud("GET", "/image/v2/images?name=dup-image&limit=1").json();
    assert_eq!(images["images"].as_array().unwrap().len(), 1);
    let next = images["next"].as_str().unwrap();
    let second = c.cloud("GET", &format!("/image{next}")).json();
    assert_ne!(second["images"][0]["id"], images["images"][0]["id"]);
    assert_eq!(c.cloud("GET", "/compute/v2.1/os-keypairs/jenkins-slave").status, 200);
    refused(&c.cloud("GET", "/compute/v2.1/os-keypairs/zz"), 404, "itemNotFound");
}

#[test]
fn a_rule_names_the_node_and_may_keep_it_from_ever_connecting() {
    let c = Client::new();
    c.sim.cloud("openstack").networks[0].prefix6 = Some("2001:db8::".into());
    let rule = JoinRule::base_plus_ip(Duration::ZERO, "amd64");
    c.sim.on_boot("six", rule.clone().named("{server}+{ip6}").executors(2));
    c.sim.on_boot("named", rule.named("{node}-{mita_id}").never_connects());
    c.ordered("six", "1");
    c.ordered("named", "2");
    c.sim.advance(seconds(61));
    assert_eq!(c.sim.jenkins().node_names(), ["named-2", "six+2001-db8--a"]);
    let node = c.get("/computer/named-2/api/json").json();
    assert_eq!((&node["offline"], &node["idle"]), (&json!(true), &json!(true)));
    assert_eq!(node["offlineCause"], Value::Null, "never launched");
    assert_eq!(c.get("/computer/six+2001-db8--a/api/json").json()["numExecutors"], 2);
}

#[test]
fn a_server_that_is_stopped_loses_its_agent() {
    let c = Client::new();
    c.sim.join_all(JoinRule::base_plus_ip(Duration::ZERO, "amd64"));
    let id = c.ordered("ubuntu", "1");
    c.sim.advance(seconds(61));
    c.sim.cloud("openstack").set_status(&id, crate::openstack::Status::Shutoff);
    let node = c.sim.jenkins().node_names()[0].clone();
    assert!(c.sim.jenkins().node(&node).unwrap().offline());
    let shown = c.cloud("GET", &format!("/compute/v2.1/servers/{id}")).json()["server"].clone();
    assert_eq!((&shown["status"], &shown["OS-EXT-STS:vm_state"]), (&json!("SHUTOFF"), &json!("stopped")));
}

#[test]
fn a_server_that_boots_from_a_volume_has_no_image_and_its_volume_no_name() {
    let c = Client::new();
    let mut order = c.plain_order("ubuntu");
    let image = order["imageRef"].take();
    order["imageRef"] = json!("");
    let boot = |extra: Value| {
        let mut boot = json!({"source_type": "image", "uuid": image, "destination_type": "volume", "volume_size": 20,
            "boot_index": 0, "delete_on_termination": true});
        boot.as_object_mut().unwrap().extend(extra.as_object().cloned().unwrap_or_default());
        json!([boot])
    };
    order["block_device_mapping_v2"] = boot(json!({"volume_type": "ssd"}));
    assert!(refused(&c.order(&order), 400, "badRequest").contains("'volume_type' was unexpected"));
    order["block_device_mapping_v2"] = boot(json!({"volume_size": 0}));
    assert!(refused(&c.order(&order), 400, "badRequest").contains("non-zero size"));
    order["block_device_mapping_v2"] = boot(json!({}));
    let id = c.order(&order).json()["server"]["id"].as_str().unwrap().to_string();
    c.sim.advance(seconds(60));
    let cloud = c.sim.cloud("openstack");
    assert_eq!(cloud.server(&id).unwrap().image, "");
    let volumes: Vec<_> = cloud.volumes.iter().map(|v| (v.name.as_str(), v.size, v.made_for.as_deref())).collect();
    assert_eq!(volumes, [("", 20, Some(id.as_str()))]);
}

#[test]
fn what_stands_beside_an_order_is_a_hint_or_refused() {
    let c = Client::new();
    let url = format!("{}/compute/v2.1/servers", c.cloud_root());
    let headers = [("X-Auth-Token", c.token.as_str())];
    let beside = |key: &str, value: Value| {
        let mut body = json!({"server": c.plain_order("x")});
        body[key] = value;
        send("POST", &url, &headers, &body.to_string()).unwrap()
    };
    let nobody = "11111111-1111-1111-1111-111111111111";
    let group = |id: &str| beside("os:scheduler_hints", json!({"group": id}));
    assert_eq!(refused(&group(nobody), 400, "badRequest"), format!("Instance group {nobody} could not be found."));
    assert!(refused(&group("by-name"), 400, "badRequest").ends_with("is not a 'uuid'"));
    assert!(refused(&beside("tags", json!(["a"])), 400, "badRequest").contains("'tags' was unexpected"));
    let mut within = c.plain_order("x");
    within["os:scheduler_hints"] = json!({});
    assert!(refused(&c.order(&within), 400, "badRequest").contains("was unexpected"));
    let id = c.sim.cloud("openstack").add_server_group("near");
    assert_eq!(group(&id).status, 202);
}

#[test]
fn a_port_carries_one_server_and_one_floating_address() {
    let c = Client::new();
    let (network, pool) = {
        let cloud = c.sim.cloud("openstack");
        (cloud.networks[0].id.clone(), cloud.networks[1].id.clone())
    };
    let port = c.sim.cloud("openstack").add_port("eth", &network, "192.168.1.250");
    let mut order = c.plain_order("x");
    order["networks"] = json!([{"port": "11111111-1111-1111-1111-111111111111"}]);
    assert!(refused(&c.order(&order), 400, "badRequest").contains("could not be found"));
    order["networks"] = json!([{"port": port}]);
    let id = c.order(&order).json()["server"]["id"].as_str().unwrap().to_string();
    assert!(refused(&c.order(&order), 409, "conflictingRequest").ends_with("is still in use."));
    c.sim.advance(seconds(60));
    assert_eq!(c.sim.cloud("openstack").addresses(&id), ["192.168.1.250"]);
    let url = format!("{}/network/v2.0/floatingips", c.cloud_root());
    let headers = [("X-Auth-Token", c.token.as_str())];
    let body = json!({"floatingip": {"floating_network_id": pool, "port_id": port, "description": "d"}}).to_string();
    assert_eq!(send("POST", &url, &headers, &body).unwrap().status, 201);
    assert_eq!(send("POST", &url, &headers, &body).unwrap().status, 409);
}

#[test]
fn reads_change_no_id_of_the_servers_that_come() {
    let id_after = |reads: usize| {
        let c = Client::new();
        (0..reads).for_each(|_| drop(c.cloud("GET", "/compute/v2.1/servers/detail")));
        c.ordered("ubuntu", "1")
    };
    assert_eq!(id_after(0), id_after(5));
}
