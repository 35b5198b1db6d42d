//! The log, on standard error: warnings and errors, and with `-v` what a run does.
//!
//! Every line passes [`redact`] and is one line, whatever a service or a job's name contains. Other crates log requests
//! with their headers, so only their warnings are logged.

use crate::cli::args::{Arguments, Format};
use crate::cli::process::output;
use crate::reconcile::Moment;
use crate::secret::redact;
use crate::view::table::folded;
use crate::view::text::one_line;
use env_logger::Builder;
use log::{Level, LevelFilter, Record};
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// Starts the log. Its times are counted from that of the run, so that the clock is not asked twice.
pub fn start(arguments: &Arguments, moment: Moment) {
    let level = level(arguments.verbose, arguments.quiet);
    let mut builder = Builder::new();
    builder.filter_level(level.min(LevelFilter::Warn)).filter_module(env!("CARGO_CRATE_NAME"), level);
    // It says before mita that a certificate is not trusted, and does not say whose.
    builder.filter_module("rustls_platform_verifier", LevelFilter::Off);
    match arguments.log_format {
        Format::Text => builder.format(text),
        Format::Json => builder.format(move |out, record| json(out, record, moment)),
    };
    // Fails only if there is a log already.
    let _ = builder.try_init();
}

fn level(verbose: u8, quiet: bool) -> LevelFilter {
    match (quiet, verbose) {
        (true, _) => LevelFilter::Error,
        (false, 0) => LevelFilter::Warn,
        (false, 1) => LevelFilter::Info,
        (false, 2) => LevelFilter::Debug,
        (false, _) => LevelFilter::Trace,
    }
}

fn message(record: &Record<'_>) -> String {
    one_line(&redact(&record.args().to_string())).into_owned()
}

fn text<W: Write>(out: &mut W, record: &Record<'_>) -> io::Result<()> {
    let word = match record.level() {
        // An error needs no word before it.
        Level::Error => "",
        Level::Warn => "warning: ",
        Level::Info => "info: ",
        Level::Debug => "debug: ",
        Level::Trace => "trace: ",
    };
    let line = format!("mita: {word}{}", message(record));
    // Other programs read a message as one line.
    if io::stderr().is_terminal() { write!(out, "{}", folded(&line, output::width())) } else { writeln!(out, "{line}") }
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: &'static str,
    target: &'a str,
    message: String,
}

fn json<W: Write>(out: &mut W, record: &Record<'_>, moment: Moment) -> io::Result<()> {
    let level = match record.level() {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    };
    let time = moment.now + moment.started.elapsed();
    let time = time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let line = Line { time, level, target: record.target(), message: message(record) };
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use jiff::Timestamp;

    fn moment() -> Moment {
        #[expect(clippy::disallowed_methods, reason = "a moment needs some instant")]
        let started = std::time::Instant::now();
        Moment { now: Timestamp::UNIX_EPOCH, started }
    }

    #[test]
    fn s9_no_secret_and_no_second_line_gets_into_the_log() {
        let _secret = Secret::new("s3cret-of-the-log");
        let args = format_args!("said \"s3cret-of-the-log\"\nmita: forged\x1b[2J");
        let record = Record::builder().args(args).level(Level::Warn).target("mita::x").build();
        let mut plain = Vec::new();
        text(&mut plain, &record).unwrap();
        assert_eq!(String::from_utf8(plain).unwrap(), "mita: warning: said \"[secret]\" mita: forged\\u{1b}[2J\n");
        let mut lines = Vec::new();
        json(&mut lines, &record, moment()).unwrap();
        let line: serde_json::Value = serde_json::from_slice(&lines).unwrap();
        assert_eq!(line["message"], "said \"[secret]\" mita: forged\\u{1b}[2J");
        assert_eq!(line["level"], "warning");
        assert!(line["time"].as_str().is_some_and(|time| time.starts_with("1970-01-01T00:00:00.")), "{line}");
    }

    #[test]
    fn quiet_leaves_errors_and_each_v_adds_a_level() {
        let levels: Vec<LevelFilter> = (0..5).map(|count| level(count, false)).collect();
        use LevelFilter::{Debug, Info, Trace, Warn};
        assert_eq!(levels, [Warn, Info, Debug, Trace, Trace]);
        assert_eq!(level(0, true), LevelFilter::Error);
    }
}
