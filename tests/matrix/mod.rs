//! Everything that can go wrong, tried systematically: a run is killed at every point, every answer of every service
//! fails in every way, builds arrive at every moment of a drain, and random worlds run for hours.
//!
//! Nothing here asks how mita works. What is checked are the promises of the design, on what is really there in the
//! simulated Jenkins and the simulated clouds. `MITA_TEST_FULL=1` tries what is too much for every day.

mod checks;
mod crash;
mod faults;
mod found;
mod programs;
mod races;
mod scenes;
mod worlds;

/// Whether everything is to be tried, however long it takes.
#[expect(clippy::disallowed_methods, reason = "the tests' own switch, no part of the program")]
pub(crate) fn in_full() -> bool {
    std::env::var_os("MITA_TEST_FULL").is_some_and(|value| value == "1")
}
