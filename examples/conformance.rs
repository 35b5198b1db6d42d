//! Tries a backend, a program for `type = "command"`, against the contract in `examples/backend.md`.
//!
//! ```text
//! cargo run --example conformance -- examples/backends/local --root /tmp/try
//! ```
//!
//! It creates some ten servers, deletes them again, and says what is wrong in words for the author of the backend. Use an
//! account or a folder of its own, with room for 15 servers. It takes a minute or two.

#[path = "conformance/backend.rs"]
mod backend;
#[path = "conformance/trials.rs"]
mod trials;

use backend::{Backend, TIMEOUT};
use clap::Parser;
use std::process::ExitCode;
use trials::Others;

/// Tries a backend against the contract in examples/backend.md
#[derive(Parser)]
struct Args {
    /// The backend and its arguments, as in `command` of a provider
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<String>,
}

#[expect(clippy::print_stdout, reason = "the report is what the program is for")]
fn main() -> ExitCode {
    let backend = Backend::new(Args::parse().command, TIMEOUT);
    let mut wrong = 0;
    for trial in trials::run(&backend, Others::Tried) {
        match trial.wrong.as_slice() {
            [] => println!("ok     {}", trial.what),
            several => {
                wrong += several.len();
                println!("WRONG  {}", trial.what);
                several.iter().for_each(|text| println!("       {text}"));
            }
        }
    }
    match wrong {
        0 => {
            println!("The backend keeps the contract, as far as this can be tried.");
            ExitCode::SUCCESS
        }
        several => {
            let (things, are) = if several == 1 { ("thing", "is") } else { ("things", "are") };
            println!("{several} {things} {are} wrong; the contract is in examples/backend.md.");
            ExitCode::FAILURE
        }
    }
}
