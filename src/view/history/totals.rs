//! Sums over entries of the journal.

use crate::domain::journal::{Entry, Event};
use crate::view::text::{duration, plural};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;

/// Sums over the entries that were selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Totals {
    /// Orders, the refused ones included.
    pub(crate) servers_ordered: usize,
    /// Orders that were refused, failed, or were given up.
    pub(crate) orders_failed: usize,
    pub(crate) servers_removed: usize,
    /// Servers that failed to be built or to join.
    pub(crate) servers_failed: usize,
    /// Servers that are gone, and that mita did not delete.
    pub(crate) servers_vanished: usize,
    /// Builds that were seen on the servers that are gone.
    pub(crate) builds: u64,
    /// From order to removal, of the servers that are gone.
    pub(crate) machine_seconds: i64,
    /// While they were online and no build was seen to run there: roughly, since nobody sees when that begins and ends.
    pub(crate) idle_seconds: i64,
    /// Jobs that had waited for an executor and were seen running.
    pub(crate) jobs: usize,
    /// Jobs that had waited and left the queue, and were not seen running: cancelled, or over already. They are in no
    /// average.
    pub(crate) jobs_unseen: usize,
    /// How long they had waited, on average; null if there are none.
    pub(crate) mean_wait_seconds: Option<i64>,
    /// 95 of 100 of them had waited no longer; null if there are none.
    pub(crate) p95_wait_seconds: Option<i64>,
}

impl Totals {
    pub(crate) fn of(entries: &[Entry]) -> Self {
        let count = |event: Event| entries.iter().filter(|entry| entry.event == event).count();
        let lives = || entries.iter().filter(|entry| matches!(entry.event, Event::Removed | Event::Vanished));
        let lives = || lives().filter_map(|entry| entry.life);
        let started = entries.iter().filter(|entry| entry.event == Event::Started);
        let mut waits: Vec<i64> = started.flat_map(|entry| &entry.jobs).filter_map(|job| job.waited_seconds).collect();
        waits.sort_unstable();
        let jobs = waits.len();
        Totals {
            servers_ordered: count(Event::Ordered),
            orders_failed: count(Event::OrderFailed),
            servers_removed: count(Event::Removed),
            servers_failed: count(Event::Failed),
            servers_vanished: count(Event::Vanished),
            builds: lives().map(|life| u64::from(life.builds)).sum(),
            machine_seconds: lives().map(|life| life.age_seconds).fold(0, i64::saturating_add),
            idle_seconds: lives()
                .map(|life| life.online_seconds.saturating_sub(life.busy_seconds).max(0))
                .fold(0, i64::saturating_add),
            jobs,
            jobs_unseen: count(Event::LeftQueue),
            mean_wait_seconds: i64::try_from(jobs)
                .ok()
                .and_then(|jobs| waits.iter().copied().fold(0, i64::saturating_add).checked_div(jobs)),
            // The nearest rank.
            p95_wait_seconds: waits.get((jobs * 95).div_ceil(100).saturating_sub(1)).copied(),
        }
    }

    /// The sums in a sentence or two.
    pub(crate) fn sentence(self) -> String {
        let time = |seconds: i64| duration(SignedDuration::from_secs(seconds));
        let granted = self.servers_ordered.saturating_sub(self.orders_failed);
        let mut parts = vec![format!("{} ordered", plural(granted, "server"))];
        parts.extend((self.orders_failed > 0).then(|| plural(self.orders_failed, "order") + " without a server"));
        for (number, what) in
            [(self.servers_removed, "removed"), (self.servers_failed, "failed"), (self.servers_vanished, "vanished")]
        {
            if number > 0 {
                parts.push(format!("{number} {what}"));
            }
        }
        let mut text = parts.join(", ");
        if self.machine_seconds > 0 {
            let builds = plural(usize::try_from(self.builds).unwrap_or(usize::MAX), "build");
            let were = if self.builds == 1 { "was" } else { "were" };
            let (all, idle) = (time(self.machine_seconds), time(self.idle_seconds));
            text.push_str(&format!(
                "; those gone lived {all} together, some {idle} of it idle; {builds} {were} seen on them"
            ));
        }
        if let (Some(mean), Some(p95)) = (self.mean_wait_seconds, self.p95_wait_seconds) {
            let jobs = plural(self.jobs, "job");
            text.push_str(&format!("\n{jobs} waited {} on average, 95% of them at most {}", time(mean), time(p95)));
        }
        if self.jobs_unseen > 0 {
            let jobs = plural(self.jobs_unseen, "job");
            let them = if self.jobs_unseen == 1 { "it" } else { "them" };
            text.push_str(&format!("\n{jobs} left the queue without being seen running; no average counts {them}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::journal::{JobEntry, Life};
    use jiff::Timestamp;

    #[test]
    fn sums_are_those_of_the_entries() {
        let entry = |event| Entry::new(Timestamp::UNIX_EPOCH, event);
        let waited = |seconds: i64| Entry {
            jobs: vec![JobEntry::new(1, "ceph", None, Some(SignedDuration::from_secs(seconds)))],
            ..entry(Event::Started)
        };
        let life = Life { age_seconds: 7200, online_seconds: 6000, busy_seconds: 4200, builds: 3 };
        let mut entries = vec![entry(Event::Ordered); 3];
        entries.push(Entry { life: Some(life), ..entry(Event::Removed) });
        entries.extend((1..=20).map(waited));
        entries.push(entry(Event::OrderFailed));
        entries.push(Entry { event: Event::LeftQueue, ..waited(40_000) });
        let totals = Totals::of(&entries);
        assert_eq!((totals.mean_wait_seconds, totals.p95_wait_seconds), (Some(10), Some(19)));
        assert_eq!(
            totals.sentence(),
            "2 servers ordered, 1 order without a server, 1 removed; those gone lived 2h together, some 30m of it idle; 3 \
             builds were seen on them\n20 jobs waited 10s on average, 95% of them at most 19s\n1 job left the queue without being seen \
             running; no average counts it"
        );
        assert_eq!(Totals::of(&[]).p95_wait_seconds, None);
    }
}
