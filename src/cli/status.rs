//! `mita status`: everything there is. It sends only reads, like a dry run; with `--watch` again and again.

use crate::cli::args;
use crate::cli::args::Format;
use crate::cli::dry_run::{look, report_problems};
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::cli::process::output::Reader;
use crate::config::Loaded;
use crate::progress::Progress;
use crate::reconcile::{Moment, Permits, dry_run};
use crate::view::exit::Exit;
use crate::view::overview::Overview;
use crate::view::status::{Status, text};
use std::time::Duration;

pub(crate) fn run(args: args::Status, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let output = args.format.output;
    if let Some(pause) = args.watch {
        // It would count the seconds of the pauses.
        drop(progress);
        return watch(output, pause, loaded, moment);
    }
    let report = look(loaded, moment, progress)?;
    let status = Status::of(&Overview::of(&loaded.config, &report));
    if output.is_json() {
        output::print_document(&status)?;
    } else {
        output::print(&text::render(&status, output::width()))?;
    }
    Ok(report_problems(&report, output))
}

/// Ends only if something fails that looking again would not change, or if nobody reads any more. It changes no mode of
/// the terminal, so that Ctrl-C leaves it as it was.
fn watch(output: Format, pause: Duration, loaded: &Loaded, moment: Moment) -> Result<Exit, Failure> {
    let json = output.is_json();
    if !json && !output::is_terminal() {
        return Err(Failure::NoTerminal);
    }
    // Once, and not each time: on a terminal they would be in the middle of the tables.
    for warning in loaded.warnings.iter().filter(|_| json) {
        log::warn!("{warning}");
    }
    loop {
        // The clock was asked once, in `main`; time has passed since.
        let passed = moment.started.elapsed();
        let now = Moment { now: moment.now + passed, started: moment.started + passed };
        let report = dry_run(&loaded.config, Permits::default(), now, &Progress::silent())?;
        let status = Status::of(&Overview::of(&loaded.config, &report));
        let reader = if json {
            report_problems(&report, output);
            output::print_document(&status)?
        } else {
            let (seconds, tables) = (pause.as_secs(), text::render(&status, output::width()));
            output::draw(&format!("Every {seconds}s, until Ctrl-C. {tables}"))?
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
