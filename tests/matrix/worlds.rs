//! Random worlds: fleets, queues, people, faults and clocks as chance will have it, for the better part of an hour each.
//!
//! The simulator checks the promises of safety after every request. In the end everything is healed and left to itself:
//! then every job is to be built, and nothing of ours is to be left. A world that fails is tried again with fewer events
//! until nothing more can be left out, and printed with its seed: `MITA_TEST_WORLDS=SEED` runs that one alone, `MITA_TEST_WORLDS=FIRST-LAST` many others.
//! Each seed is a world with clouds of OpenStack, set up in more or less unusual ways, and one with programs in their place
//! (`type = "command"`).

mod chances;
mod clouds;
mod events;
mod people;

use super::checks::{picture, strangers_are_untouched};
use super::in_full;
use crate::harness::side_by_side::{try_all, words};
use crate::harness::{Chance, Installation, Setup, is_order, minutes, seconds};
use chances::{any, doubtful, further, hidden, lasting, later, latest, misleading, moves, newest, odd, of_services};
use clouds::Unusual;
use events::{Backend, Event, connected, happen};
use jiff::Timestamp;
use mita::plan::text::display::Detail;
use mita::progress::Progress;
use mita::reconcile::{Moment, Permits, reconcile};
use mita_sim::JoinRule;
use mita_sim::jenkins::nodes::CauseKind;
use mita_sim::jenkins::{Jenkins, Version};
use people::{
    delete_entries_taken_over, has_hidden_hold, has_unrecognizable, let_go, let_go_of_what_is_left, release_all,
    release_forgotten, remove_renamed, remove_renamed_without_a_server, remove_taken, unlock,
};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Worlds of every day, and in full.
const WORLDS: u64 = 12;
const WORLDS_IN_FULL: u64 = 3000;
/// With programs: each call starts one, which takes longer than a request.
const WORLDS_OF_PROGRAMS: u64 = 6;
const WORLDS_OF_PROGRAMS_IN_FULL: u64 = 1000;
/// A breaker may be open for an hour, and a job be told for an hour that a type does not serve it: both once.
const UNTIL_ALL_IS_BUILT: u32 = 200;
/// How much longer it may take for each job that waits, since there are few servers.
const FOR_EACH_JOB: u32 = 5;
const UNTIL_NOTHING_IS_LEFT: u32 = 60;
const FOLLOWED_AFTER: u32 = 20;

/// A world: how it is set up, and what happens in which minute.
#[derive(Clone, Debug)]
struct World {
    seed: u64,
    backend: Backend,
    length: u32,
    events: Vec<(u32, Event)>,
}

impl World {
    fn of(seed: u64, backend: Backend) -> Self {
        let mut chance = Chance::new(seed ^ 0x5eed);
        let length = 20 + u32::try_from(chance.below(40)).expect("small");
        let often = 20 + chance.below(60);
        let mut events = vec![(1, Event::Jobs { number: 2, sort: chance.below(12), minutes: 3 })];
        for minute in 1..length {
            while chance.in_hundred(often) {
                events.push((minute, any(&mut chance)));
            }
        }
        rarely(&mut events, length, 6, Chance::new(seed ^ 0x1a7e), later);
        let mut latest_chance = Chance::new(seed ^ 0x1a7e57);
        for minute in 3..length {
            if latest_chance.in_hundred(6) {
                let event = latest(&mut latest_chance);
                let times = if matches!(event, Event::Flaps { .. }) { 8 } else { 1 };
                events.extend((0..times).map(|time| (minute + 2 * time, event)));
            }
        }
        rarely(&mut events, length, 8, Chance::new(seed ^ 0x9e3e57), newest);
        rarely(&mut events, length, 6, Chance::new(seed ^ 0x0dd), odd);
        rarely(&mut events, length, 6, Chance::new(seed ^ 0xd0b7), doubtful);
        rarely(&mut events, length, 10, Chance::new(seed ^ 0x315ead), misleading);
        rarely(&mut events, length, 6, Chance::new(seed ^ 0x41dde), hidden);
        rarely(&mut events, length, 6, Chance::new(seed ^ 0xf0443), further);
        rarely(&mut events, length, 6, Chance::new(seed ^ 0xc14de4), of_services);
        let mut lasting_chance = Chance::new(seed ^ 0x1a57);
        for minute in 3..length {
            if lasting_chance.in_hundred(2) {
                events.extend(lasting(&mut lasting_chance, minute));
            }
        }
        if backend == Backend::OpenStack {
            events.extend(moves(Chance::new(seed ^ 0x5e9104), length));
        }
        Self { seed, backend, length, events }
    }

    fn set(&self) -> Installation {
        let mut chance = Chance::new(self.seed);
        let executors = 1 + chance.below(2);
        // A program has no volumes.
        let storage = if chance.in_hundred(40) && self.backend == Backend::OpenStack { "\nstorage = 10" } else { "" };
        let two = chance.in_hundred(40);
        let providers = if two { "[\"openstack\", \"backup\"]" } else { "\"openstack\"" };
        let name = if chance.in_hundred(30) { "\nserver_name = \"{node}-{id}\"" } else { "" };
        let max = 2 + chance.below(5);
        // Chances of their own, so that what is older is as it was with each seed.
        let mut newer = Chance::new(self.seed ^ 0xbeef);
        let register = match newer.below(5) {
            0 => "\nregister = \"ssh\"\ncredentials_id = \"jenkins-agent\"",
            1 => "\nregister = \"inbound\"\nscript = \"#!/bin/sh\\n${MITA_AGENT_SECRET}\"",
            _ => "",
        };
        let one_build = if executors == 1 && newer.in_hundred(20) { "\nsingle_use = true" } else { "" };
        let age = if newer.in_hundred(20) { "\nmax_age = \"15m\"" } else { "" };
        let mut odd = Chance::new(self.seed ^ 0xc105ed);
        let loses_items = odd.in_hundred(30);
        let floating_ips = odd.in_hundred(30) && self.backend == Backend::OpenStack;
        let pool = if floating_ips { "\nfloating_ip_pool = \"public\"" } else { "" };
        let unusual = self.unusual(floating_ips);
        let networks = unusual.node_type();
        let trusty = format!(
            "labels = \"amd64 trusty\"\nexecutors = {executors}\nprovider = {providers}{name}{register}{one_build}{age}{pool}{networks}"
        );
        let size = unusual.size();
        let debian =
            format!("labels = \"amd64 debian\"\nmax = 2\nprovider = {providers}{storage}{age}{networks}{size}");
        let mut setup = Setup::new().node("trusty", &trusty).node("debian", &debian).provider(unusual.provider());
        if self.backend == Backend::Program {
            setup = setup.by_command();
        }
        let late = seconds(Chance::new(self.seed ^ 0x4e50).one_of(&[0, 0, 30, 180]));
        setup = setup.jenkins(|options| options.resumes_after = late);
        if loses_items {
            setup = setup.jenkins(|options| options.version = Version::lts(2, 426, 3));
        }
        for line in [
            format!("max_servers = {max}"),
            format!("idle_grace = \"{}m\"", 2 + chance.below(8)),
            "boot_timeout = \"5m\"".to_owned(),
            "join_timeout = \"5m\"".to_owned(),
            "order_timeout = \"5m\"".to_owned(),
            // One request after the other: so a seed is the same world again.
            "concurrency = 1".to_owned(),
        ] {
            setup = setup.top(&line);
        }
        if two {
            setup = setup.cloud("backup", "");
        }
        let farm = setup.start();
        for (node, labels) in [("trusty", "amd64 trusty"), ("debian", "amd64 debian")] {
            let number = if node == "trusty" { executors } else { 1 };
            let rule = JoinRule::base_plus_ip(seconds(20 + chance.below(60) as u64), labels).executors(number);
            if node == "debian" || register.is_empty() {
                farm.sim.on_boot(node, rule);
            }
        }
        if two {
            // Another network, as in another cloud.
            farm.sim.cloud("backup").networks[0].prefix = "192.168.77".into();
        }
        {
            let mut world = farm.sim.world();
            world.rules.max_servers = Some(max);
            world.rules.max_of_type.insert("debian".into(), 2);
        }
        unusual.set(&farm);
        super::scenes::add_strangers(&farm);
        farm
    }

    /// How its clouds are set up; those of programs as usual.
    fn unusual(&self, floating_ips: bool) -> Unusual {
        match self.backend {
            Backend::OpenStack => Unusual::of(&mut Chance::new(self.seed ^ 0xc10d), floating_ips),
            Backend::Program => Unusual::default(),
        }
    }

    /// Lives through it; gives the number of runs.
    fn live(&self) -> usize {
        let farm = self.set();
        let mut life = Life {
            farm: &farm,
            backend: self.backend,
            clock: 0,
            latest: 0,
            runs: 0,
            state_lost: false,
            servers_unknown: false,
            lists_lie: false,
        };
        for minute in 0..self.length {
            for (_, event) in self.events.iter().filter(|(at, _)| *at == minute) {
                life.happens(*event);
            }
            life.minute();
        }
        life.settles();
        life.runs
    }

    /// The same world with fewer events that fails as well.
    fn shrunk(&self) -> (World, String) {
        let failure = |world: &World| {
            let result = catch_unwind(AssertUnwindSafe(|| world.live()));
            result.err().map(|panic| words(panic.as_ref()))
        };
        let mut smallest = self.clone();
        let mut text = failure(&smallest).unwrap_or_else(|| "it did not fail a second time".to_owned());
        let kind = kind(&text).to_owned();
        let mut piece = smallest.events.len().div_ceil(2);
        while piece > 0 {
            let mut at = 0;
            while at < smallest.events.len() {
                let mut fewer = smallest.clone();
                fewer.events.drain(at..(at + piece).min(fewer.events.len()));
                match failure(&fewer).filter(|failed| self::kind(failed) == kind) {
                    Some(failed) => (smallest, text) = (fewer, failed),
                    None => at += piece,
                }
            }
            piece = if piece == 1 { 0 } else { piece.div_ceil(2) };
        }
        (smallest, text)
    }
}

/// What sort of failure it is: the promise that was broken, or what did not come to be.
fn kind(failure: &str) -> &str {
    let line = failure.lines().find(|line| *line != "broken promises:").unwrap_or_default();
    line.split(':').next().unwrap_or_default()
}

/// Adds events of one sort, each minute with so many chances in a hundred.
fn rarely(
    events: &mut Vec<(u32, Event)>,
    length: u32,
    often: usize,
    mut chance: Chance,
    event: fn(&mut Chance) -> Event,
) {
    for minute in 3..length {
        if chance.in_hundred(often) {
            events.push((minute, event(&mut chance)));
        }
    }
}

/// A world that is being lived in.
struct Life<'a> {
    farm: &'a Installation,
    backend: Backend,
    /// How far the machine's clock is off, in milliseconds.
    clock: i64,
    /// The latest time that a run was made at, in milliseconds.
    latest: i64,
    runs: usize,
    state_lost: bool,
    /// The state was lost, and no run read the lists of all clouds since.
    servers_unknown: bool,
    /// A cloud did not show its servers, or is not to.
    lists_lie: bool,
}

impl Life<'_> {
    fn happens(&mut self, event: Event) {
        match event {
            // Orders are told apart by the time: with the clock set back, a forgotten one could be made once more.
            Event::Clock(hours) if self.state_lost && hours * 3_600_000 < self.clock => {}
            Event::Clock(hours) => self.clock = hours * 3_600_000,
            Event::Silence(length) => self.farm.sim.advance(minutes(length)),
            // A forgotten server that no list shows cannot be known by anything.
            Event::StateLost { .. } if self.lists_lie || self.something_is_invisible() => {}
            // As above.
            Event::StateLost { .. } if self.reading() < self.latest => {}
            // Nothing but memory tells whose such a node is.
            Event::StateLost { .. } if has_unrecognizable(self.farm) || has_hidden_hold(self.farm) => {}
            Event::Relabelled { .. } | Event::Misnamed { .. } if self.state_lost => {}
            _ if self.hides_servers(event) && self.servers_unknown => {}
            _ if self.hides_servers(event) => {
                self.lists_lie = true;
                happen(self.farm, self.backend, event);
            }
            Event::StateLost { .. } => {
                self.state_lost = true;
                self.servers_unknown = true;
                // Without memory nobody can tell that a node of exactly this name was there before our server was.
                self.farm.sim.jenkins().delete_node("trusty");
                happen(self.farm, self.backend, event);
            }
            // Nobody can, at a Jenkins that is down.
            Event::Hold(_)
            | Event::Renamed { .. }
            | Event::Misnamed { .. }
            | Event::Cut(_)
            | Event::TimesOut { .. }
                if !self.farm.sim.jenkins().is_up() => {}
            Event::Cut(which) => {
                self.forgets(
                    which,
                    |jenkins, node| jenkins.cut(node, "strace"),
                    |jenkins, node| jenkins.launch_fails(node),
                );
            }
            Event::TimesOut { which, held } => self.forgets(
                which,
                |jenkins, node| {
                    if held {
                        jenkins.hold(node, "it swaps");
                    }
                },
                |jenkins, node| jenkins.disconnect(node, CauseKind::ResponseTime, "Time out for last 5 try"),
            ),
            // Before 2.482 Jenkins forgets a hold with the restart, and its cause with a lost connection: a run has to have
            // seen it, and to have got the list of the nodes.
            Event::Restart { .. } | Event::Flaps { .. } | Event::ConnectionLost { .. }
                if !self.farm.sim.jenkins().options.version.keeps_offline_cause() =>
            {
                self.farm.sim.heal();
                self.run();
                happen(self.farm, self.backend, event);
            }
            _ => happen(self.farm, self.backend, event),
        }
    }

    /// Somebody does something to a node, a run sees that, and then Jenkins forgets it.
    fn forgets(&mut self, which: usize, is_done: impl Fn(&mut Jenkins, &str), forget: impl Fn(&mut Jenkins, &str)) {
        // Beside a mark of mita nobody sees that a person disconnected the agent.
        let is_unmarked = |node: &String| self.farm.sim.jenkins().node(node).is_some_and(|node| node.mark.is_none());
        let Some(node) = connected(self.farm, which).filter(is_unmarked) else { return };
        is_done(&mut self.farm.sim.jenkins(), &node);
        self.farm.sim.heal();
        self.run();
        forget(&mut self.farm.sim.jenkins(), &node);
    }

    /// Whether servers may stay unseen while something is ordered: their cloud says that it has none, or it says nothing
    /// and there is another one.
    fn hides_servers(&self, event: Event) -> bool {
        event.hides_servers() || event.silences_a_cloud() && self.farm.sim.world().clouds.len() > 1
    }

    fn something_is_invisible(&self) -> bool {
        let world = self.farm.sim.world();
        let lag = world.clouds["openstack"].options.list_lag;
        let young = |server: &mita_sim::openstack::Server| u128::from(world.now() - server.created) <= lag.as_millis();
        world.clouds["openstack"].servers.iter().any(young)
    }

    /// What the machine's clock shows.
    fn reading(&self) -> i64 {
        i64::try_from(self.farm.sim.now()).expect("a time of this century") + self.clock
    }

    #[expect(clippy::disallowed_methods, reason = "the deadline is real time")]
    fn run(&mut self) {
        let now = self.reading();
        self.latest = self.latest.max(now);
        let now = Timestamp::from_millisecond(now).expect("a time of this century");
        let before = self.farm.sim.world().log.len();
        let mut waiting = self.waiting();
        let moment = Moment { now, started: Instant::now() };
        let report = reconcile(&self.farm.config(), Permits::default(), moment, &Progress::silent());
        let report = report.unwrap_or_else(|error| panic!("a run ended early: {error}"));
        self.runs += 1;
        self.servers_unknown &= report.world.clouds.values().any(|cloud| cloud.servers.complete().is_none());
        if !self.farm.sim.violations().is_empty() {
            println!("{}", report.plan.display(Detail::Full));
        }
        self.farm.sim.assert_promises();
        let requests = self.farm.sim.requests_after(before);
        let orders =
            requests.iter().filter(|request| is_order(request) && request.status.is_none_or(|s| s < 300)).count();
        // Jobs arrive in the run, and one of them may have left the queue by now.
        waiting.append(&mut self.waiting());
        let waiting = waiting.len() + 1;
        assert!(orders <= waiting, "{orders} orders for {waiting} jobs: {:?}", report.plan.actions);
    }

    fn waiting(&self) -> BTreeSet<u64> {
        self.farm.sim.jenkins().queue.iter().map(|item| item.id).collect()
    }

    fn minute(&mut self) {
        self.run();
        self.farm.sim.advance(minutes(1));
    }

    fn until(&mut self, most: u32, what: &str, so: impl Fn(&Installation) -> bool) {
        for minute in 0..most {
            if so(self.farm) {
                return;
            }
            self.minute();
            release_forgotten(self.farm);
            if minute == FOLLOWED_AFTER {
                delete_entries_taken_over(self.farm);
            }
        }
        let last = self.farm.dry_run();
        panic!("not in {most} minutes: {what}\n{:?}\n{}", picture(self.farm), last.story());
    }

    /// Everything is healed; then everything is built, and then nothing is left.
    fn settles(&mut self) {
        self.farm.sim.heal();
        happen(self.farm, self.backend, Event::Moved(false));
        for cloud in self.farm.sim.world().clouds.values_mut() {
            cloud.next_fates.clear();
            cloud.options.list_lag = seconds(0);
            cloud.options.reclaim_time = seconds(0);
            cloud.options.volumes_down = false;
            cloud.quota_mut("ceph-ci").floating_ips = None;
        }
        self.farm.sim.jenkins().quiet_down(false);
        let_go(self.farm);
        if self.state_lost {
            let_go_of_what_is_left(self.farm);
        }
        unlock(self.farm);
        remove_renamed_without_a_server(self.farm);
        // A person can release nothing before.
        self.until(UNTIL_NOTHING_IS_LEFT, "Jenkins is up", |farm| farm.sim.jenkins().is_up());
        release_all(self.farm);
        let waiting = u32::try_from(self.farm.sim.jenkins().queue.len()).expect("few jobs");
        self.until(UNTIL_ALL_IS_BUILT + FOR_EACH_JOB * waiting, "every job is built", |farm| {
            let jenkins = farm.sim.jenkins();
            jenkins.queue.is_empty() && jenkins.nodes.iter().all(|node| node.idle() && node.connects_at.is_none())
        });
        remove_renamed(self.farm);
        remove_taken(self.farm);
        let lost = self.state_lost;
        self.until(UNTIL_NOTHING_IS_LEFT, "nothing of ours is left", |farm| {
            let mut left = picture(farm);
            // Volumes of others; and what a lost state file knew alone: nodes and volumes that outlived their server.
            left.retain(|what, _| !(what.starts_with("volumes") || lost && what == "nodes whose server is gone"));
            left.is_empty()
        });
        if !lost {
            self.until(UNTIL_NOTHING_IS_LEFT, "no volume of ours is left", |farm| {
                let world = farm.sim.world();
                let volumes = world.clouds.values().flat_map(|cloud| cloud.volumes.iter().map(move |v| (cloud, v)));
                let ours = |(cloud, volume): &(&mita_sim::openstack::Cloud, &mita_sim::openstack::Volume)| {
                    let server = volume.made_for.as_deref().or_else(|| volume.name.strip_suffix("-blank-vol"));
                    server.is_some_and(|server| cloud.history.contains_key(server))
                };
                volumes.filter(ours).count() == 0
            });
        }
        // Jenkins may have been restarted just now: everybody's agents come back.
        self.until(UNTIL_NOTHING_IS_LEFT, "every agent is back", |farm| {
            farm.sim.jenkins().nodes.iter().all(|node| node.connects_at.is_none())
        });
        strangers_are_untouched(self.farm);
    }
}

#[test]
fn random_worlds_keep_every_promise_and_settle_in_the_end() {
    let (number, runs) = live_in(Backend::OpenStack, if in_full() { WORLDS_IN_FULL } else { WORLDS });
    println!("random worlds: {number} worlds, {runs} runs");
}

#[test]
fn random_worlds_of_programs_keep_every_promise_and_settle_in_the_end() {
    let most = if in_full() { WORLDS_OF_PROGRAMS_IN_FULL } else { WORLDS_OF_PROGRAMS };
    let (number, runs) = live_in(Backend::Program, most);
    println!("random worlds of programs: {number} worlds, {runs} runs");
}

/// Lives in so many worlds, or in those that are asked for; gives the number of worlds and of runs.
fn live_in(backend: Backend, most: u64) -> (usize, usize) {
    let seeds: Vec<u64> = chosen().unwrap_or(0..=most - 1).collect();
    let number = seeds.len();
    let runs = try_all(
        2,
        seeds,
        |seed| format!("world {seed}"),
        |&seed| {
            let world = World::of(seed, backend);
            catch_unwind(AssertUnwindSafe(|| world.live())).unwrap_or_else(|panic| {
                let (smallest, text) = world.shrunk();
                panic!("{}\nwith fewer events: {smallest:#?}\n{text}", words(panic.as_ref()))
            })
        },
    );
    (number, runs)
}

/// The worlds that are asked for.
#[expect(clippy::disallowed_methods, reason = "the tests' own switch, no part of the program")]
fn chosen() -> Option<RangeInclusive<u64>> {
    let chosen = std::env::var("MITA_TEST_WORLDS").ok()?;
    let (first, last) = chosen.split_once('-').unwrap_or((&chosen, &chosen));
    let seed = |text: &str| text.parse().expect("MITA_TEST_WORLDS is a number, or two with a dash");
    Some(seed(first)..=seed(last))
}
