//! Looks for a moment at which a build may arrive and die: all moments for one and for two nodes, random ones for more.
//!
//! ```text
//! cargo run --release --example races -- --count 20000 --seed 1
//! ```
//!
//! Every race is a whole run over HTTP against the simulator, some milliseconds each. It prints how many there were.

#[path = "races/arena.rs"]
mod arena;
#[path = "races/search.rs"]
mod search;

use arena::{Arena, Backend};
use clap::Parser;
use search::Tally;
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

/// Looks for a moment at which a build may arrive and die.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many random races.
    #[arg(long, default_value_t = 20_000)]
    count: usize,
    /// Where chance begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many threads, each with a farm of its own.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

#[expect(clippy::print_stderr, reason = "the product of this example")]
fn main() -> ExitCode {
    match search_all(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn search_all(arguments: &Arguments) -> Result<(), String> {
    let threads = arguments.threads.max(1);
    let open = |at_once| Arena::open(at_once, Backend::OpenStack);
    timed("one node, every arrival and every end", || search::one_node(&open(1)?))?;
    timed("one node from a program, every arrival and every end", || {
        search::one_node(&Arena::open(1, Backend::Program)?)
    })?;
    timed("two nodes, every pair of arrivals and ends, one after the other", || search::two_nodes(&open(1)?, 0, true))?;
    timed("two nodes, every pair of arrivals, at the same time", || search::two_nodes(&open(8)?, 0, false))?;
    timed("three to eight nodes, random arrivals and ends", || {
        let share = arguments.count.div_ceil(threads);
        thread::scope(|scope| {
            let work = |seed| move || search::random(&open(8)?, seed, share);
            let found: Vec<_> = (0..threads as u64).map(|more| scope.spawn(work(arguments.seed + more))).collect();
            found.into_iter().try_fold(Tally::default(), |sum, thread| {
                let tally = thread.join().map_err(|_| "a thread panicked".to_owned())??;
                Ok(Tally { races: sum.races + tally.races, kept: sum.kept + tally.kept })
            })
        })
    })
}

#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "tells what was tried, and how long it took")]
fn timed(what: &str, search: impl FnOnce() -> Result<Tally, String>) -> Result<(), String> {
    let started = Instant::now();
    let Tally { races, kept } = search().map_err(|error| format!("{what}: {error}"))?;
    let seconds = started.elapsed().as_secs_f64();
    println!("{what}: {races} races, in {kept} of them a build kept a node, none died ({seconds:.0} s)");
    Ok(())
}
