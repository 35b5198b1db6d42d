//! What the terminal can show, and how a person wants it.

use crate::cli::args::Colour;
use crate::cli::process::output;
use crate::config::of_process;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io::{IsTerminal, Write, stderr};
use std::thread;

/// Whether to use colours on standard output (no-color.org, bixense.com/clicolors).
pub(crate) fn colours(when: Colour) -> bool {
    let set = |name: &str| of_process(name).filter(|value| !value.is_empty());
    match when {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto if set("NO_COLOR").is_some() => false,
        Colour::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        Colour::Auto => output::is_terminal() && !output::is_dumb() && set("CLICOLOR").is_none_or(|value| value != "0"),
    }
}

/// From now on, Ctrl-C removes the line of progress before it ends the program. Without a terminal nothing changes.
pub(crate) fn end_cleanly_on_interrupt() {
    if !stderr().is_terminal() || output::is_dumb() {
        return;
    }
    // Without the handler, Ctrl-C ends the program all the same.
    let Ok(mut signals) = Signals::new([SIGINT]) else { return };
    thread::spawn(move || {
        for signal in signals.forever() {
            let _ = stderr().write_all(b"\r\x1b[K");
            let _ = emulate_default_handler(signal);
        }
    });
}
