//! What is learned of the rhythm of jobs makes them wait less, and idle servers cost less.

use super::{Setup, builds, each_minute, on, play};

const GOOD: &str = "B 100 40 0\n";

#[test]
fn an_hourly_job_finds_its_server_ready_once_three_gaps_are_known() {
    let text = format!("{}{}", builds((0..5).map(|hour| hour * 3600 + 5), 480), GOOD.repeat(20));
    let until = 5 * 3600;
    let outcome = play(&text, &each_minute(on()), until);
    let waits: Vec<u64> = outcome.jobs.iter().map(|job| job.started.expect("a start") - job.queued).collect();
    assert!(waits[4..].iter().all(|wait| *wait <= 5), "{waits:?}");
    let today = play(&text, &each_minute(Setup::default()), until);
    let (idle, before) = (outcome.figures().idle, today.figures().idle);
    assert!(idle < 0.8 * before, "{idle} idle hours, {before} with the fixed grace");
}

#[test]
fn a_fleet_that_small_jobs_are_spread_over_shrinks() {
    let large = builds([0; 6], 600);
    let small = builds((10..60).map(|number| number * 120), 60);
    let text = format!("{large}{small}{}", GOOD.repeat(20));
    let until = 7200;
    let (with, without) = (play(&text, &on(), until).figures(), play(&text, &Setup::default(), until).figures());
    assert!(with.idle < 0.75 * without.idle, "{} idle hours, {} with the fixed grace", with.idle, without.idle);
    assert!(with.thrash < 25.0, "{} %", with.thrash);
}

#[test]
fn a_lost_state_and_a_jump_of_the_clock_order_nothing_beyond_max() {
    let text = format!("{}{}", builds((0..30).map(|number| number * 60), 300), GOOD.repeat(20));
    for setup in [
        Setup { lose_state_at: Some(900), max: Some(6), ..on() },
        Setup { clock_jump: Some((900, 7200)), max: Some(6), ..on() },
        Setup { clock_jump: Some((900, -7200)), max: Some(6), ..on() },
    ] {
        let outcome = play(&text, &each_minute(setup.clone()), 3000);
        let there = |second: u64| {
            let alive = |server: &&super::summary::ServerOutcome| {
                server.ordered <= second && server.deleted.is_none_or(|deleted| deleted > second)
            };
            outcome.servers.iter().filter(alive).count()
        };
        assert!((0..3000).all(|second| there(second) <= 6), "{setup:?}");
        assert!(outcome.jobs.iter().all(|job| job.started.is_some()), "{setup:?}");
    }
}
