//! Traces: builds that are queued, and what becomes of each order.
//!
//! A line `J second job label seconds estimate` is a build, `B boot join error` the next order: seconds from the order to
//! ACTIVE, from there to online in Jenkins (-1: never), and 1 where it ends in ERROR instead. Second 0 is a Monday, 08:00.

use anyhow::{Context, Result, bail};

/// A build that is queued.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    pub(crate) at: u64,
    pub(crate) job: String,
    pub(crate) label: String,
    pub(crate) lasts: u64,
}

/// What becomes of an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    /// Seconds to ACTIVE, or to ERROR.
    pub(crate) boots: u64,
    /// Seconds from there to online; never for none.
    pub(crate) joins: Option<u64>,
    pub(crate) error: bool,
}

/// A trace.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) name: String,
    /// By their time.
    pub(crate) builds: Vec<Build>,
    pub(crate) orders: Vec<Order>,
}

const DAY: u64 = 86_400;

impl Trace {
    /// Reads the text of a trace.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self> {
        let mut trace = Self { name: name.to_owned(), builds: Vec::new(), orders: Vec::new() };
        for (number, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let read = || -> Result<Option<Line>> {
                Ok(match words[..] {
                    [] => None,
                    ["J", at, job, label, lasts, _] => Some(Line::Build(Build {
                        at: at.parse()?,
                        job: job.to_owned(),
                        label: label.to_owned(),
                        lasts: lasts.parse()?,
                    })),
                    ["B", boots, joins, error] => {
                        let joins = joins.parse::<i64>()?;
                        let joins = u64::try_from(joins).ok();
                        Some(Line::Order(Order { boots: boots.parse()?, joins, error: error == "1" }))
                    }
                    _ => bail!("is neither `J second job label seconds estimate` nor `B boot join error`"),
                })
            };
            match read().with_context(|| format!("line {}: {line}", number + 1))? {
                None => {}
                Some(Line::Build(build)) => trace.builds.push(build),
                Some(Line::Order(order)) => trace.orders.push(order),
            }
        }
        if trace.builds.is_empty() || trace.orders.is_empty() {
            bail!("a trace has at least one build and one order");
        }
        trace.builds.sort_by_key(|build| build.at);
        Ok(trace)
    }

    /// The labels, each once, in the order of their names.
    pub(crate) fn labels(&self) -> Vec<String> {
        let mut labels: Vec<String> = self.builds.iter().map(|build| build.label.clone()).collect();
        labels.sort();
        labels.dedup();
        labels
    }

    /// Whole days, the last one begun included.
    pub(crate) fn days(&self) -> u64 {
        self.builds.last().map_or(1, |last| last.at / DAY + 1)
    }

    /// The second at which it is over: two hours after the last day, or once a trace of less than a day has had time for
    /// its last build.
    pub(crate) fn end(&self) -> u64 {
        self.days() * DAY + 7200
    }

    /// The order of this number. The list begins anew after its end.
    pub(crate) fn order(&self, number: usize) -> Order {
        self.orders[number % self.orders.len()]
    }
}

enum Line {
    Build(Build),
    Order(Order),
}
