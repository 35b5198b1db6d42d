//! Actions and verdicts: orders, removals, the brake, and what a person is told.

mod braking;
mod crowds;
mod failing;
mod failures;
mod gates;
mod lasting;
mod losses;
mod lost;
mod paused;
mod registering;
mod still_running;
mod text;
mod unused;
mod volumes;
