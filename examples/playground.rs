//! A small CI farm to try mita on, in real time: a simulated Jenkins and a simulated OpenStack on ports of this machine,
//! jobs and people that come and go, and a configuration of mita for them.
//!
//! ```text
//! cargo run --example playground
//! cargo run --example playground -- --speed 5 --cron 10s
//! ```
//!
//! It needs no network, no root and no set-up, prints the commands to try, and then a line for each thing that happens.

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
use clap::{Parser, Subcommand};
use events::Farm;
use guide::Guide;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use mita_sim::Sim;
use site::Site;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use story::Story;

/// How often the simulated world follows the clock of this machine.
const TICK: Duration = Duration::from_millis(100);

/// Simulates a Jenkins and an OpenStack in real time, to try mita on.
#[derive(Parser)]
struct Args {
    /// The port of Jenkins on 127.0.0.1; 0: any free one
    #[arg(long, value_name = "PORT", default_value_t = 18080)]
    jenkins_port: u16,
    /// The port of OpenStack on 127.0.0.1; 0: any free one
    #[arg(long, value_name = "PORT", default_value_t = 15000)]
    openstack_port: u16,
    /// Where mita.toml is written [default: playground in cargo's target folder]
    #[arg(long)]
    folder: Option<PathBuf>,
    /// How many times faster servers boot, builds end and people act
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60))]
    speed: u32,
    /// End after this time, as in 5m [default: at Ctrl-C]
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    duration: Option<Duration>,
    /// Run `mita reconcile` each so often, as in 30s, as cron does [default: never]
    #[arg(long, value_name = "TIME", value_parser = time)]
    cron: Option<Duration>,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What the playground starts itself for.
#[derive(Subcommand)]
enum Part {
    /// The program mita, with these arguments.
    #[command(hide = true)]
    Mita {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

fn time(text: &str) -> Result<Duration, String> {
    let wanted = || "a time such as 30s or 5m is wanted".to_owned();
    let time: SignedDuration = text.parse().map_err(|_| wanted())?;
    Duration::try_from(time).ok().filter(|time| !time.is_zero()).ok_or_else(wanted)
}

#[expect(clippy::print_stderr, reason = "where an error goes")]
fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(Part::Mita { arguments }) = args.part {
        return cron::mita(arguments, now());
    }
    match site::open(&args, now()).and_then(|site| play(&args, &site)) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads on, as behind `head`.
        Err(error) if error.downcast_ref().map(io::Error::kind) == Some(ErrorKind::BrokenPipe) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("playground: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Lets the farm live until the time is over.
fn play(args: &Args, Site { sim, config }: &Site) -> Result<()> {
    let mut out = io::stdout().lock();
    let mut guide = Guide::new(config);
    writeln!(out, "{}", guide.welcome(sim, args.cron))?;
    let (runs, told_by_runs) = mpsc::channel();
    if let Some(interval) = args.cron {
        let config = config.clone();
        thread::spawn(move || cron::run_for_ever(&config, interval, &runs));
    }
    let end = args.duration.and_then(|duration| now().checked_add(duration).ok());
    let mut story = Story::begin(sim.now(), args.speed);
    let mut farm = Farm::look(&sim.world());
    while end.is_none_or(|end| now() < end) {
        follow_the_clock(sim);
        story.go_on(sim);
        let seen = Farm::look(&sim.world());
        for event in seen.events_since(&farm).into_iter().chain(told_by_runs.try_iter().flatten()) {
            writeln!(out, "{}  {event}", clock())?;
        }
        if let Some(hint) = guide.hint(seen.node_of_mita.as_deref()) {
            writeln!(out, "{hint}")?;
        }
        farm = seen;
        pause(TICK);
    }
    Ok(())
}

fn follow_the_clock(sim: &Sim) {
    let passed = now().as_millisecond().saturating_sub(i64::try_from(sim.now()).unwrap_or(i64::MAX));
    sim.advance(Duration::from_millis(u64::try_from(passed).unwrap_or(0)));
    // Nobody asks for the requests, and a playground may be left open for days.
    sim.clear_log();
}

/// The time of this machine, as a person reads it.
fn clock() -> String {
    now().to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}

#[expect(clippy::disallowed_methods, reason = "real time is what the playground adds to the simulator")]
fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "real time is what the playground adds to the simulator")]
fn pause(time: Duration) {
    thread::sleep(time);
}
