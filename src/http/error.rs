//! What went wrong with a request, in words for an operator and in kinds for the program.

/// A request without a usable answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{request}: {text}")]
pub struct HttpError {
    /// Method and URL, without query and user.
    pub request: String,
    /// What it means.
    pub kind: Kind,
    /// What happened, and what to do. May hold words of the service: it is to be redacted where it leaves the program.
    pub text: String,
}

/// What a failure means. For a write every kind but [`Kind::NotSent`] leaves open whether it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing of the request left this machine: no address, no connection, no trust, no time.
    NotSent,
    /// It was sent, at least in part, and no whole answer came.
    Lost,
    /// The answer is larger than any that makes sense.
    TooLarge,
    /// The answer sends us to another address, which is not followed.
    Redirect {
        /// The host that it names, with its port where it names one; or the same host.
        to: String,
    },
    /// The answer came whole and is not what was asked for.
    NotJson {
        /// Its status.
        status: u16,
    },
}
