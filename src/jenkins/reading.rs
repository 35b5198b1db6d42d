//! What was read, with the controller that answered.

use super::error::JenkinsError;
use jiff::Timestamp;

/// What was read, and which controller answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<T> {
    /// What was read.
    pub value: T,
    /// `X-Jenkins-Session`, which changes with each start of the controller. Readings with different sessions do not belong
    /// together.
    pub session: Option<String>,
    /// `X-Jenkins`, the controller's version; empty if the answer lacks it.
    pub version: String,
    /// `Date`: what the controller's own clock showed as it answered. None if the answer lacks it.
    pub date: Option<Timestamp>,
}

impl<T> Reading<T> {
    pub(super) fn try_map<U>(
        self,
        read: impl FnOnce(T) -> Result<U, JenkinsError>,
    ) -> Result<Reading<U>, JenkinsError> {
        Ok(Reading { value: read(self.value)?, session: self.session, version: self.version, date: self.date })
    }
}
