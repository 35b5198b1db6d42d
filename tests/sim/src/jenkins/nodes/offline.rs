//! Why a node is offline, and how each release of Jenkins shows it
//! (hudson/model/Computer.java, hudson/slaves/OfflineCause.java, hudson/slaves/SlaveComputer.java).

use crate::clock::Ms;
use crate::jenkins::Version;
use crate::jenkins::names::trim;
use crate::jenkins::nodes::Node;

/// The kinds of offline cause that matter to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CauseKind {
    /// Set by somebody, with a message.
    User,
    /// The connection broke.
    ChannelTermination,
    /// The agent could not be started.
    LaunchFailed,
    /// The demand retention strategy put it to sleep.
    Idle,
    /// The disk space monitor took it offline.
    DiskSpace,
    /// The response time monitor cut the connection. It marks nothing.
    ResponseTime,
    /// The node is being removed.
    Removed,
}

impl CauseKind {
    /// The `_class` under which Jenkins exports the cause.
    pub fn class(self) -> &'static str {
        match self {
            CauseKind::User => "hudson.slaves.OfflineCause$UserCause",
            CauseKind::ChannelTermination => "hudson.slaves.OfflineCause$ChannelTermination",
            CauseKind::LaunchFailed => "hudson.slaves.OfflineCause$LaunchFailed",
            CauseKind::Idle => "hudson.slaves.OfflineCause$IdleOfflineCause",
            CauseKind::DiskSpace => "hudson.node_monitors.DiskSpaceMonitorDescriptor$DiskSpace",
            CauseKind::ResponseTime => "hudson.node_monitors.ResponseTimeMonitor$Data",
            CauseKind::Removed => "hudson.slaves.OfflineCause$SimpleOfflineCause",
        }
    }
}

/// Why a node is offline.
#[derive(Debug, Clone)]
pub struct Cause {
    /// What kind of cause it is.
    pub kind: CauseKind,
    /// The message as it was given, without blanks around it.
    pub message: String,
    /// Who gave it, where it is a user's.
    pub by: String,
    /// When it was set.
    pub at: Ms,
}

impl Cause {
    /// A cause that is no user's, or that of a person without a name in the story.
    pub fn new(kind: CauseKind, message: &str, at: Ms) -> Self {
        Cause { kind, message: trim(message).to_string(), by: "alice".into(), at }
    }

    /// The same cause, given by this user.
    #[must_use]
    pub fn by(mut self, user: &str) -> Self {
        self.by = user.to_string();
        self
    }

    /// `offlineCause.description`, for the kinds that export it.
    pub fn description(&self) -> Option<String> {
        match self.kind {
            CauseKind::User if self.message.is_empty() => Some(format!("Disconnected by {}", self.by)),
            CauseKind::User => Some(format!("Disconnected by {} : {}", self.by, self.message)),
            CauseKind::Idle | CauseKind::Removed => Some(self.message.clone()),
            CauseKind::ChannelTermination
            | CauseKind::LaunchFailed
            | CauseKind::DiskSpace
            | CauseKind::ResponseTime => None,
        }
    }

    /// `offlineCauseReason` before it is escaped: the part after the last ` : ` of a user's cause, or the whole text of
    /// another cause (`Computer.getOfflineCauseReason`).
    pub fn reason(&self) -> &str {
        match self.kind {
            CauseKind::User => self.message.rsplit(" : ").next().unwrap_or_default(),
            _ => &self.message,
        }
    }
}

impl Node {
    /// Marked offline, or without a channel (`Computer.isOffline`).
    pub fn offline(&self) -> bool {
        self.temporarily_offline || !self.connected
    }

    /// The cause that a release shows: the mark's before the channel's, or, where both share one place, the last that
    /// was set.
    pub fn cause(&self, version: Version) -> Option<&Cause> {
        if !version.keeps_offline_cause() {
            return self.latest_cause.as_ref().filter(|_| self.offline());
        }
        let mark = self.mark.as_ref().filter(|_| self.temporarily_offline);
        mark.or(self.channel_cause.as_ref().filter(|_| !self.connected))
    }

    /// Marks the node offline, or changes the cause of the mark.
    pub fn mark_offline(&mut self, kind: CauseKind, message: &str, at: Ms) {
        self.mark_with(Cause::new(kind, message, at));
    }

    /// The same with a cause of its own.
    pub fn mark_with(&mut self, cause: Cause) {
        self.temporarily_offline = true;
        self.latest_cause = Some(cause.clone());
        self.mark = Some(cause);
    }

    /// Takes the mark away.
    pub fn clear_mark(&mut self) {
        self.temporarily_offline = false;
        self.mark = None;
        self.latest_cause = None;
        self.held = false;
    }

    /// The channel breaks, or somebody ends it. Builds on it are ended by the caller.
    pub fn disconnect(&mut self, kind: CauseKind, message: &str, at: Ms) {
        self.disconnect_with(Cause::new(kind, message, at));
    }

    /// The same with a cause of its own.
    pub fn disconnect_with(&mut self, cause: Cause) {
        self.close();
        self.latest_cause = Some(cause.clone());
        self.channel_cause = Some(cause);
    }

    /// The agent closes the channel regularly, which leaves no cause.
    pub fn close(&mut self) {
        self.connected = false;
        self.connects_at = None;
        self.channel_cause = None;
    }

    /// The controller starts the agent, which clears the cause.
    pub(crate) fn launch(&mut self, done: Ms) {
        self.close();
        self.latest_cause = None;
        self.connects_at = Some(done);
    }

    /// A channel is there: the agent is online unless it is marked offline. A mark that a restart had suspended is in
    /// force again, and who only cut the channel holds the node no more.
    pub fn connect(&mut self) {
        self.connected = true;
        self.ever_online = true;
        self.channel_cause = None;
        self.connects_at = None;
        self.temporarily_offline |= self.mark.is_some();
        self.latest_cause = self.mark.clone();
        self.held &= self.mark.is_some();
    }

    /// The controller starts again and has no channel to the agent.
    pub(crate) fn forget_channel(&mut self, version: Version) {
        self.close();
        self.latest_cause = None;
        if !version.keeps_offline_cause() {
            self.temporarily_offline = false;
        }
    }
}
