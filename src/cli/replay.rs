//! `mita replay`: plans a recorded run again, and shows where the plan differs. It reads the record and nothing else: no
//! configuration, no service, no clock.

use crate::cli::args::Replay;
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::cli::reconcile::targets::{Target, refuse_other};
use crate::record::Record;
use crate::view::document::replay::ReplayDocument;
use crate::view::exit::Exit;

pub(crate) fn run(args: &Replay) -> Result<Exit, Failure> {
    let record = Record::read(&args.file)?;
    let target = args.record.as_deref().map(Target::named);
    match &target {
        Some(Target::File(file)) => refuse_other("--record", file)?,
        Some(Target::StandardOutput) if args.format.output.is_json() => {
            let text = "--record - and --output json both write to standard output; name a file for one".to_owned();
            return Err(Failure::Refused(text));
        }
        Some(Target::StandardOutput) | None => {}
    }
    let replay = ReplayDocument::of(&record);
    if args.format.output.is_json() {
        output::print_document(&replay)?;
    } else if target != Some(Target::StandardOutput) {
        output::print(&replay.render(&record))?;
    }
    match &target {
        Some(Target::File(file)) => record.planned_again().write(file)?,
        Some(Target::StandardOutput) => output::print_json(&record.planned_again().printed()?)?,
        None => {}
    }
    Ok(if replay.same { Exit::Done } else { Exit::Failed })
}
