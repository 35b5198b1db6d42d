//! How long jobs wait and what idle servers cost: plays traces with the real program on the simulator's clock, and prints
//! the figures beside the bounds.
//!
//! ```text
//! cargo run --release --example outcome -- run --kinds abcdeh --seeds 1,2,3 --days 8 --from-day 1 --policy on
//! cargo run --release --example outcome -- run my.trace --policy off --csv target/outcome
//! cargo run --release --example outcome -- generate --kinds a --seeds 1 --folder target
//! ```

#[path = "outcome/bounds.rs"]
mod bounds;
#[path = "outcome/farm.rs"]
mod farm;
#[path = "outcome/generate.rs"]
mod generate;
#[path = "outcome/report.rs"]
mod report;
#[path = "outcome/summary.rs"]
mod summary;
#[path = "outcome/trace.rs"]
mod trace;

use anyhow::{Context, Result};
use bounds::Bound;
use clap::{Parser, Subcommand, ValueEnum};
use farm::Setup;
use mita_sim::jenkins::Placement;
use report::HEADING;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use summary::Outcome;
use trace::Trace;

/// Plays traces of CI work, or makes some up.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays traces and prints what came of them.
    Run(Run),
    /// Writes generated traces.
    Generate {
        #[command(flatten)]
        which: Which,
        /// Where they go.
        #[arg(long, default_value = ".")]
        folder: PathBuf,
    },
}

/// Which traces are made up.
#[derive(clap::Args, Clone)]
struct Which {
    /// Kinds, as letters: a (a day and night curve), b (bursts), c (a flaky cloud), d (short jobs), e (nightly), h (hourly).
    #[arg(long, default_value = "abcdeh")]
    kinds: String,
    /// Seeds.
    #[arg(long, value_delimiter = ',', default_value = "1")]
    seeds: Vec<u64>,
    /// How many days each lasts.
    #[arg(long, default_value_t = 1)]
    days: u64,
    /// Multiplies the time that servers need to boot.
    #[arg(long, default_value_t = 1.0)]
    slow: f64,
}

/// How traces are played.
#[derive(clap::Args)]
struct Run {
    /// Files with traces; made up where there are none.
    files: Vec<PathBuf>,
    #[command(flatten)]
    which: Which,
    /// The first day that counts.
    #[arg(long, default_value_t = 0)]
    from_day: u64,
    /// Plays so many seconds and no more.
    #[arg(long)]
    until: Option<u64>,
    /// Seconds from one run to the next.
    #[arg(long, default_value_t = 30)]
    every: u64,
    /// The second of the first run.
    #[arg(long, default_value_t = 10)]
    phase: u64,
    /// Which keys are written for each node type.
    #[arg(long, value_enum, default_value_t = Policy::Off)]
    policy: Policy,
    /// Further lines for the table of each node type.
    #[arg(long, default_value = "")]
    node_keys: String,
    /// Lines for the table of the provider.
    #[arg(long, default_value = "")]
    provider_keys: String,
    /// Node types with their labels, as `small=L0 big=L0,L1`; one for each label where there are none.
    #[arg(long, value_parser = types, default_value = "")]
    types: Types,
    /// Executors of each server.
    #[arg(long, default_value_t = 1)]
    executors: usize,
    /// The most servers of each type.
    #[arg(long)]
    max: Option<u32>,
    /// Jenkins takes the first node of the list.
    #[arg(long)]
    list_order: bool,
    /// The state file is lost at this second.
    #[arg(long)]
    lose_state_at: Option<u64>,
    /// From a second on, mita's clock is ahead by so many seconds: `43200:3600`.
    #[arg(long, value_parser = clock_jump)]
    clock_jump: Option<(u64, i64)>,
    /// Writes one line for each job and each server to files in this folder.
    #[arg(long)]
    csv: Option<PathBuf>,
}

/// Which keys are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Policy {
    /// None: the defaults.
    Off,
    /// `spare`, `idle_grace = "auto"` and `ahead`, as `mita init` writes them.
    On,
}

/// What `--policy on` writes for each node type.
const ON: &str = "spare = 0.7\nidle_grace = \"auto\"\nwait_cost = 20\nahead = \"daily\"\n";

type Types = Vec<(String, Vec<String>)>;

const DAY: u64 = 86_400;

fn main() -> Result<()> {
    match Args::parse().command {
        Command::Generate { which, folder } => {
            fs::create_dir_all(&folder)?;
            for trace in which.traces() {
                let path = folder.join(format!("{}.trace", trace.name));
                fs::write(&path, trace.text()).with_context(|| format!("cannot write {}", path.display()))?;
            }
            Ok(())
        }
        Command::Run(run) => run.play(),
    }
}

impl Which {
    fn traces(&self) -> impl Iterator<Item = Trace> {
        let seeds = |kind: char| self.seeds.iter().map(move |seed| (kind, *seed));
        self.kinds.chars().flat_map(seeds).map(|(kind, seed)| generate::generate(kind, seed, self.days, self.slow))
    }
}

impl Run {
    fn play(&self) -> Result<()> {
        let mut out = io::stdout();
        writeln!(out, "{HEADING}")?;
        let files = self.files.iter().map(|path| Trace::read(path));
        let made_up: Vec<Trace> = if self.files.is_empty() { self.which.traces().collect() } else { Vec::new() };
        for trace in files.chain(made_up.into_iter().map(Ok)) {
            let trace = trace?;
            let from = self.from_day * DAY;
            for (bound, name) in [(Bound::Rb, "rb"), (Bound::Ceph, "ceph")] {
                writeln!(out, "{}", bound.play(&trace, from).figures().line(&trace.name, name))?;
            }
            let outcome = farm::play(&trace, &self.setup(from), self.until.unwrap_or(trace.end()))?;
            writeln!(out, "{}", outcome.figures().line(&trace.name, "mita"))?;
            if let Some(folder) = &self.csv {
                write_csv(folder, &trace.name, &outcome)?;
            }
        }
        Ok(())
    }

    fn setup(&self, from: u64) -> Setup {
        let policy = if self.policy == Policy::On { ON } else { "" };
        Setup {
            every: self.every,
            phase: self.phase,
            node_keys: format!("{policy}{}\n", self.node_keys),
            provider_keys: self.provider_keys.clone(),
            types: self.types.clone(),
            executors: self.executors,
            placement: if self.list_order { Placement::FirstOfList } else { Placement::ConsistentHash },
            from,
            lose_state_at: self.lose_state_at,
            clock_jump: self.clock_jump,
            max: self.max,
        }
    }
}

fn write_csv(folder: &Path, name: &str, outcome: &Outcome) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(format!("{name}.jobs.csv")), outcome.jobs_csv())?;
    fs::write(folder.join(format!("{name}.servers.csv")), outcome.servers_csv())?;
    Ok(())
}

fn types(text: &str) -> Result<Types, String> {
    let one = |word: &str| {
        let (name, labels) = word.split_once('=').ok_or_else(|| format!("{word:?} is not NAME=LABEL,..."))?;
        Ok((name.to_owned(), labels.split(',').map(str::to_owned).collect()))
    };
    text.split_whitespace().map(one).collect()
}

fn clock_jump(text: &str) -> Result<(u64, i64), String> {
    let error = || format!("{text:?} is not SECOND:SECONDS");
    let (at, by) = text.split_once(':').ok_or_else(error)?;
    Ok((at.parse().map_err(|_| error())?, by.parse().map_err(|_| error())?))
}
