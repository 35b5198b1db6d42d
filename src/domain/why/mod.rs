//! Jenkins' messages in a queue item's `why`: the English ones, of today and of earlier releases.
//!
//! For many items, only `why` shows what the item waits for, and it is prose. This module knows that prose and nothing
//! else. The caller decides whether a name is a label or a node, and keeps the original text. Other languages, and
//! messages of plugins that are not listed here, are [`Why::Other`].
//!
//! Facts: Jenkins 2.578, `hudson/model/Queue.java`, `hudson/model/Messages.properties`,
//! `jenkins/model/Messages.properties`, `jenkins/model/queue/CompositeCauseOfBlockage.java`, and their histories.

#[cfg(test)]
mod tests;

/// Why a queue item is not being built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Jenkins gave no reason: the field was null, missing or blank.
    Absent,
    /// "Waiting for next available executor", and no name: the item has no label, or Jenkins has no agents.
    NextExecutor,
    /// Waits for an executor on this label, or, where exactly one node fits, on this node.
    WaitingOn(String),
    /// All nodes of this label are offline; before 1.567 also said when there are none.
    AllOffline(String),
    /// No node has this label, and no cloud could give one (since 1.567).
    NoNodes(String),
    /// The only node that fits is offline.
    NodeOffline(String),
    /// Nodes with an idle executor that do not take the item, for one reason or several (since 2.37).
    Refusals {
        /// The reasons, in Jenkins' order.
        refusals: Vec<Refusal>,
        /// How many further reasons Jenkins left out (since 2.542).
        more: u32,
    },
    /// Jenkins is quieting down.
    QuietingDown,
    /// The item is in its quiet period, or has just left it.
    QuietPeriod,
    /// Something other than executors holds the item back: a build in progress, another project, a failed check.
    Blocked,
    /// Anything else, in Jenkins' words.
    Other(String),
}

/// Why one node does not take an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The node does not match the item's label.
    LacksLabel {
        /// The node's display name.
        node: String,
        /// The item's own label, as Jenkins prints it.
        label: String,
    },
    /// The node takes only jobs with a label, and the item has none.
    Reserved {
        /// The node's display name.
        node: String,
    },
    /// The node would fit, but accepts no tasks for now.
    NotAccepting {
        /// The node's display name.
        node: String,
    },
    /// The node would fit, but is offline.
    Offline {
        /// The node's display name.
        node: String,
    },
    /// The user whose permissions the item runs with may not build on the node.
    LacksPermission {
        /// The node's display name.
        node: String,
        /// The user.
        user: String,
    },
    /// A pipeline that resumes goes on where it was.
    MustRunOn {
        /// The node that it needs.
        node: String,
        /// The node that refused it.
        not: String,
    },
    /// The node has just been removed.
    Removed {
        /// The node's display name.
        node: String,
    },
    /// Another item took the executor first.
    SlotInUse,
    /// The throttle-concurrents plugin holds the item back; it does not name the node.
    Throttled,
    /// A check of a node failed with an exception; Jenkins does not name the node.
    CheckFailed,
    /// Any other part of the reason, in Jenkins' words.
    Other(String),
}

impl Why {
    /// Reads the text of `why`.
    pub fn read(text: Option<&str>) -> Self {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Self::Absent };
        whole_message(text).unwrap_or_else(|| refusals(text))
    }
}

/// The messages that stand alone, never as a part of several. Names are taken between the fixed words, since they may
/// contain quotes themselves.
fn whole_message(text: &str) -> Option<Why> {
    match text {
        "Waiting for next available executor" => return Some(Why::NextExecutor),
        "Jenkins is about to shut down" | "Hudson is about to shut down" => return Some(Why::QuietingDown),
        "Finished waiting" | "???" => return Some(Why::QuietPeriod),
        "A build is already in progress" | "Exception evaluating if the queue can run the task" => {
            return Some(Why::Blocked);
        }
        _ => {}
    }
    let either = |(before, behind): (&str, &str)| between(text, before, behind).map(str::to_owned);
    if let Some(name) = text.strip_prefix("Waiting for next available executor on ") {
        let name = between(name, "‘", "’").unwrap_or(name);
        return (!name.is_empty()).then(|| Why::WaitingOn(name.to_owned()));
    }
    let offline = [("All nodes of label ‘", "’ are offline"), ("All nodes of label '", "' are offline")];
    if let Some(label) = offline.into_iter().find_map(either) {
        return Some(Why::AllOffline(label));
    }
    if let Some(label) =
        text.strip_prefix("There are no nodes with the label ‘").and_then(|rest| rest.strip_suffix('’'))
    {
        // The label of nothing, which no node has, has an empty name.
        return Some(Why::NoNodes(label.to_owned()));
    }
    if text.starts_with("In the quiet period. Expires in ") {
        return Some(Why::QuietPeriod);
    }
    let in_progress = text.strip_prefix("Build #").is_some_and(|rest| rest.contains(" is already in progress"));
    let other_project = ["Upstream project ", "Downstream project "].into_iter().any(|before| {
        [" is already building", " is already building."]
            .into_iter()
            .any(|behind| between(text, before, behind).is_some())
    });
    // The last is a pipeline block whose run is being stopped (workflow-durable-task-step, ExecutorStepExecution.java).
    let by_name = ["Blocked by ", "Stopping "].into_iter().any(|before| text.starts_with(before));
    (in_progress || other_project || by_name).then_some(Why::Blocked)
}

/// The refusals that a text consists of, one or several with "; " between them; `Other` if it holds none that is known.
fn refusals(text: &str) -> Why {
    let (parts, more) = without_count(text);
    let mut rest = Some(parts);
    let mut refusals = Vec::new();
    while let Some(parts) = rest {
        let (refusal, behind) = first_refusal(parts);
        refusals.push(refusal);
        rest = behind;
    }
    if refusals.iter().all(|refusal| matches!(refusal, Refusal::Other(_))) {
        return Why::Other(text.to_owned());
    }
    match (refusals.as_slice(), more) {
        ([Refusal::Offline { node }], 0) => Why::NodeOffline(node.clone()),
        _ => Why::Refusals { refusals, more },
    }
}

/// Takes "; ... and K more" off the end, where Jenkins cut the list short.
fn without_count(text: &str) -> (&str, u32) {
    let cut = text.rsplit_once("; ... and ").and_then(|(parts, count)| {
        // The number may be printed with grouping.
        let count = count.strip_suffix(" more")?.replace(',', "").parse().ok()?;
        Some((parts, count))
    });
    cut.unwrap_or((text, 0))
}

/// How often "; " may occur within one refusal, so that hostile text takes no quadratic time.
const JOINS: usize = 8;

/// The first refusal of several, and the text behind the "; " after it.
///
/// Names may contain "; " too. A refusal that begins with a quote (all that name a node, since 2.125) therefore goes on
/// until it is a whole message, but not into what begins with a quote itself. Since the parts are sorted, nothing
/// that sorts before the quote can begin another part after it: such text still belongs to a name, if that makes a
/// whole message once more. Without quotes there is no telling, and the first "; " ends the refusal.
fn first_refusal(text: &str) -> (Refusal, Option<&str>) {
    let (part, rest) = text.split_once("; ").map_or((text, None), |(part, rest)| (part, Some(rest)));
    if !text.starts_with('‘') {
        return (unquoted_refusal(part), rest);
    }
    let mut found = None;
    let joins = text.match_indices("; ").map(|(at, join)| (at, Some(&text[at + join.len()..])));
    for (end, rest) in joins.chain([(text.len(), None)]).take(JOINS + 1) {
        if let Some(refusal) = node_refusal(&text[..end], "‘", "’") {
            found = Some((refusal, rest));
        }
        if rest.is_some_and(|rest| rest.starts_with('‘') || found.is_some() && rest > "‘") {
            break;
        }
    }
    found.unwrap_or_else(|| (Refusal::Other(part.to_owned()), rest))
}

/// A refusal of a Jenkins before 2.125, or one that no release quotes.
fn unquoted_refusal(text: &str) -> Refusal {
    let throttled = between(text, "Already running ", " builds on node").is_some()
        || between(text, "Already running ", " builds across all nodes").is_some();
    match text {
        "Executor slot already in use" => Refusal::SlotInUse,
        "Exception evaluating if the node can take the task" => Refusal::CheckFailed,
        "A build is pending launch" | "A build with matching parameters is already running" => Refusal::Throttled,
        _ if throttled => Refusal::Throttled,
        _ => must_run_on(text)
            .or_else(|| {
                Some(Refusal::Removed { node: between(text, "", " has been removed from configuration")?.into() })
            })
            .or_else(|| node_refusal(text, "", ""))
            .unwrap_or_else(|| Refusal::Other(text.to_owned())),
    }
}

/// "Must run on A not B" (workflow-durable-task-step, ExecutorStepDynamicContext.java).
fn must_run_on(text: &str) -> Option<Refusal> {
    let (node, not) = text.strip_prefix("Must run on ")?.split_once(" not ")?;
    Some(Refusal::MustRunOn { node: node.to_owned(), not: not.to_owned() })
}

/// The refusals that name a node between an opening and a closing quote.
fn node_refusal(text: &str, open: &str, close: &str) -> Option<Refusal> {
    let named = |message: &str| between(text, open, &format!("{close}{message}")).map(str::to_owned);
    let pair = |message: &str| {
        let names = between(text, open, close)?;
        let (first, second) = names.split_once(&format!("{close}{message}{open}"))?;
        (!first.is_empty() && !second.is_empty()).then(|| (first.to_owned(), second.to_owned()))
    };
    if let Some((node, label)) = pair(" doesn’t have label ").or_else(|| pair(" doesn't have label ")) {
        return Some(Refusal::LacksLabel { node, label });
    }
    let permission = [
        " lacks permission to run on ",
        " doesn’t have a permission to run on ",
        " doesn't have a permission to run on ",
    ];
    if let Some((user, node)) = permission.into_iter().find_map(pair) {
        return Some(Refusal::LacksPermission { node, user });
    }
    let reserved = [" is reserved for jobs with matching label expression", " is reserved for jobs tied to it"];
    if let Some(node) = reserved.into_iter().find_map(named) {
        return Some(Refusal::Reserved { node });
    }
    if let Some(node) = named(" is not accepting tasks") {
        return Some(Refusal::NotAccepting { node });
    }
    named(" is offline").map(|node| Refusal::Offline { node })
}

/// The text between two fixed texts, unless it is empty.
fn between<'a>(text: &'a str, before: &str, behind: &str) -> Option<&'a str> {
    text.strip_prefix(before)?.strip_suffix(behind).filter(|name| !name.is_empty())
}
