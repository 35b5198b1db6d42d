//! Orders that the cloud refuses, and servers that fail.

use super::cloud;
use super::site::{Site, image, size};
use crate::harness::Run;
use mita::domain::rule::Rule;
use mita::plan::model::Subject;

/// One refused order: its error, and nothing left of it.
#[track_caller]
fn refused_once(site: &Site) -> String {
    site.queue("ceph-build");
    let run = site.run();
    run.did(&["create_server live demand refused"]);
    let error = run.errors()[0].to_owned();
    let again = site.run();
    again.did(&[]);
    assert_eq!(again.rule(Subject::QueueItem, "ceph-build"), Rule::BreakerOpen);
    assert!(site.cloud.servers_of(&site.owner).is_empty());
    error
}

fn says(error: &str, words: &[&str]) {
    for word in words {
        assert!(error.contains(word), "{word:?} is missing in: {error}");
    }
}

#[test]
fn live_a_size_that_the_cloud_does_not_have_is_refused_by_name_and_opens_the_breaker() {
    let Some(cloud) = cloud() else { return };
    let site = Site::with(&cloud, "size", &format!("image_name = \"{}\"\nsize = \"{}x\"", image(), size()));
    says(&refused_once(&site), &[&format!("{}x", size()), "no flavor has this name", &size()]);
}

#[test]
fn live_an_image_that_the_cloud_does_not_have_is_refused_by_name_and_opens_the_breaker() {
    let Some(cloud) = cloud() else { return };
    let site = Site::with(&cloud, "image", &format!("image_name = \"no such image\"\nsize = \"{}\"", size()));
    says(&refused_once(&site), &["no such image"]);
}

#[test]
fn live_a_key_that_nova_does_not_know_is_refused_in_its_own_words() {
    let Some(cloud) = cloud() else { return };
    let lines = format!("image_name = \"{}\"\nsize = \"{}\"\nkeyname = \"no-such-key\"", image(), size());
    let site = Site::with(&cloud, "key", &lines);
    says(&refused_once(&site), &["400", "key_name", "req-"]);
}

/// `too.large` is a size that no host can hold.
#[test]
fn live_a_server_that_no_host_can_hold_is_removed_and_its_fault_kept() {
    let Some(cloud) = cloud() else { return };
    let site = Site::with(&cloud, "error", &format!("image_name = \"{}\"\nsize = \"too.large\"\nmax = 1", image()));
    let flavors = site.cloud.ask("GET", "compute", "/flavors", None);
    if !flavors["flavors"].as_array().unwrap().iter().any(|flavor| flavor["name"] == "too.large") {
        return super::skipped("the cloud has no size too.large");
    }
    site.queue("ceph-build");
    // Three runs that see a failure open the breaker.
    for failure in 1..=3 {
        let id = site.ordered(&site.run());
        site.becomes(&id, "ERROR");
        let run = site.run();
        run.did(&["delete_server live error done"]);
        if failure == 1 {
            assert_fault(&run, &id);
        }
        site.vanishes(&id);
    }
    let after = site.run();
    assert_eq!(after.rule(Subject::QueueItem, "ceph-build"), Rule::BreakerOpen);
    after.did(&[]);
}

#[track_caller]
fn assert_fault(run: &Run, id: &str) {
    says(&run.verdict(Subject::Server, id).reason, &["No valid host was found"]);
    says(&run.report.plan.warnings.join("\n"), &["No valid host was found"]);
    let remembered: Vec<_> =
        run.report.plan.state.servers.values().filter_map(|server| server.fault.as_deref()).collect();
    assert_eq!(remembered, ["No valid host was found."]);
}
