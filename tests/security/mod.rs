//! Hostile services, damaged files and secrets in wrong places: promise S9, and that nothing from outside makes the
//! program fall, swell or hang.
//!
//! The services here are not those of the simulator, which behave like the real ones: they answer whatever a test
//! tells them to, byte by byte where need be, and keep what they were sent.

mod connections;
mod crowds;
mod deadlines;
mod dependencies;
mod host;
mod inputs;
mod marked;
mod odd_texts;
mod panics;
mod process;
mod program;
mod redirects;
mod services;
mod sizes;
mod tls;

use std::time::{Duration, Instant};

#[expect(clippy::disallowed_methods, reason = "a test of deadlines looks at a stopwatch")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "plays a slow service, or looks at a process from time to time")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// The time that this thread has had a processor, by proc(5): no other process makes it longer.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("a kernel that keeps count");
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}

/// How many inputs a property is tried with: so many times its usual number in per cent.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests may want more of them")]
fn inputs(usual: u32) -> u32 {
    let wanted = std::env::var("MITA_TEST_INPUTS").ok().and_then(|number| number.parse().ok());
    wanted.unwrap_or(usual)
}
