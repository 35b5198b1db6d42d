//! How many idle servers a node type keeps beyond `min_idle`.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// What decides how many servers of a node type are wanted at hand, besides `min_idle`. All of it is off by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// `spare`, in hundredths: so many idle executors for the square root of those in use.
    #[serde(default)]
    pub spare: u32,
    /// `idle_grace = "auto"`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto: Option<AutoGrace>,
    /// `ahead`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead: Option<Ahead>,
}

/// `idle_grace = "auto"`: servers are kept as long as past gaps between their uses make it worth it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoGrace {
    /// How many idle seconds of a server a second of waiting is worth.
    pub wait_cost: u32,
    /// How long a server is kept while little is known of it.
    pub at_first: SignedDuration,
}

impl AutoGrace {
    /// More is a mistake, and keeps sums far from an overflow.
    pub(crate) const MOST_WAIT_COST: u32 = 100_000;

    /// The default of `wait_cost`.
    pub const WAIT_COST: u32 = 20;

    /// How long a node is idle at least before it is retired.
    pub const SHORTEST: SignedDuration = SignedDuration::from_mins(3);
}

/// `ahead`: the same time of which days counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ahead {
    /// The last two days.
    Daily,
    /// The same day of the last two weeks.
    Weekly,
}

impl Ahead {
    /// The days from one such time to the next.
    pub fn days(self) -> u32 {
        match self {
            Ahead::Daily => 1,
            Ahead::Weekly => 7,
        }
    }
}

impl Forecast {
    /// The most hundredths of `spare`.
    pub(crate) const MOST_SPARE: u32 = 10_000;

    /// Whether nothing is learned and nothing decided.
    pub fn is_off(&self) -> bool {
        *self == Self::default()
    }
}
