//! The import rule: imports run one way, between folders and between files.
//!
//! Read from the sources, so that a new `use` which joins what is kept apart fails here and not in a review. Comments and
//! the code of tests do not count.

use regex_lite::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each module of the crate's root may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // Words that everything shares: plain values and pure functions.
    ("domain", &[]),
    // Tools that know nothing of the rest.
    ("secret", &[]),
    ("concurrency", &[]),
    ("json", &[]),
    ("permission", &["domain"]),
    ("progress", &[]),
    // What the operator wants.
    ("config", &["domain", "permission", "secret"]),
    // What to do.
    ("plan", &["config", "domain"]),
    // The wires.
    ("http", &["json", "secret"]),
    ("jenkins", &["config", "domain", "http", "secret"]),
    ("provider", &["concurrency", "config", "domain", "http", "secret"]),
    ("store", &["domain", "json", "permission", "secret"]),
    // Those that bring both sides together.
    ("observe", &["config", "domain", "jenkins", "plan", "provider", "concurrency"]),
    ("apply", &["config", "domain", "jenkins", "observe", "plan", "provider", "secret", "concurrency"]),
    ("journal", &["apply", "domain", "plan"]),
    (
        "reconcile",
        &["apply", "config", "domain", "jenkins", "journal", "observe", "plan", "progress", "provider", "store"],
    ),
    (
        "operator",
        &["apply", "config", "domain", "jenkins", "journal", "observe", "plan", "progress", "reconcile", "store"],
    ),
    ("record", &["apply", "config", "domain", "permission", "plan", "reconcile", "secret", "store"]),
    // What people and monitors read, and the commands.
    ("view", &["apply", "config", "domain", "operator", "plan", "reconcile", "record", "secret"]),
    (
        "cli",
        &[
            "apply",
            "config",
            "domain",
            "jenkins",
            "observe",
            "operator",
            "permission",
            "plan",
            "progress",
            "provider",
            "reconcile",
            "record",
            "secret",
            "store",
            "view",
        ],
    ),
];

/// Modules that know no network, file, clock, environment or log.
const PURE: &[&str] = &["domain", "plan"];

const WIRES: &[&str] = &["http", "jenkins", "provider", "store"];

/// The steps of planning: each imports those before it, and the model, which comes before all.
const STEPS: &[&str] =
    &["model", "identity", "sightings", "lifecycle", "demand", "forecast", "capacity", "decisions", "text"];

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

/// A source file without comments and test code.
struct Source {
    /// Below `src`, as `plan/model.rs`.
    path: String,
    /// As `["plan", "model"]`; the crate's root is empty.
    module: Vec<String>,
    code: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let mut module: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if ["mod", "lib", "main"].contains(&module[module.len() - 1].as_str()) {
            module.pop();
        }
        Self { path: path.to_owned(), module, code: code(text) }
    }

    /// The module of the crate's root that it belongs to.
    fn room(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    /// Every path that the code names, from the crate's root on.
    fn paths(&self) -> Vec<Vec<String>> {
        let uses = Regex::new(r"(?m)^\s*(pub(?:\([a-z]+\))? )?use ([^;]+);").expect("a pattern");
        let mut found = Vec::new();
        let mut rest = String::new();
        let mut end = 0;
        for one in uses.captures_iter(&self.code) {
            let whole = one.get(0).expect("the match");
            rest.push_str(&self.code[end..whole.start()]);
            end = whole.end();
            // What is handed on under a shorter name is no import.
            if one.get(1).is_none() {
                expand("", &one[2], &mut found);
            }
        }
        rest.push_str(&self.code[end..]);
        let inline = Regex::new(r"(?:[A-Za-z_0-9]+::)+[A-Za-z_0-9]+").expect("a pattern");
        found.extend(inline.find_iter(&rest).map(|path| path.as_str().to_owned()));
        found.iter().filter_map(|path| self.resolve(path)).collect()
    }

    fn resolve(&self, path: &str) -> Option<Vec<String>> {
        let mut parts: Vec<&str> = path.split("::").map(str::trim).collect();
        let mut from: Vec<String> = match parts[0] {
            "crate" | "mita" => Vec::new(),
            "super" => self.module[..self.module.len().checked_sub(1)?].to_vec(),
            // A module that the file declares, or `self`.
            _ => self.module.clone(),
        };
        if ["crate", "mita", "super", "self"].contains(&parts[0]) {
            parts.remove(0);
        }
        while parts.first() == Some(&"super") {
            from.pop()?;
            parts.remove(0);
        }
        from.extend(parts.into_iter().map(str::to_owned));
        Some(from)
    }
}

/// The single paths of a `use` tree.
fn expand(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, inner)) = tree.split_once('{') else {
        let path = format!("{prefix}{}", tree.split(" as ").next().unwrap_or_default());
        found.push(path.trim_end_matches("::self").trim_end_matches("::*").to_owned());
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let inner = inner.trim_end().trim_end_matches('}');
    let mut depth = 0;
    let parts = inner.split(|c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    parts.filter(|part| !part.trim().is_empty()).for_each(|part| expand(&prefix, part, found));
}

/// All sources of the crate.
struct Crate {
    sources: Vec<Source>,
}

impl Crate {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut paths = Vec::new();
        collect(&root, &mut paths);
        let texts: BTreeMap<PathBuf, String> =
            paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect();
        let tests: BTreeSet<PathBuf> = texts.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
        let is_test = |path: &Path| path.ancestors().any(|part| tests.contains(&part.with_extension("")));
        let sources = texts.iter().filter(|(path, _)| !is_test(path));
        let below = |path: &Path| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        Self { sources: sources.map(|(path, text)| Source::new(&below(path), text)).collect() }
    }

    /// The files that each file imports.
    fn imports(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let files: BTreeMap<&[String], &str> =
            self.sources.iter().map(|source| (source.module.as_slice(), source.path.as_str())).collect();
        let file_of = |path: &[String]| {
            let ends = (1..=path.len()).rev();
            ends.map(|end| &path[..end]).find_map(|module| files.get(module).copied())
        };
        let of_source = |source: &Source| -> BTreeSet<&str> {
            let paths = source.paths();
            let named = paths.iter().filter_map(|path| file_of(path));
            named.filter(|file| *file != source.path).collect()
        };
        self.sources.iter().map(|source| (source.path.as_str(), of_source(source))).collect()
    }
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
    let names = declared.filter_map(|pair| pair[1].split_once("mod ")?.1.strip_suffix(';'));
    names.map(|name| folder.join(name)).collect()
}

fn code(text: &str) -> String {
    // The tests within a file stand at its end.
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// A circle of files that import one another, where there is one.
fn circle<'a>(imports: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Option<Vec<&'a str>> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    imports.keys().find_map(|file| follow(file, imports, &mut Vec::new(), &mut done))
}

fn follow<'a>(
    file: &'a str,
    imports: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    path: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> Option<Vec<&'a str>> {
    if let Some(at) = path.iter().position(|earlier| *earlier == file) {
        return Some(path[at..].iter().copied().chain([file]).collect());
    }
    if done.contains(file) {
        return None;
    }
    path.push(file);
    let found = imports[file].iter().find_map(|next| follow(next, imports, path, done));
    path.pop();
    done.insert(file);
    found
}

/// The room of a file: `plan` of `plan/model.rs`, `observe` of `observe.rs`.
fn room(file: &str) -> &str {
    file.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

#[test]
fn every_module_imports_only_what_the_table_lists() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let sources = Crate::read();
    let mut wrong = Vec::new();
    for (file, imports) in sources.imports() {
        let room = room(file);
        if ["lib", "main"].contains(&room) {
            continue;
        }
        let Some(allowed) = allowed.get(room) else {
            wrong.push(format!("{file}: {room} is not in the table"));
            continue;
        };
        let strangers = imports.into_iter().filter(|other| self::room(other) != room);
        let strangers = strangers.filter(|other| !allowed.contains(&self::room(other)));
        wrong.extend(strangers.map(|other| format!("{file} imports {other}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_files_import_each_other() {
    let sources = Crate::read();
    if let Some(circle) = circle(&sources.imports()) {
        panic!("a circle: {}", circle.join(" -> "));
    }
}

#[test]
fn a_step_of_planning_imports_only_those_before_it() {
    let step = |file: &str| {
        let inside = file.strip_prefix("plan/")?;
        STEPS.iter().position(|step| inside.split('/').next() == Some(step) || inside == format!("{step}.rs"))
    };
    let sources = Crate::read();
    let mut wrong = Vec::new();
    for (file, imports) in sources.imports() {
        let Some(own) = step(file) else { continue };
        assert!(!imports.contains("plan/mod.rs"), "{file} imports the pipeline");
        let later = imports.into_iter().filter(|other| step(other).is_some_and(|other| other > own));
        wrong.extend(later.map(|other| format!("{file} imports the later {other}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let folders: BTreeSet<_> = sources.sources.iter().filter_map(|source| step(&source.path)).collect();
    assert_eq!(folders.len(), STEPS.len(), "every step is there");
}

#[test]
fn the_table_lists_no_module_that_is_gone() {
    let there: BTreeSet<String> = Crate::read().sources.iter().map(|source| source.room().to_owned()).collect();
    let listed = MAY_IMPORT.iter().flat_map(|(module, allowed)| allowed.iter().chain([module]));
    let gone: BTreeSet<&&str> = listed.filter(|name| !there.contains(**name)).collect();
    assert!(gone.is_empty(), "take out of the table: {gone:?}");
}

#[test]
fn plan_and_the_wires_never_meet_and_only_those_that_join_them_know_both() {
    let joins = ["observe", "apply", "reconcile", "operator", "record", "view", "cli"];
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
    for source in Crate::read().sources.iter().filter(|source| PURE.contains(&source.room())) {
        let named = IMPURE.iter().filter(|name| source.code.contains(**name));
        wrong.extend(named.map(|name| format!("{} names {name}", source.path)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_and_no_folder_is_too_large() {
    let mut wrong = Vec::new();
    for (folder, most_lines) in [("src", 400), ("tests", 500), ("examples", 500)] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut paths = Vec::new();
        collect(&root, &mut paths);
        for path in &paths {
            let lines = fs::read_to_string(path).unwrap().lines().count();
            let of_tests = path.components().any(|part| part.as_os_str() == "tests");
            let most = if of_tests { 500 } else { most_lines };
            if lines > most {
                wrong.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_reader_of_imports_sees_imports_and_nothing_else() {
    let text = "//! See [`crate::store`].\nuse crate::domain::{names::Owner, state::{self, State}};\nuse super::b::X as Y;\n\
                pub use c::Z;\nmod d;\nfn f() -> crate::plan::Plan { d::g() } // crate::http\n\
                #[cfg(test)]\nmod tests {\n    use crate::jenkins::Jenkins;\n}\n";
    let paths: Vec<String> = Source::new("a/x.rs", text).paths().into_iter().map(|path| path.join("::")).collect();
    let expected =
        ["domain::names::Owner", "domain::state", "domain::state::State", "a::b::X", "plan::Plan", "a::x::d::g"];
    assert_eq!(paths, expected);
    let declared = test_modules(Path::new("src/store.rs"), "#[cfg(test)]\nmod tests;\nmod lock;\n");
    assert_eq!(declared, [PathBuf::from("src/store/tests")]);
}

#[test]
fn a_circle_is_named() {
    let imports = [("a.rs", vec!["b.rs"]), ("b.rs", vec!["c.rs", "d.rs"]), ("c.rs", vec![]), ("d.rs", vec!["a.rs"])];
    let mut imports: BTreeMap<&str, BTreeSet<&str>> =
        imports.into_iter().map(|(file, others)| (file, others.into_iter().collect())).collect();
    assert_eq!(circle(&imports), Some(vec!["a.rs", "b.rs", "d.rs", "a.rs"]));
    imports.insert("d.rs", BTreeSet::new());
    assert_eq!(circle(&imports), None);
}
