//! What mita reads before an order: the quota, and the ids of what the node types name. All of it is read in parallel.

use crate::concurrency::parallel_map;
use crate::config::NodeType;
use crate::domain::world::Quota;
use crate::provider::failure::{Failure, FailureKind};
use crate::provider::findings::Survey;
use crate::provider::openstack::api::{Effect, Microversion, Service};
use crate::provider::openstack::cloud::{OpenStack, Resource};
use crate::provider::openstack::compute;
use crate::provider::openstack::compute::version;
use crate::provider::openstack::network::{Kind, floating_ip};
use crate::provider::openstack::volume;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn survey(cloud: &OpenStack, types: &[&NodeType]) -> Survey {
    let mut questions: BTreeSet<Question<'_>> = BTreeSet::from([Question::Quota, Question::Flavors]);
    for node_type in types {
        questions.extend(names(node_type));
        if node_type.has_volumes() {
            questions.insert(Question::VolumeQuota);
        }
        if node_type.boot.floating_ip_pool.is_some() {
            questions.insert(Question::FloatingIpQuota);
        }
    }
    let answers = ask(cloud, questions);
    let failure = |question: &Question<'_>| answers.get(question).and_then(|answer| answer.as_ref().err()).cloned();
    let mut survey = Survey::default();
    let mut problems = BTreeSet::new();
    for question in [Question::Quota, Question::VolumeQuota, Question::FloatingIpQuota] {
        problems.extend(failure(&question).map(|failure| failure.message));
    }

    let mut sizes = BTreeMap::new();
    for node_type in types {
        let mut failures = Vec::new();
        match failure(&Question::Flavors).map_or_else(|| cloud.flavor(node_type), Err) {
            Ok(flavor) => drop(sizes.insert(node_type.name.clone(), flavor.size())),
            Err(failure) => failures.push(failure),
        }
        failures.extend(names(node_type).filter_map(|question| failure(&question)));
        if let Some(Ok(Answer::Newest(Some(newest)))) = answers.get(&Question::Microversion) {
            failures.extend(version::lacking(&cloud.session, node_type, *newest));
        }
        // Nova finds the volume service in the same catalogue.
        if node_type.has_volumes() {
            let operation = cloud.session.operation("create volumes", Effect::Read);
            failures.extend(cloud.session.has(Service::Volume, &operation).err());
        }
        if let Some(failure) = joined(failures, &mut problems) {
            survey.unfit.insert(node_type.name.clone(), failure);
        }
    }

    if let Some(Ok(Answer::Quota(compute::Headroom { instances, cores, ram_mib, usage }))) =
        answers.get(&Question::Quota)
    {
        let volume::Headroom { volumes, gigabytes, usage: of_volumes } = match answers.get(&Question::VolumeQuota) {
            Some(Ok(Answer::VolumeQuota(headroom))) => headroom.clone(),
            _ => volume::Headroom::default(),
        };
        let floating_ip::Headroom { floating_ips, usage: of_addresses } = match answers.get(&Question::FloatingIpQuota)
        {
            Some(Ok(Answer::FloatingIpQuota(headroom))) => headroom.clone(),
            _ => floating_ip::Headroom::default(),
        };
        let (instances, cores, ram_mib) = (*instances, *cores, *ram_mib);
        let usage = usage.iter().chain(&of_volumes).chain(&of_addresses);
        let usage = usage.map(|(part, used)| ((*part).to_owned(), *used)).collect();
        survey.quota = Some(Quota { instances, cores, ram_mib, volumes, gigabytes, floating_ips, sizes, usage });
    }
    survey.problems = problems.into_iter().collect();
    survey
}

/// What to ask about the names of a node type, except its flavor.
fn names(node_type: &NodeType) -> impl Iterator<Item = Question<'_>> {
    let boot = &node_type.boot;
    let image = [(Resource::Image, node_type.image_name.as_str())].into_iter();
    let networks = node_type.networks.iter().map(|name| (Resource::Network(Kind::Network), name.as_str()));
    let ports = boot.ports.iter().map(|name| (Resource::Network(Kind::Port), name.as_str()));
    let pool = boot.floating_ip_pool.iter().map(|name| (Resource::Network(Kind::ExternalNetwork), name.as_str()));
    let group = boot.server_group.iter().map(|name| (Resource::ServerGroup, name.as_str()));
    let names = image.chain(networks).chain(ports).chain(pool).chain(group);
    let version = Microversion::needed(node_type).map(|_| Question::Microversion);
    names.map(|(resource, name)| Question::Id(resource, name)).chain(version)
}

/// One failure for a node type. A name that the cloud does not know comes first, since waiting does not help. Any other
/// failure is also a problem of the whole cloud.
fn joined(mut failures: Vec<Failure>, problems: &mut BTreeSet<String>) -> Option<Failure> {
    let wrong = |failure: &Failure| failure.kind == FailureKind::Wrong;
    problems.extend(failures.iter().filter(|failure| !wrong(failure)).map(|failure| failure.message.clone()));
    failures.sort_by_key(|failure| !wrong(failure));
    let kind = failures.first()?.kind;
    let mut messages: Vec<_> = failures.into_iter().map(|failure| failure.message).collect();
    messages.dedup();
    Some(Failure::new(kind, messages.join("; ")))
}

/// One thing to ask the cloud.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Question<'a> {
    Quota,
    VolumeQuota,
    FloatingIpQuota,
    Flavors,
    Id(Resource, &'a str),
    Microversion,
}

enum Answer {
    Quota(compute::Headroom),
    VolumeQuota(volume::Headroom),
    FloatingIpQuota(floating_ip::Headroom),
    Newest(Option<Microversion>),
    /// It is in the cloud's cache.
    Cached,
}

fn ask<'a>(cloud: &OpenStack, questions: BTreeSet<Question<'a>>) -> BTreeMap<Question<'a>, Result<Answer, Failure>> {
    let answers = parallel_map(cloud.concurrency, questions.into_iter().collect(), |question| {
        let answer = match question {
            Question::Quota => compute::headroom(&cloud.session).map(Answer::Quota),
            Question::VolumeQuota => volume::headroom(&cloud.session).map(Answer::VolumeQuota),
            Question::FloatingIpQuota => floating_ip::headroom(&cloud.session).map(Answer::FloatingIpQuota),
            Question::Flavors => cloud.flavors().map(|_| Answer::Cached),
            Question::Id(resource, name) => cloud.resolve(resource, name).map(|_| Answer::Cached),
            Question::Microversion => version::newest(&cloud.session).map(Answer::Newest),
        };
        (question, answer)
    });
    answers.into_iter().collect()
}
