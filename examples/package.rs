//! What a package holds beside the program: manual pages, completions for shells, the schemas of the configuration and of
//! the JSON documents, a changelog.
//!
//!     cargo run --example package              into target/package
//!     cargo run --example package -- FOLDER    into another folder
//!     cp target/package/reference.md examples/ is due where a key, a rule or an option changed (a test tells)
//!     cp target/package/schemas/*.json tests/schemas/ is due where a document changed (a test tells)
//!     cp target/package/backends/schemas/*.json examples/backends/schemas/ is due where the contract changed (a test tells)
//!     cargo deb                                then makes a Debian package (cargo install cargo-deb)

use clap::Parser;
use clap_complete::Shell;
use jiff::Timestamp;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes what a package holds beside the program
#[derive(Parser)]
#[command(name = "package")]
struct Args {
    /// Where to write [default: target/package]
    folder: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Args::parse().folder;
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/package"));
    let mut written = Vec::new();
    for page in mita::cli::manual_pages()? {
        written.push((format!("man/{}.{}", page.name, page.section), page.text));
    }
    for (shell, file) in [(Shell::Bash, "mita.bash"), (Shell::Zsh, "_mita"), (Shell::Fish, "mita.fish")] {
        written.push((format!("completions/{file}"), mita::cli::completions(shell)?));
    }
    written.push(("reference.md".to_owned(), mita::cli::reference()));
    written.push(("changelog".to_owned(), changelog()?));
    for document in DOCUMENTS {
        written.push((format!("doc/{document}"), packaged(document)?));
    }
    written.push(("mita.schema.json".to_owned(), serde_json::to_string_pretty(&mita::config::schema())? + "\n"));
    for (name, schema) in mita::view::schemas() {
        written.push((format!("schemas/{name}.json"), serde_json::to_string_pretty(&schema)? + "\n"));
    }
    for (name, schema) in mita::provider::command::schemas() {
        written.push((format!("backends/schemas/{name}.json"), serde_json::to_string_pretty(&schema)? + "\n"));
    }
    for (file, text) in written {
        let path = folder.join(file);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}

/// The documents of the package, by their path in the source.
const DOCUMENTS: [&str; 8] = [
    "README.md",
    "examples/decisions.md",
    "examples/deployment.md",
    "examples/moving-over.md",
    "examples/reference.md",
    "examples/troubleshooting.md",
    "examples/backend.md",
    "examples/backends/lxc.md",
];

/// What else the package holds beside the documents, by the same paths.
const BESIDE: [&str; 9] = [
    "cron.example",
    "examples/mita.toml",
    "examples/alerts.yml",
    "examples/grafana.json",
    "examples/status-page.png",
    "examples/backends/local",
    "examples/backends/lxc",
    "examples/backends/lxc-image",
    "examples/backends/schemas",
];

/// A document whose links lead only to the web and to what the package holds; other links are their text alone.
fn packaged(document: &str) -> Result<String, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(document).parent().unwrap_or(Path::new(""));
    let held = |target: &str| {
        let file = target.split('#').next().unwrap_or_default();
        let path = normal(&folder.join(file));
        let is_script = path.starts_with("examples/boot-") && path.ends_with(".sh");
        file.is_empty()
            || file.contains("://")
            || is_script
            || [&DOCUMENTS[..], &BESIDE].concat().contains(&path.as_str())
    };
    let text = fs::read_to_string(root.join(document))?;
    let mut packaged = String::new();
    let mut rest = text.as_str();
    // A link is `[TEXT](TARGET)`; no text of these documents has brackets of its own.
    while let Some((before, after)) = rest.split_once("](") {
        let (Some((head, label)), Some((target, tail))) = (before.rsplit_once('['), after.split_once(')')) else {
            break;
        };
        packaged.push_str(head.strip_suffix('!').filter(|_| !held(target)).unwrap_or(head));
        packaged.push_str(&if held(target) { format!("[{label}]({target})") } else { label.to_owned() });
        rest = tail;
    }
    Ok(packaged + rest)
}

/// The path without `..`.
fn normal(path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()) {
        if part == ".." { drop(parts.pop()) } else { parts.push(part) }
    }
    parts.join("/")
}

/// How wide Debian wants a changelog, without the two blanks of its margin.
const WIDTH: usize = 76;

/// A changelog as Debian wants one (deb-changelog(5)): this version, with the newest entries of CHANGELOG.md.
fn changelog() -> Result<String, Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("CHANGELOG.md");
    let changed = Timestamp::try_from(fs::metadata(&path)?.modified()?)?;
    let all = fs::read_to_string(path)?;
    let newest = all.split("\n## ").nth(1).ok_or("CHANGELOG.md has no version")?;
    let mut text = concat!("mita (", env!("CARGO_PKG_VERSION"), "-1) unstable; urgency=medium\n").to_owned();
    for entry in newest.split("\n- ").skip(1) {
        let mut line = String::from("\n  *");
        for word in entry.split("\n#").next().unwrap_or(entry).split_whitespace() {
            if line.len() + word.len() > WIDTH {
                text.push_str(&line);
                line = String::from("\n   ");
            }
            line.push(' ');
            line.push_str(word);
        }
        text.push_str(&line);
    }
    let date = jiff::fmt::rfc2822::to_string(&changed.to_zoned(jiff::tz::TimeZone::UTC))?;
    text.push_str(&format!("\n\n -- The mita maintainers <mita@example.org>  {date}\n"));
    Ok(text)
}
