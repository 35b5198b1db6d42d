//! A fault of the program itself: told on one line, without secrets, before the process is aborted.

use crate::cli::output::one_line;
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
    let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
    let payload = info.payload();
    let words = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    told(place.as_deref().unwrap_or("an unknown place"), words.unwrap_or("no message"))
}

fn told(place: &str, words: &str) -> String {
    let text =
        format!("internal error at {place}: {words}; the next run goes on from the state file; please report this");
    one_line(&redact(&text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn s9_a_panic_is_told_on_one_line_without_secrets() {
        let _secret = Secret::new("s3cret-of-a-panic");
        assert_eq!(
            told("src/x.rs:7", "index out of range\nfor s3cret-of-a-panic"),
            "internal error at src/x.rs:7: index out of range for [secret]; the next run goes on from the state file; \
             please report this"
        );
    }
}
