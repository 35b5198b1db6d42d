//! The longest chain of dependent requests, found in the simulator's log.
//!
//! Which request needs the answer of which is fixed by what mita promises: nothing is planned before Jenkins and the
//! clouds were read, a node is looked at, set offline, looked at again and deleted, the list of nodes is read once more,
//! and only then a server is read and deleted. The survey of a cloud is not something that a retirement needs: its first
//! look at a node happens at the same time.

use mita_sim::{Record, Service};

/// What a request is to a run.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Step {
    Token(String),
    /// The first page of the servers, or one after it.
    Servers {
        host: String,
        first: bool,
    },
    /// Queue and mode: needed by the plan, and in need of nothing.
    Reading,
    Nodes,
    /// Quotas, sizes, images and what else an order names.
    Survey(String),
    Order(String),
    /// Anything about one node, reads and writes.
    Node {
        name: String,
        deleted: bool,
    },
    /// Anything about one server.
    Server(String),
}

/// The longest chain, first request first.
pub(crate) fn longest(log: &[Record]) -> Vec<String> {
    let steps: Vec<Step> = log.iter().map(step).collect();
    let mut lengths: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::new();
    for number in 0..steps.len() {
        let needed = needed(&steps[..number], &steps[number]);
        // The earliest of equally long ones, so that the chain shown is always the same.
        let longest = needed.into_iter().max_by_key(|&index| (lengths[index], std::cmp::Reverse(index)));
        lengths.push(longest.map_or(1, |index| lengths[index] + 1));
        before.push(longest);
    }
    let mut at = (0..steps.len()).max_by_key(|&index| (lengths[index], std::cmp::Reverse(index)));
    let mut chain = Vec::new();
    while let Some(index) = at {
        chain.push(log[index].line());
        at = before[index];
    }
    chain.reverse();
    chain
}

fn step(record: &Record) -> Step {
    let host = record.host.clone();
    let mut parts = record.path.split('/').filter(|part| !part.is_empty()).rev();
    let (last, before) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match (record.service, record.method.as_str()) {
        (Service::Keystone, _) => Step::Token(host),
        (Service::Nova, "POST") if last == "servers" => Step::Order(host),
        (Service::Nova, _) if before == "servers" && last == "detail" => {
            Step::Servers { host, first: !record.query.contains("marker=") }
        }
        (Service::Nova, _) if before == "servers" => Step::Server(last.to_owned()),
        (Service::Jenkins, _) => match record.path.split_once("/computer/") {
            Some((_, "api/json")) => Step::Nodes,
            Some((_, rest)) => {
                Step::Node { name: rest.split('/').next().unwrap_or_default().to_owned(), deleted: last == "doDelete" }
            }
            None => Step::Reading,
        },
        _ => Step::Survey(host),
    }
}

/// The earlier requests whose answers this one needs.
fn needed(earlier: &[Step], step: &Step) -> Vec<usize> {
    let all = |fits: &dyn Fn(&Step) -> bool| (0..earlier.len()).filter(|&index| fits(&earlier[index])).collect();
    let last = |fits: &dyn Fn(&Step) -> bool| (0..earlier.len()).rev().find(|&index| fits(&earlier[index]));
    let first_nodes = earlier.iter().position(|step| *step == Step::Nodes);
    let planned = || -> Vec<usize> {
        let read = |step: &Step| matches!(step, Step::Servers { .. } | Step::Reading);
        let read: Vec<usize> = all(&read);
        read.into_iter().chain(first_nodes).collect()
    };
    match step {
        Step::Token(_) | Step::Reading => Vec::new(),
        Step::Servers { host, first: true } => last(&|step| *step == Step::Token(host.clone())).into_iter().collect(),
        Step::Servers { host, first: false } => {
            last(&|step| matches!(step, Step::Servers { host: other, .. } if other == host)).into_iter().collect()
        }
        Step::Nodes if first_nodes.is_some() => all(&|step| matches!(step, Step::Node { deleted: true, .. })),
        Step::Nodes => Vec::new(),
        Step::Survey(_) => planned(),
        Step::Order(host) => {
            let surveyed: Vec<usize> = all(&|step| *step == Step::Survey(host.clone()));
            if surveyed.is_empty() { planned() } else { surveyed }
        }
        Step::Node { name, .. } => last(&|step| matches!(step, Step::Node { name: other, .. } if other == name))
            .map_or_else(planned, |it| vec![it]),
        Step::Server(id) => {
            let touched = last(&|step| *step == Step::Server(id.clone()));
            let listed_again = last(&|step| *step == Step::Nodes).filter(|&index| first_nodes != Some(index));
            touched.or(listed_again).map_or_else(planned, |index| vec![index])
        }
    }
}
