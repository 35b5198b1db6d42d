//! A small CI farm to try mita on, in real time: a simulated Jenkins and a simulated OpenStack on ports of this machine,
//! jobs and people that come and go, and a configuration of mita for them.
//!
//! ```text
//! cargo run --example playground
//! cargo run --example playground -- --speed 5 --cron 10s
//! ```
//!
//! It needs no network, no root and no set-up, prints commands to try, and then a line for each event.

#[path = "playground/args.rs"]
mod args;
#[path = "playground/clock.rs"]
mod clock;
#[path = "shared/configuration.rs"]
mod configuration;
#[path = "playground/cron.rs"]
mod cron;
#[path = "playground/events.rs"]
mod events;
#[path = "shared/farm.rs"]
mod farm;
#[path = "playground/guide.rs"]
mod guide;
#[path = "playground/site.rs"]
mod site;
#[path = "playground/story.rs"]
mod story;

use anyhow::Result;
use args::{Args, Part};
use clap::Parser;
use clock::{now, pause, time_of_day};
use events::Snapshot;
use guide::Guide;
use mita_sim::Sim;
use site::Site;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use story::Story;

/// How often the simulated world catches up with the clock of this machine.
const TICK: Duration = Duration::from_millis(100);

#[expect(clippy::print_stderr, reason = "where an error goes")]
fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(Part::Mita { arguments }) = args.part {
        return cron::mita(arguments);
    }
    match site::open(&args, now()).and_then(|site| play(&args, &site)) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader is gone, as with `| head`.
        Err(error) if error.downcast_ref().map(io::Error::kind) == Some(ErrorKind::BrokenPipe) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("playground: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the guide, then each event until the time is over.
fn play(args: &Args, site: &Site) -> Result<()> {
    let Site { sim, config, .. } = site;
    let mut out = io::stdout().lock();
    let mut guide = Guide::new(site);
    writeln!(out, "{}", guide.welcome(args.cron))?;
    let (sender, events_of_runs) = mpsc::channel();
    if let Some(interval) = args.cron {
        let config = config.clone();
        thread::spawn(move || cron::run_repeatedly(&config, interval, &sender));
    }
    let end = args.duration.and_then(|duration| now().checked_add(duration).ok());
    let mut story = Story::begin(sim.now(), args.speed);
    let mut before = Snapshot::of(&sim.world());
    while end.is_none_or(|end| now() < end) {
        catch_up(sim);
        story.go_on(sim);
        let snapshot = Snapshot::of(&sim.world());
        for event in snapshot.events_since(&before).into_iter().chain(events_of_runs.try_iter().flatten()) {
            writeln!(out, "{}  {event}", time_of_day())?;
        }
        if let Some(hint) = guide.hint(snapshot.node_of_mita()) {
            writeln!(out, "{hint}")?;
        }
        before = snapshot;
        pause(TICK);
    }
    Ok(())
}

fn catch_up(sim: &Sim) {
    let passed = now().as_millisecond().saturating_sub(i64::try_from(sim.now()).unwrap_or(i64::MAX));
    sim.advance(Duration::from_millis(u64::try_from(passed).unwrap_or(0)));
    // Nobody reads the log of requests, and a playground may stay open for days.
    sim.clear_log();
}
