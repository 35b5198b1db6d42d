//! Agents, which the test starts in the place of servers that boot.

use super::client::Controller;
use super::variable;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The agent of the simulated controller: it connects, and that is all.
pub(super) const SIMULATED: &str = r#"
until curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' -H "Node-Name: $2" -H "Secret-Key: $3" \
    -H "Connection: Upgrade" -H "Upgrade: websocket" "$1wsagents/" | grep -q 101
do
    sleep 0.2
done
"#;

/// The second line is for Jenkins before 2.440, whose agents know no `-url`.
const JAVA: &str = r#"
java -jar agent.jar -url "$1" -name "$2" -secret "$3" $4 -workDir "$PWD/$2" ||
    java -jar agent.jar -jnlpUrl "$1computer/$2/jenkins-agent.jnlp" -secret "$3" -workDir "$PWD/$2"
"#;

/// The shell command that starts an agent: `$1` is the URL of Jenkins, `$2` the name of the node, `$3` its secret, and `$4`
/// are further options of the agent. It is that of the environment, or one with `java`, for which the agent's program is put
/// into the folder; none where there is neither.
pub(super) fn command(controller: &Controller, folder: &Path) -> Option<String> {
    if let Some(command) = variable("MITA_TEST_JENKINS_AGENT") {
        return Some(command);
    }
    if !starts("java", "-version") {
        return None;
    }
    fs::write(folder.join("agent.jar"), controller.program_of_agents()).unwrap();
    Some(JAVA.to_owned())
}

/// Whether there is such a program.
pub(super) fn starts(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(argument).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A running agent, with everything that its command started.
pub(super) struct Agent {
    child: Child,
    log: PathBuf,
}

impl Agent {
    /// Starts the agent of a server from the last line of its boot script: `agent URL NAME SECRET OPTIONS`.
    pub(super) fn start(command: &str, script: &str, folder: &Path) -> Agent {
        let line = script.lines().last().unwrap();
        let mut words = line.splitn(5, ' ');
        assert_eq!(words.next(), Some("agent"), "{script}");
        let words: Vec<&str> = words.collect();
        assert_eq!(words.len(), 4, "the script has an address, a name, a secret and options: {script}");
        let log = folder.join(format!("{}.log", words[1]));
        let out = File::create(&log).unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", command, "agent"]).args(words).current_dir(folder).process_group(0);
        shell.stdin(Stdio::null()).stderr(out.try_clone().unwrap()).stdout(out);
        Agent { child: shell.spawn().unwrap(), log }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // An agent that ended by itself has left no group.
        let _ = killpg(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGKILL);
        let _ = self.child.wait();
        if std::thread::panicking() {
            let text = fs::read_to_string(&self.log).unwrap_or_default();
            println!("{}:\n{text}", self.log.display());
        }
    }
}
