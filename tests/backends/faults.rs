//! Each call of the backend failing once, in each way: one job never gets two servers, and nothing is left.

use super::{Site, has_python};
use std::fs;

/// In front of the backend: the first call of the verb in the file `fault` fails in the way that is written there.
const WRAPPER: &str = r#"
for verb; do :; done
if read -r way at <fault && [ "$at" = "$verb" ]; then
    : >fault
    case $way in
        before) echo "no connection" >&2; exit 69 ;;
        unknown) cat >/dev/null; exit 1 ;;
        after) "$@" >/dev/null; exit 1 ;;
        cut) "$@" | head -c 20; exit 0 ;;
        killed) "$@" >/dev/null; kill -9 $$ ;;
        silent) exit 0 ;;
    esac
fi
"#;

/// A story of one job: from its queueing until everything should be gone.
fn story(verb: &str, way: &str, from: usize) {
    let site = Site::new("#!/bin/sh\n: '${MITA_AGENT_SECRET}'\n", WRAPPER);
    fs::write(site.path("fault"), "").unwrap();
    site.queue();
    let mut over = 0;
    for minute in 0..14 {
        if minute == from {
            fs::write(site.path("fault"), format!("{way} {verb}\n")).unwrap();
        }
        site.minute();
        // Its agent connects as soon as there is a server.
        if site.ever() > 0 {
            let mut jenkins = site.sim.jenkins();
            for node in jenkins.node_names().into_iter().filter(|name| name.starts_with("local-")) {
                jenkins.connect(&node);
            }
        }
        let left = fs::read_dir(site.path("farm/servers")).map_or(0, Iterator::count);
        over = if (site.built(), left) == (1, 0) { over + 1 } else { 0 };
        // Three more runs have nothing to do.
        if over > 3 && minute > from {
            break;
        }
    }
    let seen = (site.built(), site.ever(), site.servers().len());
    assert_eq!(seen, (1, 1, 0), "{verb} failed {way} in run {from}: builds, servers ever, servers left");
}

#[test]
fn s4_s5_a_call_that_fails_once_costs_neither_a_second_server_nor_one_that_is_left() {
    if !has_python() {
        return;
    }
    for (way, verb, from) in [
        ("before", "create", 0),
        ("unknown", "create", 0),
        ("after", "create", 0),
        ("killed", "create", 0),
        ("cut", "list", 1),
        ("silent", "list", 3),
        ("silent", "show", 2),
        ("after", "delete", 2),
        ("before", "delete", 2),
        ("unknown", "check", 0),
    ] {
        story(verb, way, from);
    }
}
