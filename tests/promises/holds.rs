//! Holds that Jenkins forgets (S7).

use crate::harness::{Setup, minutes};
use mita_sim::jenkins::Version;
use mita_sim::jenkins::nodes::CauseKind;
use mita_sim::{Fault, Kind, Service};
use std::fs;

const OLD: Version = Version::lts(2, 426, 3);

#[test]
fn s7_a_hold_outlasts_a_monitor_that_cuts_the_connection() {
    let it = Setup::trusty().jenkins(|options| options.version = OLD).with_idle_node();
    let node = it.node();
    it.sim.jenkins().hold(&node, "debugging");
    it.minute().did_nothing();
    it.sim.jenkins().disconnect(&node, CauseKind::ResponseTime, "Time out for last 5 try");
    it.minutes(60).did_nothing();
    assert_eq!(it.nodes(), [node]);
}

#[test]
fn s7_a_hold_by_disconnecting_outlasts_the_launches_of_the_agent_until_it_connects_or_mita_releases_it() {
    for version in [OLD, Version::new(2, 528)] {
        for connects in [true, false] {
            let it = Setup::trusty().jenkins(|options| options.version = version).with_idle_node();
            let node = it.node();
            it.sim.jenkins().cut(&node, "strace");
            it.minute().did_nothing();
            it.sim.jenkins().launch_fails(&node);
            it.minutes(60).did_nothing();
            assert_eq!((it.nodes(), it.servers().len()), (vec![node.clone()], 1), "{version}");
            if connects {
                it.sim.jenkins().connect(&node);
            } else {
                it.sim.jenkins().node_mut(&node).unwrap().held = false;
                it.command(&["release", &node]);
            }
            it.minutes(60);
            assert!(it.servers().is_empty(), "{version} {connects}");
        }
    }
}

#[test]
fn s7_a_hold_outlasts_a_restart_of_which_a_proxy_lets_no_sign_through() {
    for pages_show_session in [true, false] {
        let it = Setup::trusty()
            .jenkins(|options| {
                options.version = OLD;
                options.lost_headers = &["X-Jenkins-Session"];
                options.pages_show_session = pages_show_session;
            })
            .with_idle_node();
        let another = Kind::Redirect(302, "https://sso.example.com/".into());
        it.sim.fault(Fault::new(Service::Jenkins, another).path("/login").times(1000));
        let node = it.node();
        it.sim.jenkins().hold(&node, "debugging");
        it.minute().did_nothing();
        it.sim.jenkins().restart(minutes(1), minutes(300));
        it.minutes(3);
        let state = fs::read_to_string(it.state_file()).unwrap();
        assert_eq!(state.contains("jenkins_restarted"), pages_show_session, "another page may show the restart");
        it.minutes(60).did_nothing();
        assert_eq!(it.nodes(), [node]);
    }
}
