//! What is measured, in a process of its own: its memory is then nobody else's.

use crate::now;
use crate::planning::Scene;
use anyhow::{Context, Result, anyhow, ensure};
use jiff::Timestamp;
use log::{LevelFilter, Log, Metadata, Record};
use mita::apply::Outcome;
use mita::concurrency::share_one_arena;
use mita::config::Config;
use mita::progress::Progress;
use mita::reconcile::{Moment, Permits, reconcile};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// What a run told of itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunFigures {
    /// Requests, as the program counts them.
    pub(crate) requests: u64,
    /// Actions that were done.
    pub(crate) done: usize,
    /// Actions that were planned.
    pub(crate) planned: usize,
    /// The highest resident memory.
    pub(crate) peak_kib: u64,
    /// How often the addresses of a host name were looked up.
    pub(crate) lookups: u64,
    /// Connections.
    pub(crate) connections: u64,
    /// Those with TLS.
    pub(crate) handshakes: u64,
    /// Processor time of all threads.
    pub(crate) cpu_micros: u64,
}

/// What planning told of itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlanFigures {
    /// One plan, with the world and the memory at hand.
    pub(crate) micros: u64,
    /// Actions that were planned.
    pub(crate) actions: usize,
    /// The highest resident memory, with the world and the memory.
    pub(crate) peak_kib: u64,
}

/// Starts this program for one part of the work. Gives its figures, the time from its start to its end, and the most
/// threads that it was seen to have.
pub(crate) fn spawn<T: DeserializeOwned>(arguments: &[OsString]) -> Result<(T, Duration, usize)> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let started = now();
    let mut command = Command::new(program);
    let child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.context("cannot start this program again")?;
    let tasks = format!("/proc/{}/task", child.id());
    let watched = thread::spawn(move || {
        let mut most = 0;
        while let Ok(threads) = fs::read_dir(&tasks) {
            most = most.max(threads.count());
            thread::park_timeout(Duration::from_millis(1));
        }
        most
    });
    let output = child.wait_with_output().context("cannot wait for this program")?;
    let elapsed = started.elapsed();
    let threads = watched.join().unwrap_or_default();
    ensure!(output.status.success(), "a part failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok((serde_json::from_slice(&output.stdout).context("a part told no figures")?, elapsed, threads))
}

/// Counts what the client of HTTP logs.
struct Wires {
    lookups: AtomicU64,
    connections: AtomicU64,
    handshakes: AtomicU64,
}

static WIRES: Wires =
    Wires { lookups: AtomicU64::new(0), connections: AtomicU64::new(0), handshakes: AtomicU64::new(0) };

impl Log for Wires {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        matches!(metadata.target(), "mita::http::addresses" | "mita::http::network")
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let text = record.args().to_string();
        let counters =
            [("looking up", &self.lookups), ("connected", &self.connections), ("TLS with", &self.handshakes)];
        for (beginning, counter) in counters {
            counter.fetch_add(u64::from(text.starts_with(beginning)), Ordering::Relaxed);
        }
    }

    fn flush(&self) {}
}

/// One run, as `mita reconcile` does it.
pub(crate) fn run(config: &Path, now_ms: i64) -> Result<()> {
    share_one_arena();
    let started = now();
    log::set_logger(&WIRES).map_err(|_| anyhow!("there is a logger already"))?;
    log::set_max_level(LevelFilter::Trace);
    let config = Config::load(config)?.config;
    let moment = Moment { now: Timestamp::from_millisecond(now_ms)?, started };
    let report = reconcile(&config, Permits::default(), moment, &Progress::silent())?;
    ensure!(report.plan.problems.is_empty(), "there were problems: {:?}", report.plan.problems);
    let requests = report.requests();
    let results = report.results.as_deref().unwrap_or_default();
    let failed: Vec<_> = results.iter().filter(|result| result.outcome != Outcome::Done).collect();
    ensure!(failed.is_empty(), "not everything was done: {failed:?}");
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID)?;
    tell(&RunFigures {
        requests,
        done: results.len(),
        planned: report.plan.actions.len(),
        peak_kib: peak_memory()?,
        lookups: WIRES.lookups.load(Ordering::Relaxed),
        connections: WIRES.connections.load(Ordering::Relaxed),
        handshakes: WIRES.handshakes.load(Ordering::Relaxed),
        cpu_micros: u64::try_from(time.tv_sec())? * 1_000_000 + u64::try_from(time.tv_nsec())? / 1000,
    })?;
    // As `mita reconcile` does at its end.
    std::mem::forget(report);
    Ok(())
}

/// One plan, so often; the fastest counts.
pub(crate) fn plan(scene: Scene, repeat: u32) -> Result<()> {
    let setting = scene.set()?;
    let mut fastest = PlanFigures { micros: u64::MAX, actions: 0, peak_kib: 0 };
    for _ in 0..repeat {
        let started = now();
        let plan = setting.plan();
        fastest.micros = fastest.micros.min(u64::try_from(started.elapsed().as_micros())?);
        fastest.actions = plan.actions.len();
    }
    tell(&PlanFigures { peak_kib: peak_memory()?, ..fastest })
}

#[expect(clippy::print_stdout, reason = "the figures go to the process that started this one")]
fn tell(figures: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(figures)?);
    Ok(())
}

/// `VmHWM` of proc(5): the highest resident memory so far.
fn peak_memory() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("the peak memory is read from Linux' /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("/proc tells no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
