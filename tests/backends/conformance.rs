//! The trials of `examples/conformance`, against the reference backend and against backends that are wrong in one way.

use super::backend::Backend;
use super::{has_python, reference_backend, trials};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

/// What is wrong with the reference backend behind a shell script: `"$@"` is the call, and `$verb` its verb.
fn wrong(wrapper: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("backend");
    fs::write(&program, format!("#!/bin/sh\nfor verb; do :; done\n{wrapper}\nexec \"$@\"\n")).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o700)).unwrap();
    let root = folder.path().join("farm").display().to_string();
    let (program, backend) = (program.display().to_string(), reference_backend().display().to_string());
    let backend = Backend::new(vec![program, backend, "--root".to_owned(), root]);
    let trials = trials::run(&backend);
    let lines =
        trials.into_iter().flat_map(|trial| trial.wrong.into_iter().map(move |text| format!("{}: {text}", trial.what)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_reference_backend_keeps_the_contract() {
    if has_python() {
        assert_eq!(wrong(""), "");
    }
}

#[test]
fn what_is_wrong_with_a_backend_is_said_to_its_author() {
    if !has_python() {
        return;
    }
    for (wrapper, said) in [
        ("test $verb = list && echo hello", "printed something else than one JSON document"),
        (
            "test $verb = list && { echo broken >&2; exit 3; }",
            "list ended with status 3, not 0; standard error ends with \"broken\"",
        ),
        ("test $verb = list && { echo '{}'; exit 0; }", "has no array \"servers\""),
        ("test $verb = create && { sleep 60 & }", "holds its standard output open"),
        ("test $verb = create && { \"$@\"; echo done; exit; }", "create printed something else than one JSON document"),
    ] {
        let found = wrong(wrapper);
        assert!(found.contains(said), "{wrapper}: {found}");
    }
}
