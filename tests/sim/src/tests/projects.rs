//! Jobs that are made, built and deleted over the API.

use std::time::Duration;

use super::client::{Answer, Client, basic, send};
use crate::SimOptions;
use crate::jenkins::{Options, Permission, User};

const PROJECT: &str = "<?xml version='1.1' encoding='UTF-8'?>\n<project>\n  <assignedNode>a&amp;&amp;b</assignedNode>\n  \
    <canRoam>false</canRoam>\n  <concurrentBuild>false</concurrentBuild>\n  <builders><hudson.tasks.Shell><command>sleep \
    2.5\n</command></hudson.tasks.Shell></builders>\n</project>";

fn create(c: &Client, name: &str, kind: &str, document: &str) -> Answer {
    let url = format!("{}/createItem?name={name}", c.sim.jenkins_url());
    let authorization = basic("mita", "jenkins-api-token");
    send("POST", &url, &[("Authorization", &authorization), ("Content-Type", kind)], document).unwrap()
}

fn builds(c: &Client) -> serde_json::Value {
    let tree = "builds%5Bnumber,result,building,builtOn,queueId%5D%7B0,100%7D";
    c.get(&format!("/job/j/api/json?tree={tree}")).json()["builds"].take()
}

#[test]
fn a_job_that_is_made_over_the_api_is_queued_built_and_deleted() {
    let c = Client::new();
    c.sim.jenkins().add_agent("n", "a b", 1);
    assert_eq!((create(&c, "j", "application/xml", PROJECT).status, c.get("/createItem?name=k").status), (200, 405));
    assert!(c.get("/api/json?tree=jobs%5Bname%5D").text.contains("\"j\""));
    let taken = create(&c, "j", "application/xml", PROJECT);
    assert_eq!((taken.status, taken.header("X-Error").is_some()), (400, true));
    assert_eq!(create(&c, "a:b", "application/xml", PROJECT).status, 400);
    assert_eq!(create(&c, "k", "application/x-www-form-urlencoded", PROJECT).header("X-Error"), Some("No mode given"));
    assert_eq!(create(&c, "k", "text/xml", "<project>").status, 500);
    assert_eq!(create(&c, "k", "text/xml", "<flow-definition></flow-definition>").status, 500);

    let quiet = c.post("/job/j/build");
    let location = format!("{}/queue/item/1/", c.sim.jenkins_url());
    assert_eq!((quiet.status, quiet.header("Location")), (201, Some(location.as_str())));
    assert!(c.why().starts_with("In the quiet period."), "{}", c.why());
    assert_eq!(c.post("/job/j/build?delay=0sec").header("Location"), Some(location.as_str()), "it waits already");
    let labels = c.get("/queue/api/json?tree=items%5Btask%5BlabelExpression%5D%5D").json();
    assert_eq!(labels["items"][0]["task"]["labelExpression"], "a&&b");
    c.sim.advance(Duration::from_secs(5));
    let running = serde_json::json!([{"_class": "hudson.model.FreeStyleBuild", "building": true, "builtOn": "n",
        "number": 1, "queueId": 1, "result": null}]);
    assert_eq!(builds(&c), running);
    assert_eq!(c.get("/queue/item/1/api/json").json()["executable"]["number"], 1);
    c.sim.advance(Duration::from_secs(3));
    assert_eq!(builds(&c)[0]["result"], "SUCCESS");

    c.post("/job/j/build?delay=0sec");
    c.sim.jenkins().close("n");
    assert_eq!((&builds(&c)[0]["result"], &builds(&c)[0]["number"]), (&"FAILURE".into(), &2.into()));
    c.post("/job/j/build?delay=0sec");
    let deleted = c.post("/job/j/doDelete");
    assert_eq!((deleted.status, deleted.header("Location")), (302, Some(&*format!("{}/", c.sim.jenkins_url()))));
    assert_eq!((c.queue().len(), c.get("/job/j/api/json").status, c.post("/job/j/build").status), (0, 404, 404));
}

#[test]
fn making_building_and_deleting_a_job_need_their_permissions() {
    for missing in [Permission::JobCreate, Permission::JobBuild, Permission::JobDelete] {
        let users = vec![User::new("mita", "jenkins-api-token").without(missing)];
        let c = Client::with(SimOptions { jenkins: Options { users, ..Options::default() }, ..SimOptions::default() });
        let answers = [create(&c, "j", "application/xml", PROJECT), c.post("/job/j/build"), c.post("/job/j/doDelete")];
        let refused = answers.iter().find(|answer| answer.status == 403).expect("a refusal");
        assert_eq!(refused.header("X-Required-Permission"), Some(missing.id()));
    }
}
