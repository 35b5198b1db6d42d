//! Opens the playground: the simulated services, and a folder with a configuration of mita for them.

use crate::args::Args;
use crate::{configuration, farm};
use anyhow::{Context, Result, anyhow, ensure};
use jiff::Timestamp;
use mita_sim::{Sim, SimOptions, jenkins, openstack};
use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A playground that is open.
pub(crate) struct Site {
    pub(crate) sim: Sim,
    /// Where `mita.toml` is.
    pub(crate) config: PathBuf,
    /// How a person starts mita.
    pub(crate) program: &'static str,
}

/// The file name of the status page, beside the configuration.
pub(crate) const PAGE: &str = "status.html";

/// The first line of a `mita.toml` that a playground may replace.
const MARK: &str = "# Written by mita's playground, which replaces this file at each start.";

/// Starts the services, and writes the configuration.
pub(crate) fn open(args: &Args, now: Timestamp) -> Result<Site> {
    let pace = |seconds: u64| Duration::from_millis(seconds * 1000 / u64::from(args.speed));
    let start = u64::try_from(now.as_millisecond()).context("the clock of this machine is before 1970")?;
    let options = SimOptions {
        openstack: openstack::Options { boot_time: pace(20), delete_time: pace(3), ..openstack::Options::default() },
        jenkins: jenkins::Options { agent_start: pace(8), ..jenkins::Options::default() },
        jenkins_port: args.jenkins_port,
        openstack_port: args.openstack_port,
        // Servers of an earlier playground have other ids.
        seed: start,
        start,
        ..SimOptions::default()
    };
    let sim = Sim::start(options).map_err(|error| {
        anyhow!("cannot listen on {error}: choose ports with --jenkins-port and --openstack-port, 0 for any free one")
    })?;
    farm::open(&sim, pace(8), pace(12));
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => checkout().map_or_else(|| PathBuf::from("playground"), |checkout| checkout.join("target/playground")),
    };
    prepare(&folder)?;
    let folder = folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
    // mita counts idle time in whole seconds.
    let idle_grace = pace(60).max(Duration::from_secs(1)).as_secs();
    let top = format!(
        r#"{MARK}
# These times are short, so that there is something to see; real ones are longer.
idle_grace = "{idle_grace}s"
boot_timeout = "3m"
join_timeout = "3m"
order_timeout = "1m"
max_servers = 8
html_file = "{PAGE}""#
    );
    let config = configuration::write(&sim, &folder, &top, farm::NODE_TYPES)?;
    let program = if checkout().is_some() { "cargo run -q --" } else { "mita" };
    Ok(Site { sim, config, program })
}

/// The folder of the sources, if cargo started this program.
#[expect(clippy::disallowed_methods, reason = "cargo tells in no other way that it started a program")]
fn checkout() -> Option<PathBuf> {
    std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)
}

/// Makes the folder, or removes the files that mita wrote there for an earlier playground: they are about another farm.
fn prepare(folder: &Path) -> Result<()> {
    let shown = folder.display();
    DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(|| format!("cannot make {shown}"))?;
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {shown}"))?;
    let entries: Vec<_> = entries.collect::<Result<_, _>>().with_context(|| format!("cannot read {shown}"))?;
    ensure!(
        entries.is_empty() || is_playground(folder)?,
        "{shown} holds other files than a playground's: choose an empty or a new folder with --folder"
    );
    for entry in entries {
        let name = entry.file_name();
        if name == PAGE || name.to_string_lossy().starts_with("state.json") {
            fs::remove_file(entry.path()).with_context(|| format!("cannot remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}

fn is_playground(folder: &Path) -> Result<bool> {
    let path = folder.join("mita.toml");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().next() == Some(MARK)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
