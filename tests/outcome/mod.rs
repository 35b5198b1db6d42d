//! How long jobs wait and what idle servers cost: traces played by the real run on the simulator's clock, each with a bound
//! that a wrong policy fails. `cargo run --release --example outcome` plays whole days of all kinds.

#[path = "../../examples/outcome/bounds.rs"]
mod bounds;
#[path = "../../examples/outcome/farm.rs"]
mod farm;
mod faults;
#[path = "../../examples/outcome/generate.rs"]
mod generate;
mod kinds;
mod rhythms;
#[path = "../../examples/outcome/summary.rs"]
mod summary;
#[expect(dead_code, reason = "the example shows more than the tests compare")]
#[path = "../../examples/outcome/trace.rs"]
mod trace;

use farm::Setup;
use summary::Outcome;
use trace::Trace;

/// The keys that `mita init` writes for each node type.
const ON: &str = "spare = 0.7\nidle_grace = \"auto\"\nwait_cost = 20\nahead = \"daily\"";

fn on() -> Setup {
    Setup { node_keys: ON.to_owned(), ..Setup::default() }
}

/// A run each minute is enough where a bound does not ask for more.
fn each_minute(setup: Setup) -> Setup {
    Setup { every: 60, ..setup }
}

/// Plays the text of a trace until a second of it.
fn play(text: &str, setup: &Setup, until: u64) -> Outcome {
    let trace = Trace::parse("trace", text).expect("a trace");
    farm::play(&trace, setup, until).expect("a trace that is played")
}

/// One job each.
fn builds(times: impl IntoIterator<Item = u64>, lasts: u64) -> String {
    let line = |(number, at)| format!("J {at} job{} L0 {lasts} 0\n", number % 12);
    times.into_iter().enumerate().map(line).collect()
}
