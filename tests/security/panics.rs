//! A fault of the program itself must give nothing away either: the hook tells of it in one line, without secrets.

use mita::secret::Secret;
use std::process::{Command, Stdio};

/// Makes the test's own program play the part of one that panics.
const PART: &str = "MITA_TEST_PANIC";

#[test]
#[expect(clippy::disallowed_methods, reason = "the part that this process plays is told by its environment")]
fn s9_a_panic_is_told_in_one_line_without_secrets() {
    if let Ok(part) = std::env::var(PART) {
        return play(&part);
    }
    for part in ["text", "unwrap", "thread", "odd"] {
        let output = Command::new(std::env::current_exe().expect("a path"))
            .args(["security::panics::s9_a_panic_is_told_in_one_line_without_secrets", "--exact", "--nocapture"])
            .env(PART, part)
            .env("RUST_BACKTRACE", "full")
            .stdin(Stdio::null())
            .output()
            .expect("it starts");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        let stdout = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(!output.status.success(), "{part}: it did not panic: {stdout}");
        let lines: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
        assert_eq!(lines.len(), 1, "{part}: {stderr}");
        assert!(lines[0].starts_with("mita: internal error at tests"), "{part}: {stderr}");
        assert!(lines[0].ends_with("the next run goes on from the state file; please report this"), "{stderr}");
        for trace in ["Dq9hKs2Vm5", "RHE5aEtzMlZtN", "\u{1b}"] {
            assert!(!stderr.contains(trace) && !stdout.contains(trace), "{part}: {stderr}{stdout}");
        }
        assert_eq!(part != "odd", lines[0].contains("[secret]"), "{part}: {stderr}");
    }
}

fn play(part: &str) {
    mita::cli::report_panics();
    let secret = Secret::new("panic-\"Dq9hKs2Vm5");
    let known = secret.expose().to_owned();
    match part {
        "text" => panic!("first {known}\nsecond \x1b[2J{}", secret.basic("mita").expose()),
        "unwrap" => {
            let read = known.parse::<u32>().map_err(|_| format!("{{\"password\":{known:?}}}"));
            read.expect("an answer");
        }
        "thread" => {
            let thread = std::thread::spawn(move || panic!("in a thread: {known}"));
            // As a run does with the panic of a worker, of which the hook has told already.
            let Err(panic) = thread.join();
            std::panic::resume_unwind(panic);
        }
        _ => std::panic::panic_any(vec![known]),
    }
}
