//! `mita status`: everything there is. It sends only reads, like a dry run; with `--watch` again and again.

use crate::cli::args;
use crate::cli::args::{Format, StatusFormat};
use crate::cli::dry_run::{look, report_problems};
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::cli::process::output::Reader;
use crate::cli::process::terminal::{Redraw, colours};
use crate::config::Loaded;
use crate::progress::Progress;
use crate::reconcile::{Moment, Permits, Report, dry_run};
use crate::view::exit::Exit;
use crate::view::overview::Overview;
use crate::view::status::Status;
use crate::view::status::filter::Filter;
use crate::view::status::text::{Layout, render};
use crate::view::style::paint;
use std::time::Duration;

/// How soon the tables fit a terminal whose size has changed.
const STEP: Duration = Duration::from_millis(100);

pub(crate) fn run(args: &args::Status, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    if let Some(pause) = args.watch {
        // It would count the seconds of the pauses.
        drop(progress);
        return watch(args, pause, loaded, moment);
    }
    let report = look(loaded, moment, progress)?;
    let status = status(args, loaded, &report);
    match layout(args.output) {
        None => output::print_document(&status)?,
        Some(layout) => {
            let text = render(&status, output::width_of_results(), layout);
            output::print_with(&text, |text| paint(text, colours(args.color)))?
        }
    };
    Ok(report_problems(&report, format(args.output)))
}

fn status(args: &args::Status, loaded: &Loaded, report: &Report) -> Status {
    let mut status = Status::of(&Overview::of(&loaded.config, report));
    Filter::read(&args.filter).apply(&mut status);
    status
}

/// The layout for people; none for programs.
fn layout(output: StatusFormat) -> Option<Layout> {
    match output {
        StatusFormat::Text => Some(Layout::Compact),
        StatusFormat::Wide => Some(Layout::Wide),
        StatusFormat::Json => None,
    }
}

fn format(output: StatusFormat) -> Format {
    if output == StatusFormat::Json { Format::Json } else { Format::Text }
}

/// Ends only if something fails that looking again would not change, or if nobody reads any more. It changes no mode of
/// the terminal, so that Ctrl-C leaves it as it was.
fn watch(args: &args::Status, pause: Duration, loaded: &Loaded, moment: Moment) -> Result<Exit, Failure> {
    let json = args.output == StatusFormat::Json;
    if !json && !output::is_terminal() {
        return Err(Failure::NoTerminal);
    }
    // Once, and not each time: on a terminal they would be in the middle of the tables.
    for warning in loaded.warnings.iter().filter(|_| json) {
        log::warn!("{warning}");
    }
    let colours = colours(args.color);
    // A document stands for its look, whatever the terminal does.
    let screen = if json { Redraw::never() } else { Redraw::on_signals()? };
    if !json {
        output::make_room()?;
    }
    loop {
        // The clock was asked once, in `main`; time has passed since.
        let passed = moment.started.elapsed();
        let now = Moment { now: moment.now + passed, started: moment.started + passed };
        let report = dry_run(&loaded.config, Permits::default(), now, &Progress::silent())?;
        let status = status(args, loaded, &report);
        let mut left = pause;
        while !left.is_zero() {
            let reader = if json {
                report_problems(&report, Format::Json);
                output::print_document(&status)?
            } else {
                let begin = format!("Every {}s, until Ctrl-C. ", pause.as_secs());
                // The cursor is on the line below the last one.
                let layout = match args.output {
                    StatusFormat::Wide => Layout::Wide,
                    _ => Layout::Screen(output::height().saturating_sub(1)),
                };
                let text = render(&status, output::width(), layout);
                output::draw(&(begin + &text), |text| paint(text, colours))?
            };
            if reader == Reader::Gone {
                return Ok(Exit::Done);
            }
            left = wait(left, &screen);
        }
    }
}

/// Waits until the time is over, or until the screen shows something else than was drawn: what is left of the time then.
#[expect(clippy::disallowed_methods, reason = "a person asked for a pause between two looks")]
fn wait(mut left: Duration, screen: &Redraw) -> Duration {
    while !left.is_zero() && !screen.is_wanted() {
        let step = left.min(STEP);
        std::thread::sleep(step);
        left -= step;
    }
    left
}
