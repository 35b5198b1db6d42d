//! The exit statuses, for cron, monitors and scripts.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing had to be done, or everything was done.
    Done,
    /// A request or an action failed; everything else was done.
    Failed,
    /// The arguments, the configuration or the state file cannot be used, and nothing was done.
    Unusable,
    /// The brake held removals back, and everything else was done; or what a person asked for is not safe, or not
    /// wanted after all.
    HeldBack,
    /// Another run is active, and nothing was done.
    Busy,
}

impl Exit {
    /// All of them, by their numbers.
    pub const ALL: &'static [Exit] = &[Exit::Done, Exit::Failed, Exit::Unusable, Exit::HeldBack, Exit::Busy];

    /// The number that the shell sees.
    pub const fn number(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Unusable => 2,
            Exit::HeldBack => 3,
            Exit::Busy => 4,
        }
    }

    /// What it means, in a line for people.
    pub const fn meaning(self) -> &'static str {
        match self {
            Exit::Done => "success: nothing to do, or everything was done",
            Exit::Failed => "a request or an action failed; everything else was done",
            Exit::Unusable => "the arguments, the configuration or the state file cannot be used",
            Exit::HeldBack => "something was refused for safety; everything else was done (outranks 1)",
            Exit::Busy => "another run is active",
        }
    }

    /// The status of a run for which both are true: first the statuses that mean that nothing was done, then what was
    /// held back, then what failed.
    #[must_use]
    pub fn and(self, other: Exit) -> Exit {
        let weight = |exit: Exit| match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::HeldBack => 2,
            Exit::Unusable => 3,
            Exit::Busy => 4,
        };
        if weight(other) > weight(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_held_back_comes_before_what_failed() {
        assert_eq!(Exit::Failed.and(Exit::HeldBack), Exit::HeldBack);
        assert_eq!(Exit::HeldBack.and(Exit::Failed), Exit::HeldBack);
    }

    #[test]
    fn done_gives_way_to_everything() {
        for exit in Exit::ALL {
            assert_eq!(Exit::Done.and(*exit), *exit);
            assert_eq!(exit.and(Exit::Done), *exit);
        }
    }

    #[test]
    fn the_numbers_are_those_of_the_documentation() {
        let numbers: Vec<u8> = Exit::ALL.iter().map(|exit| exit.number()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
    }
}
