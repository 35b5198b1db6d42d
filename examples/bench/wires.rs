//! A table of runs: farms of several sizes, services of several speeds, with and without TLS.

use crate::Size;
use crate::chain;
use crate::farm::{Farm, Measured, Wire};
use crate::report::say;
use anyhow::Result;
use std::time::Duration;

const SIZES: [usize; 3] = [100, 500, 5000];
const LATENCIES_MS: [u64; 3] = [0, 20, 100];

/// Measures and prints all of them.
pub(crate) fn table(size: Size) -> Result<()> {
    say("nodes  ms   wire   run    wall ms  ratio  requests  lookups  connections  handshakes  threads  CPU ms  MB");
    for nodes in SIZES {
        for latency_ms in LATENCIES_MS {
            for wire in [Wire::Http, Wire::Tls] {
                let size = Size { nodes, servers: nodes, items: 2 * nodes, latency_ms, ..size };
                let (mut busy, mut idle) = (None, None);
                for _ in 0..size.repeat {
                    let farm = Farm::open(size, wire)?;
                    keep_the_fastest(&mut busy, farm.measured_run()?);
                    farm.calm_down()?;
                    keep_the_fastest(&mut idle, farm.measured_run()?);
                }
                for (name, run) in [("busy", busy), ("idle", idle)] {
                    run.iter().for_each(|run| say(&line(nodes, latency_ms, wire, name, run)));
                }
            }
        }
    }
    say(
        "\nWhere the simulator works longer on an answer than the latency, that is part of the wall time. It grows with the \
         number of nodes, and the services wait for each other.",
    );
    Ok(())
}

fn keep_the_fastest(best: &mut Option<Measured>, run: Measured) {
    if best.as_ref().is_none_or(|best| run.wall < best.wall) {
        *best = Some(run);
    }
}

fn line(nodes: usize, latency_ms: u64, wire: Wire, name: &str, run: &Measured) -> String {
    let least = Duration::from_millis(latency_ms).as_secs_f64() * chain::longest(&run.log).len() as f64;
    let ratio = if latency_ms == 0 { "-".to_owned() } else { format!("{:.2}", run.wall.as_secs_f64() / least) };
    let figures = &run.figures;
    format!(
        "{nodes:5} {latency_ms:3}   {:5}  {name}  {:8}  {ratio:>5}  {:8}  {:7}  {:11}  {:10}  {:7}  {:6}  {:.1}",
        wire.name(),
        run.wall.as_millis(),
        figures.requests,
        figures.lookups,
        figures.connections,
        figures.handshakes,
        run.threads,
        figures.cpu_micros / 1000,
        figures.peak_kib as f64 / 1024.0,
    )
}
