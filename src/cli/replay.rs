//! `mita replay`: plans a recorded run again, and shows where the plan differs. It reads the record and nothing else: no
//! configuration, no service, no clock.

use crate::cli::args::Replay;
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::record::Record;
use crate::view::document::replay::ReplayDocument;
use crate::view::exit::Exit;

pub(crate) fn run(args: &Replay) -> Result<Exit, Failure> {
    let record = Record::read(&args.file)?;
    let replay = ReplayDocument::of(&record);
    if args.format.output.is_json() {
        output::print_document(&replay)?;
    } else {
        output::print(&replay.render(&record))?;
    }
    if let Some(file) = &args.record {
        record.planned_again().write(file)?;
    }
    Ok(if replay.same { Exit::Done } else { Exit::Failed })
}
