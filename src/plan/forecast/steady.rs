//! Servers that are kept with `idle_grace = "auto"` where use goes up and down faster than servers boot.
//!
//! Short jobs need two servers in one run and eight in the next. What the gaps between uses say of the highest of them comes
//! from few uses, and it would be retired and ordered again and again.

use crate::domain::state::Usage;

/// So many times the usual change from one run to the next above the average, use is hardly ever.
const CHANGES: u64 = 5;

/// How many servers are kept in all.
pub(super) fn servers(usage: &Usage, executors: u32) -> u32 {
    let highest = (usage.average + CHANGES * usage.change) / 1_000_000;
    u32::try_from(highest).unwrap_or(u32::MAX) / executors.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_are_kept_where_use_changes_much_from_one_run_to_the_next() {
        let of = |average, change, executors| {
            let in_millionths = |number: f64| (number * 1e6) as u64;
            let usage = Usage { average: in_millionths(average), change: in_millionths(change), ..Usage::default() };
            servers(&usage, executors)
        };
        assert_eq!((of(0.0, 0.0, 1), of(3.2, 0.1, 1), of(3.2, 1.3, 1), of(3.2, 1.3, 2)), (0, 3, 9, 4));
    }
}
