//! Programs that do what the contract forbids, or what it allows and nobody expects.

use super::{Site, has_python};
use crate::harness::write_program;
use std::fs;

/// Connects the agent of each node whose name begins like this.
fn connect(site: &Site, base: &str) {
    let mut jenkins = site.sim.jenkins();
    for node in jenkins.node_names().into_iter().filter(|name| name.starts_with(base)) {
        jenkins.connect(&node);
    }
}

/// The reference backend twice, each with a folder of its own.
#[test]
fn s5_two_providers_of_one_program_share_no_id_serve_their_jobs_and_leave_nothing() {
    if !has_python() {
        return;
    }
    let site = Site::new("#!/bin/sh\n: '${MITA_AGENT_SECRET}'\n", "");
    let text = fs::read_to_string(site.path("mita.toml")).unwrap();
    let (_, call) = text.split_once("command = [\"./backend\", ").unwrap();
    let (call, _) = call.split_once(']').unwrap();
    let other = call.replace("\"farm\"", "\"other-farm\"");
    let more = format!(
        "[provider.other]\ntype = \"command\"\ncommand = [\"./backend\", {other}]\n[nodes.other]\nprovider = \"other\"\n\
         size = \"small\"\nlabels = [\"other-label\"]\nregister = \"inbound\"\nscript_file = \"boot\"\n"
    );
    site.write("mita.toml", &(text + &more), 0o600);
    site.queue();
    let job = mita_sim::jenkins::queue::Job::freestyle("rpm-build").label("other-label");
    site.sim.jenkins().submit(job.lasting(std::time::Duration::from_secs(60)));
    for _ in 0..14 {
        site.minute();
        connect(&site, "local-");
        connect(&site, "other-");
    }
    let ids = |farm: &str| {
        let orders = fs::read_dir(site.path(farm).join("orders")).unwrap().map(|order| order.unwrap().path());
        let ids = orders.filter(|order| order.extension().is_none()).map(|order| fs::read_to_string(order).unwrap());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids("farm").len(), 1);
    assert_ne!(ids("farm"), ids("other-farm"));
    let ever = |farm: &str| fs::read_dir(site.path(farm)).unwrap().count();
    let left = ever("farm/servers") + ever("other-farm/servers");
    assert_eq!((site.built(), ever("farm/orders"), ever("other-farm/orders"), left), (2, 2, 2, 0));
}

/// What a backend that is down for an hour says, and one that somebody is just replacing.
#[test]
fn s5_a_backend_that_is_not_available_for_an_hour_leaves_no_node_and_serves_the_job_then() {
    if !has_python() {
        return;
    }
    let site = Site::new(
        "#!/bin/sh\n: '${MITA_AGENT_SECRET}'\n",
        // It has no server until it is up: to say so takes no Python in each of sixty runs.
        "for verb; do :; done\n[ -e down ] && case $verb in create) exit 69 ;; list) echo '{\"servers\": []}'; exit ;; esac",
    );
    site.write("down", "", 0o600);
    site.queue();
    let mut replaced = String::new();
    for minute in 0..60 {
        match minute {
            20 => {
                replaced = fs::read_to_string(site.path("backend")).unwrap();
                write_program(&site.path("backend"), "#!/nowhere/python\n");
            }
            30 => site.write("backend", &replaced, 0o700),
            _ => {}
        }
        site.minute();
        let nodes = site.sim.jenkins().node_names();
        assert_eq!(nodes, ["vault"], "minute {minute}");
    }
    fs::remove_file(site.path("down")).unwrap();
    for _ in 0..8 {
        site.minute();
        connect(&site, "local-");
    }
    assert_eq!((site.built(), site.ever(), site.servers().len()), (1, 1, 0));
}
