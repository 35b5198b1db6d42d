//! What must be known before an order: the quota, and what the names of the node types mean. All of it is asked at the
//! same time.

use crate::config::NodeType;
use crate::provider::openstack::api::{Microversion, Service, Verb};
use crate::provider::openstack::cloud::OpenStack;
use crate::provider::openstack::compute::{self, Flavor, version};
use crate::provider::openstack::network::Sort;
use crate::provider::openstack::volume;
use crate::provider::{Failure, FailureKind, Survey};
use crate::world::Quota;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;

pub(crate) fn survey(cloud: &OpenStack, types: &[&NodeType]) -> Survey {
    let mut questions: BTreeSet<Question<'_>> = BTreeSet::from([Question::Quota, Question::Sizes]);
    for node_type in types {
        questions.insert(Question::Image(&node_type.image_name));
        questions.extend(names(node_type));
        if node_type.volumes().next().is_some() {
            questions.insert(Question::VolumeQuota);
        }
    }
    let mut answers = ask(cloud, questions);
    let mut survey = Survey::default();
    let mut problems = BTreeSet::new();

    let quota = match answers.remove(&Question::Quota) {
        Some(Ok(Answer::Quota(quota))) => Some(quota),
        Some(Err(failure)) => {
            problems.insert(failure.message);
            None
        }
        _ => None,
    };
    let volume_quota = match answers.get(&Question::VolumeQuota) {
        Some(Ok(Answer::VolumeQuota(quota))) => *quota,
        Some(Err(failure)) => {
            problems.insert(failure.message.clone());
            volume::Headroom::default()
        }
        _ => volume::Headroom::default(),
    };

    let mut sizes = BTreeMap::new();
    for node_type in types {
        let mut failures = Vec::new();
        let size = answers.get(&Question::Sizes).and_then(|answer| answer.as_ref().err()).cloned();
        match size.map_or_else(|| cloud.flavor(node_type), Err) {
            Ok(Flavor { size, .. }) => {
                sizes.insert(node_type.name.clone(), size);
            }
            Err(failure) => failures.push(failure),
        }
        for question in [Question::Image(&node_type.image_name)].into_iter().chain(names(node_type)) {
            failures.extend(answers.get(&question).and_then(|answer| answer.as_ref().err()).cloned());
        }
        if let Some(Ok(Answer::Newest(Some(newest)))) = answers.get(&Question::Microversion) {
            failures.extend(version::lacking(&cloud.session, node_type, *newest));
        }
        // Nova finds the volume service in the same catalogue.
        if node_type.volumes().next().is_some() {
            let task = cloud.session.task("make volumes", Verb::Read);
            failures.extend(cloud.session.has(Service::Volume, &task).err());
        }
        if let Some(failure) = joined(failures, &mut problems) {
            survey.unfit.insert(node_type.name.clone(), failure);
        }
    }

    survey.quota = quota.map(|quota| Quota {
        instances: quota.instances,
        cores: quota.cores,
        ram_mib: quota.ram_mib,
        volumes: volume_quota.volumes,
        gigabytes: volume_quota.gigabytes,
        sizes,
    });
    survey.problems = problems.into_iter().collect();
    survey
}

/// What is to be asked for the names of a node type, its image and size aside.
fn names(node_type: &NodeType) -> impl Iterator<Item = Question<'_>> {
    let boot = &node_type.boot;
    let networks = node_type.networks.iter().map(|name| Question::Network(Sort::Network, name));
    let ports = boot.ports.iter().map(|name| Question::Network(Sort::Port, name));
    let pool = boot.floating_ip_pool.iter().map(|name| Question::Network(Sort::Pool, name));
    let group = boot.server_group.iter().map(|name| Question::ServerGroup(name));
    let version = Microversion::needed(node_type).map(|_| Question::Microversion);
    networks.chain(ports).chain(pool).chain(group).chain(version)
}

/// One failure for a node type. A name that the cloud does not know comes first: it does not go away by waiting. What
/// fails for another reason is a problem of the whole cloud besides.
fn joined(mut failures: Vec<Failure>, problems: &mut BTreeSet<String>) -> Option<Failure> {
    let wrong = |failure: &Failure| failure.kind == FailureKind::Wrong;
    problems.extend(failures.iter().filter(|failure| !wrong(failure)).map(|failure| failure.message.clone()));
    failures.sort_by_key(|failure| !wrong(failure));
    let kind = failures.first()?.kind;
    let mut messages: Vec<_> = failures.into_iter().map(|failure| failure.message).collect();
    messages.dedup();
    Some(Failure { kind, message: messages.join("; ") })
}

/// One thing to ask the cloud.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Question<'a> {
    Quota,
    Sizes,
    VolumeQuota,
    Image(&'a str),
    Network(Sort, &'a str),
    ServerGroup(&'a str),
    Microversion,
}

enum Answer {
    Quota(compute::Headroom),
    VolumeQuota(volume::Headroom),
    Newest(Option<Microversion>),
    /// Remembered by the cloud for the orders to come.
    Known,
}

type Answers<'a> = BTreeMap<Question<'a>, Result<Answer, Failure>>;

/// Asks everything, so much at a time as is allowed.
fn ask<'a>(cloud: &OpenStack, questions: BTreeSet<Question<'a>>) -> Answers<'a> {
    let workers = cloud.concurrency.min(questions.len());
    let waiting = Mutex::new(questions);
    let answers = Mutex::new(Answers::new());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(question) = next(&waiting) {
                    let answer = match question {
                        Question::Quota => compute::headroom(&cloud.session).map(Answer::Quota),
                        Question::VolumeQuota => volume::headroom(&cloud.session).map(Answer::VolumeQuota),
                        Question::Sizes => cloud.flavors().map(|_| Answer::Known),
                        Question::Image(name) => cloud.image(name).map(|_| Answer::Known),
                        Question::Network(sort, name) => cloud.of_network(sort, name).map(|_| Answer::Known),
                        Question::ServerGroup(name) => cloud.server_group(name).map(|_| Answer::Known),
                        Question::Microversion => version::newest(&cloud.session).map(Answer::Newest),
                    };
                    answers.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(question, answer);
                }
            });
        }
    });
    answers.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn next<'a>(waiting: &Mutex<BTreeSet<Question<'a>>>) -> Option<Question<'a>> {
    waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop_first()
}
