//! What the user may do.

use super::site::Site;
use mita_sim::jenkins::Version;
use serde_json::Value;
use std::process::{Command, Stdio};

#[test]
fn live_the_user_may_do_all_that_mita_needs() {
    let Some(site) = Site::given("rights") else { return };
    nothing_is_missing(&site);
}

#[test]
fn rehearsed_the_user_may_do_all_that_mita_needs() {
    let Some(site) = Site::rehearsed("rights", Version::new(2, 578)) else { return };
    nothing_is_missing(&site);
}

/// With a node of mita's there, of which the permissions are asked.
fn nothing_is_missing(site: &Site) {
    let job = site.job("waits", site.pace.build);
    site.controller.queue_build(&job);
    let name = &site.name;
    let run = site.run();
    let node = site.servers().pop().unwrap_or_else(|| panic!("no server was ordered\n{}", run.story()));
    run.did(&[&format!("create_server {name} demand done"), &format!("create_node {node} register done")]);

    let mut command = Command::new(env!("CARGO_BIN_EXE_mita"));
    command.args(["check", "--online", "--output", "json", "--config"]).arg(site.config_file()).stdin(Stdio::null());
    let ended = command.output().unwrap();
    let found: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let online = &found["online"];
    assert_eq!(found["ok"], true, "{found:#}");
    let of_jenkins = |remark: &&Value| remark["where"] == "jenkins";
    let seen: Vec<&Value> = online["seen"].as_array().unwrap().iter().filter(of_jenkins).collect();
    assert!(seen.iter().any(|seen| seen["text"].as_str().unwrap().starts_with("version ")), "{online:#}");
    assert!(!online["not_checked"].to_string().contains("permission"), "{online:#}");
    for hint in online["hints"].as_array().unwrap().iter().filter(of_jenkins) {
        println!("hint: {}", hint["text"]);
    }
}
