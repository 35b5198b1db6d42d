//! A run, from top to bottom: lock, load, observe, plan, check, show, save, apply, report.
//!
//! A dry run is the same without the lock and without what follows the plan.

mod fallback;
mod report;
mod starting_state;

pub use report::{Decision, Moment, Permits, Report, RunError};
pub use starting_state::{StartingState, starting_state};

use crate::config::Config;
use crate::domain::world::{Quotas, World};
use crate::journal;
use crate::observe::{Purpose, Services, observe, survey};
use crate::plan;
use crate::plan::decisions::brake;
use crate::plan::model::{Change, Plan};
use crate::progress::Progress;
use crate::store;
use crate::store::Store;
use jiff::Timestamp;

const READING: &str = "reading Jenkins and the clouds";

/// One run.
pub fn reconcile(config: &Config, permits: Permits, moment: Moment, progress: &Progress) -> Result<Report, RunError> {
    reconcile_with(config, permits, moment, progress, |_| {}).map(|(report, _)| report)
}

/// One run that shows its decision before it writes or does anything. The lock is held for as long as the store is
/// kept, so that more can be written about the run.
pub fn reconcile_with(
    config: &Config,
    permits: Permits,
    moment: Moment,
    progress: &Progress,
    show: impl FnOnce(Decision<'_>),
) -> Result<(Report, Store), RunError> {
    let mut store = Store::lock(&config.state_file)?;
    let before = starting_state(store.load(&config.installation(), moment.now)?, config, moment.now);
    let services = Services::open(config, moment.started);
    progress.now(READING);
    let (mut world, mut plan) = decide(config, &services, Purpose::Run, &before, permits, moment.now, show);
    let StartingState { state, warning: state_warning } = before;
    let last_run = state.last_run;
    let deciding = moment.started.elapsed();
    if !plan.actions.is_empty() {
        // It is saved again as they go on.
        plan.state.keep_json();
    }
    store.save(&plan.state)?;
    let mut entries = journal::seen(&state, &plan.state, &world, plan.now);
    // The actions copy the new one while they change it.
    drop(state);
    entries.extend(journal::ordered(&plan.state, &world, &plan.actions, plan.now));
    let appended = store.append_to_journal(&entries, config.journal_days, plan.now);
    plan.problems.extend(appended.err().map(fallback::not_written));
    progress.now("carrying out the plan");
    let results = fallback::apply(config, &services, &mut world, &mut plan, &mut store);
    let (traffic, whole) = (services.traffic(), moment.started.elapsed());
    Ok((Report { world, plan, state_warning, last_run, results: Some(results), traffic, deciding, whole }, store))
}

/// A run up to its decision: sends reads only, takes no lock, and leaves every file as it was.
pub fn dry_run(config: &Config, permits: Permits, moment: Moment, progress: &Progress) -> Result<Report, RunError> {
    dry_run_with(config, permits, moment, progress, |_| {})
}

/// A dry run that shows its decision.
pub fn dry_run_with(
    config: &Config,
    permits: Permits,
    moment: Moment,
    progress: &Progress,
    show: impl FnOnce(Decision<'_>),
) -> Result<Report, RunError> {
    let before = starting_state(store::load_only(&config.state_file, &config.installation())?, config, moment.now);
    let services = Services::open(config, moment.started);
    progress.now(READING);
    let (world, plan) = decide(config, &services, Purpose::Show, &before, permits, moment.now, show);
    let (traffic, whole) = (services.traffic(), moment.started.elapsed());
    let StartingState { state, warning: state_warning } = before;
    let last_run = state.last_run;
    Ok(Report { world, plan, state_warning, last_run, results: None, traffic, deciding: whole, whole })
}

/// What a run and a dry run have in common: observe, plan, check, show. A plan that orders something is made a second
/// time, with the quotas of the providers that it orders from.
fn decide(
    config: &Config,
    services: &Services,
    purpose: Purpose,
    StartingState { state, warning }: &StartingState,
    permits: Permits,
    now: Timestamp,
    show: impl FnOnce(Decision<'_>),
) -> (World, Plan) {
    let mut world = observe(config, services, state);
    let inputs = plan::Inputs::of(&world, state);
    let known = plan::Known::of(config, &inputs, now);
    let mut plan = known.plan(&Quotas::new());
    let (mut quotas, mut unread_quotas) = (Quotas::new(), Vec::new());
    if plan.actions.iter().any(|action| matches!(action.change, Change::CreateServer(_))) {
        // The rest of the first plan goes before the second one is made: in a large farm that is much.
        let Plan { actions, .. } = { plan };
        (quotas, unread_quotas) = survey(config, services, &world, &actions, purpose);
        plan = known.plan(&quotas);
    }
    drop(known);
    drop(inputs);
    world.add_quotas(quotas);
    brake::brake(&mut plan, permits.allow_removals);
    show(Decision { config, permits, state, world: &world, plan: &plan });
    plan.problems.extend(unread_quotas);
    plan.warnings.extend(warning.clone());
    (world, plan)
}
