//! What happens by itself: jobs, a person who holds a node, a server that fails. It repeats every ten minutes.

use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::Fate;
use mita_sim::{Ms, Sim};
use std::time::Duration;

/// One thing that happens.
enum Step {
    /// `count` builds of this job are queued; each lasts this many seconds.
    Queue { count: usize, job: &'static str, label: &'static str, seconds: u64 },
    /// The builds of this job that still wait are cancelled.
    Cancel { job: &'static str },
    /// A person sets a node of mita's offline as soon as there is one, and brings it back after this many seconds.
    Hold { seconds: u64 },
    /// The next server that is ordered ends in ERROR.
    Fail,
}

/// Each step with its second in the period.
const STEPS: &[(u64, Step)] = &[
    (5, Step::Queue { count: 2, job: "ceph-build", label: "amd64 && trusty", seconds: 60 }),
    (5, Step::Queue { count: 1, job: "win-build", label: "windows", seconds: 60 }),
    (10, Step::Queue { count: 1, job: "rpm-build", label: "centos7", seconds: 90 }),
    (90, Step::Queue { count: 4, job: "ceph-build", label: "amd64 && trusty", seconds: 50 }),
    (120, Step::Hold { seconds: 75 }),
    (200, Step::Fail),
    (205, Step::Queue { count: 2, job: "rpm-build", label: "centos7", seconds: 40 }),
    (210, Step::Queue { count: 1, job: "docs", label: "trusty", seconds: 30 }),
    (330, Step::Queue { count: 3, job: "ceph-build", label: "amd64 && trusty", seconds: 60 }),
    (390, Step::Queue { count: 2, job: "docs", label: "trusty", seconds: 45 }),
    (590, Step::Cancel { job: "win-build" }),
];

/// The length of a period in seconds. Its end is quiet, so that nodes are retired.
const PERIOD: u64 = 600;

/// The most jobs in the queue, for when nobody runs mita.
const MAX_QUEUED: usize = 8;

/// How far the story is.
pub(crate) struct Story {
    began: Ms,
    speed: u32,
    /// How many steps were taken, over all periods.
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

    /// Takes the next step if it is due.
    pub(crate) fn go_on(&mut self, sim: &Sim) {
        let period = self.done / STEPS.len();
        let (seconds, step) = &STEPS[self.done % STEPS.len()];
        let due = self.began + self.millis(PERIOD * period as u64 + seconds);
        if due <= sim.now() {
            self.done += 1;
            self.act(step, sim);
        }
        self.hold_a_node(sim);
    }

    fn millis(&self, seconds: u64) -> Ms {
        seconds * 1000 / u64::from(self.speed)
    }

    fn act(&mut self, step: &Step, sim: &Sim) {
        match *step {
            Step::Queue { count, job, label, seconds } => {
                let lasts = Duration::from_millis(self.millis(seconds));
                let mut jenkins = sim.jenkins();
                for _ in 0..count.min(MAX_QUEUED.saturating_sub(jenkins.queue.len())) {
                    jenkins.submit(Job::freestyle(job).label(label).lasting(lasts));
                }
            }
            Step::Cancel { job } => {
                let mut jenkins = sim.jenkins();
                let waiting: Vec<u64> =
                    jenkins.queue.iter().filter(|item| item.job.name == job).map(|item| item.id).collect();
                waiting.into_iter().for_each(|item| jenkins.cancel(item));
            }
            Step::Hold { seconds } => {
                if matches!(self.hold, Hold::None) {
                    self.hold = Hold::Wanted { seconds };
                }
            }
            Step::Fail => sim.cloud("openstack").next_fates = [Fate::no_valid_host()].into(),
        }
    }

    fn hold_a_node(&mut self, sim: &Sim) {
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
                    // `mita release` may have ended the hold before.
                    if jenkins.node(node).is_some_and(|node| node.held) {
                        jenkins.release(node);
                    }
                    self.hold = Hold::None;
                }
            }
        }
    }
}
