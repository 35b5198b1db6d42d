//! What all actions work with.

use crate::apply::events::Event;
use crate::apply::outcome::{ActionResult, NotDone, Outcome, Result};
use crate::concurrency::parallel_map;
use crate::config::Config;
use crate::domain::names::ProviderName;
use crate::domain::state::State;
use crate::domain::world::World;
use crate::jenkins::Jenkins;
use crate::observe::Services;
use crate::plan::model::{Action, Plan};
use crate::provider::{Deletion, Failure, Provider};
use std::collections::BTreeSet;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard};

pub(super) const JENKINS_RESTARTED: &str = "Jenkins was restarted in the middle of the run";

/// What all actions work with. Each thread has its own clone; the events end when the last one is gone.
#[derive(Clone)]
pub(super) struct Context<'a> {
    pub(super) config: &'a Config,
    pub(super) services: &'a Services,
    pub(super) world: &'a World,
    pub(super) plan: &'a Plan,
    /// As it was before the first action.
    pub(super) state: &'a State,
    pub(super) events: Sender<Event>,
    /// Providers that asked for fewer requests when something was ordered in this run.
    pub(super) throttled: &'a Mutex<BTreeSet<ProviderName>>,
    /// The same when something was deleted.
    pub(super) slowed: &'a Mutex<BTreeSet<ProviderName>>,
}

impl<'a> Context<'a> {
    /// The actions of one kind, each with its index in the plan.
    pub(super) fn actions<T>(&self, select: impl Fn(&'a Action) -> Option<T>) -> Vec<(usize, T)> {
        let actions = self.plan.actions.iter().enumerate();
        actions.filter_map(|(index, action)| Some((index, select(action)?))).collect()
    }

    /// Works on all items, as many at a time as the configuration allows.
    pub(super) fn parallel<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        parallel_map(self.config.concurrency, items, work)
    }

    /// Carries out the actions of one kind, and reports their results.
    pub(super) fn carry_out<T: FnOnce() -> Result<Outcome> + Send>(&self, task: impl Fn(&'a Action) -> Option<T>) {
        self.parallel(self.actions(task), |(action, task)| self.report_result(action, task()));
    }

    /// Sends no more orders to the provider in this run.
    pub(super) fn throttle(&self, provider: &ProviderName) {
        self.throttled().insert(provider.clone());
    }

    pub(super) fn is_throttled(&self, provider: &ProviderName) -> bool {
        self.throttled().contains(provider)
    }

    fn throttled(&self) -> MutexGuard<'a, BTreeSet<ProviderName>> {
        self.throttled.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Sends a deletion, and no further one to the same provider in this run if it asks for fewer requests.
    pub(super) fn delete(
        &self,
        provider: &ProviderName,
        deletion: impl FnOnce() -> Result<Deletion, Failure>,
    ) -> Result<Result<Deletion, Failure>> {
        self.may_delete_at(provider)?;
        let result = deletion();
        if result.as_ref().is_err_and(Failure::asks_for_pause) {
            self.slowed().insert(provider.clone());
        }
        Ok(result)
    }

    /// Fails if the provider asked for fewer requests when something was deleted there in this run.
    pub(super) fn may_delete_at(&self, provider: &ProviderName) -> Result<()> {
        match self.slowed().contains(provider) {
            true => Err(NotDone::skipped(format!(
                "left for a later run, since provider {provider} asks for fewer requests"
            ))),
            false => Ok(()),
        }
    }

    fn slowed(&self) -> MutexGuard<'a, BTreeSet<ProviderName>> {
        self.slowed.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn jenkins(&self) -> Result<&'a Jenkins> {
        self.services.jenkins.as_ref().map_err(NotDone::failed)
    }

    pub(super) fn provider(&self, name: &ProviderName) -> Result<&'a dyn Provider> {
        self.services.provider(name).map_err(NotDone::failed)
    }

    /// Whether Jenkins was restarted since the plan was made. After a restart its nodes look idle, and a pipeline may
    /// wait for one of them to continue on it.
    pub(super) fn is_restarted(&self, session: &Option<String>) -> bool {
        let known = |id: &String| self.state.session.as_ref().is_some_and(|known| known.earlier.contains(id));
        self.world.jenkins.session.is_some()
            && *session != self.world.jenkins.session
            && !session.as_ref().is_some_and(known)
    }

    pub(super) fn report(&self, event: Event) {
        // The receiver outlives every sender.
        let _ = self.events.send(event);
    }

    /// Reports how an action ended.
    pub(super) fn report_result(&self, action: usize, result: Result<Outcome>) {
        let server_id = self.plan.actions.get(action).and_then(|action| action.change.server_id().cloned());
        self.report(Event::ActionEnded(ActionResult::new(action, server_id, result)));
    }
}
