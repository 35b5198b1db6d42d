//! The run, from top to bottom.

use crate::apply::{ActionResult, apply};
use crate::config::Config;
use crate::domain::rule::Rule;
use crate::domain::state::State;
use crate::domain::world::{Quota, World};
use crate::jenkins::Jenkins;
use crate::observe::{Services, Traffic, observe, survey};
use crate::plan;
use crate::plan::decisions::brake;
use crate::plan::model::{Change, Plan, Problem, Subject};
use crate::progress::Progress;
use crate::provider;
use crate::provider::Access;
use crate::store;
use crate::store::{Loaded, LockError, Store, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use thiserror::Error;

/// When a run happens: the clock is asked once, in `main`.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The time that everything is decided for.
    pub now: Timestamp,
    /// When the program began, for the deadline.
    pub started: Instant,
}

/// What a run may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permits {
    /// How many removals the brake lets through.
    pub allow_removals: usize,
}

/// Everything that a run saw, decided and did.
#[derive(Debug)]
pub struct Report {
    /// What was seen.
    pub world: World,
    /// What was decided; after refusals with the orders that were tried instead.
    pub plan: Plan,
    /// What became of the actions; none of a dry run.
    pub results: Option<Vec<ActionResult>>,
    /// Requests that were sent, by service.
    pub traffic: BTreeMap<String, Traffic>,
    /// How long it took from the start of the program until the decision stood.
    pub deciding: Duration,
    /// How long it took until everything was done.
    pub whole: Duration,
}

impl Report {
    /// Requests that were sent, to all services.
    pub fn requests(&self) -> u64 {
        self.traffic.values().map(|traffic| traffic.requests).sum()
    }
}

/// What a run decided, before it does any of it, and everything that it decided it by.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// What was wanted.
    pub config: &'a Config,
    /// What the run may do.
    pub permits: Permits,
    /// What was remembered.
    pub state: &'a State,
    /// What was seen.
    pub world: &'a World,
    /// What was decided by these, and by nothing else.
    pub plan: &'a Plan,
}

/// Why a run ended before it did anything.
#[derive(Debug, Error)]
pub enum RunError {
    /// The lock was not got.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The state cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One run: look, decide, write down, act.
pub fn reconcile(config: &Config, permits: Permits, moment: Moment, progress: &Progress) -> Result<Report, RunError> {
    reconcile_watched(config, permits, moment, progress, |_| {}).map(|(report, _)| report)
}

/// One run. What was decided is shown to `watch` before anything is written or done. The lock is held on, for what is
/// still to be written about the run.
pub fn reconcile_watched(
    config: &Config,
    permits: Permits,
    moment: Moment,
    progress: &Progress,
    watch: impl FnOnce(Decision<'_>),
) -> Result<(Report, Store), RunError> {
    let mut store = Store::lock(&config.state_file)?;
    let recalled = recall(store.load(&config.installation(), moment.now)?, config, moment.now);
    let services = open(config, moment);
    let (mut world, mut plan) = look_and_decide(config, &services, recalled, permits, moment.now, progress, watch);
    let deciding = moment.started.elapsed();
    store.save(&plan.memory)?;
    progress.now("carrying out the plan");
    let results = carry_out(config, &services, &mut world, &mut plan, &mut store);
    let (traffic, whole) = (services.traffic(), moment.started.elapsed());
    Ok((Report { world, plan, results: Some(results), traffic, deciding, whole }, store))
}

/// The same up to the plan: only reads are sent, no lock is taken, and every file stays as it was.
pub fn dry_run(config: &Config, permits: Permits, moment: Moment, progress: &Progress) -> Result<Report, RunError> {
    dry_run_watched(config, permits, moment, progress, |_| {})
}

/// As [`dry_run`]. What was decided is shown to `watch`.
pub fn dry_run_watched(
    config: &Config,
    permits: Permits,
    moment: Moment,
    progress: &Progress,
    watch: impl FnOnce(Decision<'_>),
) -> Result<Report, RunError> {
    let recalled = recall(store::load_only(&config.state_file, &config.installation())?, config, moment.now);
    let services = open(config, moment);
    let (world, plan) = look_and_decide(config, &services, recalled, permits, moment.now, progress, watch);
    let (traffic, whole) = (services.traffic(), moment.started.elapsed());
    Ok(Report { world, plan, results: None, traffic, deciding: whole, whole })
}

/// What is seen, and the plan for it.
fn look_and_decide(
    config: &Config,
    services: &Services,
    (state, notice): (State, Option<String>),
    permits: Permits,
    now: Timestamp,
    progress: &Progress,
    watch: impl FnOnce(Decision<'_>),
) -> (World, Plan) {
    progress.now("reading Jenkins and the clouds");
    let mut world = observe(config, services, &state);
    let (mut plan, unread) = decide(config, services, &mut world, &state, permits, now);
    watch(Decision { config, permits, state: &state, world: &world, plan: &plan });
    plan.problems.extend(unread);
    plan.warnings.extend(notice);
    (world, plan)
}

/// The state to go on from, and what a person should know about it.
pub fn recall(loaded: Loaded, config: &Config, now: Timestamp) -> (State, Option<String>) {
    let forgotten = || State::after_loss(config.owner.clone(), now);
    match loaded {
        Loaded::Known(state) => (*state, None),
        Loaded::Fresh => (State::new(config.owner.clone()), None),
        Loaded::SetAside { to, why } => {
            let notice = format!("the state file could not be read and is kept as {}: {why}", to.display());
            (forgotten(), Some(notice))
        }
        Loaded::Unreadable { why } => {
            (forgotten(), Some(format!("the state file {} cannot be read: {why}", config.state_file.display())))
        }
    }
}

/// Everything that the run talks to. Nothing is sent yet.
pub fn open(config: &Config, moment: Moment) -> Services {
    let length = config.deadline.unsigned_abs();
    let deadline = moment.started + length;
    let access = Access { deadline, concurrency: config.concurrency };
    let providers = config.providers.iter().map(|provider| {
        let opened = provider::open(provider, access).map_err(|failure| failure.message);
        (provider.name.clone(), opened)
    });
    Services {
        jenkins: Jenkins::new(&config.jenkins, deadline).map_err(|error| error.to_string()),
        providers: providers.collect(),
    }
}

/// The plan, and what could not be read for it. Where it orders something, quotas are read and it is made again with them.
fn decide(
    config: &Config,
    services: &Services,
    world: &mut World,
    state: &State,
    permits: Permits,
    now: Timestamp,
) -> (Plan, Vec<Problem>) {
    let mut plan = plan::plan(config, world, state, now);
    let mut unread = Vec::new();
    if plan.actions.iter().any(|action| matches!(action.change, Change::CreateServer(_))) {
        let problems = survey(config, services, world, &plan.actions);
        plan = plan::plan(config, world, state, now);
        unread.extend(
            problems.into_iter().map(|(provider, error)| Problem { place: format!("provider {provider}"), error }),
        );
    }
    brake::brake(&mut plan, permits.allow_removals);
    (plan, unread)
}

/// Applies the plan; where orders were refused, those that another provider or type can take go out as well. What
/// became of each step is saved when it is known; where that fails, the report says so, and what was done.
fn carry_out(
    config: &Config,
    services: &Services,
    world: &mut World,
    plan: &mut Plan,
    store: &mut Store,
) -> Vec<ActionResult> {
    let mut results: Vec<ActionResult> = Vec::new();
    let mut todo = plan.clone();
    for _ in 0..=config.providers.len() {
        let mut memory = todo.memory.clone();
        let mut unsaved = None;
        let applied = apply(config, services, world, &todo, &mut memory, |memory| {
            unsaved = store.save(memory).err().map(|error| error.to_string());
        });
        if let Some(error) = unsaved {
            plan.problems.push(Problem { place: "state".to_owned(), error });
        }
        let offset = plan.actions.len() - todo.actions.len();
        results.extend(
            applied.results.into_iter().map(|result| ActionResult { action: result.action + offset, ..result }),
        );
        plan.memory = memory;
        if !applied.refused_orders {
            break;
        }
        for provider in &applied.closed {
            if let Some(cloud) = world.clouds.get_mut(provider) {
                cloud.quota.get_or_insert_with(Quota::default).instances = Some(0);
            }
        }
        let tried = plan.actions.iter().filter_map(|action| match &action.change {
            Change::CreateServer(order) => Some(order.id.clone()),
            _ => None,
        });
        todo = plan::plan_again(config, world, &plan.memory, &tried.collect(), plan.now);
        if todo.actions.is_empty() {
            break;
        }
        match store.save(&todo.memory) {
            Ok(()) => add(plan, &todo),
            Err(error) => {
                plan.problems.push(Problem { place: "state".to_owned(), error: error.to_string() });
                break;
            }
        }
    }
    results
}

/// Adds the orders of a second plan to the first, with the verdicts on their jobs.
fn add(plan: &mut Plan, again: &Plan) {
    plan.actions.extend(again.actions.iter().cloned());
    plan.warnings.extend(again.warnings.iter().cloned());
    for verdict in &again.verdicts {
        if verdict.subject == Subject::QueueItem
            && verdict.rule == Rule::Demand
            && let Some(first) =
                plan.verdicts.iter_mut().find(|first| (first.subject, &first.id) == (verdict.subject, &verdict.id))
        {
            *first = verdict.clone();
        }
    }
}
