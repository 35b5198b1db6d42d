//! Files that are written, and are something else as well.

use super::*;
use std::os::unix::fs::symlink;

/// What is wrong with these lines at the top, where the token is in a file.
fn errors(lines: &str, prepare: impl FnOnce(&Folder)) -> Vec<String> {
    let jenkins = JENKINS.replace("token = \"TOKEN-OF-JO\"", "token_file = \"tok\"");
    let folder = Folder::with(&format!("{lines}\n{jenkins}{PROVIDER}{NODE}script_file = \"boot.sh\"\n"));
    folder.write("tok", "TOKEN-OF-JO\n", 0o600);
    folder.write("boot.sh", "#!/bin/sh\n", 0o600);
    prepare(&folder);
    match folder.load() {
        Ok(_) => Vec::new(),
        Err(errors) => folder.plain(errors.lines()),
    }
}

#[test]
fn no_file_that_is_read_or_kept_is_a_target() {
    for (target, other) in [
        ("mita.toml", "the configuration"),
        ("tok", "jenkins.token_file"),
        ("boot.sh", "nodes.ubuntu.script_file"),
        ("state.json", "state_file"),
        ("state.json.lock", "the lock file"),
        ("state.json.history", "the history"),
        ("state.json.journal", "the journal"),
        ("./sub/../tok", "jenkins.token_file"),
        ("link", "jenkins.token_file"),
        ("second", "jenkins.token_file"),
    ] {
        for key in ["html_file", "metrics_file"] {
            let found = errors(&format!("state_file = \"state.json\"\n{key} = \"{target}\""), |folder| {
                fs::create_dir(folder.0.path().join("sub")).unwrap();
                symlink("tok", folder.0.path().join("link")).unwrap();
                fs::hard_link(folder.0.path().join("tok"), folder.0.path().join("second")).unwrap();
            });
            let expected = format!("mita.toml:2: {key}: is the same file as {other}; write another path");
            assert_eq!(found, [expected], "{target}");
        }
    }
    assert_eq!(errors("state_file = \"state.json\"\nhtml_file = \"page.html\"", |_| ()), [""; 0]);
}

#[test]
fn the_state_and_the_files_beside_it_are_no_files_that_are_read() {
    for (state, error) in [
        ("mita.toml", "is the same file as the configuration"),
        ("tok", "is the same file as jenkins.token_file"),
        ("boot.sh", "is the same file as nodes.ubuntu.script_file"),
    ] {
        let found = errors(&format!("state_file = \"{state}\""), |_| ());
        assert_eq!(found, [format!("mita.toml:1: state_file: {error}; write another path")]);
    }
    let found = errors("state_file = \"state\"", |folder| {
        symlink("tok", folder.0.path().join("state.lock")).unwrap();
    });
    let error = "would put the lock file there: it is the same file as jenkins.token_file";
    assert_eq!(found, [format!("mita.toml:1: state_file: {error}; write another path")]);
}

#[test]
fn what_is_no_regular_file_is_not_waited_for() {
    let found = errors("", |folder| {
        for name in ["tok", "boot.sh"] {
            let path = folder.0.path().join(name);
            fs::remove_file(&path).unwrap();
            nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        }
    });
    assert!(found.len() == 2 && found.iter().all(|error| error.contains(" is not a regular file; ")), "{found:?}");
}
