//! Why a command ended without a result, and with which exit status.

use crate::config::{ConfigErrors, NotFound};
use crate::reconcile::RunError;
use crate::record::RecordError;
use crate::store::LockError;
use crate::view::exit::Exit;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why a command has no result.
#[derive(Debug, Error)]
pub enum Failure {
    /// There is no configuration file.
    #[error(transparent)]
    NoConfig(#[from] NotFound),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// The run ended before it did anything.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A record cannot be replayed, or not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// What was asked for does not exist, or is not safe.
    #[error("{0}")]
    Refused(String),
    /// The history was not written.
    #[error("cannot write the history of runs beside the state file: {0}")]
    History(io::Error),
    /// The journal was not read.
    #[error("{0}")]
    Journal(io::Error),
    /// The metrics or the page were not written.
    #[error("cannot write {}: {source}", path.display())]
    Published {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `--watch` without a terminal to redraw.
    #[error("--watch redraws a terminal, and standard output is not one: add --output json, or omit --watch")]
    NoTerminal,
    /// Ctrl-C at a question.
    #[error("interrupted: nothing was written")]
    Interrupted,
    /// The result was not written.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// What happened, a line each; a line includes its causes.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Failure::Config(errors) => errors.lines().to_vec(),
            Failure::Run(RunError::Lock(LockError::Busy { .. })) => {
                vec![format!("{self}; try again once it has ended")]
            }
            Failure::NoConfig(_)
            | Failure::Run(_)
            | Failure::Record(_)
            | Failure::History(_)
            | Failure::Journal(_)
            | Failure::Published { .. }
            | Failure::NoTerminal
            | Failure::Interrupted
            | Failure::Refused(_)
            | Failure::Output(_) => vec![self.to_string()],
        }
    }

    /// The exit status.
    pub fn exit(&self) -> Exit {
        match self {
            Failure::NoConfig(_) | Failure::Config(_) | Failure::Refused(_) => Exit::Unusable,
            Failure::Run(RunError::Lock(LockError::Busy { .. })) => Exit::Busy,
            Failure::Run(RunError::Lock(LockError::Failed(error)) | RunError::Store(error)) => {
                if error.is_late() {
                    Exit::Failed
                } else {
                    Exit::Unusable
                }
            }
            Failure::Record(error) => match error {
                RecordError::Newer { .. } | RecordError::Unreadable { .. } | RecordError::Read { .. } => Exit::Unusable,
                RecordError::Write { .. } => Exit::Failed,
            },
            Failure::NoTerminal | Failure::Interrupted => Exit::Unusable,
            Failure::History(_) | Failure::Journal(_) | Failure::Published { .. } | Failure::Output(_) => Exit::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Attempt, StoreError};

    #[test]
    fn each_failure_has_the_exit_status_of_the_documentation() {
        let folder = || "/var/lib/mita".into();
        let io = |attempt| StoreError::Io { attempt, path: folder(), source: io::Error::other("full") };
        let cases: [(Failure, Exit); 10] = [
            (RunError::Store(io(Attempt::Read)).into(), Exit::Unusable),
            (NotFound::Nowhere { tried: Vec::new() }.into(), Exit::Unusable),
            (RunError::Lock(LockError::Busy { lock_file: folder(), pid: None }).into(), Exit::Busy),
            (RunError::Lock(LockError::Failed(io(Attempt::Lock))).into(), Exit::Unusable),
            (RunError::Store(io(Attempt::FirstWrite)).into(), Exit::Unusable),
            (RunError::Store(io(Attempt::Write)).into(), Exit::Failed),
            (RunError::Store(StoreError::Newer { path: folder(), version: 2 }).into(), Exit::Unusable),
            (RecordError::Newer { path: folder(), version: 2 }.into(), Exit::Unusable),
            (RecordError::Write { path: folder(), source: io::Error::other("full") }.into(), Exit::Failed),
            (io::Error::other("full").into(), Exit::Failed),
        ];
        for (failure, exit) in cases {
            assert_eq!(failure.exit(), exit, "{failure}");
        }
    }
}
