//! Whole configurations, read from files as an operator would write them.

mod bad_input;
mod bad_nodes;
mod bad_provider;
mod clouds;
mod command;
mod damaged;
mod defaults;
mod example;
mod good_input;
mod registration;
mod secrecy;

use super::load::load;
use super::{Config, ConfigErrors, Loaded};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

const JENKINS: &str = "[jenkins]\nurl = \"https://ci.example.com/\"\nuser = \"jo\"\ntoken = \"TOKEN-OF-JO\"\n";

const PROVIDER: &str = "[provider.openstack]\nauth_url = \"http://os.example.com:5000\"\nusername = \"adeza\"\n\
                        password = \"PASSWORD-OF-ADEZA\"\n";

const NODE: &str = "[nodes.ubuntu]\nprovider = \"openstack\"\nimage_name = \"Ubuntu 22.04\"\nsize = \"m1\"\n";

/// A folder with a private `mita.toml` of this text.
struct Folder(TempDir);

impl Folder {
    fn with(text: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("mita.toml", text, 0o600);
        folder
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>, mode: u32) {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn load(&self) -> Result<Loaded, ConfigErrors> {
        self.load_with(&[])
    }

    fn load_with(&self, variables: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
        let variable =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        load(&self.0.path().join("mita.toml"), &variable)
    }

    /// What is wrong, without the folder's name.
    fn errors(&self) -> Vec<String> {
        let errors = self.load().expect_err("this configuration is not refused");
        self.plain(errors.lines())
    }

    fn plain(&self, lines: &[String]) -> Vec<String> {
        lines.iter().map(|line| line.replace(&format!("{}/", self.0.path().display()), "")).collect()
    }
}

/// The configuration that this text is, where nothing is wrong with it.
fn config(text: &str) -> Config {
    let loaded = Folder::with(text).load().unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(loaded.warnings, [""; 0]);
    loaded.config
}

/// The warnings for this text.
fn warnings(text: &str) -> Vec<String> {
    let folder = Folder::with(text);
    let loaded = folder.load().unwrap_or_else(|errors| panic!("{errors}"));
    folder.plain(&loaded.warnings)
}
