//! What goes wrong in a cloud costs waiting jobs little, without any key of the configuration.

use super::{Setup, builds, play};

const GOOD: &str = "B 100 40 0\n";

fn mean_wait(builds: &str, first_orders: &str, setup: &Setup) -> f64 {
    let text = format!("{builds}{first_orders}{}", GOOD.repeat(20));
    play(&text, setup, 2400).figures().mean
}

#[test]
fn one_error_does_not_close_the_type_for_the_jobs_that_come_next() {
    let jobs = builds(std::iter::once(50).chain([170; 8]), 600);
    let mean = mean_wait(&jobs, "B 60 40 1\n", &Setup::default());
    assert!(mean < 270.0, "{mean}");
}

#[test]
fn a_server_that_was_ordered_before_a_failure_is_no_try_that_others_wait_for() {
    let jobs = builds([50, 170].into_iter().chain(600..608), 600);
    let mean = mean_wait(&jobs, "B 100 -1 0\nB 60 40 1\n", &Setup::default());
    assert!(mean < 260.0, "{mean}");
}

#[test]
fn a_job_does_not_wait_for_a_server_that_never_joins() {
    for (every, phase) in [(30, 10), (60, 0)] {
        let setup = Setup { every, phase, ..Setup::default() };
        let mean = mean_wait(&builds([50], 600), "B 100 -1 0\n", &setup);
        assert!(mean < 520.0, "{mean} with a run each {every} seconds");
    }
}

#[test]
fn a_flaky_cloud_costs_little() {
    let trace = super::generate::generate('c', 1, 1, 1.0);
    let until = 3 * 3600;
    let trace = super::Trace { builds: trace.builds.into_iter().filter(|build| build.at < until).collect(), ..trace };
    let figures = super::farm::play(&trace, &Setup::default(), until + 1800).expect("a trace").figures();
    let bound = super::bounds::Bound::Rb.play(&trace, 0).figures();
    assert!(figures.mean < bound.mean * 1.6 + 5.0, "{} s, and {} s at best", figures.mean, bound.mean);
    assert!(figures.unstarted == 0.0);
}
