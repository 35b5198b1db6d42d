//! Which idle servers a status says will go.

use crate::view::overview::Overview;
use crate::view::status::Status;
use crate::view::status::text::{Layout, render};
use crate::view::style::unmarked;
use crate::view::tests::scene::Scene;

#[test]
fn only_the_idle_servers_that_will_go_show_the_time_that_is_left() {
    let mut scene = Scene::start();
    scene.keep_at_hand("centos", 3);
    (0..4).for_each(|_| drop(scene.run()));
    scene.keep_at_hand("centos", 1);
    scene.run();
    let report = scene.look();
    let status = Status::of(&Overview::of(&scene.loaded.config, &report));
    let (stay, go): (Vec<_>, Vec<_>) = status.servers.iter().partition(|server| server.next.is_none());
    assert_eq!((stay.len(), go.len()), (1, 2));
    assert!(go.iter().all(|server| server.next.is_some_and(|next| next.unless == "a build comes")), "{go:?}");
    let shown = unmarked(&render(&status, 80, Layout::Wide));
    assert!(shown.contains("; retired at 08:1") && !shown.contains("then, "), "{shown}");
    // What it says comes true.
    (0..15).for_each(|_| drop(scene.run()));
    let mut nodes = scene.sim.jenkins().node_names();
    nodes.retain(|node| node.contains('+'));
    assert_eq!(nodes, [stay[0].nodes[0].to_string()]);
}
