//! The matching against brute force, and the preferences that no count shows.

use super::assign;
use super::input::*;
use super::paths::Searched;
use super::reorder::Reorders;
use super::seating::*;
use super::{EFFORT, assign_within};
use crate::domain::selection::Selection;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn unlimited(types: usize) -> ProviderRoom {
    ProviderRoom { room: 100, quota: UNLIMITED, weights: vec![Weight::default(); types] }
}

fn numbers(numbers: &[usize]) -> Selection {
    numbers.iter().copied().collect()
}

/// A input of two types at one provider, one job class for each entry of `jobs`.
fn two_types(room: u32, jobs: Vec<JobClass>) -> Input {
    let kind = OrderType { executors: 1, room: 100, providers: vec![(0, 100)] };
    Input { jobs, slots: vec![], types: vec![kind.clone(), kind], providers: vec![unlimited(2)], room }
}

#[test]
fn l2_a_flexible_job_leaves_the_only_slot_to_one_that_has_no_choice() {
    let slots = vec![SlotClass { slots: 1, tier: 0 }, SlotClass { slots: 1, tier: 0 }];
    let flexible = JobClass { slots: numbers(&[0, 1]), types: vec![] };
    let picky = JobClass { slots: numbers(&[0]), types: vec![] };
    let input = Input { jobs: vec![flexible, picky], slots, ..Input::default() };
    let outcome = assign(&input, &[0, 1]);
    assert_eq!(outcome.seats, [Some(Seat::Slot(1)), Some(Seat::Slot(0))]);
}

#[test]
fn l2_existing_executors_come_before_those_on_their_way_and_those_before_new_servers() {
    let mut input = two_types(9, vec![JobClass { slots: numbers(&[0, 1]), types: vec![0] }]);
    input.slots = vec![SlotClass { slots: 1, tier: 2 }, SlotClass { slots: 1, tier: 0 }];
    let outcome = assign(&input, &[0, 0, 0]);
    assert_eq!(outcome.seats, [Some(Seat::Slot(1)), Some(Seat::Slot(0)), Some(Seat::Order(0))]);
}

#[test]
fn l2_earlier_types_and_providers_come_first() {
    let mut input = two_types(9, vec![JobClass { slots: numbers(&[]), types: vec![0, 1] }]);
    input.types[0].room = 1;
    input.types[0].providers = vec![(1, 9), (0, 9)];
    input.providers.push(unlimited(2));
    let outcome = assign(&input, &[0, 0]);
    assert_eq!(outcome.orders, [Order { node_type: 0, provider: 1 }, Order { node_type: 1, provider: 0 }]);
}

#[test]
fn l2_an_older_job_keeps_the_last_order_when_a_younger_one_wants_it() {
    let input = two_types(
        1,
        vec![JobClass { slots: numbers(&[]), types: vec![0] }, JobClass { slots: numbers(&[]), types: vec![1] }],
    );
    assert_eq!(assign(&input, &[0, 1]).seats, [Some(Seat::Order(0)), None]);
    assert_eq!(assign(&input, &[1, 0]).seats, [Some(Seat::Order(0)), None]);
}

#[test]
fn s4_two_jobs_share_a_server_with_two_executors() {
    let mut input = two_types(9, vec![JobClass { slots: numbers(&[]), types: vec![0] }]);
    input.types[0].executors = 2;
    let outcome = assign(&input, &[0, 0, 0]);
    assert_eq!(outcome.seats, [Some(Seat::Order(0)), Some(Seat::Order(0)), Some(Seat::Order(1))]);
}

#[test]
fn an_order_moves_to_another_provider_to_make_room() {
    let mut input = two_types(
        9,
        vec![JobClass { slots: numbers(&[]), types: vec![0] }, JobClass { slots: numbers(&[]), types: vec![1] }],
    );
    input.providers = vec![ProviderRoom { room: 1, ..unlimited(2) }, unlimited(2)];
    input.types[0].providers = vec![(0, 9), (1, 9)];
    input.types[1].providers = vec![(0, 9)];
    let outcome = assign(&input, &[0, 1]);
    assert_eq!(outcome.orders, [Order { node_type: 0, provider: 1 }, Order { node_type: 1, provider: 0 }]);
}

#[test]
fn s4_a_quota_of_cores_limits_the_orders() {
    let mut input = two_types(9, vec![JobClass { slots: numbers(&[]), types: vec![0, 1] }]);
    input.providers[0].quota[0] = 5;
    input.providers[0].weights = vec![[4, 0, 0, 0, 0], [1, 0, 0, 0, 0]];
    let outcome = assign(&input, &[0, 0, 0]);
    assert_eq!(outcome.seats, [Some(Seat::Order(0)), Some(Seat::Order(1)), None]);
}

/// The search for other orders would try hundreds of sets for each of the classes; here it has to give up.
#[test]
fn a_large_fleet_of_servers_with_two_executors_that_share_a_limit_is_planned_for_within_a_bounded_effort() {
    let kind = OrderType { executors: 2, room: 100, providers: vec![(0, 100)] };
    let classes = (0..200).map(|class| JobClass { slots: numbers(&[]), types: vec![class % 20, (class + 7) % 20] });
    let input = Input {
        jobs: classes.collect(),
        slots: vec![],
        types: vec![kind; 20],
        providers: vec![unlimited(20)],
        room: 30,
    };
    let queue: Vec<usize> = (0..1000).map(|job| job % 200).collect();
    let outcome = assign(&input, &queue);
    assert_sound(&input, &queue, &outcome);
    assert_eq!(outcome.orders.len(), 30);
    assert_eq!(outcome.seats.iter().flatten().count(), 60);
}

/// Each job wants the slot that the one before it got, or the next one: with every job, all others could have to move. And
/// each younger job finds no way to the slots that are left, after it looked at everybody.
#[test]
fn l5_jobs_that_could_all_move_for_one_another_are_placed_within_a_bounded_effort() {
    const SLOTS: usize = 3_000;
    let slot = SlotClass { slots: 1, tier: 0 };
    let older = (0..SLOTS).map(|number| JobClass { slots: numbers(&[number, SLOTS - 1 - number]), types: vec![] });
    let younger = (0..SLOTS).map(|number| JobClass { slots: (0..SLOTS - number % 97).collect(), types: vec![0, 1] });
    let jobs: Vec<JobClass> = older.chain(younger).collect();
    let input = Input { slots: vec![slot; SLOTS + 1], ..two_types(SLOTS as u32, jobs) };
    let queue: Vec<usize> = (0..2 * SLOTS).collect();
    for effort in [1_000, EFFORT] {
        let outcome = assign_within(effort, &input, &queue);
        assert_sound(&input, &queue, &outcome);
        assert!(effort == EFFORT || outcome.hurried_from.is_some());
    }
}

#[test]
fn l1_jobs_that_nobody_could_make_room_for_get_servers_however_little_effort_is_left() {
    let slots = vec![SlotClass { slots: 1, tier: 0 }; 2];
    let jobs = vec![
        JobClass { slots: numbers(&[0]), types: vec![] },
        JobClass { slots: numbers(&[0]), types: vec![0] },
        JobClass { slots: numbers(&[]), types: vec![1] },
    ];
    let outcome = assign_within(1, &Input { slots, ..two_types(9, jobs) }, &[0, 1, 2]);
    assert_eq!(outcome.seats, [Some(Seat::Slot(0)), Some(Seat::Order(0)), Some(Seat::Order(1))]);
}

/// Slots that are free though a job that got a server could have had them, had others moved.
fn missed_slots(input: &Input, queue: &[usize], outcome: &Outcome) -> BTreeSet<usize> {
    let on = |slot: usize| queue.iter().zip(&outcome.seats).filter(move |(_, seat)| **seat == Some(Seat::Slot(slot)));
    let ordered_for = queue.iter().zip(&outcome.seats).filter(|(_, seat)| matches!(seat, Some(Seat::Order(_))));
    let mut reached: BTreeSet<usize> = BTreeSet::new();
    let mut open: Vec<usize> = ordered_for.map(|(&class, _)| class).collect();
    while let Some(class) = open.pop() {
        for slot in input.jobs[class].slots.iter().filter(|&slot| input.slots[slot].slots > 0) {
            if reached.insert(slot) {
                open.extend(on(slot).map(|(&class, _)| class));
            }
        }
    }
    reached.into_iter().filter(|&slot| on(slot).count() < input.slots[slot].slots as usize).collect()
}

/// Whether all these jobs can be seated at once, by trying every way.
fn all_fit(input: &Input, jobs: &[usize], seating: &mut Seating<'_>) -> bool {
    let Some((&class, rest)) = jobs.split_first() else {
        return seating.is_sound();
    };
    for slot in input.jobs[class].slots.iter() {
        if seating.on_slots[slot].sum() < input.slots[slot].slots {
            seating.on_slots[slot].add(class);
            if all_fit(input, rest, seating) {
                return true;
            }
            seating.on_slots[slot].take(class);
        }
    }
    for &node_type in &input.jobs[class].types {
        seating.on_types[node_type].add(class);
        if seating.on_types[node_type].sum() <= seating.orders[node_type].sum() * input.types[node_type].executors {
            if all_fit(input, rest, seating) {
                return true;
            }
        } else {
            for &(provider, _) in &input.types[node_type].providers {
                seating.orders[node_type].add(provider);
                if seating.is_sound() && all_fit(input, rest, seating) {
                    return true;
                }
                seating.orders[node_type].take(provider);
            }
        }
        seating.on_types[node_type].take(class);
    }
    false
}

/// Which jobs the best choice serves: each one, oldest first, that fits beside the older ones served.
fn best_choice(input: &Input, queue: &[usize]) -> Vec<bool> {
    let mut served: Vec<usize> = Vec::new();
    queue
        .iter()
        .map(|&class| {
            served.push(class);
            let fits = all_fit(input, &served, &mut Seating::new(input));
            if !fits {
                served.pop();
            }
            fits
        })
        .collect()
}

fn subset(of: usize) -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(any::<bool>(), of)
        .prop_map(|chosen| chosen.iter().enumerate().filter(|(_, in_it)| **in_it).map(|(index, _)| index).collect())
}

fn any_market(most_executors: u32) -> impl Strategy<Value = (Input, Vec<usize>)> {
    let job = (subset(3), subset(3)).prop_map(|(slots, types)| JobClass { slots: slots.into_iter().collect(), types });
    let slot = (0..2u32, 0..3u8).prop_map(|(slots, tier)| SlotClass { slots, tier });
    let kind = (1..=most_executors, 0..4u32, proptest::collection::vec(0..3u32, 2), any::<bool>()).prop_map(
        |(executors, room, most, second_first)| {
            let mut providers: Vec<(usize, u32)> = most.into_iter().enumerate().filter(|(_, most)| *most > 0).collect();
            if second_first {
                providers.reverse();
            }
            OrderType { executors, room, providers }
        },
    );
    let spot = (0..4u32).prop_map(|room| ProviderRoom { room, ..unlimited(3) });
    (
        proptest::collection::vec(job, 4),
        proptest::collection::vec(slot, 3),
        proptest::collection::vec(kind, 3),
        proptest::collection::vec(spot, 2),
        0..5u32,
        proptest::collection::vec(0..4usize, 0..7),
    )
        .prop_map(|(jobs, slots, types, providers, room, queue)| (Input { jobs, slots, types, providers, room }, queue))
}

/// Every seat is one that the job's class accepts, no slot is taken twice, and the orders respect each limit.
fn assert_sound(input: &Input, queue: &[usize], outcome: &Outcome) {
    let mut seating = Seating::new(input);
    for order in &outcome.orders {
        seating.orders[order.node_type].add(order.provider);
    }
    let mut used = BTreeSet::new();
    for (&class, seat) in queue.iter().zip(&outcome.seats) {
        match *seat {
            Some(Seat::Slot(slot)) => {
                assert!(input.jobs[class].slots.contains(slot), "job class {class} sits on slot {slot}");
                seating.on_slots[slot].add(class);
            }
            Some(Seat::Order(order)) => {
                let node_type = outcome.orders[order].node_type;
                assert!(input.jobs[class].types.contains(&node_type), "job class {class} sits on type {node_type}");
                seating.on_types[node_type].add(class);
                used.insert(order);
            }
            None => {}
        }
    }
    assert!(seating.is_sound(), "a limit is broken: {outcome:?}");
    assert_eq!(used.len(), outcome.orders.len(), "a server is ordered that nobody needs: {outcome:?}");
}

/// The same without anything that one search leaves to the next.
fn place_anew(input: &Input, queue: &[usize]) -> Outcome {
    let mut seating = Seating::new(input);
    let mut reorders = Reorders::new(input, queue.len());
    let seated: Vec<bool> = queue
        .iter()
        .map(|&class| seating.seat(class, &mut Searched::nothing(EFFORT)) || reorders.seat(&mut seating, class))
        .collect();
    seating.read_out(queue, &seated)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn l2_the_matching_serves_the_jobs_that_brute_force_finds((input, queue) in any_market(1)) {
        let outcome = assign(&input, &queue);
        assert_sound(&input, &queue, &outcome);
        let served: Vec<bool> = outcome.seats.iter().map(Option::is_some).collect();
        prop_assert_eq!(served, best_choice(&input, &queue));
    }

    #[test]
    fn l2_the_matching_serves_the_jobs_that_brute_force_finds_with_several_executors((input, queue) in any_market(3)) {
        let outcome = assign(&input, &queue);
        assert_sound(&input, &queue, &outcome);
        let served: Vec<bool> = outcome.seats.iter().map(Option::is_some).collect();
        prop_assert_eq!(served, best_choice(&input, &queue));
    }

    #[test]
    fn what_a_search_leaves_to_the_next_changes_nothing((input, queue) in any_market(1)) {
        prop_assert_eq!(assign(&input, &queue), place_anew(&input, &queue));
    }

    #[test]
    fn what_a_search_leaves_to_the_next_changes_nothing_with_several_executors((input, queue) in any_market(3)) {
        prop_assert_eq!(assign(&input, &queue), place_anew(&input, &queue));
    }

    #[test]
    fn s4_with_any_effort_no_server_is_ordered_where_an_executor_could_be_freed(
        (input, queue) in any_market(1),
        effort in 0..30_usize,
    ) {
        let outcome = assign_within(effort, &input, &queue);
        assert_sound(&input, &queue, &outcome);
        prop_assert_eq!(missed_slots(&input, &queue, &outcome), BTreeSet::new());
    }

    #[test]
    fn s4_with_any_effort_the_limits_hold((input, queue) in any_market(3), effort in 0..30_usize) {
        assert_sound(&input, &queue, &assign_within(effort, &input, &queue));
    }
}
