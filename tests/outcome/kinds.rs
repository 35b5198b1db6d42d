//! A few hours of work of each kind, with the keys that `mita init` writes, beside what the fixed grace makes of it.

use super::bounds::Bound;
use super::{Setup, Trace, builds, each_minute, on, play};

const GOOD: &str = "B 100 40 0\n";

/// The beginning of a day of this kind.
fn beginning(kind: char, until: u64) -> Trace {
    let trace = super::generate::generate(kind, 1, 1, 1.0);
    Trace { builds: trace.builds.into_iter().filter(|build| build.at < until).collect(), ..trace }
}

#[test]
fn a_busy_hour_costs_little_waiting_and_the_quiet_ones_after_it_few_idle_servers() {
    let until = 3 * 3600;
    let whole = beginning('a', until);
    let stays = |number: usize, at: u64| at < 3600 || number.is_multiple_of(8);
    let builds = whole.builds.into_iter().enumerate().filter(|(number, build)| stays(*number, build.at));
    let trace = Trace { builds: builds.map(|(_, build)| build).collect(), ..whole };
    let figures = super::farm::play(&trace, &each_minute(on()), until).expect("a trace").figures();
    let bound = |bound: Bound| bound.play(&trace, 0).figures();
    let (wait, idle) = (bound(Bound::Rb).mean, bound(Bound::Ceph).idle);
    assert!(figures.mean < 1.15 * wait, "{} s, and {wait} s at best without spare servers", figures.mean);
    assert!(figures.idle < 0.8 * idle, "{} idle hours, {idle} with the fixed grace", figures.idle);
}

#[test]
fn bursts_that_come_each_hour_find_their_servers_ready() {
    let late = [0, 120, -120, 60, -60, 120, 0, -120];
    let burst = |(hour, late): (i64, i64)| (0..5).map(move |number| (4200 + hour * 3600 + late + number % 3) as u64);
    let text = format!("{}{}", builds((0..).zip(late).flat_map(burst), 480), GOOD.repeat(20));
    let outcome = play(&text, &each_minute(on()), 9 * 3600);
    let waits: Vec<u64> = outcome.jobs.iter().map(|job| job.started.expect("a start") - job.queued).collect();
    let last = &waits[20..];
    assert!(last.iter().sum::<u64>() < 30 * last.len() as u64, "{waits:?}");
}

#[test]
fn short_jobs_do_not_keep_servers_for_the_fixed_grace() {
    let until = 5400;
    let trace = beginning('d', until);
    let played = |setup| super::farm::play(&trace, &each_minute(setup), until).expect("a trace").figures();
    let (with, without) = (played(on()), played(Setup::default()));
    assert!(with.idle < 0.92 * without.idle, "{} idle hours, {} with the fixed grace", with.idle, without.idle);
    assert!(with.mean < 1.3 * without.mean, "{} s, {} with the fixed grace", with.mean, without.mean);
}

#[test]
fn the_third_night_finds_its_servers_ready() {
    let evening = 18 * 3600;
    let nights = (0..3).flat_map(|day| std::iter::repeat_n(day * 86_400 + evening + 1, 10));
    let text = format!("{}{}", builds(nights, 480), GOOD.repeat(20));
    let setup = Setup { every: 600, from: 2 * 86_400, ..on() };
    let figures = play(&text, &setup, 2 * 86_400 + evening + 1800).figures();
    assert!(figures.mean < 30.0, "{} s", figures.mean);
}

#[test]
fn two_plays_of_a_trace_are_the_same_to_each_server() {
    let trace = beginning('b', 4500);
    let setup = Setup { node_keys: "idle_grace = \"10m\"".to_owned(), ..Setup::default() };
    let played = || super::farm::play(&trace, &each_minute(setup.clone()), 4500).expect("a trace");
    let first = played();
    assert!(first.servers.iter().any(|server| server.deleted.is_some()), "none was retired");
    assert_eq!(first, played());
}
