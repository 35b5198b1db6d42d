//! A run is killed before each of its file operations. What lies after the last one is the same as the end of a run,
//! and "after the n-th" is "before the next": every gap between two of them is met.
//!
//! `strace` does it, from outside: it delivers SIGKILL at the entry of the n-th system call of a thread, before the call
//! is done. Where it is missing, or tracing is not permitted, there is nothing to try; the test says so and passes.

use super::process::{command, this_program, was_killed};
use super::{Undisturbed, in_full};
use crate::harness::Installation;
use crate::harness::side_by_side::{interleaved, try_all};
use crate::matrix::scenes::scenes;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Everything that makes, changes, syncs, renames, removes or locks a file.
const CALLS: &str =
    "openat,write,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,flock,fchown,mkdir";
/// Scenes in which the file operations are tried every day; in full it is all of them.
const EVERY_DAY: &[&str] = &["order several", "retire with volume", "resume a drain", "server gone", "state file lost"];

/// Runs the installation under strace, with these further arguments. The log names every call with its files.
fn traced(farm: &Installation, log: &Path, more: &[String]) -> Command {
    let trace = format!("trace={CALLS}");
    let mut before: Vec<String> = ["-f", "-y", "-qq", "-e", &trace, "-o"].map(str::to_owned).to_vec();
    before.push(log.to_string_lossy().into_owned());
    before.extend_from_slice(more);
    before.push(this_program());
    command(farm, "strace", &before)
}

/// A system call, and the how many-th of its kind in its thread: as strace counts them.
type Point = (String, usize);

/// Each call on a file of the installation.
fn points(farm: &Installation, log: &Path) -> BTreeSet<Point> {
    let folder = farm.state_file();
    let folder = folder.parent().expect("a folder").to_string_lossy().into_owned();
    let text = fs::read_to_string(log).expect("the log of strace");
    let mut counted: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut points = BTreeSet::new();
    for line in text.lines().filter(|line| !line.contains(" resumed>")) {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((call, files)) = rest.trim_start().split_once('(') else { continue };
        let number = counted.entry((thread, call)).or_default();
        *number += 1;
        // The configuration is only read, and before anything else.
        if files.contains(&folder) && !files.contains("mita.toml") {
            points.insert((call.to_owned(), *number));
        }
    }
    points
}

/// Why strace cannot be used, if so.
fn hindrance() -> Option<String> {
    match Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).output() {
        Err(error) => Some(format!("strace is not there ({error})")),
        Ok(output) if !output.status.success() => {
            Some(format!("strace may not trace: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
        Ok(_) => None,
    }
}

#[test]
fn s6_a_run_that_is_killed_before_any_of_its_file_operations_leaves_a_state_that_the_next_one_goes_on_from() {
    if let Some(reason) = hindrance() {
        println!("crash matrix, file operations: skipped: {reason}");
        return;
    }
    let logs = tempfile::tempdir().expect("a temporary folder");
    let scenes = scenes().into_iter().filter(|scene| in_full() || EVERY_DAY.contains(&scene.name));
    let scenes: Vec<Undisturbed> = scenes.map(Undisturbed::watch).collect();
    let mut cases = Vec::new();
    for scene in &scenes {
        let farm = scene.stage.set();
        let log = logs.path().join("counted");
        assert!(!was_killed(traced(&farm, &log, &[]).status().expect("strace starts")));
        let points = points(&farm, &log);
        assert!(points.len() > 10, "a run works with files: {points:?}");
        cases.push(points.into_iter().map(|point| (scene, point)).collect());
    }
    let cases = interleaved(cases);
    let tried = cases.len();
    let killed = try_all(
        2,
        cases,
        |(scene, (call, number))| format!("{} killed at {call} {number}", scene.scene.name),
        |(scene, (call, number))| {
            let farm = scene.stage.set();
            let log = logs.path().join(format!("{}-{call}-{number}", scene.scene.name));
            let inject = ["-e".to_owned(), format!("inject={call}:signal=SIGKILL:when={number}")];
            if !was_killed(traced(&farm, &log, &inject).status().expect("strace starts")) {
                return 0;
            }
            scene.compare(&farm, in_full());
            1
        },
    );
    println!(
        "crash matrix, file operations: {} scenes, {tried} points tried, {killed} runs really killed",
        scenes.len()
    );
    assert!(killed * 10 >= tried * 8, "most points kill: {killed} of {tried}");
}
