//! A small farm behind real HTTP, for documents and texts as users get them.

use crate::config::{Config, Loaded, MinIdle};
use crate::progress::Progress;
use crate::reconcile::{Moment, Permits, Report, dry_run, reconcile};
use jiff::Timestamp;
use mita_sim::jenkins::queue::Job;
use mita_sim::{JoinRule, Sim, SimOptions};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use tempfile::TempDir;

/// A simulated Jenkins with one static agent, a cloud, and node types `ubuntu` (at most one) and `centos`.
pub(crate) struct Scene {
    pub(crate) sim: Sim,
    pub(crate) loaded: Loaded,
    _folder: TempDir,
}

impl Scene {
    pub(crate) fn start() -> Self {
        let sim = Sim::start(SimOptions::default()).unwrap();
        sim.jenkins().add_agent("vault", "signing", 1);
        sim.join_all(JoinRule::base_plus_ip(Duration::from_secs(30), "amd64 trusty"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mita.toml");
        fs::write(&path, file(&sim)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let loaded = Config::load(&path).unwrap();
        Scene { sim, loaded, _folder: folder }
    }

    /// Two jobs for `ubuntu`, one that nothing serves, one that is blocked.
    pub(crate) fn with_jobs() -> Self {
        let scene = Self::start();
        let ceph = |name: &str| Job::freestyle(name).label("amd64 && trusty").lasting(Duration::from_secs(240));
        let mut jenkins = scene.sim.jenkins();
        jenkins.submit(ceph("ceph-build"));
        jenkins.submit(ceph("folder/ceph-dev"));
        jenkins.submit(Job::pipeline("win-build").label("windows"));
        jenkins.submit(
            Job::freestyle("rpm-build").label("centos").blocked("Build #7 is already in progress (ETA: 2 min)"),
        );
        drop(jenkins);
        scene.pass(10);
        scene
    }

    /// So many idle nodes of a type are kept at hand from now on.
    pub(crate) fn keep_at_hand(&mut self, node_type: &str, number: u32) {
        let kinds = self.loaded.config.node_types.iter_mut();
        kinds.filter(|kind| kind.name.as_str() == node_type).for_each(|kind| kind.min_idle = MinIdle::Always(number));
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.sim.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn moment(&self) -> Moment {
        let now = i64::try_from(self.sim.now()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the deadline is real time, also where the clock is simulated")]
        let started = std::time::Instant::now();
        Moment { now: Timestamp::from_millisecond(now).unwrap(), started }
    }

    /// A run, and a minute that passes.
    pub(crate) fn run(&self) -> Report {
        let report = reconcile(&self.loaded.config, Permits::default(), self.moment(), &Progress::silent()).unwrap();
        self.pass(60);
        report
    }

    pub(crate) fn look(&self) -> Report {
        dry_run(&self.loaded.config, Permits::default(), self.moment(), &Progress::silent()).unwrap()
    }
}

fn file(sim: &Sim) -> String {
    let (jenkins, keystone) = (sim.jenkins_url(), sim.auth_url("openstack"));
    format!(
        r#"
state_file = "state.json"
owner = "ceph-ci"
idle_grace = "10m"

[jenkins]
url = "{jenkins}"
user = "mita"
token = "jenkins-api-token"

[provider.openstack]
auth_url = "{keystone}"
username = "mita"
password = "mita-secret"
tenant_name = "ceph-ci"

[nodes.ubuntu]
provider = "openstack"
image_name = "Ubuntu Trusty (2014.04) cloudimg"
size = "m1.small"
labels = ["amd64", "trusty"]
max = 1

[nodes.centos]
provider = "openstack"
image_name = "Debian 12"
size = "m1.small"
labels = ["amd64", "centos7"]
"#
    )
}
