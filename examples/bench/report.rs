//! What the benchmark prints, and whether a figure is beyond its bound.

use crate::Size;
use crate::chain;
use crate::child::{self, PlanFigures, RunFigures};
use crate::farm::Measured;
use crate::planning::Scene;
use anyhow::{Result, ensure};
use mita_sim::{Record, Service};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

/// The wall time over the time of the longest chain.
const MOST_RATIO: f64 = 1.5;
/// The requests of a run that has nothing to do.
const MOST_JENKINS_READS: usize = 3;
const MOST_TOKENS: usize = 1;
const MOST_LISTINGS: usize = 1;
/// One for each host: the simulated services have one name.
const MOST_LOOKUPS: u64 = 1;

pub(crate) struct Report {
    /// The fastest run with everything to do, and the fastest with nothing to do.
    run: Option<Measured>,
    steady: Option<Measured>,
    repeat: u32,
    beyond: Vec<String>,
}

#[expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

impl Report {
    pub(crate) fn begin(size: Size) -> Report {
        say(&format!(
            "{} queue items, {} nodes, {} servers; {} orders and {} retirements to be done; {} ms for each answer\n",
            size.items, size.nodes, size.servers, size.orders, size.retirements, size.latency_ms
        ));
        if std::env::current_exe().is_ok_and(|program| program.iter().any(|folder| folder == "debug")) {
            say("warning: built without optimisation, so the figures tell little: use --release\n");
        }
        Report { run: None, steady: None, repeat: size.repeat, beyond: Vec::new() }
    }

    /// Takes a run with everything to do.
    pub(crate) fn run(&mut self, run: Measured, size: Size) -> Result<()> {
        let wanted = size.orders + size.retirements.min(size.nodes);
        ensure!(run.figures.planned == wanted, "{} actions were planned, not {wanted}", run.figures.planned);
        ensure!(run.figures.done == wanted, "{} actions were done, not {wanted}", run.figures.done);
        ensure!(
            run.figures.requests == run.log.len() as u64,
            "{} requests were counted, and {} reached the simulator",
            run.figures.requests,
            run.log.len()
        );
        keep_the_fastest(&mut self.run, run);
        Ok(())
    }

    /// Takes a run with nothing to do.
    pub(crate) fn steady(&mut self, run: Measured) {
        keep_the_fastest(&mut self.steady, run);
    }

    /// Tells of the runs.
    pub(crate) fn runs(&mut self, size: Size) -> Result<()> {
        if let Some(run) = self.run.take() {
            self.busy_run(&run, size)?;
        }
        if let Some(run) = self.steady.take() {
            self.steady_run(&run);
        }
        Ok(())
    }

    fn busy_run(&mut self, run: &Measured, size: Size) -> Result<()> {
        let chain = chain::longest(&run.log);
        let least = Duration::from_millis(size.latency_ms) * u32::try_from(chain.len())?;
        let ratio = run.wall.as_secs_f64() / least.as_secs_f64();
        say("a run with everything to do");
        say(&format!("  requests       {}: {}", run.log.len(), by_kind(&run.log)));
        say(&format!("  longest chain  {} requests, {} ms", chain.len(), least.as_millis()));
        for (number, line) in chain.iter().enumerate() {
            say(&format!("                 {}. {line}", number + 1));
        }
        let wall = run.wall.as_millis();
        say(&format!("  wall time      {wall} ms, start and end of the process included; fastest of {}", size.repeat));
        self.figure(&format!("  ratio          {ratio:.2}"), ratio < MOST_RATIO, &format!("under {MOST_RATIO}"));
        self.wires(run);
        Ok(())
    }

    /// What a run needs besides time.
    fn wires(&mut self, run: &Measured) {
        let RunFigures { lookups, connections, cpu_micros, peak_kib, .. } = run.figures;
        let lookups_line = format!("  lookups        {lookups} of host names");
        self.figure(&lookups_line, lookups <= MOST_LOOKUPS, &format!("at most {MOST_LOOKUPS}"));
        say(&format!("  connections    {connections}; at most {} threads at a time", run.threads));
        say(&format!("  processor      {} ms", cpu_micros / 1000));
        say(&format!("  peak memory    {}\n", megabytes(peak_kib)));
    }

    fn steady_run(&mut self, run: &Measured) {
        let count = |fits: &dyn Fn(&&Record) -> bool| run.log.iter().filter(fits).count();
        let of = |service: Service| count(&|record| record.service == service);
        let pages = count(&|record| record.service == Service::Nova && record.query.contains("marker="));
        let writes = count(&|record| record.is_write());
        let (jenkins, tokens, listings) = (of(Service::Jenkins), of(Service::Keystone), of(Service::Nova) - pages);
        say("a run with nothing to do");
        say(&format!("  requests       {}: {}", run.log.len(), by_kind(&run.log)));
        self.figure(
            &format!(
                "  budget         {jenkins} Jenkins reads, {tokens} token requests, {listings} listings and {pages} \
                 further pages, {writes} writes"
            ),
            jenkins <= MOST_JENKINS_READS
                && tokens <= MOST_TOKENS
                && listings <= MOST_LISTINGS
                && writes == 0
                && jenkins + tokens + listings + pages == run.log.len(),
            &format!("at most {MOST_JENKINS_READS}, {MOST_TOKENS}, {MOST_LISTINGS}; none"),
        );
        say(&format!("  wall time      {} ms", run.wall.as_millis()));
        self.wires(run);
    }

    /// Planning alone.
    pub(crate) fn planning(&mut self, name: &str, scene: Scene, bounds: Option<(Duration, u64)>) -> Result<()> {
        let repeat = self.repeat.to_string();
        let arguments = ["plan".into(), "--scene".into(), scene.to_string().into(), "--repeat".into(), repeat.into()];
        let (figures, ..): (PlanFigures, Duration, usize) = child::spawn(&arguments)?;
        say(&format!(
            "planning alone, {name}: {} items with {} labels, {} nodes, {} servers; {} actions",
            scene.items,
            scene.labels.min(scene.items),
            scene.nodes,
            scene.nodes,
            figures.actions
        ));
        let time = Duration::from_micros(figures.micros);
        let time_line = format!("  time           {:.1} ms", time.as_secs_f64() * 1000.0);
        let memory_line = format!("  peak memory    {}", megabytes(figures.peak_kib));
        match bounds {
            Some((most_time, most_kib)) => {
                self.figure(&time_line, time < most_time, &format!("under {} s", most_time.as_secs()));
                self.figure(&memory_line, figures.peak_kib < most_kib, &format!("under {}", megabytes(most_kib)));
            }
            None => {
                say(&time_line);
                say(&memory_line);
            }
        }
        say("");
        Ok(())
    }

    /// Success where every figure keeps its bound.
    pub(crate) fn end(self) -> ExitCode {
        if self.beyond.is_empty() {
            return ExitCode::SUCCESS;
        }
        say("beyond their bounds:");
        for line in &self.beyond {
            say(line);
        }
        ExitCode::FAILURE
    }

    fn figure(&mut self, line: &str, kept: bool, bound: &str) {
        let line = format!("{line} ({bound})");
        say(&line);
        if !kept {
            self.beyond.push(line);
        }
    }
}

fn keep_the_fastest(best: &mut Option<Measured>, run: Measured) {
    if best.as_ref().is_none_or(|best| run.wall < best.wall) {
        *best = Some(run);
    }
}

fn by_kind(log: &[Record]) -> String {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for record in log {
        let service = format!("{:?}", record.service).to_lowercase();
        *kinds.entry(format!("{} {service}", record.method)).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    kinds.join(", ")
}

fn megabytes(kib: u64) -> String {
    format!("{:.1} MB", kib as f64 / 1024.0)
}
