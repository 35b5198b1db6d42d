//! Builds that arrive at every moment of a retirement. `examples/races.rs` tries far more of them.

#[path = "../../examples/races/arena.rs"]
mod arena;

use arena::{Arena, Arrival, Backend};

/// The reads of a run: what arrives among them is seen by the plan.
const READS: usize = 4;

#[test]
fn s1_a_build_that_arrives_at_any_moment_of_a_retirement_lives_and_its_node_is_online_afterwards() {
    let arena = Arena::open(1, Backend::OpenStack).unwrap();
    let undisturbed = arena.race(1, 1, &[]).unwrap();
    assert_eq!((undisturbed.retired, undisturbed.stayed), (1, 0));
    let (mut races, mut kept) = (0, 0);
    for before in READS..undisturbed.requests {
        for ends in (before + 1..undisturbed.requests).map(Some).chain([None]) {
            kept += arena.race(1, 1, &[Arrival { node: 0, before, ends }]).unwrap().stayed;
            races += 1;
        }
    }
    println!("races of one node: {races}, in {kept} of them the build kept the node");
    assert!(kept > 0 && kept < races, "some builds come in time, and some do not");
}

#[test]
fn s1_a_build_that_arrives_while_a_server_of_a_program_is_retired_lives() {
    let arena = Arena::open(1, Backend::Program).unwrap();
    let undisturbed = arena.race(1, 1, &[]).unwrap();
    assert_eq!((undisturbed.retired, undisturbed.stayed), (1, 0));
    let arrivals = (0..undisturbed.requests).map(|before| Arrival { node: 0, before, ends: None });
    let kept: usize = arrivals.map(|arrival| arena.race(1, 1, &[arrival]).unwrap().stayed).sum();
    println!("races of one node from a program: {}, in {kept} of them the build kept the node", undisturbed.requests);
    assert!(kept > 0 && kept < undisturbed.requests, "some builds come in time, and some do not");
}

#[test]
fn s1_of_two_retirements_at_once_each_heeds_its_own_builds() {
    let arena = Arena::open(2, Backend::OpenStack).unwrap();
    let requests = arena.race(2, 1, &[]).unwrap().requests;
    let (mut races, mut kept) = (0, 0);
    for first in READS..requests {
        for second in (READS..requests).filter(|second| (first + second).is_multiple_of(2)) {
            let arrivals = [(0, first), (1, second)].map(|(node, before)| Arrival { node, before, ends: None });
            kept += arena.race(2, 1, &arrivals).unwrap().stayed;
            races += 1;
        }
    }
    println!("races of two nodes: {races}, in which {kept} nodes were kept by a build");
    assert!(kept > 0, "some builds come in time");
}
