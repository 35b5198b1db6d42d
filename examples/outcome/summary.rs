//! What came of a trace: how long jobs waited, and what the servers cost.

/// A build, in seconds of the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobOutcome {
    pub(crate) job: String,
    pub(crate) label: String,
    pub(crate) queued: u64,
    /// None where it had not started at the end.
    pub(crate) started: Option<u64>,
    pub(crate) node: String,
}

/// A server, in seconds of the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerOutcome {
    pub(crate) id: String,
    pub(crate) node_type: String,
    pub(crate) ordered: u64,
    /// When its node was first online.
    pub(crate) online: Option<u64>,
    /// When its deletion was asked for.
    pub(crate) deleted: Option<u64>,
    /// Seconds in which a build ran there, from the first measured day on.
    pub(crate) busy: u64,
    pub(crate) failed: bool,
}

/// Everything that happened until the second `end`. What came before `from` is not measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) jobs: Vec<JobOutcome>,
    pub(crate) servers: Vec<ServerOutcome>,
    pub(crate) from: u64,
    pub(crate) end: u64,
}

/// The figures, for each day where they are sums.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// Seconds that a job waited.
    pub(crate) mean: f64,
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) max: f64,
    /// Hours of servers.
    pub(crate) total: f64,
    pub(crate) busy: f64,
    pub(crate) idle: f64,
    pub(crate) boot: f64,
    /// Hours that are paid where each begun hour is.
    pub(crate) billed: f64,
    pub(crate) orders: f64,
    /// Percent of the orders that came within five minutes after a server of the type was retired.
    pub(crate) thrash: f64,
    /// Jobs that never started.
    pub(crate) unstarted: f64,
}

/// An order so soon after a retirement of its type is thrash.
const SOON: u64 = 300;

impl Outcome {
    /// The figures.
    pub(crate) fn figures(&self) -> Figures {
        let days = ((self.end - self.from) as f64 / 86_400.0).floor().max(1.0);
        let mut figures = Figures::default();
        let measured = self.jobs.iter().filter(|job| job.queued >= self.from);
        let mut waits: Vec<u64> = measured.map(|job| job.started.unwrap_or(self.end) - job.queued).collect();
        waits.sort_unstable();
        figures.unstarted = self.jobs.iter().filter(|job| job.started.is_none()).count() as f64;
        figures.mean = waits.iter().sum::<u64>() as f64 / waits.len().max(1) as f64;
        let last = waits.len().saturating_sub(1) as f64;
        let at = |part: f64| waits.get((last * part).round() as usize).copied().unwrap_or(0) as f64;
        (figures.p50, figures.p95, figures.max) = (at(0.5), at(0.95), at(1.0));
        for server in &self.servers {
            let until = server.deleted.unwrap_or(self.end).min(self.end);
            if until <= self.from {
                continue;
            }
            let since = server.ordered.max(self.from);
            let hours = |seconds: u64| seconds as f64 / 3600.0 / days;
            figures.orders += 1.0 / days;
            figures.total += hours(until - since);
            figures.billed += hours(until - since).mul_add(days, 0.0).ceil() / days;
            figures.busy += hours(server.busy);
            let online = server.online.unwrap_or(until).clamp(since, until);
            figures.boot += hours(online - since);
            figures.idle += hours((until - online).saturating_sub(server.busy));
        }
        figures.thrash = self.thrash();
        figures
    }

    fn thrash(&self) -> f64 {
        let retired = |server: &ServerOutcome| server.online.and(server.deleted);
        let soon = |order: &&ServerOutcome| {
            let mut retired =
                self.servers.iter().filter(|server| server.node_type == order.node_type).filter_map(retired);
            retired.any(|at| at <= order.ordered && order.ordered - at < SOON)
        };
        100.0 * self.servers.iter().filter(soon).count() as f64 / self.servers.len().max(1) as f64
    }
}
