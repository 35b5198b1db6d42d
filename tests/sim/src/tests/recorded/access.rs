//! Who may see and do what, and how those are told who may not.

use std::time::Duration;

use super::Scene;
use super::stage::Stage;
use crate::jenkins::{Options, Permission, User};

pub(super) const SCENES: &[(&str, Scene)] = &[
    ("auth-anonymous", Stage::new),
    ("auth-bad-base64", Stage::new),
    ("auth-bearer", Stage::new),
    ("auth-empty-token", Stage::new),
    ("auth-unknown-user", Stage::new),
    ("auth-wrong-post", Stage::new),
    ("auth-wrong-token", Stage::new),
    ("anon-read-checkname", anonymous_reads),
    ("anon-read-computers", anonymous_reads),
    ("anon-read-mark", anonymous_reads),
    ("anon-read-queue", anonymous_reads),
    ("checkname", Stage::new),
    ("checkname-taken", Stage::new),
    ("crumb", Stage::new),
    ("crumb-anonymous", Stage::new),
    ("password-crumb", Stage::new),
    ("password-crumb-bad", with_crumb),
    ("password-crumb-good", with_crumb),
    ("password-no-crumb", one_agent),
    ("password-read", two_jobs),
    ("perm-all-it-needs-builtin", mita),
    ("perm-all-it-needs-checkname", mita),
    ("perm-all-it-needs-jobs", mita),
    ("perm-all-it-needs-page", mita),
    ("perm-with-job-discover-only-jobs", || mita_with(&[Permission::OverallRead, Permission::JobDiscover])),
    ("perm-with-job-discover-only-queue", || mita_with(&[Permission::OverallRead, Permission::JobDiscover])),
    ("perm-without-computer-connect-node-marked-toggle", || mita_without(Permission::AgentConnect)),
    ("perm-without-computer-connect-page", || mita_without(Permission::AgentConnect)),
    ("perm-without-computer-connect-whole", || mita_without(Permission::AgentConnect)),
    ("perm-without-computer-create-checkname", || mita_without(Permission::AgentCreate)),
    ("perm-without-computer-create-create", || mita_without(Permission::AgentCreate)),
    ("perm-without-computer-delete-page", || mita_without(Permission::AgentDelete)),
    ("perm-without-computer-disconnect-builtinpage", || mita_without(Permission::AgentDisconnect)),
    ("perm-without-computer-disconnect-mark", || mita_without(Permission::AgentDisconnect)),
    ("perm-without-computer-disconnect-page", || mita_without(Permission::AgentDisconnect)),
    ("perm-without-hudson-read-checkname", || mita_without(Permission::OverallRead)),
    ("perm-without-hudson-read-computers", || mita_without(Permission::OverallRead)),
    ("perm-without-hudson-read-mark", || mita_without(Permission::OverallRead)),
    ("perm-without-hudson-read-root", || mita_without(Permission::OverallRead)),
    ("perm-without-hudson-read-whoami", || mita_without(Permission::OverallRead)),
    ("perm-without-item-discover-queue", || mita_without(Permission::JobDiscover)),
    ("perm-without-item-read-computers", || mita_with(&NEEDED[1..])),
    ("perm-without-item-read-queue", || mita_with(&[Permission::OverallRead])),
    ("root", Stage::new),
    ("root-anonymous", Stage::new),
    ("root-gzip", Stage::new),
    ("root-quieting", || Stage::new().then(|jenkins| jenkins.quiet_down(true))),
    ("secret-anonymous", one_agent),
    ("secret-encrypted-anonymous", one_agent),
    ("starting-3-post", starting),
    ("starting-3-wrong-token", starting),
    ("whoami", Stage::new),
    ("whoami-anonymous", Stage::new),
];

/// What mita needs where it registers nodes.
const NEEDED: [Permission; 6] = [
    Permission::JobRead,
    Permission::OverallRead,
    Permission::AgentConnect,
    Permission::AgentDisconnect,
    Permission::AgentDelete,
    Permission::AgentCreate,
];

fn one_agent() -> Stage {
    Stage::new().agent("n1", "amd64 lx")
}

fn two_jobs() -> Stage {
    one_agent().jobs(&[("ajob", "amd64"), ("bjob", "wheezy")])
}

fn anonymous_reads() -> Stage {
    let reads = |options: &mut Options| options.anonymous = [Permission::OverallRead, Permission::JobRead].into();
    Stage::with(reads).agent("n1", "amd64").agent("n2", "amd64").agent("n3", "amd64")
}

/// A session with its crumb.
fn with_crumb() -> Stage {
    let stage = one_agent();
    let asked = b"GET /crumbIssuer/api/json HTTP/1.1\r\nhost: x\r\nauthorization: Basic bWl0YTpQQVNTV09SRA==\r\n\r\n";
    let issued = stage.send(asked);
    let crumb =
        serde_json::from_slice::<serde_json::Value>(&issued.body).unwrap()["crumb"].as_str().unwrap().to_string();
    let session = issued.header("set-cookie").unwrap().split(';').next().unwrap().to_string();
    stage
        .replacing("6c75c43767ac296f0def45f8027bb13ed4ae74dde17d38f56db9a697c4df2b62", &crumb)
        .replacing("JSESSIONID=node0yrohn8o13wes1tjc1iiawaibk84.node0", &session)
}

fn starting() -> Stage {
    let minute = Duration::from_secs(60);
    one_agent().then(|jenkins| jenkins.restart(minute, minute))
}

fn mita() -> Stage {
    mita_with(&NEEDED)
}

fn mita_without(lacks: Permission) -> Stage {
    let rest: Vec<Permission> = NEEDED.into_iter().filter(|permission| *permission != lacks).collect();
    mita_with(&rest)
}

/// The user mita with these permissions; a node that it marked, another, and two jobs.
fn mita_with(permissions: &[Permission]) -> Stage {
    let users = vec![User::new("alice", "TOKEN"), User::new("mita", "TOKEN").with_only(permissions)];
    let stage = Stage::with(|options| options.users = users).agent("n1", "amd64 lx").agent("zz", "");
    let stage = stage.jobs(&[("ajob", "amd64"), ("bjob", "wheezy")]);
    stage.then(|jenkins| {
        let cause = crate::jenkins::nodes::Cause::new(crate::jenkins::nodes::CauseKind::User, "x", 0).by("mita");
        jenkins.node_mut("n1").unwrap().mark_with(cause);
    })
}
