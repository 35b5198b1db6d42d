//! Nodes that are retired as soon as they have no work, while builds come at random moments.

use super::client::{Build, Controller};
use super::site::{Pace, Site};
use super::{LONGEST, clock, follower, pause};
use crate::harness::Chance;
use mita::plan::model::{Action, Change};
use mita_sim::jenkins::Version;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How many jobs are queued again and again.
const JOBS: usize = 2;

#[test]
fn live_s1_no_build_dies_or_vanishes_while_nodes_are_retired_as_soon_as_they_are_idle() {
    let Some(site) = Site::given_with_agents("drain") else { return };
    drain(&site, follower::now());
}

/// Before 2.517, when Jenkins can lose a build, so that mita closes each node before it sets it offline.
#[test]
fn s1_rehearsed_no_build_dies_or_vanishes_while_nodes_are_retired_as_soon_as_they_are_idle() {
    let Some(site) = Site::rehearsed("drain", Version::lts(2, 426, 3)) else { return };
    drain(&site, 1);
}

fn drain(site: &Site, seed: u64) {
    println!("seed {seed}");
    site.configure(Duration::ZERO);
    let (controller, pace) = (&site.controller, &site.pace);
    let seconds = |number: usize| pace.build * (number + 1) as f64 / 8.0;
    let jobs: Vec<String> = (0..JOBS).map(|number| site.job(&format!("build-{number}"), seconds(number))).collect();
    let started = clock();
    let (mut retired, mut retired_meanwhile) = (0, 0);
    let items: BTreeSet<u64> = std::thread::scope(|scope| {
        let begun = (0..).zip(&jobs).map(|(number, job)| {
            let chance = Chance::new(seed + number);
            scope.spawn(move || queue_builds(controller, pace, job, chance))
        });
        let queued: Vec<_> = begun.collect();
        loop {
            site.boot();
            let queueing = queued.iter().any(|thread| !thread.is_finished());
            let run = site.run();
            let is_retirement = |action: &&Action| matches!(action.change, Change::RetireNode(_));
            let retirements = run.report.plan.actions.iter().filter(is_retirement).count();
            retired += retirements;
            retired_meanwhile += if queueing { retirements } else { 0 };
            if !queueing
                && controller.nodes(&site.name).is_empty()
                && !jobs.iter().any(|job| is_wanted(controller, job))
            {
                break queued.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
            }
            assert!(started.elapsed() < 2 * LONGEST, "it does not come to its end\n{}", run.story());
            pause(Duration::from_millis(30));
        }
    });
    println!(
        "{} builds, {retired} retirements begun, {retired_meanwhile} of them while builds were queued",
        items.len()
    );
    let builds: BTreeMap<u64, Build> =
        jobs.iter().flat_map(|job| controller.job(job).1).map(|build| (build.item, build)).collect();
    let wrong: Vec<String> = items
        .iter()
        .filter_map(|item| match builds.get(item) {
            None => Some(format!("queue item {item} never became a build")),
            Some(build) => (build.result.as_deref() != Some("SUCCESS")).then(|| format!("{build:?}")),
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(retired > 0 && site.servers().is_empty());
}

/// Queues builds of a job, and gives the ids of their queue items. Most come a moment after the one before has ended, when
/// its node is about to be retired; the others sooner.
fn queue_builds(controller: &Controller, pace: &Pace, job: &str, mut chance: Chance) -> BTreeSet<u64> {
    let started = clock();
    let mut items = BTreeSet::new();
    for _ in 0..pace.builds {
        items.insert(controller.queue_build(job));
        let afterwards = chance.in_hundred(80);
        while afterwards && is_wanted(controller, job) && started.elapsed() < LONGEST {
            pause(Duration::from_millis(30));
        }
        pause(Duration::from_millis(chance.below(pace.gap) as u64));
    }
    items
}

/// Whether a build of the job waits or runs.
fn is_wanted(controller: &Controller, job: &str) -> bool {
    let (waits, builds) = controller.job(job);
    waits || builds.iter().any(|build| build.result.is_none())
}
