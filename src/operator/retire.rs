//! Retiring a node at a person's request.

use crate::apply::{ActionResult, Outcome, apply};
use crate::domain::format::span;
use crate::domain::journal::Event;
use crate::domain::names::{NodeTypeName, ProviderName};
use crate::domain::rule::Rule;
use crate::domain::state::{Retirement, RetirementStep, SetOfflineBy, State};
use crate::domain::world::{Build, Listing, Node, Presence, ServerState};
use crate::journal;
use crate::operator::context::{Context, report_unwritten};
use crate::operator::elsewhere::out_of_reach;
use crate::operator::request::{Answer, Consent, Ended, command};
use crate::plan::decisions::draft::target;
use crate::plan::identity::fleet::{Machine, NodeIdentity};
use crate::plan::lifecycle::{lock, rights};
use crate::plan::model::{Action, Change, Plan, Subject, Verdict};
use crate::plan::plan;
use crate::store::StoreError;
use jiff::Timestamp;

impl Context<'_> {
    /// Ends what runs on the node by deleting it in Jenkins, once a person agrees. The server is not touched as
    /// long as Jenkins shows work there: the first run that sees none removes it.
    pub(super) fn end_build(&mut self, consent: Consent) -> Result<Answer, StoreError> {
        let busy: Vec<_> =
            self.machine.into_iter().flat_map(|machine| &machine.nodes).filter(|node| !node.idle).copied().collect();
        if self.machine.is_none() && !self.node.idle {
            return self.end_build_without_server(consent);
        }
        let (Some(machine), false) = (self.machine, busy.is_empty()) else { return self.retire(false) };
        let refused = |reason: String| Ok(Answer::new(Ended::Refused, reason));
        if let Some(why) = self.paused(machine.place()) {
            return refused(why);
        }
        if machine.nodes.iter().any(|node| self.set_offline_by(node) == Some(SetOfflineBy::Person)) {
            return refused(format!("a person holds it: {} first", command("release", self.node.name.as_str())));
        }
        if let Some(why) = self.undeletable(machine, &self.plan) {
            return refused(why);
        }
        if let Some(ServerState::Other(word)) = machine.server().map(|server| &server.state) {
            return refused(format!(
                "somebody works on its server, which is in state {word}: ask again once that is over"
            ));
        }
        let (Some(known), Some(_)) = (self.plan.state.servers.get(&machine.id).cloned(), &machine.server_id) else {
            return refused("its server is gone, or its cloud's id is not known yet".to_owned());
        };
        if consent == Consent::Needed {
            let work = busy.iter().flat_map(|node| work_on(node)).collect();
            return Ok(Answer::new(Ended::Asks(work), "it runs a build"));
        }
        let now = self.plan.now;
        let decided = Retirement { rule: Rule::Asked, since: now, step: RetirementStep::Decided };
        // The build that ends here is not seen again.
        let work = known.work.clone();
        let server = self.state.servers.get_or_insert(machine.id.clone(), known);
        server.work = work;
        server.ask(self.person, now);
        server.retirement = Some(decided);
        busy.iter().for_each(|node| self.record_set_offline_by(node, SetOfflineBy::Us));
        self.store.save(&self.state)?;
        let builds = busy.iter().flat_map(|node| &node.builds).map(|build| build.name.as_str());
        self.journal(Event::Asked, &format!("forced: ends {}", builds.collect::<Vec<_>>().join(", ")));
        // An item that is assigned to another executor of the node is not to be lost with the build.
        if let Some(reason) = self.set_offline(machine, &busy)? {
            return Ok(Answer::new(Ended::Failed, reason));
        }
        for node in busy {
            if let Err(error) = self.jenkins.delete(&node.name) {
                return Ok(error.into());
            }
        }
        let reason = "is deleted in Jenkins, and what ran there has ended; the first run that sees nothing there deletes its \
                      server";
        Ok(Answer::new(Ended::Remembered, reason))
    }

    /// The same for a node of ours whose server is gone for certain.
    fn end_build_without_server(&mut self, consent: Consent) -> Result<Answer, StoreError> {
        let is_certain = match self.identity {
            NodeIdentity::Former(server) => self.plan.state.gone_servers.contains_key(server),
            NodeIdentity::MadeFor(_) => self.world.lists_all_servers(),
            _ => false,
        };
        if !is_certain {
            return self.retire(false);
        }
        if let NodeIdentity::Former(server) = self.identity
            && let Some(gone) = self.plan.state.gone_servers.get(server)
            && let Some(why) = self.paused((&gone.node_type, &gone.provider))
        {
            return Ok(Answer::new(Ended::Refused, why));
        }
        if self.set_offline_by(self.node) == Some(SetOfflineBy::Person) {
            let release = command("release", self.node.name.as_str());
            return Ok(Answer::new(Ended::Refused, format!("a person holds it: {release} first")));
        }
        if consent == Consent::Needed {
            return Ok(Answer::new(Ended::Asks(work_on(self.node)), "it runs a build"));
        }
        let builds: Vec<&str> = self.node.builds.iter().map(|build| build.name.as_str()).collect();
        self.journal(Event::Asked, &format!("forced: ends {}", builds.join(", ")));
        if let Err(error) = self.jenkins.delete(&self.node.name) {
            return Ok(error.into());
        }
        Ok(Answer::new(Ended::Done, "is deleted in Jenkins, which ends what ran there; its server was gone already"))
    }

    /// Retires the node and its server now, or a busy one once it is idle if that was requested.
    pub(super) fn retire(&mut self, when_idle: bool) -> Result<Answer, StoreError> {
        let refused = |reason: String| Ok(Answer::new(Ended::Refused, reason));
        let machine = match (self.machine, self.identity) {
            (Some(machine), _) => machine,
            (None, NodeIdentity::Former(server)) => {
                let is_verdict =
                    |verdict: &&Verdict| verdict.subject == Subject::Node && verdict.id == self.node.name.as_str();
                let on_node = |words: &str| command(words, self.node.name.as_str());
                return refused(match self.plan.verdicts.iter().find(is_verdict) {
                    Some(Verdict { rule: Rule::Ambiguous, reason, .. }) => reason.clone(),
                    Some(Verdict { rule: Rule::Busy, reason, .. }) => {
                        format!("{reason}, which {} ends", on_node("retire --force"))
                    }
                    Some(Verdict { rule: Rule::Held, reason, .. }) => format!("{reason}: {} first", on_node("release")),
                    _ => format!("its server {server} is gone: mita deletes the node once that is certain"),
                });
            }
            (None, NodeIdentity::MadeFor(order)) => {
                return refused(format!("it was made for order {order}, which has no server: mita deletes the node"));
            }
            (None, _) => return refused("it is not ours".to_owned()),
        };
        if let Some(why) = self.paused(machine.place()) {
            return refused(why);
        }
        let Some(known) = self.plan.state.servers.get(&machine.id).cloned() else {
            return refused("its server is gone".to_owned());
        };
        let now = self.plan.now;
        let asked_before = known.asked;
        let server = self.state.servers.get_or_insert(machine.id.clone(), known);
        server.ask(self.person, now);
        // What the cloud does not show, a person knows better: whether it is locked, and whether mita has the right by now.
        (server.lock_met, server.locked) = (None, false);
        rights::granted(&mut self.state, &machine.provider);
        let plan = plan(self.config, self.world, &self.state, now);
        let retires = |action: &&Action| action.removed().is_some_and(|target| target.order == machine.id);
        match plan.actions.iter().find(retires).cloned() {
            Some(action) => self.apply_alone(machine, action, plan, when_idle),
            None => self.explain_or_drain(machine, &plan, when_idle, asked_before),
        }
    }

    /// Applies this one action, with all steps of a retirement. Nothing else of the plan is done or saved.
    fn apply_alone(
        &mut self,
        machine: &Machine<'_>,
        action: Action,
        plan: Plan,
        when_idle: bool,
    ) -> Result<Answer, StoreError> {
        let mut state = self.state.clone();
        if let Some(planned) = plan.state.servers.get(&machine.id) {
            state.servers.insert(machine.id.clone(), planned.clone());
        }
        let learned = &mut state.learned;
        if let Some(usage) = learned.usage.get_mut(&machine.node_type) {
            usage.retired_at = Some(learned.clock);
        }
        self.store.save(&state)?;
        self.journal(Event::Asked, "");
        let (result, mut state) = self.carry_out(action, plan, state)?;
        let Some(result) = result else {
            return Ok(Answer::new(Ended::Failed, "its result is not known: the next run goes on with it"));
        };
        Ok(match (result.outcome, result.error) {
            (Outcome::Done, _) => Answer::new(Ended::Done, "is gone from Jenkins, and its server is being deleted"),
            (Outcome::AlreadyDone, _) => {
                Answer::new(Ended::Done, "is gone from Jenkins, and its server is gone or being deleted already")
            }
            (Outcome::Skipped, reason) => {
                if !when_idle && let Some(server) = state.servers.get_mut(&machine.id) {
                    server.withdraw();
                    self.store.save(&state)?;
                }
                Answer::new(Ended::Refused, reason.unwrap_or_default())
            }
            (Outcome::Refused | Outcome::Unknown | Outcome::Failed, reason) => {
                Answer::new(Ended::Failed, format!("{}; the next run goes on with it", reason.unwrap_or_default()))
            }
        })
    }

    /// Carries out one action of a plan, from this state. Gives the state afterwards.
    fn carry_out(
        &mut self,
        action: Action,
        plan: Plan,
        mut state: State,
    ) -> Result<(Option<ActionResult>, State), StoreError> {
        let alone = Plan { actions: vec![action], ..plan };
        let mut saved = Ok(());
        let days = self.config.journal_days;
        let before = state.clone();
        let results = apply(self.config, self.services, self.world, &alone, &before, &mut state, |step| {
            let entries = journal::done(&before, &alone.actions, step.results, alone.now);
            report_unwritten(self.store.append_to_journal(&entries, days, alone.now));
            let Some(state) = step.state else { return true };
            saved = self.store.save(state);
            saved.is_ok()
        });
        saved?;
        Ok((results.actions.into_iter().next(), state))
    }

    /// The plan does not retire it now. A build that runs there ends some day; any other reason is the answer.
    fn explain_or_drain(
        &mut self,
        machine: &Machine<'_>,
        plan: &Plan,
        when_idle: bool,
        asked_before: Option<Timestamp>,
    ) -> Result<Answer, StoreError> {
        let id = machine.server_id.as_ref().map_or(machine.id.as_str(), |id| id.as_str());
        let verdict = plan.verdicts.iter().find(|verdict| verdict.subject == Subject::Server && verdict.id == id);
        let Some(verdict) = verdict else {
            return Ok(Answer::new(Ended::Refused, "there is no verdict on its server"));
        };
        let reason = &verdict.reason;
        let on_node = |words: &str| command(words, self.node.name.as_str());
        let (release, when) = (on_node("release"), on_node("retire --when-idle"));
        let held = machine.nodes.iter().any(|node| self.set_offline_by(node) == Some(SetOfflineBy::Person));
        if let Some(why) = self.undeletable(machine, plan) {
            return Ok(Answer::new(Ended::Refused, why));
        }
        let refusal = match verdict.rule {
            Rule::Busy if held => format!("it runs a build, and a person holds it: {release} first, then {when}"),
            Rule::Busy if when_idle => return self.drain(machine, asked_before),
            Rule::Busy => format!("it runs a build: {when} retires it once that has ended"),
            Rule::WantedAgain if when_idle => return self.remember(machine, asked_before),
            Rule::WantedAgain => {
                format!("{reason}: {when} retires it once that has run there, or has given up")
            }
            Rule::NotSeen => {
                let why = match self.world.clouds.get(&machine.provider).map(|cloud| &cloud.servers) {
                    Some(Listing::Unavailable(why)) => format!(" ({why})"),
                    Some(Listing::Complete(_)) | None => String::new(),
                };
                let reason = format!("{reason}, so nothing is done; ask again once it answers{why}");
                return Ok(Answer::new(Ended::Failed, reason));
            }
            Rule::Held => format!("{reason}: {release} first"),
            rule => format!("{rule}: {reason}"),
        };
        Ok(Answer::new(Ended::Refused, refusal))
    }

    /// That a person has paused removals there.
    fn paused(&self, (node_type, provider): (&NodeTypeName, &ProviderName)) -> Option<String> {
        let pause = self.plan.state.pause(node_type, provider)?;
        Some(format!("{} is {pause}; end the pause with {} first", pause.scope(), pause.resuming()))
    }

    /// Why its cloud would refuse to delete the server, where that is known beforehand.
    fn undeletable(&self, machine: &Machine<'_>, plan: &Plan) -> Option<String> {
        if let Some(why) = out_of_reach(self.world, machine, &self.state) {
            let provider = &machine.provider;
            let again = if self.config.has_provider(provider) {
                format!("have provider {provider} log in there")
            } else {
                "configure it again".to_owned()
            };
            return Some(format!("its server is {why}: {again}, or delete the server there and the node in Jenkins"));
        }
        let forbidden = rights::forbidden(self.world, &machine.provider);
        let forbidden = forbidden.map(|why| format!("mita cannot remove its server: {why}"));
        forbidden.or_else(|| lock::locked(&plan.state, machine, plan.now))
    }

    /// Sets its nodes offline, so that no further build starts there, and records that it is to be retired.
    fn drain(&mut self, machine: &Machine<'_>, asked_before: Option<Timestamp>) -> Result<Answer, StoreError> {
        if machine.server_id.is_none() {
            return Ok(Answer::new(Ended::Refused, "its cloud's id is not known yet"));
        }
        let takes_none = machine.nodes.iter().all(|node| matches!(node.presence, Presence::SetOffline(_)));
        if let Some(before) = asked_before.filter(|_| takes_none).map(|asked| self.asked_before(machine, asked)) {
            return Ok(Answer::new(Ended::AlreadySo, format!("takes no further build already: {before}")));
        }
        for node in &machine.nodes {
            self.record_set_offline_by(node, SetOfflineBy::Us);
        }
        self.store.save(&self.state)?;
        self.journal(Event::Asked, "once it is idle");
        let is_taking_builds = |node: &&&Node| !matches!(node.presence, Presence::SetOffline(_));
        let nodes: Vec<&Node> = machine.nodes.iter().filter(is_taking_builds).copied().collect();
        if let Some(error) = self.set_offline(machine, &nodes)? {
            let reason = "recorded: it is retired once it is idle, but takes builds until then";
            return Ok(Answer::new(Ended::Failed, format!("{reason}: {error}")));
        }
        Ok(Answer::new(Ended::Remembered, "takes no further build; the first run that finds it idle retires it"))
    }

    /// Records that a node for which a pipeline waits is to be retired once that is over. It has to be online until then.
    fn remember(&mut self, machine: &Machine<'_>, asked_before: Option<Timestamp>) -> Result<Answer, StoreError> {
        let reason = "a pipeline waits for this very node; the first run that finds it idle after that retires it";
        if let Some(asked) = asked_before {
            let reason = format!("{}; {reason}", self.asked_before(machine, asked));
            return Ok(Answer::new(Ended::AlreadySo, reason));
        }
        self.store.save(&self.state)?;
        self.journal(Event::Asked, "once it is idle");
        Ok(Answer::new(Ended::Remembered, reason))
    }

    /// Who asked for its retirement before, and how long ago.
    fn asked_before(&self, machine: &Machine<'_>, asked: Timestamp) -> String {
        let by = self.plan.state.servers.get(&machine.id).and_then(|server| server.asked_by.as_deref());
        format!("{} asked for it {} ago", by.unwrap_or("a person"), span(self.plan.now.duration_since(asked)))
    }

    /// Sets nodes of the server offline, as a run does it. Gives the reason why that was not done.
    fn set_offline(&mut self, machine: &Machine<'_>, nodes: &[&Node]) -> Result<Option<String>, StoreError> {
        let Some(target) = target(machine, nodes.iter().copied()).filter(|target| !target.nodes.is_empty()) else {
            return Ok(None);
        };
        let action = Action::new(Change::DrainNode(target), Rule::Asked, "");
        let (result, state) = self.carry_out(action, self.plan.clone(), self.state.clone())?;
        self.state = state;
        Ok(result.and_then(|result| result.error))
    }
}

/// What runs on a busy node, a line for each build.
fn work_on(node: &Node) -> Vec<String> {
    let name = &node.name;
    let shown = |Build { name: build, url, .. }: &Build| match url {
        Some(url) => format!("{name} runs {build} ({url})"),
        None => format!("{name} runs {build}"),
    };
    match &node.builds[..] {
        [] => vec![format!("{name} runs a build that Jenkins does not name")],
        builds => builds.iter().map(shown).collect(),
    }
}
