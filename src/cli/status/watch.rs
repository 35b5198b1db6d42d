//! `mita status --watch`: the same again and again, until the reader has seen enough.

use super::{Status, text};
use crate::cli::args::Shape;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Reader};
use crate::cli::picture::Picture;
use crate::cli::{dry_report, tell_what_was_seen};
use crate::config::Loaded;
use crate::progress::Progress;
use crate::reconcile::Moment;
use std::time::Duration;

/// Never ends by itself but where something fails that looking again would not mend, or nobody reads any more. No mode of
/// the terminal is changed, so that Ctrl-C leaves it as it was.
pub(super) fn run(shape: Shape, pause: Duration, loaded: &Loaded, moment: Moment) -> Result<Exit, Failure> {
    let json = shape.output.is_json();
    if !json && !output::is_terminal() {
        return Err(Failure::NoTerminal);
    }
    loop {
        // The clock was asked once, in `main`; time has passed since.
        let passed = moment.started.elapsed();
        let look = Moment { now: moment.now + passed, started: moment.started + passed };
        let report = dry_report(loaded, look, Progress::silent())?;
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
