//! The crates that mita is made of: licences that it may be given away under, and no crate twice. Read from what cargo
//! has at hand, so that the tests need no network.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Licences that ask for no more than to be named.
const LICENCES: [&str; 10] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

/// Crates without a licence of the list, each with the reason why it may stay.
const EXCUSED: [(&str, &str); 1] =
    [("webpki-roots", "CDLA-Permissive-2.0, for a list of authorities: it comes with ureq, and mita does not ask it")];

/// Crates of the program that are there in two versions, each with the reason.
const TWICE: [(&str, &str); 2] = [
    ("getrandom", "ring, and with it rustls, still needs the old one, tempfile the new one"),
    ("syn", "maud still needs the old one, clap and serde the new one; both only when mita is built"),
];

/// Asks cargo, offline, for this machine's platform.
fn metadata() -> Value {
    let platform = Command::new("rustc").arg("-vV").output().expect("rustc is there");
    let platform = String::from_utf8(platform.stdout).expect("UTF-8");
    let platform = platform.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host").to_owned();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", &platform])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .output()
        .expect("cargo is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} of {value}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("{key} of {value}"))
}

/// Every crate that is part of the program, not only of its tests: name and version by id.
fn program(metadata: &Value) -> BTreeMap<&str, (&str, &str)> {
    let packages = list(metadata, "packages").iter();
    let named: BTreeMap<_, _> = packages.map(|p| (text(p, "id"), (text(p, "name"), text(p, "version")))).collect();
    let root = named.iter().find(|(_, (name, _))| *name == "mita").expect("mita itself").0;
    let nodes: BTreeMap<_, _> = list(&metadata["resolve"], "nodes").iter().map(|n| (text(n, "id"), n)).collect();
    let mut found = BTreeMap::new();
    let mut todo = vec![*root];
    while let Some(id) = todo.pop() {
        if found.insert(id, named[id]).is_some() {
            continue;
        }
        for needed in list(nodes[id], "deps") {
            if list(needed, "dep_kinds").iter().any(|kind| kind["kind"] != "dev") {
                todo.push(text(needed, "pkg"));
            }
        }
    }
    found
}

/// Whether an SPDX expression leaves a choice that the list allows.
fn allowed(expression: &str) -> bool {
    let spaced =
        expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ").replace(" WITH ", "\u{1}WITH\u{1}");
    let mut words = spaced.split_whitespace().map(|word| word.replace('\u{1}', " ")).collect::<Vec<_>>();
    words.reverse();
    let holds = either(&mut words);
    assert!(words.is_empty(), "{expression} ends with {words:?}");
    holds
}

fn either(words: &mut Vec<String>) -> bool {
    let mut holds = both(words);
    while words.last().is_some_and(|word| word == "OR") {
        words.pop();
        holds |= both(words);
    }
    holds
}

fn both(words: &mut Vec<String>) -> bool {
    let mut holds = single(words);
    while words.last().is_some_and(|word| word == "AND") {
        words.pop();
        holds &= single(words);
    }
    holds
}

fn single(words: &mut Vec<String>) -> bool {
    let word = words.pop().expect("a licence");
    if word != "(" {
        return LICENCES.contains(&word.as_str());
    }
    let holds = either(words);
    assert_eq!(words.pop().as_deref(), Some(")"));
    holds
}

#[test]
fn licence_expressions_are_read_with_their_parentheses() {
    for (expression, holds) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT/Apache-2.0", true),
        ("GPL-2.0-only OR MIT", true),
        ("GPL-2.0-only AND MIT", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND OpenSSL", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true),
        ("Apache-2.0 AND ISC", true),
    ] {
        assert_eq!(allowed(expression), holds, "{expression}");
    }
}

#[test]
fn every_crate_has_a_licence_that_mita_may_be_given_away_with() {
    let metadata = metadata();
    let listed = list(&metadata, "packages");
    assert!(listed.len() > 50, "{} crates", listed.len());
    let mut wrong = Vec::new();
    for package in listed.iter().filter(|package| package["source"].is_string()) {
        let name = text(package, "name");
        let licence = package["license"].as_str().unwrap_or("none");
        if !EXCUSED.iter().any(|(excused, _)| *excused == name) && (licence == "none" || !allowed(licence)) {
            wrong.push(format!("{name} {}: {licence}", text(package, "version")));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn no_crate_is_in_the_program_twice() {
    let metadata = metadata();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, version) in program(&metadata).into_values() {
        versions.entry(name).or_default().insert(version);
    }
    assert!(versions.contains_key("ureq") && !versions.contains_key("proptest"), "{versions:?}");
    versions.retain(|name, versions| versions.len() > 1 && !TWICE.iter().any(|(twice, _)| twice == name));
    assert!(versions.is_empty(), "{versions:?}");
}

#[test]
fn every_crate_comes_from_the_registry_or_from_here() {
    let metadata = metadata();
    for package in list(&metadata, "packages") {
        let source = package["source"].as_str();
        let ours = ["mita", "mita-sim"].contains(&text(package, "name"));
        assert!(
            source.map_or(ours, |source| source.starts_with("registry+")),
            "{} of {source:?}",
            text(package, "name")
        );
    }
}
