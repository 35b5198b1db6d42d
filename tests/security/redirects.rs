//! Redirects and links to other hosts: nobody but the service itself ever sees a credential, or anything at all.

use super::host::{Asked, Host, Reply, json, whole};
use super::program::{Ended, Login, Place, usual};
use super::services::{JENKINS, jenkins, openstack};
use crate::harness::{Installation, Setup, seconds};
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, Kind, Service};

fn job() -> Job {
    Job::freestyle("ceph-build").label("trusty").lasting(seconds(60))
}

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

/// Fails where the stranger was asked for anything. What it must not see is checked by the simulator besides.
#[track_caller]
fn nobody_went_astray(installation: &Installation, story: &str) {
    installation.sim.assert_promises();
    let strangers: Vec<String> = installation
        .sim
        .requests()
        .iter()
        .filter(|request| request.host == "stranger" || request.service == Service::Stranger)
        .map(|request| format!("{} {:?}", request.line(), request.headers))
        .collect();
    assert_eq!(strangers, [""; 0], "{story}");
}

/// A job waits, and one kind of request is sent elsewhere.
fn sent_elsewhere(service: Service, method: &str, path: &str, status: u16, to: impl Fn(&str) -> String) {
    let installation = Setup::trusty().start();
    installation.sim.jenkins().submit(job());
    let target = to(installation.sim.stranger_url());
    let story = format!("{service:?} {method} {path}: {status} to {target}");
    let redirect = Kind::Redirect(status, target);
    installation.sim.fault(Fault::new(service, redirect).method(method).path(path).always());
    let run = installation.run();
    nobody_went_astray(&installation, &story);
    let told = run.problems().join("\n") + &run.errors().join("\n");
    assert!(told.contains(&format!("{status}")), "{story}: it is not told: {}", run.story());
    assert!(run.orders() <= 1, "{story}: a write is sent once");
}

#[test]
fn s9_no_redirect_of_jenkins_keystone_or_nova_is_followed() {
    for status in STATUSES {
        let elsewhere = |path: &'static str| move |stranger: &str| format!("{stranger}{path}");
        sent_elsewhere(Service::Jenkins, "GET", "/queue/api/json", status, elsewhere("/queue/api/json"));
        sent_elsewhere(Service::Jenkins, "GET", "/computer/api/json", status, elsewhere("/computer/api/json"));
        sent_elsewhere(Service::Keystone, "POST", "/auth/tokens", status, elsewhere("/v3/auth/tokens"));
        sent_elsewhere(Service::Nova, "GET", "/servers/detail", status, elsewhere("/servers/detail"));
        sent_elsewhere(Service::Nova, "GET", "/flavors/detail", status, elsewhere("/flavors/detail"));
        sent_elsewhere(Service::Glance, "GET", "/images", status, elsewhere("/images"));
        sent_elsewhere(Service::Nova, "POST", "/servers", status, elsewhere("/servers"));
    }
}

#[test]
fn s9_no_odd_redirect_is_followed_either() {
    let odd: [fn(&str) -> String; 5] = [
        |stranger| stranger.replace("http://", "//"),
        |stranger| stranger.replace("http://", "http://mita:word@"),
        |stranger| stranger.replace("http://", "HTTP:\\\\"),
        |_| "file:///etc/passwd".to_owned(),
        |_| String::new(),
    ];
    for to in odd {
        sent_elsewhere(Service::Jenkins, "GET", "/queue/api/json", 302, to);
        sent_elsewhere(Service::Keystone, "POST", "/auth/tokens", 307, to);
    }
}

#[test]
fn s9_no_redirect_of_a_write_to_a_node_or_a_server_is_followed() {
    for (service, method, path) in [
        (Service::Jenkins, "POST", "/changeOfflineCause"),
        (Service::Jenkins, "POST", "/doDelete"),
        (Service::Nova, "DELETE", "/servers/"),
    ] {
        for status in [302, 307] {
            let installation = Setup::trusty().start();
            installation.sim.jenkins().submit(job());
            installation.minutes_until(10, "the build is done", |it| !it.built().is_empty());
            let to = format!("{}/computer/elsewhere{path}", installation.sim.stranger_url());
            installation.sim.fault(Fault::new(service, Kind::Redirect(status, to)).method(method).path(path).always());
            installation.minutes(16);
            let story = format!("{service:?} {method} {path}: {status}");
            nobody_went_astray(&installation, &story);
            let tried = installation.sim.count(service, method, path);
            assert!(tried > 0, "{story}: never tried");
            assert_eq!(installation.servers().len(), 1, "{story}: nothing was done, so the server is there");
            installation.sim.heal();
            installation.minutes(8);
            assert_eq!((installation.servers().len(), installation.nodes().len()), (0, 0), "{story}: mended later");
        }
    }
}

fn login<'a>(jenkins: &'a Host, cloud: &'a Host) -> Login<'a> {
    let (token, password) = ("jenkins-token-4711", "cloud-password-4711");
    Login { jenkins: &jenkins.url, token, cloud: &cloud.url, password, more: "" }
}

fn run(jenkins: &Host, cloud: &Host) -> Ended {
    Place::new(&usual(&login(jenkins, cloud))).run(&["reconcile", "--output", "json"])
}

#[test]
fn s9_a_next_page_on_another_host_is_read_from_the_cloud_itself() {
    let stranger = Host::new(openstack);
    let root = stranger.url.clone();
    for href in [
        format!("{root}/compute/v2.1/servers/detail?limit=1&marker=a"),
        format!("{}/servers/detail?limit=1&marker=a", root.replace("http://", "//")),
        "@evil.example/servers/detail?limit=1&marker=a".to_owned(),
        format!("?limit=1&marker=a&@{}", root.replace("http://", "")),
    ] {
        let controller = Host::new(jenkins);
        let cloud = Host::new(move |asked: &Asked| match asked.path.as_str() {
            path if path.ends_with("/servers/detail") && !asked.query.contains("marker") => json(
                200,
                &format!(r#"{{"servers":[{{"id":"a"}}],"servers_links":[{{"rel":"next","href":"{href}"}}]}}"#),
            ),
            path if path.ends_with("/images") && !asked.query.contains("marker") => {
                json(200, &format!(r#"{{"images":[{{"id":"a"}}],"next":"{href}"}}"#))
            }
            _ => openstack(asked),
        });
        let ended = run(&controller, &cloud);
        assert_eq!(ended.status, Some(0), "{ended:?}");
        let pages = cloud.asked().iter().filter(|asked| asked.query.contains("marker=a")).count();
        assert_eq!(pages, 2, "the pages of servers and of images were read from the cloud");
    }
    assert!(stranger.connections().is_empty());
}

#[test]
fn s9_a_token_goes_where_the_catalogue_says_and_a_password_only_to_keystone() {
    let compute = Host::new(openstack);
    let elsewhere = compute.url.clone();
    let controller = Host::new(jenkins);
    let keystone = Host::new(move |asked: &Asked| {
        let there = Asked { root: elsewhere.clone(), ..asked.clone() };
        openstack(&there)
    });
    let ended = run(&controller, &keystone);
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(compute.asked().iter().all(|asked| asked.header("x-auth-token") == Some("0123456789abcdef-the-token")));
    let all = format!("{:?} {:?}", compute.asked(), controller.asked());
    assert!(!all.contains("cloud-password-4711"), "{all}");
    let keystones: Vec<String> = keystone.asked().iter().map(|asked| asked.path.clone()).collect();
    assert_eq!(keystones, ["/v3/auth/tokens"]);
    assert!(keystone.asked().iter().all(|asked| asked.header("authorization").is_none()));
}

#[test]
fn s9_addresses_that_jenkins_names_are_not_called() {
    let stranger = Host::new(jenkins);
    let root = stranger.url.clone();
    let controller = Host::new(move |asked: &Asked| -> Reply {
        let body = match asked.path.as_str() {
            path if path.ends_with("/queue/api/json") => format!(
                r#"{{"items":[{{"id":1,"url":"{root}/queue/item/1/","buildable":true,"pending":false,
                    "why":"There are no nodes with the label ‘trusty’","task":{{"name":"x","url":"{root}/job/x/"}}}}]}}"#
            ),
            _ => return jenkins(asked),
        };
        whole(
            200,
            &[JENKINS, ("Link", &format!("<{root}>; rel=preload")), ("Refresh", &format!("0; url={root}"))],
            body.as_bytes(),
        )
    });
    let cloud = Host::new(openstack);
    assert_eq!(run(&controller, &cloud).status, Some(0));
    assert!(stranger.connections().is_empty());
}
