//! Every rule by which mita decides, with its stable name. The JSON documents, the help and the reference use this
//! list.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal),+ $(,)?) => {
        /// Why something is done, or left alone.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Rule {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant),+
        }

        impl Rule {
            /// All rules, in the order of the documentation.
            pub const ALL: &'static [Rule] = &[$(Rule::$variant),+];

            /// The stable name.
            pub const fn name(self) -> &'static str {
                match self { $(Rule::$variant => $name),+ }
            }

            /// What the rule says, in a line for people.
            pub const fn meaning(self) -> &'static str {
                match self { $(Rule::$variant => concat!($($doc),+)),+ }
            }
        }
    };
}

rules! {
    /// a waiting job needs a server
    Demand = "demand",
    /// Jenkins has no agents and names no labels: one server is tried
    Scout = "scout",
    /// too few idle nodes are at hand
    MinIdle = "min_idle",
    /// the server is to have a floating IP, and has none
    FloatingIp = "floating_ip",
    /// mita makes the server's node in Jenkins
    Register = "register",
    /// the node stood idle for its grace time
    Idle = "idle",
    /// the node has run its one build
    SingleUse = "single_use",
    /// the server is as old as its type may grow
    MaxAge = "max_age",
    /// an earlier run began to retire the node; this one goes on
    DrainResumed = "drain_resumed",
    /// the node was being retired, and a job wants it
    WantedAgain = "wanted_again",
    /// the node was offline for its join timeout
    Offline = "offline",
    /// the cloud gave the server up
    Error = "error",
    /// the server did not become active in time
    BootTimeout = "boot_timeout",
    /// the server's node did not come online in time
    NeverJoined = "never_joined",
    /// the server's node went missing from Jenkins
    NodeMissing = "node_missing",
    /// the server does not run
    Stopped = "stopped",
    /// a person asked for it: mita retire
    Asked = "asked",
    /// the server that it belonged to is gone
    ServerGone = "server_gone",
    /// mita made the node for an order that has no server
    NoServer = "no_server",
    /// a build runs there
    Busy = "busy",
    /// a person set the node offline or locked the server, or its cloud would refuse to delete it
    Held = "held",
    /// a person paused orders and removals there: mita pause
    Paused = "paused",
    /// online, and idle for less than its grace time
    Kept = "kept",
    /// online and idle, and waiting jobs are matched to it
    KeptForJobs = "kept_for_jobs",
    /// offline for less than its join timeout
    Away = "away",
    /// ordered, and not listed yet
    Ordered = "ordered",
    /// being built by its cloud
    Booting = "booting",
    /// active, its node not yet online in Jenkins
    Connecting = "connecting",
    /// its cloud is deleting it
    Deleting = "deleting",
    /// its cloud does not have it any more
    Gone = "gone",
    /// stopped for less than its join timeout
    Stopping = "stopping",
    /// in use by its server
    InUse = "in_use",
    /// in use, though its server is gone
    Attached = "attached",
    /// in a state that mita leaves alone
    UnknownState = "unknown_state",
    /// nodes and servers do not match clearly: nothing is touched
    Ambiguous = "ambiguous",
    /// maybe the server of a node under a name outside the convention
    OtherName = "other_name",
    /// the listing that would decide is not there, or not believed
    NotSeen = "not_seen",
    /// Jenkins was restarted, or the state was lost: wait and see
    Settling = "settling",
    /// more removals than the brake lets through
    Brake = "brake",
    /// not made by this installation, or a person's by now
    NotOurs = "not_ours",
    /// ready: an idle executor takes the job
    IdleExecutor = "idle_executor",
    /// a server on its way takes the job
    OnItsWay = "on_its_way",
    /// in its quiet period
    QuietPeriod = "quiet_period",
    /// blocked by something other than an executor
    Blocked = "blocked",
    /// has an executor already
    Pending = "pending",
    /// waits for less than `stuck_after`
    TooYoung = "too_young",
    /// no node type has the labels
    NoNodeType = "no_node_type",
    /// what the job needs cannot be read
    UnknownNeed = "unknown_need",
    /// a pipeline that waits for its old node to come back
    Resuming = "resuming",
    /// `max` or `max_servers` is reached
    Limit = "limit",
    /// the cloud's quota is used up
    Quota = "quota",
    /// the `budget` of the node type or the provider is used up
    Budget = "budget",
    /// too many different needs wait at once to try every way to place the job
    TooManyNeeds = "too_many_needs",
    /// the node type failed there lately, or the provider asks for fewer orders
    BreakerOpen = "breaker_open",
    /// nodes of the type stood idle beside the job
    InVain = "in_vain",
    /// Jenkins is about to shut down
    QuietingDown = "quieting_down",
}

impl Rule {
    /// The rule with a reason that follows from it. The reason often begins with the name of the rule, which is written once.
    pub fn because(self, reason: &str) -> String {
        let rest = reason.strip_prefix(self.name()).filter(|rest| rest.starts_with(' '));
        format!("{self}: {}", rest.unwrap_or(reason).trim_start())
    }

    /// Whether it says that a node takes no further build, whatever waits for it.
    pub const fn is_last(self) -> bool {
        matches!(self, Rule::SingleUse | Rule::MaxAge)
    }

    /// Whether it says that a server failed to be built or to join, which counts against its node type.
    pub const fn is_failure(self) -> bool {
        matches!(self, Rule::Error | Rule::BootTimeout | Rule::NeverJoined)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_rule_is_written_once() {
        assert_eq!(Rule::Idle.because("idle 12s, grace 12s"), "idle: 12s, grace 12s");
        assert_eq!(Rule::Kept.because("idle 12s, grace 40m"), "kept: idle 12s, grace 40m");
        assert_eq!(Rule::Gone.because("gone"), "gone: gone");
        assert_eq!(Rule::Error.because("errors of a disk"), "error: errors of a disk");
    }
}
