//! The program against a real OpenStack, with the simulator's Jenkins beside it.
//!
//! Only where `OS_CLOUD` names a cloud of `clouds.yaml` (`OS_CLIENT_CONFIG_FILE`, or its usual places); elsewhere each
//! test says so in a word and passes. What the cloud shows is read by a client of its own, so that the program is not
//! believed about itself. Each test has an owner of its own, and whatever it leaves behind, also when it fails, is
//! removed at its end. The cloud needs an image, a small size and one network: `MITA_LIVE_IMAGE` (`Debian 12`) and
//! `MITA_LIVE_SIZE` (`m1.tiny`) name them.
//!
//! The simulator's clock stands still unless a test moves it; the runs are told the real time.

mod boot;
mod first_day;
mod life;
mod nova;
mod others;
mod quota;
mod refusals;
mod registering;
mod site;

use std::time::{Duration, Instant};

/// The variable of the environment, where it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "whether there is a cloud at all is said by the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The cloud to test against. Says so where there is none.
fn cloud() -> Option<String> {
    let cloud = variable("OS_CLOUD");
    if cloud.is_none() {
        skipped("no cloud given by OS_CLOUD");
    }
    cloud
}

fn skipped(why: &str) {
    println!("skipped: {why}");
}

#[expect(clippy::disallowed_methods, reason = "a real cloud takes real time")]
fn clock() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a real cloud takes real time")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Asks until there is an answer, for a minute.
#[track_caller]
fn within_a_minute<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = clock();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "waited a minute for this: {what}");
        pause(Duration::from_millis(400));
    }
}
