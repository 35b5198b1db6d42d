//! The machine time that counts against budgets: the servers that a run sees, times the time since the run before.

use crate::config::{Budget, Config};
use crate::domain::state::{Spending, State};
use crate::domain::world::ServerState;
use crate::plan::identity::fleet::{Fleet, Machine, Sighting};
use jiff::{SignedDuration, Timestamp};

/// Of the time between two runs at most this much counts, so that a clock that jumps uses no budget up.
const LONGEST_GAP: SignedDuration = SignedDuration::from_hours(1);

/// Adds what the servers of each budget have used since the last run.
pub(super) fn count(
    config: &Config,
    state: &mut State,
    last_run: Option<Timestamp>,
    fleet: &Fleet<'_>,
    now: Timestamp,
) {
    let passed = last_run.map_or(SignedDuration::ZERO, |last| now.duration_since(last));
    let passed = passed.clamp(SignedDuration::ZERO, LONGEST_GAP);
    let used = |counts: &dyn Fn(&Machine<'_>) -> bool| {
        let machines = fleet.machines.iter().filter(|machine| is_paid(machine) && counts(machine)).count();
        passed.saturating_mul(i32::try_from(machines).unwrap_or(i32::MAX))
    };
    let spent = std::mem::take(&mut state.spent);
    for provider in &config.providers {
        if let Some(budget) = &provider.budget {
            let more = used(&|machine| machine.provider == provider.name);
            let before = spent.providers.get(&provider.name);
            state.spent.providers.insert(provider.name.clone(), with(budget, before, more, now));
        }
    }
    for kind in &config.node_types {
        if let Some(budget) = &kind.budget {
            let more = used(&|machine| machine.node_type == kind.name);
            let before = spent.node_types.get(&kind.name);
            state.spent.node_types.insert(kind.name.clone(), with(budget, before, more, now));
        }
    }
}

fn with(budget: &Budget, before: Option<&Spending>, more: SignedDuration, now: Timestamp) -> Spending {
    let (begin, _) = budget.period(now);
    before.cloned().unwrap_or_default().with(begin, more)
}

/// Whether the cloud has it, as far as is known.
fn is_paid(machine: &Machine<'_>) -> bool {
    match machine.sighting {
        Sighting::Seen(server) => server.state != ServerState::Deleted,
        Sighting::NoAnswer | Sighting::Elsewhere | Sighting::WithoutMetadata => machine.server_id.is_some(),
        Sighting::Unlisted | Sighting::Hidden | Sighting::Gone | Sighting::Deleted => false,
    }
}
