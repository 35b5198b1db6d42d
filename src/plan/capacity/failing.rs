//! What fails where servers of a type are ordered, for as long as none joins there.

use crate::config::NodeType;
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

/// The last failure of a node type, wherever it was, if none of its servers has joined anywhere since.
pub(crate) fn not_joined_since(state: &State, kind: &NodeType) -> Option<Failing> {
    let failed_in = |provider: &ProviderName| {
        let breaker = state.breakers.get(provider)?.get(&kind.name)?;
        (!breaker.joined_elsewhere).then_some(breaker.failed_in)
    };
    let failed = kind.providers.iter().filter_map(|provider| Some((failed_in(provider)?, provider)));
    let (_, provider) = failed.max_by_key(|(run, _)| *run)?;
    failing(state, &kind.name, provider)
}

/// What fails at a provider; none where nothing does.
pub(crate) fn failing(state: &State, node_type: &NodeTypeName, provider: &ProviderName) -> Option<Failing> {
    let failing = |what, cure| Some(Failing { node_type: node_type.clone(), what, cure });
    // An order that is accepted ends this: what failed there did so before.
    if let Some(answer) = state.quota_answers.get(provider).and_then(|sizes| sizes.get(node_type)) {
        return failing(
            format!("provider {provider} refused {node_type} for quota ({answer})"),
            "free some of that quota, have it raised, or let another provider serve the node type",
        );
    }
    if let Some(breaker) = state.breakers.get(provider).and_then(|types| types.get(node_type)) {
        return failing(
            format!("{node_type} failed at provider {provider} ({})", breaker.reason),
            "find out why (mita history shows the last ones), or let another provider serve the node type",
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
