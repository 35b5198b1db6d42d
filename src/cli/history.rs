//! `mita history`: what was done, from the journal beside the state file. It asks no service.

use crate::cli::args;
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::config::Loaded;
use crate::reconcile::Moment;
use crate::store;
use crate::view::exit::Exit;
use crate::view::history::HistoryDocument;
use crate::view::text::plural;
use jiff::{SignedDuration, Timestamp};

/// Without a subject, nobody wants to read more.
const USUAL: SignedDuration = SignedDuration::from_hours(24);

pub(crate) fn run(args: &args::History, loaded: &Loaded, moment: Moment) -> Result<Exit, Failure> {
    let config = &loaded.config;
    let now = moment.now;
    let until = args.until.map_or(Timestamp::MAX, |until| until.before(now));
    let day_before = until.min(now).checked_sub(USUAL).unwrap_or(Timestamp::MIN);
    let usual = if args.subject.is_some() { Timestamp::MIN } else { day_before };
    let since = args.since.map_or(usual, |since| since.before(now));
    if since > now {
        return Err(Failure::Refused(format!("--since {since:.0} is later than now, {now:.0}")));
    }
    if since > until {
        return Err(Failure::Refused(format!("--since {since:.0} is later than --until {until:.0}: exchange them")));
    }
    // What is older tells what a server was ordered for.
    let read = store::journal_of(&config.state_file, Timestamp::MIN).map_err(Failure::Journal)?;
    if read.skipped > 0 {
        let lines = plural(read.skipped, "line");
        log::warn!("skipped in the journal: {lines} that this version of mita does not know");
    }
    let document = HistoryDocument::of(&config.owner, now, (since, until), args.subject.as_deref(), read.entries);
    if args.format.output.is_json() {
        output::print_document(&document)?;
    } else if document.is_empty() {
        let state = store::load_only(&config.state_file, &config.installation());
        log::error!("{}", document.nothing(matches!(state, Ok(store::Loaded::Fresh))));
    } else {
        output::print(&document.render(output::width_of_results()))?;
    }
    Ok(if document.is_empty() && args.subject.is_some() { Exit::Failed } else { Exit::Done })
}
