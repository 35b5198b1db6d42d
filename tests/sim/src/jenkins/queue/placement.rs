//! Which of the nodes that can take a build gets it.

use std::collections::BTreeMap;

/// How the queue chooses a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// As Jenkins does (`hudson/model/LoadBalancer.java`, CONSISTENT_HASH, and `hudson/util/ConsistentHash.java`). Each
    /// node that can take the task has 100 points on a circle for each of its *free* executors: the MD5 of `NAME:0`,
    /// `NAME:1`, ..., folded to 32 bits. The task goes to the node of the first point at or after the hash of the job's
    /// full display name. So builds are spread over idle nodes, nodes with more free executors get more of them, and a
    /// job goes to the node of its last build while that is free and no node closer on the circle has joined. This is
    /// the only preference for that node: Jenkins does not look up where the last build ran. The order of two nodes
    /// that share a point is not replicated.
    ConsistentHash,
    /// The first of the list of nodes, which is sorted by name: builds pile up on few nodes.
    FirstOfList,
}

/// Points of one node for each free executor.
const POINTS: usize = 100;

/// The points of the nodes seen so far, by name and number of free executors.
#[derive(Clone, Default)]
pub(crate) struct Circle {
    points: BTreeMap<String, BTreeMap<usize, Vec<u32>>>,
}

impl Circle {
    /// How far the first point of a node lies behind `from`; the node with the smallest way gets the task.
    pub(crate) fn way(&mut self, from: u32, node: &str, weight: usize) -> u32 {
        if !self.points.contains_key(node) {
            self.points.insert(node.to_string(), BTreeMap::new());
        }
        let Some(weights) = self.points.get_mut(node) else { return u32::MAX };
        let points = weights.entry(weight).or_insert_with(|| {
            let mut points: Vec<u32> = (0..weight).map(|n| hash(&format!("{node}:{n}"))).collect();
            points.sort_unstable();
            points
        });
        let next = points.get(points.partition_point(|point| *point < from)).or(points.first());
        next.map_or(u32::MAX, |point| point.wrapping_sub(from))
    }

    /// Forgets the points of nodes that are gone.
    pub(crate) fn forget(&mut self, node: &str) {
        self.points.remove(node);
    }
}

/// The weight of so many executors.
pub(crate) fn weight(executors: usize) -> usize {
    executors * POINTS
}

/// The place of a text on the circle (`ConsistentHash.md5`). Jenkins compares these numbers as signed ones; which
/// point comes next on a circle is the same.
pub(crate) fn hash(text: &str) -> u32 {
    let digest = md5::compute(text).0;
    let fold = |i: usize| digest[i] ^ digest[i + 4].wrapping_add(digest[i + 8]).wrapping_add(digest[i + 12]);
    u32::from_be_bytes([fold(0), fold(1), fold(2), fold(3)])
}

#[cfg(test)]
mod tests {
    use super::{Circle, hash, weight};

    fn first<'a>(circle: &mut Circle, job: &str, nodes: &[(&'a str, usize)]) -> &'a str {
        let from = hash(job);
        nodes.iter().min_by_key(|(node, free)| circle.way(from, node, weight(*free))).unwrap().0
    }

    // Worked out with another implementation of the two classes.
    #[test]
    fn nodes_are_chosen_as_jenkins_chooses_them() {
        assert_eq!(hash("ceph-build"), 2_042_290_839);
        let mut circle = Circle::default();
        let nodes = [("n1", 1), ("n2", 1), ("n3", 1)];
        let chosen = ["a", "b", "c", "d", "e", "f"].map(|job| first(&mut circle, job, &nodes));
        assert_eq!(chosen, ["n3", "n1", "n3", "n1", "n2", "n3"]);
        let unequal = [("n1", 1), ("n2", 8), ("n3", 1)];
        let jobs = (0..1000).map(|n| format!("job-{n}"));
        let on_the_large = jobs.filter(|job| first(&mut circle, job, &unequal) == "n2").count();
        assert_eq!(on_the_large, 769);
    }

    #[test]
    fn a_job_stays_with_its_node_while_others_come_and_go() {
        let mut circle = Circle::default();
        let all = [("n1", 1), ("n2", 1), ("n3", 1), ("n4", 1)];
        let home = first(&mut circle, "ceph-build", &all);
        for gone in all.iter().filter(|(node, _)| *node != home) {
            let rest: Vec<(&str, usize)> = all.iter().filter(|node| *node != gone).copied().collect();
            assert_eq!(first(&mut circle, "ceph-build", &rest), home);
        }
    }
}
