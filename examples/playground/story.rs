//! Who comes and goes: jobs, a person who looks at a node, a cloud without room. It begins again every ten minutes.

use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::Fate;
use mita_sim::{Ms, Sim};
use std::time::Duration;

/// What happens at a moment.
enum Deed {
    /// So many builds of this job are queued; each lasts so many seconds.
    Queue { count: usize, job: &'static str, label: &'static str, seconds: u64 },
    /// The builds of this job that still wait are cancelled.
    Cancel { job: &'static str },
    /// A person sets a node of mita's offline as soon as there is one, and brings it back after so many seconds.
    Hold { seconds: u64 },
    /// The next server that is ordered ends in ERROR.
    Fail,
}

/// What happens, each with its seconds since the beginning.
const DEEDS: &[(u64, Deed)] = &[
    (5, Deed::Queue { count: 2, job: "ceph-build", label: "amd64 && trusty", seconds: 60 }),
    (5, Deed::Queue { count: 1, job: "win-build", label: "windows", seconds: 60 }),
    (10, Deed::Queue { count: 1, job: "rpm-build", label: "centos7", seconds: 90 }),
    (90, Deed::Queue { count: 4, job: "ceph-build", label: "amd64 && trusty", seconds: 50 }),
    (120, Deed::Hold { seconds: 75 }),
    (200, Deed::Fail),
    (205, Deed::Queue { count: 2, job: "rpm-build", label: "centos7", seconds: 40 }),
    (210, Deed::Queue { count: 1, job: "docs", label: "trusty", seconds: 30 }),
    (330, Deed::Queue { count: 3, job: "ceph-build", label: "amd64 && trusty", seconds: 60 }),
    (390, Deed::Queue { count: 2, job: "docs", label: "trusty", seconds: 45 }),
    (590, Deed::Cancel { job: "win-build" }),
];

/// From one beginning to the next, in seconds: the end is quiet, so that nodes stand idle and are retired.
const PERIOD: u64 = 600;

/// As many jobs wait at most: where no run of mita helps them, people stop queueing more.
const PATIENCE: usize = 8;

/// What happened so far.
pub(crate) struct Story {
    began: Ms,
    speed: u32,
    /// How many deeds are done, over all periods.
    done: usize,
    hold: Hold,
}

enum Hold {
    None,
    Wanted { seconds: u64 },
    Until { node: String, end: Ms },
}

impl Story {
    /// All times are divided by the speed.
    pub(crate) fn begin(now: Ms, speed: u32) -> Self {
        Story { began: now, speed, done: 0, hold: Hold::None }
    }

    /// Does what is due.
    pub(crate) fn go_on(&mut self, sim: &Sim) {
        let period = self.done / DEEDS.len();
        let (seconds, deed) = &DEEDS[self.done % DEEDS.len()];
        let due = self.began + self.millis(PERIOD * period as u64 + seconds);
        if due <= sim.now() {
            self.done += 1;
            self.act(deed, sim);
        }
        self.look_at_a_node(sim);
    }

    fn millis(&self, seconds: u64) -> Ms {
        seconds * 1000 / u64::from(self.speed)
    }

    fn act(&mut self, deed: &Deed, sim: &Sim) {
        match *deed {
            Deed::Queue { count, job, label, seconds } => {
                let lasts = Duration::from_millis(self.millis(seconds));
                let mut jenkins = sim.jenkins();
                for _ in 0..count.min(PATIENCE.saturating_sub(jenkins.queue.len())) {
                    jenkins.submit(Job::freestyle(job).label(label).lasting(lasts));
                }
            }
            Deed::Cancel { job } => {
                let mut jenkins = sim.jenkins();
                let waiting: Vec<u64> =
                    jenkins.queue.iter().filter(|item| item.job.name == job).map(|item| item.id).collect();
                waiting.into_iter().for_each(|item| jenkins.cancel(item));
            }
            Deed::Hold { seconds } => {
                if matches!(self.hold, Hold::None) {
                    self.hold = Hold::Wanted { seconds };
                }
            }
            Deed::Fail => sim.cloud("openstack").next_fates = [Fate::no_valid_host()].into(),
        }
    }

    fn look_at_a_node(&mut self, sim: &Sim) {
        let now = sim.now();
        let mut jenkins = sim.jenkins();
        match &self.hold {
            Hold::None => {}
            Hold::Wanted { seconds } => {
                let of_mita = jenkins.nodes.iter().find(|node| node.server.is_some() && !node.offline());
                if let Some(node) = of_mita.map(|node| node.name.clone()) {
                    jenkins.hold(&node, "ops: looking at a failed build");
                    self.hold = Hold::Until { node, end: now + self.millis(*seconds) };
                }
            }
            Hold::Until { node, end } => {
                if *end <= now {
                    // Whoever tries mita may have released it.
                    if jenkins.node(node).is_some_and(|node| node.held) {
                        jenkins.release(node);
                    }
                    self.hold = Hold::None;
                }
            }
        }
    }
}
