//! `mita explain`: everything about one thing. It sends only reads, like a dry run.

use crate::cli::args::Explain;
use crate::cli::dry_run::{look, report_problems};
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::config::Loaded;
use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::view::exit::Exit;
use crate::view::explain::explain;
use crate::view::overview::Overview;

pub(crate) fn run(args: &Explain, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let report = look(loaded, moment, progress)?;
    let explanation = explain(&Overview::of(&loaded.config, &report), &args.subject);
    let output = args.format.output;
    if output.is_json() {
        output::print_document(&explanation)?;
    } else if explanation.has_found_anything() {
        output::print(&explanation.render(output::width()))?;
    }
    let exit = report_problems(&report, output);
    if explanation.has_found_anything() {
        return Ok(exit);
    }
    log::error!("{}", explanation.nothing());
    Ok(exit.and(Exit::Failed))
}
