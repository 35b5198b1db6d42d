//! Servers that really boot: their agents call the simulated controller.

use super::{Site, has_python};

/// An agent, as far as the simulated controller needs one: it connects with its name and secret.
const AGENT: &str = r#"#!/bin/sh
echo "booting at $ADDRESS"
while :; do
    curl --silent --max-time 10 --output /dev/null -H "Node-Name: ${MITA_AGENT_NAME}" -H "Secret-Key: ${MITA_AGENT_SECRET}" \
        -H "Connection: Upgrade" -H "Upgrade: websocket" "${JENKINS_URL}wsagents/"
    sleep 0.2
done
"#;

#[test]
fn a_job_is_served_by_a_server_that_boots_and_goes_when_it_is_idle() {
    if !has_python() {
        return;
    }
    let site = Site::new(AGENT, "");
    site.queue();
    site.minute();
    let servers = site.servers();
    assert_eq!((servers.len(), &servers[0]["state"]), (1, &"active".into()), "{servers:?}");
    assert_eq!(servers[0]["metadata"]["mita_owner"], "local-tests");
    site.agent_connects();
    for _ in 0..12 {
        site.minute();
    }
    assert_eq!((site.built(), site.servers().len(), site.ever()), (1, 0, 1));
    assert_eq!(site.sim.jenkins().node_names(), ["vault"], "its node is gone");
}
