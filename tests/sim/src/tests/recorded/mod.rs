//! The simulator beside a real controller: recorded requests of Jenkins 2.426.3 are sent to a simulator in the same
//! state, and what a client reads of the answers must be the same.

mod access;
mod compare;
mod create;
mod life;
mod matrix;
mod nodes;
mod paths;
mod pipelines;
mod queue;
mod reasons;
mod restarts;
mod stage;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use stage::Stage;

/// The state that a fixture was recorded in.
type Scene = fn() -> Stage;

/// Every fixture with its scene, by folder.
const SCENES: [(&str, &[(&str, Scene)]); 10] = [
    ("access", access::SCENES),
    ("create", create::SCENES),
    ("life", life::SCENES),
    ("matrix", matrix::SCENES),
    ("nodes", nodes::SCENES),
    ("paths", paths::SCENES),
    ("pipelines", pipelines::SCENES),
    ("queue", queue::SCENES),
    ("reasons", reasons::SCENES),
    ("restarts", restarts::SCENES),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/jenkins/recorded")
}

/// What is in the folder, as `FOLDER/NAME`.
fn fixtures() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for group in fs::read_dir(folder()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        for file in fs::read_dir(group.path()).unwrap().map(Result::unwrap) {
            let name = file.file_name().into_string().unwrap();
            let (name, kind) = name.rsplit_once('.').unwrap();
            assert!(["request", "response"].contains(&kind), "{name}.{kind}");
            found.insert(format!("{}/{name}", group.file_name().into_string().unwrap()));
        }
    }
    found
}

fn scenes() -> BTreeMap<String, Scene> {
    let all = SCENES.iter().flat_map(|(folder, scenes)| scenes.iter().map(move |scene| (folder, scene)));
    all.map(|(folder, (name, scene))| (format!("{folder}/{name}"), *scene)).collect()
}

#[test]
fn every_fixture_has_a_scene_and_every_scene_a_fixture() {
    let scenes: BTreeSet<String> = scenes().into_keys().collect();
    let fixtures = fixtures();
    let alone: Vec<&String> = fixtures.symmetric_difference(&scenes).collect();
    assert!(alone.is_empty(), "{alone:?}");
}

#[test]
fn the_simulator_answers_as_the_recorded_controller_did() {
    let mut wrong = Vec::new();
    for (name, scene) in scenes() {
        let read = |kind: &str| fs::read(folder().join(format!("{name}.{kind}"))).unwrap();
        let stage = scene();
        let recorded = wire::Answer::parse(&read("response"));
        let given = stage.send(&read("request"));
        let differences = compare::differences(&recorded, &given, stage.sim.jenkins_url());
        wrong.extend(differences.into_iter().map(|difference| format!("{name}: {difference}")));
    }
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}
