//! `mita status --watch`: the same again and again, until the reader has seen enough.

use crate::cli::args::Shape;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::output::Reader;
use crate::cli::tell_what_was_seen;
use crate::config::Loaded;
use crate::progress::Progress;
use crate::reconcile::{Moment, Permits, dry_run};
use crate::view::picture::Picture;
use crate::view::status::{Status, text};
use std::time::Duration;

/// Never ends by itself but where something fails that looking again would not mend, or nobody reads any more. No mode of
/// the terminal is changed, so that Ctrl-C leaves it as it was.
pub(crate) fn run(shape: Shape, pause: Duration, loaded: &Loaded, moment: Moment) -> Result<Exit, Failure> {
    let json = shape.output.is_json();
    if !json && !output::is_terminal() {
        return Err(Failure::NoTerminal);
    }
    // Once, and not at each look: on a terminal they would stand in the middle of the tables.
    for warning in loaded.warnings.iter().filter(|_| json) {
        log::warn!("{warning}");
    }
    loop {
        // The clock was asked once, in `main`; time has passed since.
        let passed = moment.started.elapsed();
        let look = Moment { now: moment.now + passed, started: moment.started + passed };
        let report = dry_run(&loaded.config, Permits::default(), look, &Progress::silent())?;
        let status = Status::of(&Picture::of(&loaded.config, &report));
        let reader = if json {
            tell_what_was_seen(&report, shape.output);
            output::print_document(&status)?
        } else {
            let seconds = pause.as_secs();
            output::draw(&format!("Every {seconds}s, until Ctrl-C. {}", text::render(&status)))?
        };
        if reader == Reader::Gone {
            return Ok(Exit::Done);
        }
        wait(pause);
    }
}

#[expect(clippy::disallowed_methods, reason = "a person asked for a pause between two looks")]
fn wait(pause: Duration) {
    std::thread::sleep(pause);
}
