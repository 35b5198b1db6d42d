//! Pausing orders and removals, and resuming them.
//!
//! Only the state is changed, under the lock: no service is asked. Later runs leave alone what is paused, and finish what is
//! half done.

use super::context::report_unwritten;
use super::lock;
use crate::config::Config;
use crate::domain::journal::{Entry, Event};
use crate::domain::names::{NodeTypeName, ProviderName};
use crate::domain::state::Pause;
use crate::journal;
use crate::progress::Progress;
use crate::reconcile::{Moment, RunError, StartingState, starting_state};
use jiff::SignedDuration;

/// What is paused or resumed: everything, unless a node type or a provider is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// This node type only.
    pub node_type: Option<NodeTypeName>,
    /// This provider only.
    pub provider: Option<ProviderName>,
}

/// What a person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PauseRequest {
    /// No orders and no removals.
    Pause {
        /// For how long; until resumed if there is none.
        lasts: Option<SignedDuration>,
        /// Why.
        reason: Option<String>,
    },
    /// Orders and removals go on.
    Resume,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseAnswer {
    /// The pauses that began or ended.
    pub changed: Vec<Pause>,
    /// All pauses that there are now.
    pub pauses: Vec<Pause>,
    /// The pause of another person, reason or end that the new one replaces.
    pub replaced: Option<Pause>,
}

/// Pauses or resumes. A pause replaces an earlier one of the same scope; resuming everything ends all pauses.
///
/// # Errors
/// The state cannot be locked, read or written.
pub fn pause(
    config: &Config,
    scope: &Scope,
    request: &PauseRequest,
    person: &str,
    moment: Moment,
    progress: &Progress,
) -> Result<PauseAnswer, RunError> {
    let (mut store, moment) = lock::wait(&config.state_file, moment, progress)?;
    let now = moment.now;
    let StartingState { mut state, warning } = starting_state(store.load(&config.installation(), now)?, config, now);
    if let Some(warning) = warning {
        log::warn!("{warning}");
    }
    state.pauses.retain(|pause| pause.until.is_none_or(|until| until > now));
    let is_of_scope = |pause: &Pause| pause.node_type == scope.node_type && pause.provider == scope.provider;
    let mut replaced = None;
    let (event, changed) = match request {
        PauseRequest::Pause { lasts, reason } => {
            let until = lasts.map(|lasts| now + lasts);
            let Scope { node_type, provider } = scope.clone();
            let pause = Pause { node_type, provider, since: now, until, by: person.to_owned(), reason: reason.clone() };
            let is_other = |old: &&Pause| {
                is_of_scope(old) && (&old.by, &old.reason, old.until) != (&pause.by, &pause.reason, pause.until)
            };
            replaced = state.pauses.iter().find(is_other).cloned();
            state.pauses.retain(|pause| !is_of_scope(pause));
            state.pauses.push(pause.clone());
            (Event::Paused, vec![pause])
        }
        PauseRequest::Resume => {
            let all = *scope == Scope::default();
            let (ended, stay) =
                std::mem::take(&mut state.pauses).into_iter().partition(|pause| all || is_of_scope(pause));
            state.pauses = stay;
            (Event::Resumed, ended)
        }
    };
    if !changed.is_empty() {
        store.save(&state)?;
        let entry = |pause| Entry { by: Some(person.to_owned()), ..journal::of_pause(event, pause, now) };
        let entries: Vec<Entry> = changed.iter().map(entry).collect();
        report_unwritten(store.append_to_journal(&entries, config.journal_days, now));
    }
    Ok(PauseAnswer { changed, pauses: state.pauses, replaced })
}
