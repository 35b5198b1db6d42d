//! The program against a real OpenStack, with the simulator's Jenkins beside it.
//!
//! Only where `OS_CLOUD` names a cloud of `clouds.yaml` (`OS_CLIENT_CONFIG_FILE`, or its usual places); elsewhere each
//! test says so in a word and passes. What the cloud shows is read by a client of its own, so that the program is not
//! believed about itself. Each test has an owner of its own, and whatever it leaves behind, also when it fails, is
//! removed at its end. The cloud needs an image, a small size and one network: `MITA_LIVE_IMAGE` (`Debian 12`) and
//! `MITA_LIVE_SIZE` (`m1.tiny`) name them.
//!
//! The simulator's clock stands still unless a test moves it; the runs are told the real time.
//!
//! `controller` is the other way round: a real Jenkins, with the simulator's OpenStack beside it.

mod boot;
mod controller;
mod first_day;
mod life;
mod nova;
mod others;
mod quota;
mod refusals;
mod registering;
mod site;

use std::sync::Once;
use std::time::{Duration, Instant};

/// A cloud on a busy machine takes some seconds for most things.
const LONGEST: Duration = Duration::from_secs(300);

/// The variable of the environment, where it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "whether there is a cloud at all is said by the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The cloud to test against. Says so where there is none.
fn cloud() -> Option<String> {
    static IS_UP: Once = Once::new();
    let cloud = variable("OS_CLOUD");
    match &cloud {
        None => skipped("no cloud given by OS_CLOUD"),
        Some(cloud) => IS_UP.call_once(|| {
            let cloud = nova::Cloud::named(cloud).unwrap_or_else(|| panic!("clouds.yaml has no usable cloud {cloud}"));
            wait_for_a_host(&cloud);
            wait_for_a_store(&cloud);
        }),
    }
    cloud
}

/// A cloud that was just started has no host for servers at first: waits until one takes a server.
fn wait_for_a_host(cloud: &nova::Cloud) {
    let owner = format!("live-probe-{}", std::process::id());
    for _ in 0..60 {
        let id = cloud.order("probe", &site::image(), &site::size(), &serde_json::json!({ "mita_owner": owner }));
        let settled = || {
            let server = cloud.server(&id)?;
            ["ACTIVE", "ERROR"].iter().find(|status| server["status"] == **status).copied()
        };
        let status = eventually("a server of the cloud's first host", settled);
        cloud.clean_up(&owner, &[]);
        if status == "ACTIVE" {
            return;
        }
        pause(Duration::from_secs(3));
    }
    panic!("the cloud has no host for a server of size {}", site::size());
}

/// The same for volumes: the scheduler of Cinder hears of its first store about a minute after the start.
fn wait_for_a_store(cloud: &nova::Cloud) {
    let name = format!("live-probe-{}", std::process::id());
    for _ in 0..60 {
        let body = serde_json::json!({"volume": {"size": 1, "name": name}});
        let volume = cloud.ask("POST", "volumev3", "/volumes", Some(&body));
        let path = format!("/volumes/{}", volume["volume"]["id"].as_str().expect("the id of a volume"));
        let settled = || {
            let volume = cloud.ask("GET", "volumev3", &path, None);
            ["available", "error"].iter().find(|status| volume["volume"]["status"] == **status).copied()
        };
        let status = eventually("a volume of the cloud's first store", settled);
        cloud.ask("DELETE", "volumev3", &path, None);
        if status == "available" {
            return;
        }
        pause(Duration::from_secs(3));
    }
    panic!("the cloud has no store for a volume");
}

fn skipped(why: &str) {
    println!("skipped: {why}");
}

#[expect(clippy::disallowed_methods, reason = "a real cloud takes real time")]
fn clock() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a real cloud takes real time")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Asks until there is an answer: ten times as long as it takes on a busy machine.
#[track_caller]
fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = clock();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < LONGEST, "waited {LONGEST:?} for this: {what}");
        pause(Duration::from_millis(400));
    }
}
