//! Step 7: what mita does, and why: actions and verdicts, one file for each subject.

pub mod brake;
pub(crate) mod commitments;
pub(crate) mod draft;
mod failing;
pub(crate) mod findings;
mod floating_ips;
mod jobs;
pub(crate) mod lasting;
mod lost;
mod nodes;
pub(crate) mod order_ids;
mod orders;
mod registration;
mod servers;
mod unused;
mod volumes;

use draft::Draft;
use findings::Findings;

/// Actions and verdicts, each in its order.
pub(crate) fn decide(found: &Findings<'_>) -> Draft {
    let mut draft = Draft::default();
    orders::decide(found, &mut draft);
    jobs::decide(found, &mut draft);
    failing::decide(found, &mut draft);
    servers::decide(found, &mut draft);
    nodes::decide(found, &mut draft);
    volumes::decide(found, &mut draft);
    floating_ips::decide(found, &mut draft);
    // Equal ones are the same, and in a large farm a stable sort takes as much memory again.
    draft.verdicts.sort_unstable();
    draft.actions.sort_by_key(|action| action.change.position());
    draft
}
