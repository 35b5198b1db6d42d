//! The number of servers wanted at hand of each type, and the reason.

use super::ahead::Outlook;
use super::keep::{self, Costs, Window};
use super::usage::Used;
use super::{ahead, spare, steady};
use crate::config::{Config, NodeType};
use crate::domain::format::span;
use crate::domain::names::NodeTypeName;
use crate::domain::state::{State, Usage};
use crate::plan::lifecycle::lateness;
use crate::plan::model::{AtHand, Forecast};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// After a server was retired, so many seconds pass before the forecast orders one: what it orders would be thrash, or
/// what a person has just had removed.
const CALM: u64 = 300;

/// Seconds for which the number of servers to keep is that of the busiest moment.
const KEPT_FOR: u64 = 120;

/// The numbers of this moment. Remembers what is kept for a while.
pub(crate) fn wanted_at_hand(
    config: &Config,
    state: &mut State,
    used: &BTreeMap<NodeTypeName, Used>,
    now: Timestamp,
) -> BTreeMap<NodeTypeName, AtHand> {
    let wanted = |kind: &NodeType| {
        let always = kind.min_idle.at(now);
        let mut wanted = AtHand { order: always, keep: always, ..AtHand::default() };
        if always > 0 {
            let text = format!("min_idle {always}");
            wanted.reasons.push(Forecast { servers: always, key: "min_idle", text });
        }
        if let Some(used) = used.get(&kind.name) {
            forecast(config, kind, state, *used, now, &mut wanted);
        }
        (kind.name.clone(), wanted)
    };
    config.node_types.iter().map(wanted).collect()
}

fn forecast(config: &Config, kind: &NodeType, state: &mut State, used: Used, now: Timestamp, wanted: &mut AtHand) {
    let Rules { mut reasons, keep, group } = of_rules(config, kind, state, used, now);
    let clock = state.learned.clock;
    let Some(usage) = state.learned.usage.get_mut(&kind.name) else { return };
    let number = reasons.iter().map(|reason| reason.servers).max().unwrap_or(0);
    let total = most_lately(usage, used.servers.saturating_add(number), clock);
    if used.goes_on_request {
        usage.retired_at = Some(clock);
    }
    let calm = usage.retired_at.is_none_or(|at| clock.saturating_sub(at) >= CALM);
    wanted.order = wanted.order.max(if calm { number } else { 0 });
    wanted.keep = wanted.keep.max(wanted.order).max(keep).max(total.saturating_sub(used.servers));
    wanted.group = group;
    wanted.reasons.append(&mut reasons);
    wanted.reasons.sort_by_key(|reason| std::cmp::Reverse(reason.servers));
    wanted.reasons.retain(|reason| reason.servers > 0);
}

/// What the rules want, in idle servers.
#[derive(Default)]
struct Rules {
    /// What each has ordered.
    reasons: Vec<Forecast>,
    /// So many are kept where they are there.
    keep: u32,
    /// So many of the others go together.
    group: u32,
}

fn of_rules(config: &Config, kind: &NodeType, state: &State, used: Used, now: Timestamp) -> Rules {
    let Some(usage) = state.learned.usage.get(&kind.name) else { return Rules::default() };
    let (mean, most) = lateness::usual(state, &kind.name);
    let interval = state.learned.interval();
    let Rules { mut reasons, mut keep, mut group } = Rules::default();
    if kind.forecast.spare > 0 {
        let (spare, kept) = spare::servers(kind.forecast.spare, usage.average, kind.executors);
        // Servers that stay for an hour that is paid are spare ones, and each further order costs an hour.
        let servers = if is_billed(config, kind) { 0 } else { spare };
        let (factor, average) = (f64::from(kind.forecast.spare) / 100.0, usage.average as f64 / 1_000_000.0);
        let text = format!("spare {factor} with {average:.1} executors in use on average");
        reasons.push(Forecast { servers, key: "spare", text });
        (keep, group) = (kept, if kind.forecast.auto.is_some() { spare } else { 0 });
    }
    if let Some(auto) = kind.forecast.auto {
        let seconds = |time: SignedDuration| u32::try_from(time.as_secs().max(0)).unwrap_or(u32::MAX);
        let costs = Costs {
            boot: seconds(mean),
            change: u32::try_from(30_000_000 / usage.change.max(1)).unwrap_or(u32::MAX),
            interval: seconds(interval),
            wait_cost: auto.wait_cost,
            at_first: seconds(auto.at_first),
        };
        let wanted = keep::servers(&usage.levels, used.servers, state.learned.clock, costs);
        let steady = steady::servers(usage, kind.executors, state.learned.clock);
        keep = keep.max(wanted.soon.max(steady).saturating_sub(used.servers));
        if let Some((total, window)) = wanted.now {
            let servers = total.saturating_sub(used.servers);
            reasons.push(Forecast { servers, key: "idle_grace", text: in_words(total, window) });
        }
    }
    if let Some(period) = kind.forecast.ahead
        && let Some(Outlook { before, servers: total }) =
            ahead::outlook(&usage.peaks, period.days(), now, most + interval)
    {
        let servers = total.saturating_sub(used.servers);
        let days = if period.days() == 1 { "the last two days" } else { "the last two weeks" };
        let quieter =
            if total < before { format!("; {total}, since the last half hour was quieter") } else { String::new() };
        let text = format!("{before} were in use at this time of {days}{quieter}");
        reasons.push(Forecast { servers, key: "ahead", text });
    }
    Rules { reasons, keep, group }
}

/// Whether the servers of the type are paid for by the hour, wherever they are ordered.
fn is_billed(config: &Config, kind: &NodeType) -> bool {
    let mut providers = config.providers.iter().filter(|provider| kind.providers.contains(&provider.name));
    providers.all(|provider| provider.billing.is_some())
}

/// The rule that keeps the n-th server, as "the 7th server was wanted again after 21m to 34m in 22 of 24 cases".
fn in_words(number: u32, window: Window) -> String {
    let Window { from, until, hits, known, of_others } = window;
    let others = if of_others > 0 { format!(" ({of_others} of its neighbours)") } else { String::new() };
    let time = |seconds: u32| span(SignedDuration::from_secs(seconds.into()));
    let server = ordinal(number);
    match from {
        0 if hits == 0 => format!("the {server} server is kept for {} while little is known", time(until)),
        0 => format!(
            "the {server} server was wanted again within {} in {hits} of {known} cases{others}: kept until then",
            time(until)
        ),
        _ => format!(
            "the {server} server was wanted again after {} to {} in {hits} of {known} cases{others}: there from then on",
            time(from),
            time(until)
        ),
    }
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (1, n) if n != 11 => "st",
        (2, n) if n != 12 => "nd",
        (3, n) if n != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// The most servers that were wanted in all, in the last minutes.
fn most_lately(usage: &mut Usage, total: u32, clock: u64) -> u32 {
    usage.lately.retain(|(at, _)| clock.saturating_sub(*at) < KEPT_FOR);
    while usage.lately.pop_if(|(_, earlier)| *earlier <= total).is_some() {}
    usage.lately.push((clock, total));
    usage.lately.first().map_or(total, |(_, most)| *most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_which_cases_are_those_of_other_servers() {
        let window = |from, of_others| Window { from, until: 2040, hits: 22, known: 24, of_others };
        let of = |from, of_others| in_words(7, window(from, of_others));
        let again = "the 7th server was wanted again";
        assert_eq!(of(0, 0), format!("{again} within 34m in 22 of 24 cases: kept until then"));
        assert_eq!(of(0, 20), format!("{again} within 34m in 22 of 24 cases (20 of its neighbours): kept until then"));
        assert_eq!(of(1260, 0), format!("{again} after 21m to 34m in 22 of 24 cases: there from then on"));
    }
}
