//! Scripted faults, as a client meets them.

use std::time::Duration;

use serde_json::json;

use super::client::{Client, send};
use crate::jenkins::queue::Job;
use crate::{Fault, Kind, Service};

const DETAIL: &str = "/compute/v2.1/servers/detail";

#[test]
fn a_lost_answer_leaves_the_server_behind() {
    let c = Client::new();
    c.sim.fault(Fault::new(Service::Nova, Kind::DropAfter).method("POST"));
    let body = json!({"server": c.plain_order("x")}).to_string();
    assert!(c.try_cloud("POST", "/compute/v2.1/servers", &body).is_err());
    assert_eq!(c.sim.cloud("openstack").servers.len(), 1);
    assert_eq!(c.sim.requests().last().unwrap().status, None);
    c.sim.fault(Fault::new(Service::Nova, Kind::DropBefore).method("POST"));
    assert!(c.try_cloud("POST", "/compute/v2.1/servers", &body).is_err());
    assert_eq!(c.sim.cloud("openstack").servers.len(), 1);
}

#[test]
fn a_500_may_have_created_the_server_all_the_same() {
    let c = Client::new();
    c.sim.fault(Fault::new(Service::Nova, Kind::DoneBut(500)).method("POST"));
    assert_eq!(c.order(&c.plain_order("x")).status, 500);
    assert_eq!(c.sim.cloud("openstack").servers.len(), 1);
}

#[test]
fn rules_count_requests_and_end() {
    let c = Client::new();
    c.sim.fault(Fault::new(Service::Nova, Kind::Status(503, "{}".into())).path("detail").after(1).times(2));
    let statuses: Vec<u16> = (0..4).map(|_| c.cloud("GET", DETAIL).status).collect();
    assert_eq!(statuses, [200, 503, 503, 200]);
}

#[test]
fn answers_can_be_html_empty_truncated_slow_or_huge() {
    let c = Client::new();
    c.sim.fault(Fault::new(Service::Nova, Kind::Html(200)));
    assert!(c.cloud("GET", DETAIL).text.starts_with("<html>"));
    c.sim.fault(Fault::new(Service::Nova, Kind::Empty(200)));
    assert_eq!(c.cloud("GET", DETAIL).text, "");
    c.sim.fault(Fault::new(Service::Nova, Kind::Truncated));
    assert!(c.try_cloud("GET", DETAIL, "").is_err());
    c.sim.fault(Fault::new(Service::Nova, Kind::SlowDrip(Duration::from_micros(50))));
    assert_eq!(c.cloud("GET", DETAIL).json(), json!({"servers": []}));
    c.sim.fault(Fault::new(Service::Nova, Kind::HugeBody(1_000_000)));
    assert!(c.cloud("GET", DETAIL).text.len() > 1_000_000);
    c.sim.fault(Fault::new(Service::Nova, Kind::RetryAfter(7)));
    let limited = c.cloud("GET", DETAIL);
    assert_eq!((limited.status, limited.header("Retry-After")), (429, Some("7")));
}

#[test]
fn a_hanging_request_ends_when_it_is_released() {
    let c = Client::new();
    c.sim.fault(Fault::new(Service::Jenkins, Kind::Hang));
    std::thread::scope(|s| {
        let url = format!("{}/queue/api/json", c.sim.jenkins_url());
        let hanging = s.spawn(move || send("GET", &url, &[], ""));
        while c.sim.requests().iter().all(|r| r.service != Service::Jenkins) {
            std::thread::yield_now();
        }
        assert!(!hanging.is_finished());
        while !hanging.is_finished() {
            c.sim.release();
            std::thread::yield_now();
        }
        assert!(hanging.join().unwrap().is_err());
    });
}

#[test]
fn lists_can_be_empty_odd_endless_lag_behind_or_repeat_their_first_page() {
    let c = Client::new();
    for n in 0..3 {
        c.sim.cloud("openstack").place_server(&format!("s{n}"), &[]);
    }
    let ids = |path: &str| {
        let body = c.cloud("GET", path).json();
        let list = body["servers"].as_array().unwrap().clone();
        list.iter().map(|s| s["id"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    let all = ids(DETAIL);
    c.sim.fault(Fault::new(Service::Nova, Kind::EmptyLists));
    assert!(ids(DETAIL).is_empty());
    c.sim.fault(Fault::new(Service::Nova, Kind::OddEntry));
    let odd = c.cloud("GET", DETAIL).json()["servers"].clone();
    assert_eq!(
        (&odd[0]["id"], &odd[0]["status"], &odd[0]["metadata"]),
        (&all[0].as_str().into(), &[7].into(), &7.into())
    );
    assert_eq!(odd[1]["status"], "ACTIVE");
    c.sim.fault(Fault::new(Service::Nova, Kind::EndlessList(Duration::ZERO)));
    let page = c.cloud("GET", DETAIL).json();
    assert_eq!((page["servers"].to_string().as_str(), &page["servers_links"][0]["rel"]), ("[]", &"next".into()));
    c.sim.fault(Fault::new(Service::Nova, Kind::ListLag(Duration::from_secs(60))));
    assert!(ids(DETAIL).is_empty());
    c.sim.fault(Fault::new(Service::Nova, Kind::RepeatMarker));
    let page = format!("{DETAIL}?limit=1&marker={}", all[0]);
    assert_eq!(ids(&page), [all[0].clone()]);
    assert_eq!(ids(&page), [all[1].clone()]);
}

#[test]
fn a_delete_can_be_acknowledged_and_forgotten() {
    let c = Client::new();
    let id = c.ordered("x", "1");
    c.sim.fault(Fault::new(Service::Nova, Kind::AckedButNotDone(204)).method("DELETE"));
    assert_eq!(c.cloud("DELETE", &format!("/compute/v2.1/servers/{id}")).status, 204);
    assert!(!c.sim.cloud("openstack").server(&id).unwrap().deleting());
}

#[test]
fn a_build_can_arrive_between_two_requests() {
    let c = Client::new();
    c.sim.jenkins().add_agent("n", "a", 1);
    let arrive = Kind::Before(Box::new(|world| {
        world.jenkins.occupy("n", Job::freestyle("late"));
    }));
    c.sim.fault(Fault::new(Service::Jenkins, arrive).path("/computer/n/api").after(1));
    assert_eq!(c.get("/computer/n/api/json").json()["idle"], true);
    assert_eq!(c.get("/computer/n/api/json").json()["idle"], false);
}

#[test]
fn faults_hit_the_cloud_that_they_name() {
    let c = Client::new();
    c.sim.add_cloud("second", crate::openstack::Options::default()).unwrap();
    c.sim.fault(Fault::new(Service::Nova, Kind::Empty(503)).on("second").always());
    assert_eq!(c.cloud("GET", DETAIL).status, 200);
    let url = format!("{}/servers", c.sim.cloud("second").endpoint("compute"));
    assert_eq!(send("GET", &url, &[], "").unwrap().status, 503);
    c.sim.heal();
    assert_eq!(send("GET", &url, &[], "").unwrap().status, 401);
}
