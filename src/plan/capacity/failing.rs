//! What fails where servers of a type are ordered, for as long as none joins there.

use crate::domain::names::{NodeTypeName, ProviderName};
use crate::domain::state::State;

/// What fails, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failing {
    /// The node type.
    pub(crate) node_type: NodeTypeName,
    /// What fails, in words.
    pub(crate) what: String,
    /// What helps.
    pub(crate) cure: &'static str,
}

/// What fails at a provider; none where nothing does.
pub(crate) fn failing(state: &State, node_type: &NodeTypeName, provider: &ProviderName) -> Option<Failing> {
    let failing = |what, cure| Some(Failing { node_type: node_type.clone(), what, cure });
    if let Some(breaker) = state.breakers.get(provider).and_then(|types| types.get(node_type)) {
        return failing(
            format!("{node_type} failed at provider {provider} ({})", breaker.reason),
            "find out why (mita history shows the last ones), or let another provider serve the node type",
        );
    }
    if let Some(answer) = state.quota_answers.get(provider).and_then(|sizes| sizes.get(node_type)) {
        return failing(
            format!("provider {provider} refused {node_type} for quota ({answer})"),
            "free some of that quota, have it raised, or let another provider serve the node type",
        );
    }
    if state.throttles.contains_key(provider) {
        return failing(
            format!("provider {provider} asks for fewer requests"),
            "ask those who run it for more, or let another provider serve the node type",
        );
    }
    None
}
