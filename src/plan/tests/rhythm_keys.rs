//! For the random situations: the keys that say how many servers should be ready, and a past that they have learned from.

use super::random::TYPES;
use super::situation::{Situation, time};
use crate::config::{Ahead, AutoGrace, Budget, Forecast, NodeType, Period};
use crate::domain::state::{BIN, Level, Spending};
use proptest::prelude::*;
use proptest::sample::select;

/// What is written for the types, and how they were used before.
#[derive(Clone, Debug)]
pub(super) struct KeysDraw {
    types: Vec<TypeKeys>,
    /// Servers of the first type: how long each is idle, and how old it is.
    idle: Vec<(&'static str, u32)>,
    billing: bool,
    clock: u32,
}

#[derive(Clone, Debug)]
struct TypeKeys {
    spare: u32,
    wait_cost: Option<u32>,
    ahead: Option<Ahead>,
    /// Hours of a budget, and how many of them are used.
    budget: Option<(u32, u32)>,
    /// Executors in use on average, gaps between uses, and servers in use at this time of the days before.
    average: u64,
    gaps: Vec<u32>,
    peak: u32,
    retired_ago: u64,
}

pub(super) fn keys() -> impl Strategy<Value = KeysDraw> {
    let written = (
        select(vec![0, 0, 70, 10_000]),
        prop::option::of(select(vec![0, 20, 100_000])),
        prop::option::of(select(vec![Ahead::Daily, Ahead::Weekly])),
        prop::option::weighted(0.3, (1..4_u32, 0..5_u32)),
    );
    let past = (0..400_u64, prop::collection::vec(select(vec![30, 600, 3000, 14_400]), 0..8), 0..9_u32, 0..900_u64);
    let one = (written, past).prop_map(|((spare, wait_cost, ahead, budget), (average, gaps, peak, retired_ago))| {
        TypeKeys { spare, wait_cost, ahead, budget, average, gaps, peak, retired_ago }
    });
    let idle = prop::collection::vec((select(vec!["10s", "50s", "4m", "16m", "45m"]), 50..200_u32), 0..5);
    (prop::collection::vec(one, TYPES.len()), idle, any::<bool>(), 0..20_000_u32)
        .prop_map(|(types, idle, billing, clock)| KeysDraw { types, idle, billing, clock })
}

impl KeysDraw {
    /// Writes the keys, remembers the past, and adds idle servers.
    pub(super) fn add_to(&self, s: &mut Situation) {
        if self.billing {
            s.config.providers.iter_mut().for_each(|provider| provider.billing = Some(time("1h")));
        }
        s.state.learned.clock = self.clock.into();
        for (name, keys) in TYPES.iter().zip(&self.types) {
            if let Some(kind) = s.config.node_types.iter_mut().find(|kind| kind.name.as_str() == *name) {
                keys.write(kind);
                keys.remember(s, name);
            }
        }
        for (number, (idle, age)) in (11..).zip(&self.idle) {
            let id = format!("s{number}");
            s.idle(&id, &format!("10.0.1.{number}"), idle);
            let ordered_at = s.now - time(&format!("{age}m"));
            s.memory(&id).ordered_at = ordered_at;
            s.server(&id).created = Some(ordered_at);
        }
    }
}

impl TypeKeys {
    fn write(&self, kind: &mut NodeType) {
        let at_first = time("40m");
        let auto = self.wait_cost.map(|wait_cost| AutoGrace { wait_cost, at_first });
        if auto.is_some() {
            kind.times.idle_grace = AutoGrace::SHORTEST;
        }
        kind.forecast = Forecast { spare: self.spare, auto, ahead: self.ahead };
        kind.budget = self.budget.map(|(hours, _)| Budget {
            hours,
            per: Period::Week,
            time_zone: "UTC".to_owned().try_into().unwrap(),
        });
    }

    fn remember(&self, s: &mut Situation, name: &str) {
        let (now, clock) = (s.now, s.state.learned.clock);
        let usage = s.state.learned.usage.entry(name.into()).or_default();
        usage.average = self.average * 100_000;
        usage.levels = vec![Level { last: clock / 2, gaps: self.gaps.clone() }; self.gaps.len()];
        usage.retired_at = clock.checked_sub(self.retired_ago);
        let days = i64::from(self.ahead.map_or(1, Ahead::days));
        for bin in (now.as_second() - 2 * days * 86_400).div_euclid(BIN)..=now.as_second().div_euclid(BIN) {
            usage.peaks.note(bin, self.peak, 5000);
        }
        let kind = s.config.node_type(&name.into()).expect("a type of the configuration");
        if let (Some(budget), Some((_, used))) = (&kind.budget, self.budget) {
            let spent = Spending::default().with(budget.period(now).0, time(&format!("{used}h")));
            s.state.spent.node_types.insert(name.into(), spent);
        }
    }
}
