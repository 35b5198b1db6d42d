//! Traces and outcomes as files and as lines of a table.

use super::summary::{Figures, JobOutcome, Outcome, ServerOutcome};
use super::trace::{Build, Order, Trace};
use anyhow::{Context, Result};
use std::fmt::Write;
use std::fs;
use std::path::Path;

impl Trace {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Self::parse(&name, &text).with_context(|| path.display().to_string())
    }

    /// As a file has it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for Build { at, job, label, lasts } in &self.builds {
            writeln!(text, "J {at} {job} {label} {lasts} 0").expect("memory");
        }
        for Order { boots, joins, error } in &self.orders {
            let joins = joins.map_or("-1".to_owned(), |joins| joins.to_string());
            writeln!(text, "B {boots} {joins} {}", u8::from(*error)).expect("memory");
        }
        text
    }
}

impl Outcome {
    /// One line for each job.
    pub(crate) fn jobs_csv(&self) -> String {
        let mut text = String::from("job,label,queued,started,wait,node\n");
        for JobOutcome { job, label, queued, started, node } in &self.jobs {
            let wait = started.map(|started| started - queued);
            writeln!(text, "{job},{label},{queued},{},{},{node}", or_empty(*started), or_empty(wait)).expect("memory");
        }
        text
    }

    /// One line for each server.
    pub(crate) fn servers_csv(&self) -> String {
        let mut text = String::from("server,node_type,ordered,online,deleted,busy_seconds,failed\n");
        for ServerOutcome { id, node_type, ordered, online, deleted, busy, failed } in &self.servers {
            let (online, deleted) = (or_empty(*online), or_empty(*deleted));
            writeln!(text, "{id},{node_type},{ordered},{online},{deleted},{busy},{failed}").expect("memory");
        }
        text
    }
}

fn or_empty(number: Option<u64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// The heading of [`Figures::line`].
pub(crate) const HEADING: &str =
    "trace  policy          mean    p50    p95    max   total    busy    idle    boot  billed  orders  thrash";

impl Figures {
    /// One line of a table: seconds of waiting, then hours and orders of each day.
    pub(crate) fn line(&self, trace: &str, policy: &str) -> String {
        let Figures { mean, p50, p95, max, total, busy, idle, boot, billed, orders, thrash, unstarted } = self;
        let never = if *unstarted > 0.0 { format!("  {unstarted:.0} never started") } else { String::new() };
        format!(
            "{trace:<6} {policy:<12} {mean:>7.2} {p50:>6.0} {p95:>6.0} {max:>6.0} {total:>7.1} {busy:>7.1} {idle:>7.1} \
             {boot:>7.1} {billed:>7.0} {orders:>7.0} {thrash:>6.1}%{never}"
        )
    }
}
