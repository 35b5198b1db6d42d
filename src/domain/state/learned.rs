//! What runs have learned: how often mita runs, how long servers take to join, and how each node type is used.
//!
//! A few numbers, each list with a fixed length. Without them, or with numbers that no run can have written, mita begins to
//! learn again.

use super::peaks::Peaks;
use crate::domain::names::{NodeTypeName, ProviderName};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// The version of these numbers.
const VERSION: u32 = 1;

/// Times from order to online that are kept for each node type at each provider.
const JOINS_KEPT: usize = 50;

/// Gaps between uses that are kept for each server of a type.
pub const GAPS_KEPT: usize = 24;

/// Servers of one type whose gaps are kept.
pub const LEVELS_KEPT: usize = 200;

/// A gap is not counted as longer than this, in seconds.
pub const LONGEST_GAP: u32 = 4 * 3600;

/// Seconds from one run to the next before any are known.
const INTERVAL_AT_FIRST: u32 = 60;

/// Two runs are not thought to be further apart than this, in seconds.
const LONGEST_INTERVAL: u32 = 600;

/// What runs have learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    version: u32,
    /// Seconds that runs have seen pass. A clock that jumps and a cron that was silent add next to nothing.
    pub clock: u64,
    /// Seconds between the last run and the one before it, as far as they count.
    pub passed: u32,
    /// Whether the clock shows so much since the last run that it was set ahead, or cron was silent: not where runs are always
    /// so far apart.
    #[serde(skip)]
    pub jumped: bool,
    /// Whether it showed as much in the last run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_far: bool,
    /// Usual seconds from one run to the next, each gap counting an eighth; 0 before the second run.
    pub interval: u32,
    /// The run that last counted how types are used.
    #[serde(default)]
    pub counted_in: u64,
    /// Seconds from order to online of the last servers, the oldest first.
    #[serde(default)]
    pub joins: BTreeMap<ProviderName, BTreeMap<NodeTypeName, Vec<u32>>>,
    /// How each node type with a forecast is used.
    #[serde(default)]
    pub usage: BTreeMap<NodeTypeName, Usage>,
}

/// How a node type is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Busy and waiting executors, smoothed, in millionths.
    pub average: u64,
    /// Busy and waiting executors in the last run.
    pub used: u32,
    /// By how many they change in half a minute, smoothed, in millionths.
    pub change: u64,
    /// The first server that is used, the second, and so on.
    pub levels: Vec<Level>,
    /// The most servers in use in each five minutes, for `ahead`.
    #[serde(skip_serializing_if = "Peaks::is_empty")]
    pub peaks: Peaks,
    /// Servers in use and wanted at hand lately: when, on [`Learned::clock`], and how many. Each is larger than the next.
    pub lately: Vec<(u64, u32)>,
    /// When a server was last retired for being idle or on the request of a person, on [`Learned::clock`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<u64>,
}

/// The uses of the n-th server of a type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// When so many servers were last in use, on [`Learned::clock`].
    pub last: u64,
    /// Seconds between two uses, the oldest first.
    pub gaps: Vec<u32>,
}

impl Default for Learned {
    fn default() -> Self {
        Self {
            version: VERSION,
            clock: 0,
            passed: 0,
            jumped: false,
            is_far: false,
            interval: 0,
            counted_in: 0,
            joins: BTreeMap::new(),
            usage: BTreeMap::new(),
        }
    }
}

impl Learned {
    /// Counts the time since the last run.
    pub fn count_time(&mut self, last_run: Option<Timestamp>, now: Timestamp) {
        let gap = last_run.map_or(0, |last| now.duration_since(last).as_secs());
        let gap = u32::try_from(gap.max(0)).unwrap_or(u32::MAX);
        let was_far = std::mem::replace(&mut self.is_far, gap > LONGEST_INTERVAL);
        self.jumped = self.is_far && !was_far;
        let gap = gap.min(LONGEST_INTERVAL);
        let usual = if self.interval == 0 { INTERVAL_AT_FIRST } else { self.interval };
        // Twice the usual is a run that was left out. More is a jump, or a silence of which nothing is known.
        self.passed = gap.min(usual.saturating_mul(2).max(INTERVAL_AT_FIRST));
        self.clock += u64::from(self.passed);
        if gap > 0 {
            let step = gap.abs_diff(usual).div_ceil(8);
            self.interval = if gap < usual { usual - step } else { usual + step };
        }
    }

    /// The time between the last run and the one before it, as far as it counts.
    pub fn passed(&self) -> SignedDuration {
        SignedDuration::from_secs(self.passed.into())
    }

    /// The usual time from one run to the next.
    pub fn interval(&self) -> SignedDuration {
        SignedDuration::from_secs(self.interval.into())
    }

    /// A server came online, so long after its order.
    pub fn joined(&mut self, provider: &ProviderName, node_type: &NodeTypeName, took: SignedDuration) {
        let joins = self.joins.entry(provider.clone()).or_default().entry(node_type.clone()).or_default();
        joins.push(u32::try_from(took.as_secs().clamp(0, LONGEST_GAP.into())).unwrap_or(LONGEST_GAP));
        let too_many = joins.len().saturating_sub(JOINS_KEPT);
        joins.drain(..too_many);
    }

    /// Reads what is there, and begins anew where that is of another version or no run can have written it.
    pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(serde_json::from_value(value).ok().filter(Self::is_sound).unwrap_or_default())
    }

    fn is_sound(&self) -> bool {
        let joins = self.joins.values().flat_map(BTreeMap::values);
        let usage_is_sound = |usage: &Usage| {
            usage.average.max(usage.change) < 1_000_000_000_000
                && usage.levels.len() <= LEVELS_KEPT
                && usage.levels.iter().all(|level| level.gaps.len() <= GAPS_KEPT && level.last <= self.clock)
                && usage.levels.iter().flat_map(|level| &level.gaps).all(|gap| *gap <= LONGEST_GAP)
                && usage.lately.len() <= 1000
                && usage.lately.iter().all(|(at, _)| *at <= self.clock)
                && usage.retired_at.is_none_or(|at| at <= self.clock)
        };
        self.version == VERSION
            && self.clock < u64::MAX / 2
            && self.passed.max(self.interval) <= LONGEST_INTERVAL
            && joins.into_iter().all(|joins| joins.len() <= JOINS_KEPT && joins.iter().all(|took| *took <= LONGEST_GAP))
            && self.usage.values().all(usage_is_sound)
    }
}
