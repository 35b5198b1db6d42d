//! Real time for the simulator, which has none of its own. Its executors start at each step what they were given since the
//! one before: so long a build is assigned and not begun, as it is for some milliseconds on a real controller.

use jiff::Timestamp;
use mita_sim::Sim;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How far the simulator's clock is behind.
const STEP: Duration = Duration::from_millis(40);

/// A simulator's clock follows that of this machine for as long as this is there.
pub(super) struct Follower {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The time, in milliseconds since the epoch.
pub(super) fn now() -> u64 {
    u64::try_from(time().as_millisecond()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a controller has the real time")]
pub(super) fn time() -> Timestamp {
    Timestamp::now()
}

impl Follower {
    pub(super) fn of(sim: Arc<Sim>) -> Follower {
        let (stop, stopped) = mpsc::channel();
        let follow = move || {
            while stopped.recv_timeout(STEP) == Err(RecvTimeoutError::Timeout) {
                let mut world = sim.world();
                let passed = now().saturating_sub(world.now());
                world.advance(Duration::from_millis(passed));
                world.jenkins.hold_starts(true);
            }
        };
        Follower { stop: Some(stop), thread: Some(thread::spawn(follow)) }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
