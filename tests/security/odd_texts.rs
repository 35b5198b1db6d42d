//! S3, L5: one odd text in what people and jobs put into Jenkins or a cloud hides nothing else.

use super::host::{Asked, Host, Reply, whole};
use super::program::{Ended, Login, Place, usual};
use super::services::{JENKINS, jenkins, openstack};

/// Inside the quotes of a text, as a service may write it.
const ODD: [&[u8]; 12] = [
    b"\x1b[31m",
    b"\x07",
    b"\x00",
    b"\x0b\n\t",
    b"\x7f",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    br"\ud800",
    br"\udfff\ud83d",
    br"\u0000",
    b"\xc2\xa0",
    b"\xe3\x80\x80",
];

/// A run with these answers to some paths, in which `MARK` stands for an odd text.
fn run(odd: &'static [u8], answers: &'static [(&'static str, &'static str)]) -> Ended {
    let answer = move |asked: &Asked| -> Option<Reply> {
        let (_, body) = answers.iter().find(|(path, _)| asked.path.ends_with(path))?;
        let mut parts = body.split("MARK");
        let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
        parts.for_each(|part| bytes.extend([odd, part.as_bytes()].concat()));
        Some(whole(200, &[JENKINS, ("Content-Type", "application/json;charset=utf-8")], &bytes))
    };
    let controller = Host::new(move |asked| answer(asked).unwrap_or_else(|| jenkins(asked)));
    let cloud = Host::new(move |asked| answer(asked).unwrap_or_else(|| openstack(asked)));
    let login = Login::to(&controller.url, &cloud.url);
    Place::new(&usual(&login)).run(&["reconcile", "--output", "json"])
}

fn orders(ended: &Ended) -> usize {
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).expect("a document");
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let actions = document["actions"].as_array().expect("actions");
    actions.iter().filter(|action| action["action"] == "create_server").count()
}

#[test]
fn l5_an_odd_item_hides_no_other_item() {
    for odd in ODD {
        let ended = run(
            odd,
            &[(
                "/queue/api/json",
                r#"{"items":[
                    {"id":1,"buildable":true,"pending":false,"why":"MARK","task":{"fullName":"MARK","MARK":"MARK"}},
                    {"id":2,"buildable":true,"pending":false,"why":"There are no nodes with the label ‘MARK’","MARK":1},
                    {"id":3,"buildable":true,"pending":false,"why":"There are no nodes with the label ‘trusty’",
                        "task":{"fullName":"ceph-build","labelExpression":"trusty","url":"MARK"}}]}"#,
            )],
        );
        assert_eq!(orders(&ended), 1, "{odd:?}: {ended:?}");
    }
}

#[test]
fn s3_an_odd_node_hides_no_other_node() {
    for odd in ODD {
        let ended = run(
            odd,
            &[(
                "/computer/api/json",
                r#"{"computer":[{"_class":"hudson.model.Hudson$MasterComputer","displayName":"Built-In Node","idle":true,
                    "offline":false,"temporarilyOffline":false,"numExecutors":0,"executors":[],"assignedLabels":[]},
                    {"_class":"hudson.slaves.SlaveComputer","displayName":"MARK","description":"MARK","offline":true,
                    "temporarilyOffline":true,"offlineCauseReason":"MARK","assignedLabels":[{"name":"MARK"}]}]}"#,
            )],
        );
        assert_eq!(orders(&ended), 1, "{odd:?}: {ended:?}");
    }
}

#[test]
fn s3_an_odd_server_hides_no_other_server() {
    for odd in ODD {
        let ended = run(
            odd,
            &[(
                "/servers/detail",
                r#"{"servers":[{"id":"1","name":"MARK","status":"ACTIVE","metadata":{"MARK":"MARK","mita_node":"MARK"},
                    "addresses":{"MARK":[{"addr":"MARK"}]},"fault":{"message":"MARK"}}]}"#,
            )],
        );
        assert_eq!(orders(&ended), 1, "{odd:?}: {ended:?}");
    }
}

/// What is really not JSON is reported with its place.
#[test]
fn s3_what_is_not_json_is_reported_with_line_and_column() {
    let ended = run(b"", &[("/queue/api/json", "{\"items\": [\n {\"id\": 1,, \"why\": null}]}")]);
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let words = ", which is not JSON at line 2, column 11, at \"items\": [ {\"id\": 1,, \"why\": null}]}\": ";
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
}
