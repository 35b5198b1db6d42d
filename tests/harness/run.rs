//! What came of one run, in forms that stories can compare.

use super::is_order;
use mita::domain::rule::Rule;
use mita::plan::model::{Action, Change, NodeToRegister, Subject, Verdict};
use mita::reconcile::Report;
use mita_sim::{Record, Service};

/// One run: what it reports, and what it sent.
pub(crate) struct Run {
    pub(crate) report: Report,
    pub(crate) requests: Vec<Record>,
}

impl Run {
    /// Each action with its rule and its outcome, as `create_server trusty demand done`.
    pub(crate) fn lines(&self) -> Vec<String> {
        let outcome = |index: usize| {
            let results = self.report.results.iter().flatten();
            let mut own = results.filter(|result| result.action == index);
            let outcome = own.next().map_or_else(|| "planned".to_owned(), |result| format!("{:?}", result.outcome));
            assert!(own.next().is_none(), "action {index} has two results");
            outcome.to_lowercase()
        };
        let actions = lines(&self.report.plan.actions);
        actions.into_iter().enumerate().map(|(index, line)| format!("{line} {}", outcome(index))).collect()
    }

    /// Fails unless the run did exactly this.
    #[track_caller]
    pub(crate) fn did(&self, expected: &[&str]) {
        assert_eq!(self.lines(), expected, "{}", self.story());
    }

    /// Fails unless the run did nothing, and nothing went wrong.
    #[track_caller]
    pub(crate) fn did_nothing(&self) {
        self.did(&[]);
        assert_eq!(self.problems(), [""; 0]);
        let writes: Vec<String> = self.requests.iter().filter(|r| r.is_write()).map(Record::line).collect();
        assert_eq!(writes, [""; 0]);
    }

    /// The rule of the one verdict on a thing, by its id or its name.
    #[track_caller]
    pub(crate) fn rule(&self, subject: Subject, name: &str) -> Rule {
        self.verdict(subject, name).rule
    }

    /// The one verdict on a thing, by its id or its name.
    #[track_caller]
    pub(crate) fn verdict(&self, subject: Subject, name: &str) -> &Verdict {
        let about = |verdict: &&Verdict| verdict.subject == subject && (verdict.id == name || verdict.name == name);
        let found: Vec<&Verdict> = self.report.plan.verdicts.iter().filter(about).collect();
        match found.as_slice() {
            [one] => one,
            several => panic!("{} verdicts on {name}\n{}", several.len(), self.story()),
        }
    }

    /// What went wrong, each as `WHERE: WHAT`.
    pub(crate) fn problems(&self) -> Vec<String> {
        self.report.plan.problems.iter().map(|problem| format!("{}: {}", problem.place, problem.error)).collect()
    }

    /// The errors of the actions that did not go as planned.
    pub(crate) fn errors(&self) -> Vec<&str> {
        self.report.results.iter().flatten().filter_map(|result| result.error.as_deref()).collect()
    }

    /// The orders that were sent.
    pub(crate) fn orders(&self) -> usize {
        self.requests.iter().filter(|request| is_order(request)).count()
    }

    /// How many requests of this method went to a service, with this in their path.
    pub(crate) fn count(&self, service: Service, method: &str, part: &str) -> usize {
        let fits = |r: &&Record| r.service == service && r.method == method && r.path.contains(part);
        self.requests.iter().filter(fits).count()
    }

    /// Everything that was decided, for a story that failed.
    pub(crate) fn story(&self) -> String {
        let mut text: Vec<String> = self.lines();
        text.extend(
            self.report
                .plan
                .verdicts
                .iter()
                .map(|v| format!("  {:?} {} ({}): {}: {}", v.subject, v.name, v.id, v.rule, v.reason)),
        );
        text.extend(self.problems().into_iter().map(|problem| format!("  problem: {problem}")));
        text.extend(self.report.plan.warnings.iter().map(|warning| format!("  warning: {warning}")));
        text.extend(self.errors().into_iter().map(|error| format!("  error: {error}")));
        text.join("\n")
    }
}

/// Each action with its rule, as `retire_node trusty+192.168.1.10 idle`.
pub(crate) fn lines(actions: &[Action]) -> Vec<String> {
    let line = |action: &Action| {
        let object = match &action.change {
            Change::CreateServer(order) if order.provider.as_str() == "openstack" => order.node_type.to_string(),
            Change::CreateServer(order) => format!("{}@{}", order.node_type, order.provider),
            Change::DeleteServer(target) => target.name.clone(),
            Change::RetireNode(target) | Change::RestoreNode(target) | Change::DrainNode(target) => {
                target.nodes[0].to_string()
            }
            Change::DeleteNode { node, .. } | Change::CreateNode(NodeToRegister { node, .. }) => node.to_string(),
            Change::AssignFloatingIp(wanted) => wanted.target.node_type.to_string(),
            Change::ReleaseFloatingIp { .. } | Change::DeleteVolume { .. } => {
                return format!("{} {}", action.change.kind(), action.rule);
            }
        };
        format!("{} {object} {}", action.change.kind(), action.rule)
    };
    actions.iter().map(line).collect()
}
