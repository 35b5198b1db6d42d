//! Builds on executors: how they end, and what happens to them when their node goes offline or is deleted.

use std::collections::HashMap;

use crate::jenkins::Jenkins;
use crate::jenkins::queue::maintain::Running;
use crate::jenkins::queue::{Build, Finished, RESUME_LIMIT};

impl Jenkins {
    /// Ends the builds whose time has come.
    pub(crate) fn end_builds(&mut self) {
        let now = self.now;
        let mut over = Vec::new();
        let due = |build: &Build| build.ends <= now || build.aborts.is_some_and(|at| at <= now);
        let end = |build: Build, node: &str| {
            let killed = build.ends > now;
            finished(build, node, now, killed)
        };
        for node in &mut self.nodes {
            for executor in &mut node.executors {
                over.extend(executor.build.take_if(|b| due(b)).map(|build| end(build, &node.name)));
            }
            over.extend(node.one_off.extract_if(.., |b| due(b)).map(|build| end(build, &node.name)));
            node.drop_surplus();
        }
        over.extend(self.unseen.extract_if(.., |b| due(b)).map(|build| end(build, "")));
        if !over.is_empty() {
            self.finished.append(&mut over);
            self.nodes.retain(|n| !n.removed || !n.idle());
            self.dirty = true;
        }
    }

    /// A channel is gone: builds die with it, except the blocks of pipelines, which wait for their agent, and
    /// flyweights, which run on the controller.
    pub(crate) fn tear_builds(&mut self, name: &str) {
        self.end_on(name, |build| !build.job.is_block());
    }

    /// A node is deleted: its builds die, and the blocks of pipelines are aborted after some minutes. Until then a
    /// computer without a node shows them. A flyweight keeps running, and no computer shows it.
    pub(crate) fn abandon_builds(&mut self, name: &str) {
        self.tear_builds(name);
        let aborts = self.now + RESUME_LIMIT;
        let mut unseen = Vec::new();
        if let Some(node) = self.node_mut(name) {
            for build in node.executors.iter_mut().filter_map(|e| e.build.as_mut()) {
                build.aborts = Some(aborts);
            }
            unseen.append(&mut node.one_off);
        }
        self.unseen.append(&mut unseen);
    }

    /// The controller stops: everything ends.
    pub(crate) fn end_all_builds(&mut self, name: &str) {
        self.end_on(name, |_| true);
        if let Some(node) = self.node_mut(name) {
            node.one_off.clear();
        }
    }

    /// Ends builds of one node before their time.
    pub(crate) fn end_on(&mut self, name: &str, dies: impl Fn(&Build) -> bool) {
        let now = self.now;
        let mut over = Vec::new();
        if let Some(node) = self.node_mut(name) {
            for executor in &mut node.executors {
                over.extend(executor.build.take_if(|b| dies(b)).map(|b| finished(b, name, now, true)));
            }
        }
        self.finished.append(&mut over);
        self.dirty = true;
    }

    /// The running builds of which only one may run, by the job's full name.
    pub(crate) fn running_jobs(&self) -> HashMap<String, Running> {
        let on_executors = self.nodes.iter().flat_map(|n| &n.executors).filter_map(|e| e.build.as_ref());
        let seen = on_executors.chain(self.nodes.iter().flat_map(|n| &n.one_off)).map(|build| (build, true));
        let all = seen.chain(self.unseen.iter().map(|build| (build, false)));
        let single = all.filter(|(build, _)| !build.job.concurrent);
        single.map(|(b, seen)| (b.job.full_name(), Running { number: b.number, seen })).collect()
    }
}

fn finished(build: Build, node: &str, at: u64, killed: bool) -> Finished {
    let Build { item, job, number, started, .. } = build;
    Finished { job: job.name, item, number, node: node.to_string(), started, at, killed }
}
