//! How long a run takes, what it asks, and what memory it needs, against a simulated Jenkins and a simulated OpenStack
//! that take their time over each answer.
//!
//! ```text
//! cargo run --release --example bench
//! cargo run --release --example bench -- --latency-ms 50 --items 5000
//! cargo run --release --example bench -- wires
//! ```
//!
//! No request is faster than the network, so the figure of merit is the wall time of the whole process over the time
//! that its longest chain of dependent requests takes: 1 is the best that any program could do. What is measured runs
//! in a process of its own, so that the simulator's memory is not counted. The exit status is 1 where a figure is
//! beyond its bound.

#[path = "bench/chain.rs"]
mod chain;
#[path = "bench/child.rs"]
mod child;
#[path = "shared/configuration.rs"]
mod configuration;
#[path = "bench/farm.rs"]
mod farm;
#[path = "bench/planning.rs"]
mod planning;
#[path = "bench/report.rs"]
mod report;
#[path = "bench/tls.rs"]
mod tls;
#[path = "bench/wires.rs"]
mod wires;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use farm::{Farm, Wire};
use planning::Scene;
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Times a run against simulated services, and planning alone.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    size: Size,
    #[command(subcommand)]
    part: Option<Part>,
}

/// How large the farm is.
#[derive(clap::Args, Clone, Copy)]
struct Size {
    /// How long each answer takes, in milliseconds.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    latency_ms: u64,
    /// Items in the queue.
    #[arg(long, default_value_t = 1000)]
    items: usize,
    /// Nodes in Jenkins.
    #[arg(long, default_value_t = 500)]
    nodes: usize,
    /// Servers in the cloud.
    #[arg(long, default_value_t = 500)]
    servers: usize,
    /// Servers that the run has to order.
    #[arg(long, default_value_t = 20)]
    orders: usize,
    /// Nodes that the run has to retire, with their servers.
    #[arg(long, default_value_t = 20)]
    retirements: usize,
    /// How often each thing is measured; the fastest counts, since what else this machine does is not mita's.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
}

/// A part of the benchmark, or what it starts itself for.
#[derive(Subcommand)]
enum Part {
    /// Only a table of runs: 100, 500 and 5,000 nodes, answers after 0, 20 and 100 ms, HTTP and TLS. It shows lookups of
    /// host names, connections, TLS handshakes, threads, processor time and peak memory.
    Wires,
    /// One run.
    #[command(hide = true)]
    Run {
        #[arg(long)]
        config: PathBuf,
        /// Milliseconds since the epoch.
        #[arg(long)]
        now: i64,
    },
    /// One plan, without any service.
    #[command(hide = true)]
    Plan {
        #[arg(long)]
        scene: Scene,
        #[arg(long)]
        repeat: u32,
    },
}

/// The size at which planning alone has a bound.
const LARGE: Scene = Scene { items: 10_000, nodes: 5_000, labels: 200, executors: 1 };

const MINUTE: Duration = Duration::from_secs(60);

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    match args.part {
        Some(Part::Run { config, now }) => child::run(&config, now).map(|()| ExitCode::SUCCESS),
        Some(Part::Plan { scene, repeat }) => child::plan(scene, repeat).map(|()| ExitCode::SUCCESS),
        Some(Part::Wires) => wires::table(args.size).map(|()| ExitCode::SUCCESS),
        None => bench(args.size),
    }
}

fn bench(size: Size) -> Result<ExitCode> {
    let mut report = Report::begin(size);
    for round in 1..=size.repeat {
        let farm = Farm::open(size, Wire::Http).context("cannot set the farm up")?;
        report.run(farm.measured_run()?, size)?;
        farm.calm_down()?;
        report.steady(farm.measured_run()?);
        let broken = farm.violations();
        anyhow::ensure!(broken.is_empty(), "promises were broken in round {round}: {broken:?}");
    }
    report.runs(size)?;
    let here = Scene { items: size.items, nodes: size.nodes, ..LARGE };
    let every_item_another_label = Scene { labels: LARGE.items, ..LARGE };
    report.planning("this size", here, None)?;
    report.planning("large", LARGE, Some(planning::BOUNDS))?;
    report.planning("large, every item with a label of its own", every_item_another_label, Some(planning::BOUNDS))?;
    report.planning("large, two executors on each server", Scene { executors: 2, ..LARGE }, Some(planning::BOUNDS))?;
    Ok(report.end())
}

#[expect(clippy::disallowed_methods, reason = "elapsed time is what a benchmark is about")]
fn now() -> Instant {
    Instant::now()
}
