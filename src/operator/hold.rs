//! Holding a node, and releasing it.

use crate::domain::journal::Event;
use crate::domain::offline::{because, held_with_mita, hold_message, holder, offline_message};
use crate::domain::rule::Rule;
use crate::domain::state::SetOfflineBy;
use crate::domain::world::{OfflineCause, Presence};
use crate::jenkins::{NodeChange, Restoration};
use crate::operator::context::Context;
use crate::operator::elsewhere::out_of_reach;
use crate::operator::request::{Answer, Ended, command};
use crate::plan::identity::fleet::{Machine, NodeIdentity};
use crate::plan::lifecycle::last_build::last_build;
use crate::store::StoreError;

impl Context<'_> {
    /// Sets the node offline in a person's name. That ends a retirement under way: a person's last word counts.
    pub(super) fn hold(&mut self, reason: Option<&str>) -> Result<Answer, StoreError> {
        let node = self.node;
        let message = hold_message(self.person, reason);
        let mut end = if node.idle { "" } else { "; the build that runs there goes on" };
        if let (Presence::SetOffline(cause), Some(SetOfflineBy::Person)) = (&node.presence, self.set_offline_by(node)) {
            let who = match (held_with_mita(cause), cause.is_user()) {
                (Some((person, why)), _) => format!("it is held by {person} already{}", because(why)),
                (None, true) => format!("a person holds it already{}", quoted(cause)),
                (None, false) => format!("it is held already, and Jenkins names nobody{}", quoted(cause)),
            };
            let is_own = held_with_mita(cause).is_some_and(|(person, _)| person == self.person);
            match reason {
                Some(_) if is_own && cause.reason.trim() != message => end = "; the new reason replaces the old one",
                Some(_) if !is_own => return Ok(Answer::new(Ended::AlreadySo, format!("{who}; that reason stays"))),
                Some(_) | None => return Ok(Answer::new(Ended::AlreadySo, who)),
            }
        }
        self.record_set_offline_by(node, SetOfflineBy::Person);
        let mut withdrawn = "";
        if let Some(server) = self.server() {
            if server.asked.is_some() {
                withdrawn = "; it is no longer to be retired";
            }
            server.withdraw();
            server.retirement = None;
        }
        self.store.save(&self.state)?;
        Ok(match self.jenkins.set_offline(&node.name, &message) {
            Ok(NodeChange::Done) => {
                self.journal(Event::Held, reason.unwrap_or_default());
                let release = command("release", node.name.as_str());
                Answer::new(Ended::Done, format!("takes no build and is left alone until {release}{end}{withdrawn}"))
            }
            Ok(NodeChange::NoSuchNode) => Answer::new(Ended::Failed, "it has gone from Jenkins in the meantime"),
            Err(error) => error.into(),
        })
    }

    /// Ends a person's hold, or a person's request to retire the node.
    pub(super) fn release(&mut self) -> Result<Answer, StoreError> {
        let withdrawn = self.withdraw_retire()?;
        let answer = |ended, reason: &str| Ok(Answer::new(ended, reason));
        let set_offline_by = self.set_offline_by(self.node);
        let cause = match (&self.node.presence, set_offline_by) {
            (Presence::Online, _) if let Some(asked) = &withdrawn => {
                let last = self.machine.and_then(|machine| self.last_build(machine));
                let but =
                    last.map_or_else(String::new, |(_, why)| format!(", but mita retires it all the same: {why}"));
                let stays = if but.is_empty() { "stays: it is" } else { "is" };
                return answer(Ended::Done, &format!("{stays} no longer to be retired{asked}{but}"));
            }
            (Presence::Disconnected, _) if let Some(asked) = &withdrawn => {
                return answer(Ended::Done, &format!("is no longer to be retired{asked}; it has no connection"));
            }
            (Presence::DisconnectedBy(cause), _) => {
                let reason = "a person disconnected its agent, and mita connects none: launch the agent in Jenkins";
                return answer(Ended::Refused, &format!("{reason}{}", quoted(cause)));
            }
            (Presence::Disconnected, Some(SetOfflineBy::Person)) => {
                self.forget_set_offline();
                self.store.save(&self.state)?;
                self.journal(Event::Released, "");
                let reason = format!("is held no more; it has no connection, and {}", self.if_away());
                return answer(Ended::Done, &reason);
            }
            (Presence::Online, _) => return answer(Ended::AlreadySo, "nobody holds it: it is online"),
            (Presence::Disconnected, _) => {
                return answer(Ended::AlreadySo, "nobody holds it: it is offline because it has no connection");
            }
            (Presence::SetOffline(_), Some(SetOfflineBy::Us)) if withdrawn.is_none() => {
                let hold = command("hold", self.node.name.as_str());
                let reason = format!("no person holds it: mita set it offline to retire it; {hold} keeps it");
                return answer(Ended::Refused, &reason);
            }
            (Presence::SetOffline(cause), Some(SetOfflineBy::Monitor)) => {
                let reason = "no person holds it: a node monitor of Jenkins set it offline, and brings it back once the cause is gone";
                return answer(Ended::Refused, &format!("{reason}{}", quoted(cause)));
            }
            (Presence::SetOffline(cause), Some(SetOfflineBy::Us | SetOfflineBy::Person) | None) => cause,
        };
        if let Some((machine, (rule, why))) =
            self.machine.and_then(|machine| Some((machine, self.last_build(machine)?)))
        {
            return self.go_on_retiring(machine, cause, withdrawn.as_deref(), rule, &why);
        }
        // Whether it can be written is known before anything is done.
        self.store.save(&self.state)?;
        match self.jenkins.release(&self.node.name, cause) {
            Ok(Restoration::Done) => {
                self.forget_set_offline();
                self.store.save(&self.state)?;
                self.journal(Event::Released, "");
                let by_us = set_offline_by == Some(SetOfflineBy::Us);
                let held = if by_us { String::new() } else { whose_hold(cause) };
                let asked =
                    withdrawn.map_or_else(String::new, |asked| format!(", and is no longer to be retired{asked}"));
                answer(Ended::Done, &format!("{}{asked}{held}", self.released()))
            }
            Ok(Restoration::NotSetOffline) => answer(Ended::AlreadySo, "somebody has brought it back in the meantime"),
            Ok(Restoration::Held(reason)) => {
                let reason = format!("somebody has set it offline again in the meantime: \"{}\"", reason.trim());
                answer(Ended::Refused, &reason)
            }
            Ok(Restoration::NoSuchNode) => answer(Ended::Failed, "it has gone from Jenkins in the meantime"),
            Err(error) => Ok(error.into()),
        }
    }

    /// Why no further build is to come to the node, whoever holds it.
    fn last_build(&self, machine: &Machine<'_>) -> Option<(Rule, String)> {
        last_build(self.config, &self.plan.state, machine, self.plan.now)
    }

    /// Puts the mark of mita in place of the person's: a node that were online would start a further build at once.
    fn go_on_retiring(
        &mut self,
        machine: &Machine<'_>,
        cause: &OfflineCause,
        withdrawn: Option<&str>,
        rule: Rule,
        why: &str,
    ) -> Result<Answer, StoreError> {
        let answer = |ended, reason: &str| Ok(Answer::new(ended, reason));
        let Some(server) = &machine.server_id else {
            return answer(Ended::Refused, "its cloud's id is not known yet");
        };
        match self.jenkins.node(&self.node.name) {
            Ok(reading) => match reading.value.map(|node| node.presence) {
                Some(presence) if presence == self.node.presence => {}
                Some(_) => return answer(Ended::Refused, "somebody has changed it in the meantime: ask again"),
                None => return answer(Ended::Failed, "it has gone from Jenkins in the meantime"),
            },
            Err(error) => return Ok(error.into()),
        }
        self.record_set_offline_by(self.node, SetOfflineBy::Us);
        self.store.save(&self.state)?;
        match self.jenkins.set_offline(&self.node.name, &offline_message(&self.config.owner, server, rule)) {
            Ok(NodeChange::Done) => {
                self.journal(Event::Released, "");
                let (ends, held) = match withdrawn {
                    Some(asked) => (format!("no longer to be retired{asked}"), String::new()),
                    None => ("held no more".to_owned(), whose_hold(cause)),
                };
                answer(Ended::Done, &format!("is {ends}, but takes no build, and mita retires it: {why}{held}"))
            }
            Ok(NodeChange::NoSuchNode) => answer(Ended::Failed, "it has gone from Jenkins in the meantime"),
            Err(error) => Ok(error.into()),
        }
    }

    /// What a node does that is held no more.
    fn released(&self) -> String {
        match self.jenkins.node(&self.node.name).map(|reading| reading.value.map(|node| node.presence)) {
            Ok(Some(Presence::Disconnected | Presence::DisconnectedBy(_))) => {
                format!("is held no more; its agent has no connection, and {}", self.if_away())
            }
            Ok(_) | Err(_) => "takes builds again".to_owned(),
        }
    }

    /// What becomes of a node whose agent stays away.
    fn if_away(&self) -> String {
        if let NodeIdentity::Former(server) = self.identity {
            return format!("mita deletes it: its server {server} is gone");
        }
        let why = self.machine.and_then(|machine| out_of_reach(self.world, machine, &self.state));
        why.map_or_else(
            || "it is retired if that lasts for join_timeout".to_owned(),
            |why| format!("mita leaves it alone: its server is {why}"),
        )
    }

    /// Withdraws a person's request to retire the node. Returns whose it was, in words, where there was one.
    fn withdraw_retire(&mut self) -> Result<Option<String>, StoreError> {
        let Some(server) = self.server().filter(|server| server.asked.is_some()) else { return Ok(None) };
        let asked = server.asked_by.as_ref().map_or_else(String::new, |person| format!(", as {person} had asked"));
        server.withdraw();
        server.retirement = None;
        self.store.save(&self.state)?;
        Ok(Some(asked))
    }
}

/// Whose hold it was, and why.
fn whose_hold(cause: &OfflineCause) -> String {
    match holder(cause) {
        (Some(person), why) => format!("; {person} held it{}", because(&why)),
        (None, _) => first_line(cause).map_or_else(String::new, |reason| format!("; it was held for \"{reason}\"")),
    }
}

/// The first line of what Jenkins shows as the reason, at the end of a sentence.
fn quoted(cause: &OfflineCause) -> String {
    first_line(cause).map_or_else(String::new, |reason| format!(": \"{reason}\""))
}

fn first_line(cause: &OfflineCause) -> Option<&str> {
    cause.reason.lines().next().map(str::trim).filter(|reason| !reason.is_empty())
}
