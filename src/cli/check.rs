//! `mita check`: is the configuration right? With `--online` also: do Jenkins and the clouds agree with it?

pub(crate) mod online;

use crate::cli::args::Check;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::output::DOCUMENT_VERSION;
use crate::config;
use crate::config::{Config, ConfigErrors, Loaded};
use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::view::document::clean;
use crate::view::table::many;
use online::{Finding, Online};
use serde::Serialize;
use std::path::{Path, PathBuf};

pub(crate) fn run(wish: Check, named: Option<PathBuf>, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let path = config::locate(named)?;
    let loaded = Config::load(&path);
    let online = match &loaded {
        Ok(loaded) if wish.online => {
            progress.now("asking Jenkins and the clouds");
            Some(online::check(&loaded.config, moment))
        }
        Ok(_) | Err(_) => None,
    };
    drop(progress);
    let checked = Checked::of(&path, &loaded, online);
    if wish.shape.output.is_json() {
        output::print_document(&checked)?;
    } else {
        output::print(&checked.text())?;
    }
    checked.tell();
    Ok(checked.exit())
}

/// What was found, as its document tells it.
#[derive(Debug, Serialize)]
pub(crate) struct Checked {
    version: u32,
    file: String,
    ok: bool,
    node_types: usize,
    providers: usize,
    errors: Vec<String>,
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    online: Option<Online>,
}

impl Checked {
    pub(crate) fn of(path: &Path, loaded: &Result<Loaded, ConfigErrors>, online: Option<Online>) -> Self {
        let clean_all = |lines: &[String]| lines.iter().map(|line| clean(line)).collect();
        let (node_types, providers, errors, warnings) = match loaded {
            Ok(Loaded { config, warnings }) => {
                (config.node_types.len(), config.providers.len(), Vec::new(), clean_all(warnings))
            }
            Err(errors) => (0, 0, clean_all(errors.lines()), Vec::new()),
        };
        let faultless = online.as_ref().is_none_or(|online| online.faults.is_empty());
        Checked {
            version: DOCUMENT_VERSION,
            file: path.display().to_string(),
            ok: errors.is_empty() && faultless,
            node_types,
            providers,
            errors,
            warnings,
            online,
        }
    }

    /// What is right; what is wrong goes to standard error.
    fn text(&self) -> String {
        if !self.errors.is_empty() {
            return String::new();
        }
        let (types, providers) = (many(self.node_types, "node type"), many(self.providers, "provider"));
        let mut text = format!("{}: ok, {types}, {providers}\n", self.file);
        if let Some(online) = &self.online {
            for Finding { place, text: words } in &online.seen {
                text.push_str(&format!("{place}: {words}\n"));
            }
            text.push_str(&format!("not checked: {}\n", online.not_checked.join("; ")));
        }
        text
    }

    fn tell(&self) {
        for warning in &self.warnings {
            log::warn!("{warning}");
        }
        for error in &self.errors {
            log::error!("{error}");
        }
        let Some(online) = &self.online else { return };
        for Finding { place, text } in &online.hints {
            log::warn!("{place}: {text}");
        }
        for Finding { place, text } in &online.faults {
            log::error!("{place}: {text}");
        }
    }

    fn exit(&self) -> Exit {
        match (self.errors.is_empty(), self.ok) {
            (false, _) => Exit::Unusable,
            (true, false) => Exit::Failed,
            (true, true) => Exit::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(errors: &[&str], faults: &[&str]) -> Checked {
        let faults = faults.iter().map(|text| Finding::new("jenkins", *text)).collect();
        let online = Online { faults, ..Online::default() };
        let path = Path::new("mita.toml");
        let mut checked = Checked::of(path, &Config::load(Path::new("examples/mita.toml")), Some(online));
        checked.errors = errors.iter().map(|&error| error.to_owned()).collect();
        checked
    }

    #[test]
    fn a_wrong_file_comes_before_a_service_that_disagrees() {
        assert_eq!(checked(&[], &[]).exit(), Exit::Done);
        assert_eq!(checked(&[], &["no"]).exit(), Exit::Failed);
        assert_eq!(checked(&["wrong"], &["no"]).exit(), Exit::Unusable);
    }
}
