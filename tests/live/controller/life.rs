//! From the job that waits to the server that is gone.

use super::eventually;
use super::site::Site;
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::Version;

#[test]
fn live_s1_l1_l3_a_job_is_built_on_a_node_of_its_own_which_goes_with_its_server() {
    let Some(site) = Site::given_with_agents("life") else { return };
    whole_life(&site);
}

#[test]
fn s1_l1_l3_rehearsed_a_job_is_built_on_a_node_of_its_own_which_goes_with_its_server() {
    let Some(site) = Site::rehearsed("life", Version::new(2, 578)) else { return };
    whole_life(&site);
}

fn whole_life(site: &Site) {
    let (name, controller) = (&site.name, &site.controller);
    // Longer than a node without work would stay.
    let job = site.job("build", site.pace.build + 2.0 * site.pace.grace.as_secs_f64());
    let item = controller.queue_build(&job);
    let first = site.run();
    let node = site.servers().pop().unwrap_or_else(|| panic!("no server was ordered\n{}", first.story()));
    first.did(&[&format!("create_server {name} demand done"), &format!("create_node {node} register done")]);
    assert_eq!(controller.nodes(name), [node.as_str()]);
    let second = site.run();
    second.did(&[]);
    assert_eq!(second.rule(Subject::QueueItem, &job), Rule::OnItsWay);

    let build = site.eventually("the end of the build", || {
        let before = controller.build_of(&job, item)?;
        if before.result.is_some() {
            return Some(before);
        }
        let run = site.run();
        run.did(&[]);
        if controller.build_of(&job, item)?.result.is_none() {
            assert_eq!(run.rule(Subject::Node, &node), Rule::Busy, "{}", run.story());
        }
        None
    });
    assert_eq!((build.result.as_deref(), &build.node), (Some("SUCCESS"), &node));

    site.run_until_something_is_done().did(&[&format!("retire_node {node} idle done")]);
    eventually("the node gone", || controller.nodes(name).is_empty().then_some(()));
    assert_eq!(site.servers(), [""; 0]);
    site.run().did(&[]);
}
