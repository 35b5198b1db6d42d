//! The configuration of mita for a simulator.

use anyhow::{Context, Result};
use mita_sim::Sim;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const TOKEN_FILE: &str = "jenkins.token";

/// Writes `mita.toml`, and the API token of Jenkins in a file beside it, readable by their owner alone. `top` are the
/// lines before the first table, `node_types` the tables of the node types; their provider is `openstack`.
pub(crate) fn write(sim: &Sim, folder: &Path, top: &str, node_types: &str) -> Result<PathBuf> {
    let text = format!(
        r#"{top}
owner = "ceph-ci"
state_file = "state.json"

[jenkins]
url = "{jenkins}/"
user = "mita"
token_file = "{TOKEN_FILE}"

[provider.openstack]
auth_url = "{keystone}"
username = "mita"
password = "mita-secret"
tenant_name = "ceph-ci"
{node_types}"#,
        jenkins = sim.jenkins_url(),
        keystone = sim.auth_url("openstack"),
    );
    write_private(&folder.join(TOKEN_FILE), "jenkins-api-token\n")?;
    let path = folder.join("mita.toml");
    write_private(&path, &text)?;
    Ok(path)
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    let written = fs::write(path, text).and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o600)));
    written.with_context(|| format!("cannot write {}", path.display()))
}
