//! Servers that are kept with `idle_grace = "auto"` where use goes up and down faster than servers boot.
//!
//! Short jobs need two servers in one run and eight in the next. What the gaps between uses say of the highest of them comes
//! from few uses, and it would be retired and ordered again and again. A server that was not used for hours is not among them:
//! use that alternates between none and one changes much, too.

use crate::domain::state::Usage;

/// So many times the usual change from one run to the next above the average, use is hardly ever.
const CHANGES: u64 = 5;

/// Seconds after which a server that was not used is not kept by this rule.
const UNUSED: u64 = 3 * 3600;

/// How many servers are kept in all.
pub(super) fn servers(usage: &Usage, executors: u32, clock: u64) -> u32 {
    let highest = (usage.average + CHANGES * usage.change) / 1_000_000 / u64::from(executors.max(1));
    let used = usage.levels.iter().filter(|level| clock.saturating_sub(level.last) < UNUSED).count();
    u32::try_from(used).unwrap_or(u32::MAX).min(u32::try_from(highest).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::state::Level;

    fn usage(average: f64, change: f64, last_uses: &[u64]) -> Usage {
        let in_millionths = |number: f64| (number * 1e6) as u64;
        let levels = last_uses.iter().map(|last| Level { last: *last, gaps: Vec::new() }).collect();
        Usage { average: in_millionths(average), change: in_millionths(change), levels, ..Usage::default() }
    }

    #[test]
    fn more_are_kept_where_use_changes_much_from_one_run_to_the_next() {
        let of = |average, change, executors| servers(&usage(average, change, &[10_000; 20]), executors, 10_000);
        assert_eq!((of(0.0, 0.0, 1), of(3.2, 0.1, 1), of(3.2, 1.3, 1), of(3.2, 1.3, 2)), (0, 3, 9, 4));
    }

    #[test]
    fn a_server_that_was_not_used_for_hours_is_not_kept() {
        let last_uses = [50_000, 49_000, 39_201, 39_200, 20_000];
        assert_eq!(servers(&usage(0.5, 0.9, &last_uses), 1, 50_000), 3);
    }
}
