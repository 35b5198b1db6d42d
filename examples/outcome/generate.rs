//! Makes traces up. The same kind, seed and number of days always give the same trace.
//!
//! a: a day and night curve with 3 labels, about 30 builds at once at the peak; b: 20 jobs of 4 labels each half hour, and a
//! trickle; c: a flaky cloud, where 10 % of the orders end in ERROR and 5 % never join; d: one job of 40 s each 12 s; e: 60
//! jobs at 02:00; h: one job of 8 minutes each hour.

use super::trace::{Build, Order, Trace};
use std::f64::consts::TAU;

/// Job names of each label.
const JOBS: usize = 12;

/// How many orders a trace has before they repeat.
const ORDERS: usize = 60_000;

/// How busy each hour of a day is.
const CURVE: [f64; 24] = [
    0.08, 0.08, 0.08, 0.08, 0.08, 0.1, 0.15, 0.3, 0.7, 1.0, 1.0, 0.95, 0.7, 0.85, 1.0, 1.0, 0.9, 0.6, 0.35, 0.25, 0.2,
    0.15, 0.1, 0.1,
];

/// Makes one up. `slow` multiplies the time that servers need to boot.
pub(crate) fn generate(kind: char, seed: u64, days: u64, slow: f64) -> Trace {
    let (labels, median, spread) = match kind {
        'a' => (3, 480.0, 0.35),
        'b' | 'h' => (4, 480.0, 0.35),
        'd' => (2, 40.0, 0.45),
        _ => (2, 480.0, 0.35),
    };
    let mut made = Maker { chance: Chance(seed * 1000 + kind as u64), medians: Vec::new(), spread, builds: Vec::new() };
    let between_jobs = if kind == 'd' { 0.4 } else { 0.6 };
    made.medians = (0..labels * JOBS).map(|_| made.chance.lognormal(median, between_jobs)).collect();
    let end = days * 86_400;
    match kind {
        'a' => made.poisson(30.0 / 613.0, &[0.6, 0.3, 0.1], true, end),
        'b' => {
            let mut at = 600.0;
            while at < end as f64 {
                for number in 0..20 {
                    let late = made.chance.unit() * 3.0;
                    made.build(at + late, number % 4);
                }
                at += 1800.0 + (made.chance.unit() - 0.5) * 600.0;
            }
            made.poisson(6.0 / 3600.0, &[1.0, 1.0, 1.0, 1.0], false, end);
        }
        'c' => made.poisson(10.0 / 613.0, &[0.65, 0.35], true, end),
        'd' => made.poisson(1.0 / 12.0, &[0.7, 0.3], false, end),
        'h' => (0..days * 24).for_each(|hour| made.build((hour * 3600 + 5) as f64, 0)),
        _ => {
            for day in 0..days {
                for number in 0..60 {
                    let late = made.chance.unit() * 5.0;
                    made.build((day * 86_400 + 18 * 3600) as f64 + late, usize::from(number % 3 == 2));
                }
            }
        }
    }
    made.builds.sort_by_key(|build| build.at);
    Trace { name: format!("{kind}{seed}"), builds: made.builds, orders: orders(kind, seed, slow) }
}

fn orders(kind: char, seed: u64, slow: f64) -> Vec<Order> {
    let mut chance = Chance(seed * 7777 + kind as u64);
    let one = |_| {
        let boots = (slow * chance.lognormal(100.0, 0.35).clamp(60.0, 240.0)) as u64;
        let joins = chance.lognormal(40.0, 0.3).clamp(15.0, 120.0) as u64;
        let fate = chance.unit();
        let error = kind == 'c' && fate < 0.10;
        let never = kind == 'c' && (0.10..0.15).contains(&fate);
        Order { boots: if error { boots.min(90) } else { boots }, joins: (!never).then_some(joins), error }
    };
    (0..ORDERS).map(one).collect()
}

/// A trace in the making.
struct Maker {
    chance: Chance,
    /// How long builds of each job usually take.
    medians: Vec<f64>,
    spread: f64,
    builds: Vec<Build>,
}

impl Maker {
    fn build(&mut self, at: f64, label: usize) {
        let job = label * JOBS + (self.chance.unit() * JOBS as f64) as usize;
        let lasts = self.chance.lognormal(self.medians[job], self.spread).round().clamp(5.0, 3.0 * 3600.0);
        let (job, label) = (format!("j{job}"), format!("L{label}"));
        self.builds.push(Build { at: at as u64, job, label, lasts: lasts as u64 });
    }

    fn poisson(&mut self, rate: f64, weights: &[f64], curved: bool, end: u64) {
        let mut at = 0.0;
        loop {
            at += self.chance.exponential(1.0 / rate);
            if at >= end as f64 {
                return;
            }
            let hour = (at as u64 / 3600 + 8) % 24;
            if !curved || self.chance.unit() < CURVE[hour as usize] {
                let label = self.pick(weights);
                self.build(at, label);
            }
        }
    }

    fn pick(&mut self, weights: &[f64]) -> usize {
        let mut left = self.chance.unit() * weights.iter().sum::<f64>();
        let found = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        found.unwrap_or(weights.len() - 1)
    }
}

/// Numbers that look random (SplitMix64).
struct Chance(u64);

impl Chance {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        (mix(self.0) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.unit(), self.unit());
        (-2.0 * u.ln()).sqrt() * (TAU * v).cos()
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -(1.0 - self.unit()).ln() * mean
    }

    fn lognormal(&mut self, median: f64, spread: f64) -> f64 {
        median * (spread * self.normal()).exp()
    }
}

/// Spreads the bits of a number over all of its places.
pub(crate) fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
