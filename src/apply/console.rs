//! The console of a server that failed, read while the server still exists. Only a person reads it: an error here
//! changes nothing.

use crate::apply::context::Context;
use crate::apply::events::Event;
use crate::apply::node_removal::Removal;
use crate::plan::model::Target;

/// The server that is removed, if it failed and the state lacks its console.
pub(super) fn wanted<'a>(context: &Context<'_>, removal: &Removal<'a>) -> Option<&'a Target> {
    let target = removal.server.filter(|_| removal.rule.is_failure())?;
    let mut failures = context.state.failures.values().flat_map(|types| types.values());
    failures.any(|failure| failure.id == target.order && failure.console.is_empty()).then_some(target)
}

pub(super) fn read(context: &Context<'_>, target: &Target) {
    let Ok(provider) = context.provider(&target.provider) else { return };
    if let Some(tail) = provider.console_tail(&target.server_id) {
        context.report(Event::ConsoleRead { order: target.order.clone(), tail });
    }
}
