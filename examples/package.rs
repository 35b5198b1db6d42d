//! What a package holds beside the program: manual pages, completions for shells, the schema of the configuration.
//!
//!     cargo run --example package              into target/package
//!     cargo run --example package -- FOLDER    into another folder
//!     cargo deb                                then makes a Debian package (cargo install cargo-deb)

use clap_complete::Shell;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/package"));
    let mut written = Vec::new();
    for page in mita::cli::manual_pages()? {
        written.push((format!("man/{}.{}", page.name, page.section), page.text));
    }
    for (shell, file) in [(Shell::Bash, "mita.bash"), (Shell::Zsh, "_mita"), (Shell::Fish, "mita.fish")] {
        written.push((format!("completions/{file}"), mita::cli::completions(shell)?));
    }
    written.push(("mita.schema.json".to_owned(), serde_json::to_string_pretty(&mita::config::schema())? + "\n"));
    for (file, text) in written {
        let path = folder.join(file);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}
