//! The executable itself, for what only it can show: exit status, output, the command line.

use super::Installation;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a program that can be started at once. Another process writes it: a file that this one has open for writing is open in
/// each child that a test beside this one starts just then, too, and is "busy" for as long.
pub(crate) fn write_program(path: &Path, text: &str) {
    let mut writer = Command::new("sh");
    let mut writer = writer
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .expect("a shell");
    writer.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("a shell that reads");
    assert!(writer.wait().expect("the shell ends").success(), "{path:?} was not written");
}

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Installation {
    /// Runs the program with this installation's configuration, as `MITA_CONFIG` because some commands read none, and
    /// nothing else in its environment. Its clock is the real one, so a story of the program is one of single runs.
    pub(crate) fn program(&self, arguments: &[&str]) -> Ended {
        self.program_with(arguments, &[], "")
    }

    /// The same with these environment variables and this standard input.
    pub(crate) fn program_with(&self, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mita"));
        command.env_clear().current_dir(self.folder.path()).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("MITA_CONFIG", self.config_file()).envs(variables.iter().copied()).args(arguments);
        let mut child = command.spawn().expect("the program starts");
        // A program that ends without reading it closes its end.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("the program ends");
        self.sim.assert_promises();
        Ended {
            status: output.status.code().expect("an exit status, not a signal"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// An example of the crate. It is built together with the tests, except where a run of some tests alone is asked for.
pub(crate) fn example(name: &str) -> Command {
    let built = std::env::current_exe().expect("this test").with_file_name(format!("../examples/{name}"));
    if built.exists() {
        return Command::new(built);
    }
    let mut cargo = Command::new(env!("CARGO"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    cargo.current_dir(root).args(["run", "--quiet", "--locked", "--example", name, "--"]);
    cargo
}
