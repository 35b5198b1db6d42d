//! `mita explain`: everything about one thing. It sends only reads, like a dry run.

use crate::cli::args::Explain;
use crate::cli::dry_run::{look, report_problems};
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::config::Loaded;
use crate::plan::text::display::Detail;
use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::store::journal_of;
use crate::view::exit::Exit;
use crate::view::explain::explain;
use crate::view::overview::Overview;
use jiff::Timestamp;

pub(crate) fn run(
    args: &Explain,
    detail: Detail,
    loaded: &Loaded,
    moment: Moment,
    progress: Progress,
) -> Result<Exit, Failure> {
    let report = look(loaded, moment, progress)?;
    let read = journal_of(&loaded.config.state_file, Timestamp::MIN);
    // What is there now can be explained without it.
    let entries = read.map(|read| read.entries).unwrap_or_else(|error| {
        log::warn!("{error}");
        Vec::new()
    });
    let explanation = explain(&Overview::of(&loaded.config, &report), &args.subject).with_history(entries);
    let output = args.format.output;
    if output.is_json() {
        output::print_document(&explanation)?;
    } else if explanation.has_found_anything() {
        output::print(&explanation.render(output::width_of_results(), detail))?;
    }
    let exit = report_problems(&report, output);
    if explanation.has_found_anything() {
        return Ok(exit);
    }
    log::error!("{}", explanation.nothing());
    Ok(if explanation.has_mistake() { Exit::Unusable } else { exit.and(Exit::Failed) })
}
