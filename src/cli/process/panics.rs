//! Panics: reported on one line, without secrets, before the process is aborted.

use crate::cli::process::terminal;
use crate::secret::redact;
use crate::view::text::one_line;
use std::io::{Write, stderr};
use std::panic::{self, PanicHookInfo};

/// Reports panics in mita's own words. The default would print the message as it is.
pub fn report() {
    panic::set_hook(Box::new(|info| {
        terminal::restore();
        // If standard error does not work, nothing else does.
        let _ = writeln!(stderr(), "mita: {}", line(info));
    }));
}

fn line(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
    let payload = info.payload();
    let message = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    message_line(place.as_deref().unwrap_or("an unknown place"), message.unwrap_or("no message"))
}

fn message_line(place: &str, message: &str) -> String {
    let text =
        format!("internal error at {place}: {message}; the next run goes on from the state file; please report this");
    one_line(&redact(&text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn s9_a_panic_is_reported_on_one_line_without_secrets() {
        let _secret = Secret::new("s3cret-of-a-panic");
        assert_eq!(
            message_line("src/x.rs:7", "index out of range\nfor s3cret-of-a-panic"),
            "internal error at src/x.rs:7: index out of range for [secret]; the next run goes on from the state file; \
             please report this"
        );
    }
}
