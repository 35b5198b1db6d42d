//! The import rule: who may know whom.
//!
//! Read from the sources, so that a new `use` which joins what is kept apart fails here and not in a review. Only
//! `crate::` paths outside of comments and of test code count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each module of the crate's root may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // Meanings: plain values and pure functions.
    ("label", &[]),
    ("why", &[]),
    ("naming", &[]),
    ("world", &["naming"]),
    ("history", &["naming"]),
    ("offline", &["naming", "plan"]),
    ("description", &["naming", "world"]),
    ("script", &["config", "naming", "secret"]),
    ("state", &["naming", "plan"]),
    ("plan", &["config", "label", "naming", "offline", "state", "why", "world"]),
    // What an operator wants.
    ("config", &["naming", "secret"]),
    // Tools that know nothing of the rest.
    ("secret", &[]),
    ("workers", &[]),
    ("progress", &[]),
    // The wires.
    ("http", &["secret"]),
    ("jenkins", &["config", "description", "http", "naming", "offline", "secret", "world"]),
    ("provider", &["config", "http", "naming", "secret", "world"]),
    ("store", &["history", "naming", "secret", "state"]),
    // Those that bring both sides together.
    ("observe", &["config", "jenkins", "naming", "plan", "provider", "state", "workers", "world"]),
    (
        "apply",
        &[
            "config",
            "description",
            "jenkins",
            "naming",
            "observe",
            "offline",
            "plan",
            "provider",
            "script",
            "state",
            "workers",
            "world",
        ],
    ),
    (
        "reconcile",
        &["apply", "config", "jenkins", "observe", "plan", "progress", "provider", "state", "store", "world"],
    ),
    (
        "hand",
        &[
            "apply",
            "config",
            "jenkins",
            "naming",
            "observe",
            "offline",
            "plan",
            "progress",
            "reconcile",
            "state",
            "store",
            "world",
        ],
    ),
    ("record", &["apply", "config", "naming", "plan", "reconcile", "secret", "state", "store", "world"]),
    (
        "cli",
        &[
            "apply",
            "config",
            "hand",
            "history",
            "jenkins",
            "label",
            "naming",
            "observe",
            "plan",
            "progress",
            "provider",
            "reconcile",
            "record",
            "script",
            "secret",
            "state",
            "store",
            "why",
            "world",
        ],
    ),
];

/// Modules that know no network, file, clock, environment or log.
const PURE: &[&str] =
    &["label", "why", "naming", "offline", "description", "world", "history", "state", "plan", "script"];

const WIRES: &[&str] = &["http", "jenkins", "provider", "store"];

/// What a pure module may not speak of.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::env",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "std::io",
    "ureq::",
    "log::",
    "println!",
    "eprintln!",
];

/// The code of a source file: no comments, and nothing that is compiled for tests alone.
struct Source {
    path: PathBuf,
    module: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    let texts: BTreeMap<PathBuf, String> =
        paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect();
    let tests: BTreeSet<PathBuf> = texts.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
    let is_test = |path: &Path| path.ancestors().any(|part| tests.contains(&part.with_extension("")));
    let sources = texts.iter().filter(|(path, _)| !is_test(path)).map(|(path, text)| {
        let inside = path.strip_prefix(&root).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
        Source { path: inside.to_owned(), module: first.trim_end_matches(".rs").to_owned(), code: code(text) }
    });
    sources.collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Paths, without extension, of the modules that this file declares for tests alone.
fn test_modules(path: &Path, text: &str) -> Vec<PathBuf> {
    let stem = path.file_stem().unwrap().to_string_lossy();
    let folder = if ["mod", "lib", "main"].contains(&stem.as_ref()) {
        path.parent().unwrap().to_owned()
    } else {
        path.with_extension("")
    };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let declared = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]");
    let names = declared.filter_map(|pair| pair[1].strip_prefix("mod ")?.strip_suffix(';'));
    names.map(|name| folder.join(name)).collect()
}

fn code(text: &str) -> String {
    // The tests within a file stand at its end.
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Modules of the crate's root that the code names by `crate::`.
fn imports(source: &Source) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let crate_name = if source.module == "main" { "mita::" } else { "crate::" };
    for (at, _) in source.code.match_indices(crate_name) {
        let before = source.code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &source.code[at + crate_name.len()..];
        let group = rest.strip_prefix('{');
        assert!(group.is_none(), "{}: write one `use crate::...` for each module", source.path.display());
        let name: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
        if !name.is_empty() {
            found.insert(name);
        }
    }
    found.remove(&source.module);
    found
}

#[test]
fn every_module_imports_only_what_the_table_lists() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources() {
        if ["lib", "main"].contains(&source.module.as_str()) {
            continue;
        }
        let Some(allowed) = allowed.get(source.module.as_str()) else {
            wrong.push(format!("{}: the module is not in the table", source.path.display()));
            continue;
        };
        let strangers = imports(&source).into_iter().filter(|name| !allowed.contains(&name.as_str()));
        wrong.extend(strangers.map(|name| format!("{} imports {name}", source.path.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_table_lists_no_module_that_is_gone() {
    let there: BTreeSet<String> = sources().into_iter().map(|source| source.module).collect();
    let listed = MAY_IMPORT.iter().flat_map(|(module, allowed)| allowed.iter().chain([module]));
    let gone: BTreeSet<&&str> = listed.filter(|name| !there.contains(**name)).collect();
    assert!(gone.is_empty(), "take out of the table: {gone:?}");
}

#[test]
fn plan_and_the_wires_never_meet_and_only_those_that_join_them_know_both() {
    let joins = ["observe", "apply", "reconcile", "hand", "record", "cli"];
    for (module, allowed) in MAY_IMPORT {
        let wires: Vec<_> = allowed.iter().filter(|name| WIRES.contains(name)).collect();
        if PURE.contains(module) {
            assert!(wires.is_empty(), "{module} imports {wires:?}");
        }
        if WIRES.contains(module) {
            assert!(!allowed.contains(&"plan"), "{module} imports plan");
        }
        if allowed.contains(&"plan") && !wires.is_empty() {
            assert!(joins.contains(module), "{module} knows plan and {wires:?}");
        }
    }
}

#[test]
fn what_is_pure_speaks_of_no_file_clock_network_environment_or_log() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.module.as_str())) {
        let named = IMPURE.iter().filter(|name| source.code.contains(**name));
        wrong.extend(named.map(|name| format!("{} names {name}", source.path.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_reader_of_imports_sees_imports_and_nothing_else() {
    let text = "//! See [`crate::store`].\nuse crate::naming::Owner;\nfn f() -> crate::world::World { g() } // crate::http\n\
                #[cfg(test)]\nmod tests {\n    use crate::jenkins::Jenkins;\n}\n";
    let source = Source { path: PathBuf::from("x.rs"), module: "x".into(), code: code(text) };
    assert_eq!(imports(&source).into_iter().collect::<Vec<_>>(), ["naming", "world"]);
    let declared = test_modules(Path::new("src/store.rs"), "#[cfg(test)]\nmod tests;\nmod lock;\n");
    assert_eq!(declared, [PathBuf::from("src/store/tests")]);
}
