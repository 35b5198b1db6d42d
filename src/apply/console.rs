//! What the console of a server that failed said, read while it is still there to be asked. Only for a person: whatever
//! goes wrong here changes nothing.

use crate::apply::{News, Site, tell};
use crate::domain::names::{MitaId, ProviderName, ServerId};
use crate::domain::rule::Rule;
use std::sync::mpsc::Sender;

/// Whether a server that is removed is the one whose failure is remembered, and its console not yet.
pub(super) fn is_wanted(site: &Site<'_>, rule: Rule, id: &MitaId) -> bool {
    let mut failures = site.memory.failures.values().flat_map(|types| types.values());
    rule.is_failure() && failures.any(|failure| failure.id == *id && failure.console.is_empty())
}

/// Reads it, and has it remembered.
pub(super) fn read(site: &Site<'_>, provider: &ProviderName, id: &MitaId, server: &ServerId, news: &Sender<News>) {
    let Ok(provider) = site.services.provider(provider) else { return };
    if let Some(tail) = provider.console_tail(server) {
        tell(news, News::Console { id: id.clone(), tail });
    }
}
