//! What the README says is so: its commands, its tables, its messages, its links.
//!
//! Prose goes stale without a sound. Whatever in it can be compared with the program is compared here.

use crate::harness::example;
use mita::cli::Exit;
use mita::config::Config;
use mita::domain::rule::Rule;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn readme() -> String {
    read("README.md")
}

/// The text of a document below a heading, up to the next heading of any level.
fn section_of(document: &str, heading: &str) -> String {
    let text = read(document);
    let lines = text.lines().skip_while(|line| *line != heading).skip(1);
    let body: Vec<&str> = lines.take_while(|line| !line.starts_with('#')).collect();
    assert!(!body.is_empty(), "{document} has a section {heading}");
    body.join("\n")
}

fn section(heading: &str) -> String {
    section_of("README.md", heading)
}

/// The README and what it leads to.
const DOCUMENTS: [&str; 9] = [
    "README.md",
    "examples/CONTRIBUTING.md",
    "examples/backend.md",
    "examples/backends/lxc.md",
    "examples/decisions.md",
    "examples/deployment.md",
    "examples/moving-over.md",
    "examples/reference.md",
    "examples/troubleshooting.md",
];

/// The rows of the tables in a text, without their heads, each as its cells.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut rows = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let is_head = lines.get(number + 1).is_some_and(|next| next.starts_with("| ---"));
        if line.starts_with("| ") && !line.starts_with("| ---") && !is_head {
            let cells = line.trim_matches('|').split(" |").map(|cell| cell.trim().to_owned());
            rows.push(cells.collect());
        }
    }
    rows
}

/// What stands in backquotes, in order.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Lines that are indented as commands.
fn commands() -> Vec<String> {
    readme().lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned).collect()
}

/// The blocks between a line that opens one with this language, and the line that closes it. Their own indentation is
/// taken away.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let text = read(document);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == format!("```{language}") {
            let indent = line.len() - line.trim_start().len();
            let inner = lines.by_ref().take_while(|line| line.trim() != "```");
            let inner: Vec<&str> = inner.map(|line| line.get(indent..).unwrap_or_default()).collect();
            blocks.push(inner.join("\n"));
        }
    }
    blocks
}

#[test]
fn the_first_two_commands_are_the_demo_and_the_tests() {
    assert_eq!(commands()[..2], ["cargo run --example demo", "cargo test --workspace --locked"]);
}

#[test]
fn ci_runs_the_test_command_of_the_readme() {
    let printed = Command::new(root().join(".ci/run")).arg("--print-test-command").output().expect(".ci/run starts");
    assert_eq!(String::from_utf8_lossy(&printed.stdout), format!("{}\n", commands()[1]));
    assert!(printed.status.success(), "{printed:?}");
}

#[test]
fn the_demo_prints_what_is_quoted_of_it() {
    let Output { status, stdout, stderr } = example("demo").output().expect("the demo starts");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let printed = String::from_utf8(stdout).expect("UTF-8");
    let [quoted] = blocks("README.md", "text").try_into().expect("one block of output");
    let mut rest = printed.lines();
    for line in quoted.lines() {
        assert!(rest.any(|printed| printed == line), "the demo prints, in this order: {line}\n{printed}");
    }
}

#[test]
fn every_key_of_the_example_is_in_the_table_of_its_section() {
    let documented = documented_keys();
    for (section, keys) in example_keys() {
        let known: BTreeSet<String> = documented[&section].keys().cloned().collect();
        let missing: Vec<_> = keys.difference(&known).collect();
        assert!(missing.is_empty(), "{section} of the reference lacks {missing:?}");
    }
}

#[test]
fn every_key_of_the_tables_is_in_the_example_and_known_to_the_program() {
    let example = read("examples/mita.toml");
    for (section, keys) in documented_keys() {
        for (key, row) in keys {
            assert!(example.contains(&key), "the example mentions {section} {key}");
            let mut names = vec![key];
            // "`region` and `region_name` are the same", "`password` is taken as well"
            let words = &row[2];
            let others = quoted(words).into_iter().filter(|name| {
                words.contains(&format!("`{name}` is the same"))
                    || words.contains(&format!("`{name}` is taken as well"))
                    || words.contains("are the same") && name.starts_with("region")
            });
            names.extend(others);
            for name in names {
                assert!(is_known(&section, &name), "{section} {name} is a key of the configuration");
            }
        }
    }
    assert!(!is_known("jenkins", "colour"), "an unknown key is told from a known one");
}

#[test]
fn the_defaults_of_the_tables_are_those_of_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mita.toml");
    fs::write(&path, MINIMAL).expect("a writable folder");
    let config = Config::load(&path).expect("a whole configuration").config;
    let ubuntu = &config.node_types[0];
    let seconds = |text: &str| text.parse::<jiff::SignedDuration>().expect("a time").as_secs().to_string();
    let times = |times: mita::config::Times| {
        let all = [
            ("stuck_after", times.stuck_after),
            ("idle_grace", times.idle_grace),
            ("boot_timeout", times.boot_timeout),
            ("join_timeout", times.join_timeout),
            ("order_timeout", times.order_timeout),
        ];
        all.map(|(key, time)| (key, time.as_secs().to_string()))
    };
    let documented = documented_keys();
    let told = |section: &str, key: &str| documented[section][key][1].trim_matches('`').to_owned();
    for (key, value) in times(config.times) {
        assert_eq!(seconds(&told("top", key)), value, "{key}");
        assert_eq!(told("nodes", key), "as at the top");
    }
    assert_eq!(times(ubuntu.times), times(config.times));
    assert_eq!(seconds(&told("top", "deadline")), config.deadline.as_secs().to_string());
    assert_eq!(told("top", "max_servers"), config.max_servers.to_string());
    assert_eq!(told("top", "concurrency"), config.concurrency.to_string());
    assert_eq!(told("top", "state_file"), config.state_file.display().to_string());
    assert_eq!(told("nodes", "executors"), ubuntu.executors.to_string());
    assert_eq!(told("nodes", "min_idle"), ubuntu.min_idle.largest().to_string());
    assert_eq!(told("nodes", "unlabelled"), ubuntu.unlabelled.to_string());
    assert_eq!(told("nodes", "config_drive"), ubuntu.config_drive.to_string());
    assert_eq!(told("nodes", "server_name"), ubuntu.server_name);
    assert_eq!((told("nodes", "max"), ubuntu.max), ("none".to_owned(), None));
    assert_eq!(config.owner.as_str(), "jenkins.example.com/ci", "host and path of jenkins.url");
}

#[test]
fn every_rule_is_told_with_its_meaning() {
    let told: Vec<_> =
        rows(&section_of(REFERENCE, "## Rules")).into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let all = Rule::ALL.iter().map(|rule| (format!("`{rule}`"), rule.meaning().trim().to_owned()));
    assert_eq!(told, all.collect::<Vec<_>>());
}

#[test]
fn every_exit_status_is_told_with_its_meaning() {
    let told = rows(&section("## Commands and exit statuses"));
    let all = Exit::ALL.iter().map(|exit| vec![exit.number().to_string(), exit.meaning().to_owned()]);
    assert_eq!(told, all.collect::<Vec<_>>());
}

#[test]
fn the_configuration_of_the_set_up_can_be_used_as_it_stands() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = blocks("README.md", "toml")
        .into_iter()
        .find(|block| block.contains("[jenkins]"))
        .expect("a whole configuration");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a writable folder");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("its own file");
        path
    };
    let path = write("mita.toml", &whole);
    write("jenkins.token", "a-token\n");
    write("openstack.secret", "a-secret\n");
    write("boot-inbound-registered.sh", &read("examples/boot-inbound-registered.sh"));
    let loaded = Config::load(&path).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(loaded.warnings, [""; 0]);
    assert!(loaded.config.node_types[0].script.contains("MITA_AGENT_SECRET"));
}

#[test]
fn the_configuration_of_the_set_up_is_what_init_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mita.toml");
    let told = blocks("README.md", "toml").into_iter().find(|block| block.contains("[jenkins]")).expect("a whole one");
    let value =
        |key: &str| told.split(&format!("{key} = \"")).nth(1).expect(key).split('"').next().expect(key).to_owned();
    let mut init = Command::new(env!("CARGO_BIN_EXE_mita"));
    init.args(["init", "--offline", "--labels", "amd64 noble", "--max", "10"]).arg("--file").arg(&file);
    for (option, key) in [
        ("--owner", "owner"),
        ("--jenkins-url", "url"),
        ("--auth-url", "auth_url"),
        ("--application-credential-id", "application_credential_id"),
        ("--region", "service_region"),
        ("--image", "image_name"),
        ("--flavor", "size"),
        ("--key", "keyname"),
    ] {
        init.args([option, &value(key)]);
    }
    let Output { status, stderr, .. } = init.output().expect("the program");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    // In /etc, it is this one.
    let written =
        fs::read_to_string(&file).expect("a configuration").replace("\"state.json\"", "\"/var/lib/mita/state.json\"");
    let keys = |text: &str| {
        text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(keys(&told), keys(&written));
}

#[test]
fn the_line_for_unique_names_of_old_scripts_can_be_used_as_it_stands() {
    let line = blocks("examples/moving-over.md", "toml").into_iter().next().expect("one line");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mita.toml");
    fs::write(&path, format!("{MINIMAL}{line}\n")).expect("a writable folder");
    let config = Config::load(&path).unwrap_or_else(|errors| panic!("{errors}")).config;
    let name = config.node_types[0].server_name_for(&"20261121T233012Z-1".into());
    assert_eq!(name, "ubuntu__20261121T233012Z-1");
}

#[test]
fn every_message_of_the_troubleshooting_table_is_one_that_the_program_can_print() {
    let sources = sources(&root().join("src"));
    for row in rows(&read("examples/troubleshooting.md")) {
        let message = row[0].trim_matches('`');
        for part in message.split("...").map(str::trim).filter(|part| !part.is_empty()) {
            assert!(sources.contains(part), "nothing prints {part:?}, of the message {message:?}");
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let anchors_of = |document: &str| -> BTreeSet<String> { read(document).lines().filter_map(anchor).collect() };
    let mut seen = 0;
    for document in DOCUMENTS {
        let text = read(document);
        let folder = Path::new(document).parent().unwrap_or(Path::new(""));
        for (target, _) in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')) {
            if target.starts_with("https://") {
                continue;
            }
            seen += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { PathBuf::from(document) } else { folder.join(file) };
            assert!(root().join(&file).exists(), "{document}: there is no file {target}");
            let leads = anchor.is_empty() || anchors_of(&file.display().to_string()).contains(anchor);
            assert!(leads, "{document}: there is no section {target}");
        }
    }
    assert!(seen > 20, "the documents have links");
}

#[test]
fn files_that_documents_name_are_there() {
    let mut seen = 0;
    for document in DOCUMENTS {
        let text = read(document);
        let quoted = text.split('`').skip(1).step_by(2);
        let is_path = |name: &&str| ["src/", "tests/", "examples/"].iter().any(|folder| name.starts_with(folder));
        for name in quoted.filter(is_path).filter(|name| !name.contains("NAME")) {
            seen += 1;
            assert!(root().join(name).exists(), "{document}: there is no {name}");
        }
    }
    assert!(seen > 40, "the documents name {seen} files");
}

#[test]
fn the_reference_is_what_the_program_goes_by() {
    let told = "cargo run --example package && cp target/package/reference.md examples/";
    assert!(read(REFERENCE) == mita::cli::reference(), "the reference is out of date; {told}");
}

#[test]
fn every_document_is_linked_from_the_readme() {
    let text = readme();
    for document in &DOCUMENTS[1..] {
        assert!(text.contains(&format!("]({document})")), "{document}");
    }
}

#[test]
fn the_version_of_rust_and_the_changes_are_told() {
    let manifest = read("Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).expect("a rust-version");
    assert!(section("## Install").contains(&format!("Rust {} or newer", version.trim_matches('"'))));
    assert!(read("CHANGELOG.md").contains("\n## Unreleased\n"));
}

/// Made by the program itself.
const REFERENCE: &str = "examples/reference.md";

const MINIMAL: &str = r#"
[jenkins]
url = "https://jenkins.example.com/ci/"
user = "mita"
token = "a-token"

[provider.openstack]
auth_url = "https://openstack.example.com:5000/"
username = "mita"
password = "a-password"

[nodes.ubuntu]
provider = "openstack"
image_name = "Ubuntu 24.04"
size = "m1.small"
"#;

/// By section, the rows of the configuration tables by key.
fn documented_keys() -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
    let sections = [
        ("top", "### At the top"),
        ("jenkins", "### `[jenkins]`"),
        ("provider", "### `[provider.NAME]`"),
        ("nodes", "### `[nodes.NAME]`"),
    ];
    let keys = |heading: &str| {
        let by_key = |row: Vec<String>| (row[0].trim_matches('`').to_owned(), row);
        rows(&section_of(REFERENCE, heading)).into_iter().map(by_key).collect()
    };
    sections.map(|(name, heading)| (name.to_owned(), keys(heading))).into()
}

/// By section, the keys of the example, those that are commented out as well.
fn example_keys() -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut section = "top".to_owned();
    let text = read("examples/mita.toml");
    let mut in_script = false;
    for line in text.lines() {
        if in_script {
            in_script = !line.contains("\"\"\"");
            continue;
        }
        if let Some(table) = line.strip_prefix('[') {
            section = table.trim_end_matches(']').split('.').next().unwrap_or_default().to_owned();
        }
        let Some((key, value)) = line.trim_start_matches('#').split_once(" = ") else { continue };
        in_script = value.starts_with("\"\"\"");
        // A comment with a blank after the sign is prose.
        if key.bytes().all(|b| b == b'_' || b.is_ascii_lowercase()) {
            keys.entry(section.clone()).or_default().insert(key.to_owned());
        }
    }
    keys
}

/// Whether the program has a key of this name; what it thinks of the value is of no account.
fn is_known(section: &str, key: &str) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mita.toml");
    let line = format!("{key} = \"x\"\n");
    let text = match section {
        "top" => line,
        "jenkins" => format!("[jenkins]\n{line}"),
        name => format!("[{name}.x]\n{line}"),
    };
    fs::write(&path, text).expect("a writable folder");
    let errors = Config::load(&path).expect_err("it is not whole").to_string();
    !errors.contains("unknown key")
}

/// All sources as one text, with strings that go over several lines put together.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else {
            let source = fs::read_to_string(&path).expect("a source");
            let mut parts = source.split("\\\n");
            text.push_str(parts.next().unwrap_or_default());
            parts.for_each(|part| text.push_str(part.trim_start()));
        }
    }
    text
}

/// The name by which a heading is linked to.
fn anchor(line: &str) -> Option<String> {
    let heading = line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#'))?;
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    Some(kept.collect::<String>().to_lowercase().replace(' ', "-"))
}
