//! The releases of Jenkins that the simulator can play, and what changed with which.

/// A release of Jenkins, as `X-Jenkins` names it. A later one compares as greater; releases of a long-term line
/// (`2.516.3`) come before the next weekly one (`2.517`), as their fixes do unless they were backported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// Release `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Version { major, minor, patch: 0 }
    }

    /// Release `major.minor.patch` of a long-term line.
    pub const fn lts(major: u32, minor: u32, patch: u32) -> Self {
        Version { major, minor, patch }
    }

    /// A node's label string that is known as an atom is taken for that one atom (`Label.parse`).
    pub fn takes_label_string_for_atom(self) -> bool {
        self >= Version::new(2, 421)
    }

    /// The cause of a mark is kept apart from that of a lost channel, and survives a restart. Before, the later of the
    /// two is shown, and after a restart neither the mark nor its cause is in force until the agent connects.
    pub fn keeps_offline_cause(self) -> bool {
        self >= Version::new(2, 482)
    }

    /// `offlineCauseReason` is escaped for HTML.
    pub fn escapes_offline_reason(self) -> bool {
        self >= Version::new(2, 483)
    }

    /// The text of a user's cause is escaped, too, so that `offlineCauseReason` is escaped twice (SECURITY-3669 until
    /// SECURITY-3731).
    pub fn escapes_user_causes(self) -> bool {
        let fixed = (self.major, self.minor) == (2, 555) && self.patch >= 3;
        self >= Version::lts(2, 541, 2)
            && (self.minor == 541 || self >= Version::new(2, 551))
            && !fixed
            && self < Version::new(2, 568)
    }

    /// An item goes back to the queue where its executor gives it back because the node went offline. From 1.651 until
    /// then it is in no list any more and is never built.
    pub fn returns_items_to_queue(self) -> bool {
        self >= Version::new(2, 517) || self < Version::new(1, 651)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 {
            write!(f, ".{}", self.patch)?;
        }
        Ok(())
    }
}
