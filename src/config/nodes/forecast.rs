//! Reading `spare`, `idle_grace = "auto"`, `wait_cost` and `ahead`.

use crate::config::file::Table;
use crate::config::times;
use crate::config::types::{Ahead, AutoGrace, Forecast, Times};

/// Reads the keys of a node type, and shortens `idle_grace` where it is "auto": past gaps decide, then. At the top of the file
/// "auto" holds for each type without a key of its own.
pub(crate) fn read(table: &Table<'_>, auto_at_top: bool, times: &mut Times) -> Forecast {
    let auto = times::grace_is_auto(table).unwrap_or(auto_at_top);
    let wait_cost = table.number("wait_cost", 0..=AutoGrace::MOST_WAIT_COST);
    if let (false, Some(found)) = (auto, &wait_cost) {
        table.reading.warn(&found.at, "has no effect without idle_grace = \"auto\"; write that as well, or remove it");
    }
    let at_first = times.idle_grace;
    if auto {
        times.idle_grace = at_first.min(AutoGrace::SHORTEST);
    }
    Forecast {
        spare: table.hundredths("spare", Forecast::MOST_SPARE).unwrap_or(0),
        auto: auto
            .then_some(AutoGrace { wait_cost: wait_cost.map_or(AutoGrace::WAIT_COST, |found| found.value), at_first }),
        ahead: table.choice("ahead", &[("daily", Ahead::Daily), ("weekly", Ahead::Weekly)]),
    }
}
