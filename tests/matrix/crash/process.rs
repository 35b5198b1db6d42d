//! A run in a process of its own, so that it can be killed: this very test program, started for one hidden test.

use super::When;
use crate::harness::Installation;
use jiff::Timestamp;
use mita::config::Config;
use mita::progress::Progress;
use mita::reconcile::{Moment, Permits, reconcile};
use mita_sim::{Fault, Kind};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// Tells the process which installation it runs, and at which simulated time.
const CONFIG: &str = "MITA_TEST_RUN_CONFIG";
const NOW: &str = "MITA_TEST_RUN_NOW";
const HIDDEN: &str = "matrix::crash::process::a_run_in_a_process_of_its_own";
const SIGKILL: i32 = 9;
/// How often it is looked whether the process has ended by itself.
const A_MOMENT: Duration = Duration::from_millis(5);

/// The run itself. Without the environment that [`Doomed`] gives there is nothing to run, and nothing is tested.
#[test]
#[expect(clippy::disallowed_methods, reason = "the environment names the installation; the deadline is real time")]
fn a_run_in_a_process_of_its_own() {
    let started = Instant::now();
    let (Ok(config), Ok(now)) = (std::env::var(CONFIG), std::env::var(NOW)) else { return };
    let now = Timestamp::from_millisecond(now.parse().expect("milliseconds")).expect("a time of this century");
    let config = Config::load(Path::new(&config)).expect("a configuration").config;
    let moment = Moment { now, started };
    reconcile(&config, Permits::default(), moment, &Progress::silent()).expect("a run that does its work");
}

/// The command that runs an installation in a process of its own.
pub(super) fn command(farm: &Installation, program: &str, before: &[String]) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env(CONFIG, farm.config_file()).env(NOW, farm.sim.now().to_string());
    command.args(before).args(["--exact", HIDDEN, "--nocapture", "--test-threads=1"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// This test program.
pub(super) fn this_program() -> String {
    std::env::current_exe().expect("the path of this program").to_string_lossy().into_owned()
}

/// Whether a process ended by SIGKILL; anything but that and success is a failure of the test.
pub(super) fn was_killed(status: ExitStatus) -> bool {
    let killed = status.signal() == Some(SIGKILL);
    assert!(killed || status.success(), "the run ended by itself, and not well: {status}");
    killed
}

/// A run that is to be killed.
pub(super) struct Doomed<'a> {
    farm: &'a Installation,
}

impl<'a> Doomed<'a> {
    pub(super) fn run(farm: &'a Installation) -> Self {
        Self { farm }
    }

    /// Kills it around its n-th request. False when it had ended before that.
    pub(super) fn killed_at_request(&self, number: usize, when: When) -> bool {
        let (sender, orders) = mpsc::channel::<Sender<()>>();
        // The service waits until the process is dead, so that nothing of its answer can be used.
        let kill = move |_: &mut mita_sim::World| {
            let (dead, done) = mpsc::channel();
            if sender.send(dead).is_ok() {
                let _ = done.recv();
            }
        };
        match when {
            When::BeforeItIsDone => {
                self.farm.sim.fault(Fault::anywhere(Kind::Before(Box::new(kill))).after(number));
                self.farm.sim.fault(Fault::anywhere(Kind::DropBefore).after(number));
            }
            When::AfterItWasDone => self.farm.sim.fault(Fault::anywhere(Kind::After(Box::new(kill))).after(number)),
        }
        let mut child = command(self.farm, &this_program(), &[]).spawn().expect("the run starts");
        let status = wait(&mut child, &orders);
        was_killed(status)
    }
}

fn wait(child: &mut Child, orders: &Receiver<Sender<()>>) -> ExitStatus {
    loop {
        match orders.recv_timeout(A_MOMENT) {
            Ok(dead) => {
                child.kill().expect("the process is ours");
                let status = child.wait().expect("the process is ours");
                drop(dead);
                return status;
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = child.try_wait().expect("the process is ours") {
                    return status;
                }
            }
            Err(RecvTimeoutError::Disconnected) => return child.wait().expect("the process is ours"),
        }
    }
}
