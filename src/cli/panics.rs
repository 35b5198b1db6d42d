//! A fault of the program itself: told on one line, without secrets, before the process is aborted.

use super::output::one_line;
use crate::secret::redact;
use std::io::{Write, stderr};
use std::panic::{self, PanicHookInfo};

/// Tells of panics in mita's own words. The default would print the message as it is.
pub fn tell() {
    panic::set_hook(Box::new(|info| {
        // Nobody is left to be told of a standard error that does not work.
        let _ = writeln!(stderr(), "mita: {}", line(info));
    }));
}

fn line(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
    let payload = info.payload();
    let words = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    let words = words.unwrap_or("no message");
    let text = format!("internal error{place}: {words}; the next run goes on from the state file; please report this");
    one_line(&redact(&text)).into_owned()
}
