//! Scenes whose servers come from a program (`type = "command"`).

use super::scenes::{Scene, after_a_build, long, trusty, until, wanted, with_strangers};
use crate::harness::Installation;
use mita_sim::openstack::Fate;

const SCENES: &[Scene] = &[
    Scene { name: "order from a program", set: order_from_a_program },
    Scene { name: "retire from a program", set: retire_from_a_program },
    Scene { name: "ERROR from a program", set: error_from_a_program },
];

/// All of them, or the one that `MITA_TEST_SCENE` names.
pub(super) fn of_programs() -> Vec<Scene> {
    wanted(SCENES)
}

fn order_from_a_program() -> Installation {
    let farm = with_strangers(trusty().by_command());
    farm.sim.jenkins().submit(long("ceph-build"));
    farm.sim.jenkins().submit(long("ceph-test"));
    farm
}

fn retire_from_a_program() -> Installation {
    let farm = after_a_build(trusty().by_command());
    until(&farm, "retire_node");
    farm
}

fn error_from_a_program() -> Installation {
    let farm = order_from_a_program();
    farm.sim.cloud("openstack").next_fates.push_back(Fate::no_valid_host());
    farm.minute();
    farm
}
