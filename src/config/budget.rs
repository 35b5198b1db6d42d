//! Reading `budget`.

use super::file::{Found, Table};
use super::keys;
use super::types::{Budget, Period, ZoneName};

/// `budget = { hours = 400, per = "week" }`
pub(crate) fn read(table: &Table<'_>, time_zone: &ZoneName) -> Option<Budget> {
    let entry = table.entry(&["budget"])?;
    let budget = Table::open(table.reading, &entry, keys::BUDGET)?;
    let advice = "write both, as in { hours = 400, per = \"week\" }";
    let complete = [budget.require(&["hours"], advice), budget.require(&["per"], advice)];
    let periods = [Period::Day, Period::Week, Period::Month].map(|period| (period.name(), period));
    let (hours, per) = (budget.number("hours", 1..=Budget::MOST_HOURS), budget.choice("per", &periods));
    let Found { value: hours, .. } = hours?;
    complete.iter().all(|there| *there).then_some(())?;
    Some(Budget { hours, per: per?, time_zone: time_zone.clone() })
}
