//! The times of a node type.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// The times of a node type; each can be set for all node types, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// How long a job waits before it counts.
    pub stuck_after: SignedDuration,
    /// How long a node may be idle.
    pub idle_grace: SignedDuration,
    /// Ordered to ACTIVE.
    pub boot_timeout: SignedDuration,
    /// ACTIVE to online in Jenkins; also how long a node may be away.
    pub join_timeout: SignedDuration,
    /// How long an order counts whose answer was lost, or whose server no list shows yet.
    pub order_timeout: SignedDuration,
    /// The age from which a server takes no further build; `None` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<SignedDuration>,
}

impl Times {
    /// Longer times are a mistake. The limit keeps every sum of times far from an overflow.
    pub(crate) const LONGEST: SignedDuration = SignedDuration::from_hours(365 * 24);

    /// The defaults.
    pub(crate) const DEFAULTS: Times = Times {
        stuck_after: SignedDuration::ZERO,
        idle_grace: SignedDuration::from_mins(40),
        boot_timeout: SignedDuration::from_mins(15),
        join_timeout: SignedDuration::from_mins(15),
        order_timeout: SignedDuration::from_mins(5),
        max_age: None,
    };
}
