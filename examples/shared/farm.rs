//! The CI farm of the demo and the playground: two node types, and a static agent.

use mita_sim::{JoinRule, Sim};
use std::time::Duration;

/// The tables of the node types.
pub(crate) const NODE_TYPES: &str = r#"
[nodes.ubuntu]
provider = "openstack"
image_name = "Ubuntu Trusty (2014.04) cloudimg"
size = "m3.xlarge"
keyname = "jenkins-slave"
labels = ["amd64", "trusty"]
max = 4

[nodes.centos]
provider = "openstack"
image_name = "Debian 12"
size = "m1.small"
keyname = "jenkins-slave"
labels = ["x86_64", "centos7"]
storage = 10
"#;

/// Servers become nodes as `base+IP`, so long after they are ACTIVE, unless the configuration lets mita make the nodes. The static agent is there so that Jenkins always
/// names the labels that jobs wait for.
pub(crate) fn open(sim: &Sim, ubuntu_joins: Duration, centos_joins: Duration) {
    sim.jenkins().add_agent("vault", "signing", 1);
    sim.on_boot("ubuntu", JoinRule::base_plus_ip(ubuntu_joins, "amd64 trusty").unless_made());
    sim.on_boot("centos", JoinRule::base_plus_ip(centos_joins, "x86_64 centos7").unless_made());
}
