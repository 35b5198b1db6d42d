//! Answers like those of four generations of Jenkins, and what is made of them.

use super::*;
use crate::domain::world::{Node, Queue};

fn serving(body: &'static str) -> Jenkins {
    controller(&Loopback::new(move |_| jenkins_answer(body)), "")
}

fn queue_lines(body: &'static str) -> Vec<String> {
    let Queue { items, discoverable, .. } = serving(body).queue().unwrap().value;
    let mut lines: Vec<String> = items
        .iter()
        .map(|item| {
            let since = item.in_queue_since.map_or_else(|| "?".to_owned(), |since| since.to_string());
            format!(
                "{} {} {:?} {:?} {since} {}",
                item.id,
                item.job,
                item.task,
                item.stage,
                item.why.as_deref().unwrap_or("-")
            )
        })
        .collect();
    lines.push(format!("discoverable {discoverable}"));
    lines
}

fn node_lines(body: &'static str) -> Vec<String> {
    let nodes: Vec<Node> = serving(body).nodes().unwrap().value;
    let line = |node: &Node| {
        let labels: Vec<&str> = node.labels.iter().map(String::as_str).collect();
        let Node { name, kind, executors, idle_executors, idle, .. } = node;
        let presence = match &node.presence {
            Presence::SetOffline(cause) => {
                format!("SetOffline({}: {})", cause.class.as_deref().unwrap_or("-"), cause.reason)
            }
            presence => format!("{presence:?}"),
        };
        format!("{name} {kind:?} [{}] {idle_executors}/{executors} idle={idle} {presence}", labels.join(" "))
    };
    nodes.iter().map(line).collect()
}

#[test]
fn jenkins_1_580_is_read_without_classes_and_labels() {
    assert_eq!(
        queue_lines(include_str!("../../../tests/fixtures/jenkins/queue-1.580.json")),
        [
            "41 nightly Unknown Waiting 2014-11-20T23:30:00Z In the quiet period. Expires in 4.2 sec",
            "38 ceph-build Unknown Blocked 2014-11-20T23:28:20Z Build #12 is already in progress (ETA:5 min 2 sec)",
            "40 ceph-matrix/ARCH=x86_64,DIST=trusty Matrix { axis_values: [\"x86_64\", \"trusty\"] } Buildable \
             2014-11-20T23:28:00Z Waiting for next available executor on amd64&&trusty",
            "37 packages/rpm-build Unknown Buildable 2014-11-20T23:26:40Z There are no nodes with the label ‘centos6’",
            "36 docs Unknown Pending 2014-11-20T23:25:00Z Waiting for next available executor",
            "discoverable 0",
        ]
    );
    assert_eq!(
        node_lines(include_str!("../../../tests/fixtures/jenkins/computer-1.580.json")),
        [
            "master BuiltIn [master] 1/2 idle=false Online",
            "trusty+10.1.0.4 Agent [trusty+10.1.0.4] 1/1 idle=true Online",
            "trusty+10.1.0.5 Agent [trusty+10.1.0.5] 0/1 idle=true \
             SetOffline(-: mita retires this node: owner=ceph-ci server=4e9d1a2b rule=idle)",
            "vm-3 Agent [vm-3] 0/1 idle=true Disconnected",
        ]
    );
}

#[test]
fn jenkins_2_60_is_read_with_classes_and_without_labels() {
    assert_eq!(
        queue_lines(include_str!("../../../tests/fixtures/jenkins/queue-2.60.json")),
        [
            "3201 infra/mirror Unknown Blocked 2017-07-14T02:40:00Z \
             Upstream project infra » sync is already building.",
            "3204 queue item 3204 Pipeline Buildable 2017-07-14T02:41:40Z All nodes of label ‘xenial’ are offline",
            "3199 ceph-matrix/ARCH=x86_64,DIST=el 7 Matrix { axis_values: [\"x86_64\", \"el 7\"] } Buildable \
             2017-07-14T02:38:20Z ubuntu+10.1.0.4 is offline",
            "discoverable 0",
        ]
    );
    assert_eq!(
        node_lines(include_str!("../../../tests/fixtures/jenkins/computer-2.60.json")),
        [
            "master BuiltIn [master] 0/0 idle=true Online",
            "jclouds-1 CloudPlugin(\"org.jenkinsci.plugins.jclouds.compute.JCloudsComputer\") [jclouds-1] 1/1 \
             idle=true Online",
            "ubuntu+10.1.0.4 Agent [ubuntu+10.1.0.4] 0/1 idle=false Disconnected",
            "ubuntu+10.1.0.9 Agent [ubuntu+10.1.0.9] 0/1 idle=true SetOffline(-: )",
        ]
    );
}

#[test]
fn jenkins_2_249_is_read_with_labels_and_with_items_that_may_only_be_discovered() {
    assert_eq!(
        queue_lines(include_str!("../../../tests/fixtures/jenkins/queue-2.249.json")),
        [
            "902 unit Project { label: Some(\"bionic\") } Waiting 2020-09-01T00:00:00Z \
             In the quiet period. Expires in 3.1 sec",
            "899 deb Project { label: Some(\"amd64 && (bionic || focal)\") } Buildable 2020-08-31T23:58:20Z \
             Waiting for next available executor on ‘amd64&&(bionic||focal)’",
            "898 queue item 898 Pipeline Buildable 2020-08-31T23:56:40Z \
             ‘Jenkins’ doesn’t have label ‘arm64’; ‘static-1’ is offline",
            "897 anywhere Project { label: None } Pending 2020-08-31T23:55:00Z -",
            "discoverable 1",
        ]
    );
    assert_eq!(
        node_lines(include_str!("../../../tests/fixtures/jenkins/computer-2.249.json")),
        [
            "master BuiltIn [master] 2/2 idle=true Online",
            "bionic+10.1.0.3 Agent [] 0/0 idle=false Disconnected",
            "bionic+10.1.0.7 Agent [amd64 bionic bionic+10.1.0.7] 1/2 idle=false Online",
            "static-1 Agent [static-1] 0/1 idle=true \
             SetOffline(hudson.node_monitors.DiskSpaceMonitorDescriptor$DiskSpace: \
             Disk space is too low. Only 0.912GB left on /home/jenkins.)",
        ]
    );
}

#[test]
fn jenkins_2_578_is_read_with_the_names_of_pipelines() {
    assert_eq!(
        queue_lines(include_str!("../../../tests/fixtures/jenkins/queue-2.578.json")),
        [
            "7310 nightly Project { label: Some(\"noble\") } Blocked 2026-08-01T16:00:00Z \
             Build #1,204 is already in progress (ETA: 3 min 10 sec)",
            "7309 team/pipe/feature%2Fx Pipeline Buildable 2026-08-01T16:00:10Z \
             Waiting for next available executor on ‘amd64&&noble’",
            "7308 ceph-matrix/ARCH=x86_64,DIST=noble Matrix { axis_values: [\"x86_64\", \"noble\"] } Buildable \
             2026-08-01T16:00:05Z ‘noble+192.168.1.188’ is offline",
            "7307 java/lib Project { label: Some(\"\\\"abc def\\\"&&noble\") } Pending 2026-08-01T16:00:01Z \
             ‘Jenkins’ doesn’t have label ‘\"abc def\"&&noble’",
            "discoverable 0",
        ]
    );
    assert_eq!(
        node_lines(include_str!("../../../tests/fixtures/jenkins/computer-2.578.json")),
        [
            "Built-In Node BuiltIn [built-in] 0/0 idle=true Online",
            "pod-x1 CloudPlugin(\"org.csanchez.jenkins.plugins.kubernetes.KubernetesComputer\") [pod pod-x1] 0/1 \
             idle=false Online",
            "noble+192.168.1.188 Agent [amd64 noble noble+192.168.1.188] 0/1 idle=true \
             SetOffline(hudson.slaves.OfflineCause$UserCause: it's <mine> & I know)",
            "noble+2001-db8--1 Agent [noble noble+2001-db8--1] 0/1 idle=true \
             SetOffline(hudson.slaves.OfflineCause$UserCause: \
             mita retires this node: owner=ceph-ci server=77aa rule=idle)",
            "noble+192.168.1.190 Agent [noble noble+192.168.1.190] 2/2 idle=false Online",
        ]
    );
}

#[test]
fn the_age_of_an_item_is_what_the_clock_of_jenkins_shows() {
    let age = |date: &'static str| {
        let item = r#"{"items": [{"id": 1, "inQueueSince": 1767600000000}], "discoverableItems": []}"#;
        let server = Loopback::new(move |_| jenkins_answer(item).with("Date", date));
        let queue = controller(&server, "").queue().unwrap().value;
        queue.age(&queue.items[0]).map(|age| age.as_secs())
    };
    assert_eq!(age("Mon, 05 Jan 2026 08:01:40 GMT"), Some(100));
    assert_eq!(age("Mon, 05 Jan 2026 07:01:40 GMT"), Some(0));
    assert_eq!(age("yesterday"), None);
}
