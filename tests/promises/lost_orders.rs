//! Orders whose fate is not known: none is ever sent twice, and none is forgotten.

use crate::harness::{Installation, Setup, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::Fate;
use mita_sim::{Fault, Kind, Service};

fn waits(it: &Installation) -> u64 {
    it.sim.world().rules.max_servers = Some(1);
    it.sim.jenkins().submit(Job::freestyle("build").label("trusty").lasting(minutes(60)))
}

fn order(kind: Kind) -> Fault {
    Fault::new(Service::Nova, kind).method("POST").path("/servers")
}

#[test]
fn s4_an_order_that_was_done_and_whose_answer_was_lost_is_found_by_its_mark_and_not_sent_again() {
    let kinds: [fn() -> Kind; 4] =
        [|| Kind::DropAfter, || Kind::DoneBut(500), || Kind::DoneBut(502), || Kind::Truncated];
    for kind in kinds {
        let it = Setup::trusty().start();
        waits(&it);
        it.sim.fault(order(kind()));
        it.minute().did(&["create_server trusty demand unknown"]);
        it.minutes(4).did_nothing();
        assert_eq!((it.orders(), it.sim.jenkins().waiting()), (1, 0));
    }
}

#[test]
fn s4_a_cloud_that_says_it_is_unavailable_and_made_the_server_all_the_same_is_not_asked_for_another() {
    let it = Setup::trusty().start();
    waits(&it);
    it.sim.fault(order(Kind::DoneBut(503)));
    it.minute().did(&["create_server trusty demand unknown"]);
    it.minutes(4).did_nothing();
    assert_eq!((it.orders(), it.sim.jenkins().waiting()), (1, 0));
}

#[test]
fn s4_a_list_that_lags_leads_to_no_second_order() {
    let it = Setup::trusty().openstack(|cloud| cloud.list_lag = minutes(4)).start();
    waits(&it);
    it.minute().did(&["create_server trusty demand done"]);
    for _ in 0..8 {
        it.minute().did_nothing();
    }
    assert_eq!((it.orders(), it.sim.jenkins().waiting()), (1, 0));
}

#[test]
fn s4_a_lost_answer_and_a_list_that_lags_lead_to_no_second_order_within_order_timeout() {
    let it = Setup::trusty().openstack(|cloud| cloud.list_lag = minutes(4)).start();
    let id = waits(&it);
    it.sim.fault(order(Kind::DropAfter));
    it.minute().did(&["create_server trusty demand unknown"]);
    let run = it.minute();
    run.did_nothing();
    assert_eq!(run.rule(Subject::QueueItem, &id.to_string()), Rule::OnItsWay);
    it.minutes(6).did_nothing();
    assert_eq!((it.orders(), it.sim.jenkins().waiting()), (1, 0));
}

#[test]
fn l4_an_order_that_never_arrived_is_given_up_after_order_timeout_and_sent_anew() {
    let it = Setup::trusty().start();
    waits(&it);
    // Sent and lost on the way: nothing tells this from one that was done.
    it.sim.fault(order(Kind::DropBefore));
    it.minute().did(&["create_server trusty demand unknown"]);
    for _ in 0..4 {
        it.minute().did_nothing();
    }
    it.minute().did(&["create_server trusty demand done"]);
    it.minutes(3);
    assert_eq!(it.sim.jenkins().waiting(), 0);
}

#[test]
fn s4_many_orders_of_which_some_answers_are_lost_are_neither_too_many_nor_too_few() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nmax = 6").start();
    it.sim.world().rules.max_servers = Some(6);
    for number in 0..9 {
        it.sim.jenkins().submit(Job::freestyle(&format!("build-{number}")).label("trusty").lasting(minutes(90)));
    }
    it.sim.fault(order(Kind::DropAfter).times(2));
    it.sim.fault(order(Kind::DoneBut(500)).times(2));
    it.minute();
    it.minutes(4);
    assert_eq!((it.orders(), it.servers().len(), it.sim.jenkins().waiting()), (6, 6, 3));
}

#[test]
fn s4_two_runs_at_once_are_one_run() {
    let it = Setup::trusty().start();
    waits(&it);
    it.sim.set_latency(std::time::Duration::from_millis(30));
    let (first, second) = std::thread::scope(|scope| {
        let run = || it.attempt(mita::reconcile::Permits::default()).map(|run| run.lines());
        let first = scope.spawn(run);
        let second = scope.spawn(run);
        (first.join().unwrap(), second.join().unwrap())
    });
    it.sim.set_latency(seconds(0));
    let orders = it.orders();
    assert_eq!(orders, 1, "{first:?} {second:?}");
    // Where the second one came while the first was under way, it says so.
    assert!(first.is_ok() || second.is_ok());
}

#[test]
fn s4_an_order_written_down_and_never_sent_counts_until_order_timeout() {
    let it = Setup::trusty().start();
    waits(&it);
    it.sim.fault(order(Kind::DropAfter));
    it.minute();
    // The state of the first moment of that run: the order, without the server's id.
    let state = it.state();
    let orders: Vec<_> = state["servers"].as_object().unwrap().values().collect();
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].get("server_id"), None);
    it.minute().did_nothing();
    assert_eq!(it.state()["servers"].as_object().unwrap().values().next().unwrap()["server_id"], it.server().id);
}

#[test]
fn a_server_that_was_ordered_and_is_in_no_list_any_more_is_given_up_when_its_id_answers_404() {
    let it = Setup::trusty().start();
    it.sim.cloud("openstack").default_fate = Fate::BuildForever;
    waits(&it);
    it.minute();
    let server = it.server();
    it.sim.cloud("openstack").servers.clear();
    it.sim.cloud("openstack").default_fate = Fate::Boots;
    it.minutes(2);
    assert_eq!(it.orders(), 2);
    assert_ne!(it.server().id, server.id);
}
