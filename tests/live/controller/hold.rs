//! A node that a person holds.

use super::site::Site;
use super::{clock, eventually, pause};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::Version;

#[test]
fn live_s7_a_node_stays_while_a_person_holds_it_and_goes_afterwards() {
    let Some(site) = Site::given_with_agents("hold") else { return };
    held(&site);
}

/// Before 2.482 Jenkins keeps the causes of a mark and of a lost channel in one place.
#[test]
fn s7_rehearsed_a_node_stays_while_a_person_holds_it_and_goes_afterwards() {
    let Some(site) = Site::rehearsed("hold", Version::lts(2, 426, 3)) else { return };
    held(&site);
}

fn held(site: &Site) {
    let controller = &site.controller;
    let job = site.job("build", site.pace.build);
    let item = controller.queue_build(&job);
    site.run();
    let node = site.eventually("a build that runs", || controller.build_of(&job, item)).node;
    controller.toggle_offline(&node, "kept-by-a-person");
    let stays = |rules: &[Rule]| {
        let run = site.run();
        run.did(&[]);
        assert!(rules.contains(&run.rule(Subject::Node, &node)), "{}", run.story());
    };
    let result = eventually("the end of the build", || {
        stays(&[Rule::Busy, Rule::Held]);
        controller.build_of(&job, item)?.result
    });
    assert_eq!(result, "SUCCESS");

    let since = clock();
    while since.elapsed() < 3 * site.pace.grace {
        stays(&[Rule::Held]);
        pause(site.pace.grace / 4);
    }
    assert_eq!((controller.nodes(&site.name), site.servers()), (vec![node.clone()], vec![node.clone()]));
    assert_eq!(controller.offline_reason(&node), "kept-by-a-person");

    controller.toggle_offline(&node, "");
    site.run_until_something_is_done().did(&[&format!("retire_node {node} idle done")]);
    eventually("the node gone", || controller.nodes(&site.name).is_empty().then_some(()));
    assert_eq!(site.servers(), [""; 0]);
}
