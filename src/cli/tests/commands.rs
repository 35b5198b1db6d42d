//! The exit statuses of commands, and the documents of those that change something or check.

use crate::cli::args::{Arguments, Command};
use crate::cli::check::online;
use crate::cli::operator;
use crate::cli::reconcile::exit;
use crate::config::Config;
use crate::plan::model::Problem;
use crate::progress::Progress;
use crate::reconcile::Report;
use crate::view::document::check::CheckDocument;
use crate::view::document::operator::OperatorDocument;
use crate::view::exit::Exit;
use crate::view::tests::samples::{every_action, every_outcome};
use crate::view::tests::scene::Scene;
use crate::view::tests::schema::{assert_conforms, json};
use clap::Parser;
use std::path::Path;

#[test]
fn held_back_removals_come_before_failures_in_the_exit_status() {
    let scene = Scene::start();
    let mut report: Report = scene.run();
    assert_eq!(exit(&report), Exit::Done);
    report.results = Some(every_outcome());
    assert_eq!(exit(&report), Exit::Failed);
    report.plan.held_back = every_action();
    assert_eq!(exit(&report), Exit::HeldBack);
    report.results = Some(Vec::new());
    assert_eq!(exit(&report), Exit::HeldBack);
}

#[test]
fn a_service_that_could_not_be_read_is_a_failure_in_a_dry_run_too() {
    let scene = Scene::start();
    let mut report = scene.look();
    assert_eq!(exit(&report), Exit::Done);
    report.plan.problems = vec![Problem { place: "jenkins".to_owned(), error: "no answer".to_owned() }];
    assert_eq!(exit(&report), Exit::Failed);
}

#[test]
fn a_check_of_a_good_and_of_a_bad_file_conforms_to_its_schema() {
    let scene = Scene::start();
    let path = Path::new("mita.toml");
    let online = online::check(&scene.loaded.config, scene.moment());
    let good = CheckDocument::of(path, &Ok(scene.loaded), Some(online));
    assert_conforms("check", &good);
    assert_eq!(json(&good)["ok"], true);
    let bad = CheckDocument::of(path, &Config::load(Path::new("no-such-folder/mita.toml")), None);
    assert_conforms("check", &bad);
    assert_eq!(json(&bad)["errors"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_a_person_does_conforms_to_its_schema() {
    let scene = Scene::with_jobs();
    for _ in 0..3 {
        scene.run();
    }
    let node = scene.sim.jenkins().node_names().into_iter().find(|name| name.starts_with("ubuntu+")).unwrap();
    for words in [["hold", &node], ["release", &node], ["retire", &node], ["retire", "vault"], ["hold", "x"]] {
        let command: operator::Command = match Arguments::try_parse_from(["mita"].iter().chain(&words)).unwrap().command
        {
            Command::Hold(args) => args.into(),
            Command::Release(args) => args.into(),
            Command::Retire(args) => args.into(),
            other => panic!("{other:?}"),
        };
        let (config, moment) = (&scene.loaded.config, scene.moment());
        let answer = command.execute(config, moment, &Progress::silent()).unwrap();
        let document = OperatorDocument::of(&config.owner, moment.now, &command.node, &command.request, &answer);
        assert_conforms("operator", &document);
        assert_eq!(json(&document)["command"], words[0]);
    }
}
