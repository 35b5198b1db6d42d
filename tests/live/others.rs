//! What is not ours: other people's servers, and those of other installations.

use super::site::{LABEL, Site, image, size};
use super::{cloud, pause};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::nodes::Node;
use serde_json::json;
use std::time::Duration;

#[test]
fn live_s2_a_persons_server_and_another_installations_are_untouched_whatever_their_names() {
    let Some(cloud) = cloud() else { return };
    let mut site = Site::at(&cloud, "others");
    let persons = site.cloud.order("live", &image(), &size(), &json!({}));
    site.strangers.push(persons.clone());
    let other =
        json!({"mita_owner": format!("{}-other", site.owner), "mita_node": "live", "mita_id": "20200101T000000Z-1"});
    let installations = site.cloud.order("live", &image(), &size(), &other);
    site.strangers.push(installations.clone());
    let nodes: Vec<String> = [&persons, &installations].map(|id| site.joins(&site.becomes(id, "ACTIVE"))).into();
    site.sim.jenkins().add_node(Node::new("live", LABEL, 1).online());

    for _ in 0..4 {
        let run = site.run();
        run.did(&[]);
        for node in nodes.iter().map(String::as_str).chain(["live"]) {
            assert_eq!(run.rule(Subject::Node, node), Rule::NotOurs, "{node}");
        }
        assert!(!run.report.plan.verdicts.iter().any(|verdict| verdict.subject == Subject::Server));
        pause(Duration::from_millis(1100));
    }
    for id in [&persons, &installations] {
        assert_eq!(site.cloud.server(id).unwrap()["status"], "ACTIVE");
    }
    assert!(site.sim.writes().is_empty());
}
