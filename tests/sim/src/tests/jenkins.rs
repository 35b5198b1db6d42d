//! Jenkins: queue, `why`, nodes, permissions, names in URLs.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Client, basic, send};
use crate::jenkins::nodes::{CauseKind, Mode, Node};
use crate::jenkins::queue::Job;
use crate::jenkins::{Options, Permission, User, Version};
use crate::{Fault, Kind, Service, SimOptions};

fn with(jenkins: Options) -> Client {
    Client::with(SimOptions { jenkins, ..SimOptions::default() })
}

fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

#[test]
fn a_job_waits_until_a_fitting_executor_is_free_and_is_built_there() {
    let c = Client::new();
    c.sim.jenkins().add_agent("n1", "amd64 trusty", 1);
    c.sim.jenkins().add_agent("n2", "arm64", 1);
    c.sim.jenkins().submit(Job::freestyle("a").label("amd64 && trusty").lasting(minutes(5)));
    c.sim.jenkins().submit(Job::freestyle("b").label("amd64"));
    assert_eq!(c.sim.jenkins().running_on("n1")[0].job.name, "a");
    let items = c.queue();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["why"], "Waiting for next available executor on ‘n1’");
    assert_eq!(items[0]["task"].get("labelExpression"), None, "not shown without tree");
    assert_eq!(items[0]["_class"], "hudson.model.Queue$BuildableItem");
    assert_eq!(items[0]["pending"], false);
    c.sim.advance(minutes(5));
    assert_eq!(c.sim.jenkins().finished[0].job, "a");
    assert_eq!(c.sim.jenkins().running_on("n1")[0].job.name, "b");
    assert!(c.queue().is_empty());
}

#[test]
fn why_takes_the_form_that_the_nodes_call_for() {
    let c = Client::new();
    c.sim.jenkins().submit(Job::pipeline("p").label("linux && x"));
    assert_eq!(c.why(), "Waiting for next available executor", "no agents at all");
    c.sim.jenkins().add_agent("other", "windows", 1);
    assert_eq!(c.why(), "There are no nodes with the label ‘linux&&x’");
    c.sim.jenkins().add_node(Node::new("a", "linux x", 1));
    assert_eq!(c.why(), "‘a’ is offline");
    c.sim.jenkins().add_node(Node::new("b", "linux x", 1));
    assert_eq!(c.why(), "All nodes of label ‘linux&&x’ are offline");
    let busy = Job::freestyle("busy");
    c.sim.jenkins().occupy("a", busy.clone());
    c.sim.jenkins().connect("a");
    assert_eq!(c.why(), "Waiting for next available executor on ‘linux&&x’");
    c.sim.jenkins().quiet_down(true);
    assert_eq!(c.why(), "Jenkins is about to shut down");
}

#[test]
fn refusals_of_nodes_are_listed_sorted_and_cut_after_five() {
    let c = Client::new();
    c.sim.jenkins().add_agent("fit", "linux", 1);
    c.sim.jenkins().refuse("p", "fit", "Already running 1 builds on node");
    c.sim.jenkins().add_agent("w", "windows", 1);
    c.sim.jenkins().add_node(Node::new("off", "linux", 1));
    c.sim.jenkins().submit(Job::freestyle("p").label("linux"));
    assert_eq!(c.why(), "Already running 1 builds on node; ‘off’ is offline; ‘w’ doesn’t have label ‘linux’");
    for n in 1..=4 {
        c.sim.jenkins().add_agent(&format!("w{n}"), "windows", 1);
    }
    assert!(c.why().ends_with("; ‘w3’ doesn’t have label ‘linux’; ... and 2 more"), "{}", c.why());
}

#[test]
fn with_an_idle_built_in_node_and_no_agents_the_label_can_still_be_read() {
    let c = with(Options { built_in_executors: 2, ..Options::default() });
    c.sim.jenkins().submit(Job::pipeline("p").label("linux"));
    assert_eq!(c.why(), "‘Jenkins’ doesn’t have label ‘linux’");
    let computers = c.get("/computer/api/json").json();
    assert_eq!(computers["computer"][0]["displayName"], "Built-In Node");
    assert_eq!(c.get("/computer/(built-in)/api/json").status, 200);
    assert_eq!(c.get("/computer/%28master%29/api/json").status, 200);
    assert_eq!(c.post("/computer/(built-in)/doDelete").status, 400);
}

#[test]
fn the_built_in_node_is_listed_without_executors_and_an_agent_is_not() {
    let c = Client::new();
    c.sim.jenkins().add_agent("none", "a", 0);
    let computers = c.get("/computer/api/json").json();
    let listed: Vec<&Value> = computers["computer"].as_array().unwrap().iter().map(|n| &n["_class"]).collect();
    assert_eq!(listed, ["hudson.model.Hudson$MasterComputer"]);
}

#[test]
fn old_releases_speak_in_their_own_words_and_name_no_types() {
    let old = |minor: u32| {
        let major = if minor > 600 { 1 } else { 2 };
        let version = if major == 1 { Version::new(1, minor) } else { Version::new(2, minor) };
        let c = with(Options { version, ..Options::default() });
        c.sim.jenkins().add_agent("n", "linux", 1);
        c.sim.jenkins().occupy("n", Job::freestyle("busy"));
        c.sim.jenkins().submit(Job::freestyle("x").label("linux"));
        c
    };
    assert_eq!(old(124).why(), "Waiting for next available executor on n");
    assert_eq!(old(125).why(), "Waiting for next available executor on ‘n’");
    let c = old(651);
    assert_eq!(c.queue()[0].get("_class"), None);
    c.sim.jenkins().disconnect("n", CauseKind::ChannelTermination, "lost");
    assert_eq!(c.why(), "n is offline");
}

#[test]
fn labels_are_exported_since_2_94() {
    let exported = |version| {
        let c = with(Options { version, ..Options::default() });
        c.sim.jenkins().add_agent("n", "linux", 1);
        c.sim.jenkins().occupy("n", Job::freestyle("busy"));
        c.sim.jenkins().submit(Job::freestyle("x").label("linux"));
        let queue = c.get("/queue/api/json?tree=items[task[name,labelExpression]]").json();
        let nodes = c.get("/computer/api/json?tree=computer[displayName,assignedLabels[name]]").json();
        let task = queue["items"][0]["task"].clone();
        (task.get("labelExpression").cloned(), nodes["computer"][1].get("assignedLabels").is_some())
    };
    assert_eq!(exported(Version::new(2, 93)), (None, false));
    assert_eq!(exported(Version::new(2, 94)), (Some(json!("linux")), true));
}

#[test]
fn exclusive_nodes_take_only_labelled_jobs_and_say_so() {
    let c = Client::new();
    c.sim.jenkins().add_node(Node::new("e", "linux", 1).online().mode(Mode::Exclusive));
    c.sim.jenkins().submit(Job::freestyle("roams"));
    assert_eq!(c.why(), "‘e’ is reserved for jobs with matching label expression");
}

#[test]
fn quiet_periods_blocked_items_and_single_builds_wait_without_demand() {
    let c = Client::new();
    c.sim.jenkins().add_agent("n", "linux", 3);
    c.sim.jenkins().submit(Job::freestyle("quiet").quiet(Duration::from_secs(5)));
    assert_eq!(c.why(), "In the quiet period. Expires in 5 sec");
    assert_eq!(c.queue()[0]["_class"], "hudson.model.Queue$WaitingItem");
    c.sim.advance(Duration::from_secs(5));
    assert!(c.queue().is_empty());
    c.sim.jenkins().submit(Job::freestyle("single").one_at_a_time());
    c.sim.jenkins().submit(Job::freestyle("single").one_at_a_time());
    assert_eq!(c.why(), "Build #1 is already in progress (ETA: N/A)");
    assert_eq!(c.queue()[0]["blocked"], true);
    assert_eq!(c.queue()[0]["buildable"], false);
}

#[test]
fn tasks_export_what_their_kind_exports() {
    let c = Client::new();
    c.sim.jenkins().submit(Job::pipeline("folder/p").label("x"));
    c.sim.jenkins().submit(Job::matrix("m", "label=trusty,arch=x86").label("trusty&&x86"));
    c.sim.jenkins().submit(Job::freestyle("f").label("not a label"));
    let items = c.queue();
    let task =
        |part: &str| items.iter().map(|i| &i["task"]).find(|t| t["_class"].as_str().unwrap().ends_with(part)).unwrap();
    assert_eq!(task("$PlaceholderTask").as_object().unwrap().len(), 1, "only the class without tree");
    assert_eq!(task("MatrixConfiguration")["name"], "label=trusty,arch=x86");
    let named = c.get("/queue/api/json?tree=items%5Btask%5Bname,url,labelExpression%5D%5D").json();
    let pipeline = json!({"_class": "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$PlaceholderTask",
        "name": "part of folder » p #1", "url": "job/folder/job/p/1/"});
    assert!(named["items"].as_array().unwrap().iter().any(|item| item["task"] == pipeline), "{named}");
    let picked = c.get("/queue/api/json?tree=items%5Btask%5BfullName,labelExpression%5D%5D").json();
    let tasks = picked["items"].as_array().unwrap();
    assert!(tasks.iter().any(|i| i["task"]["labelExpression"] == "\"not a label\""), "{picked}");
    assert!(tasks.iter().any(|i| i["task"]
        == json!({
        "_class": "hudson.matrix.MatrixConfiguration",
        "fullName": "m/label=trusty,arch=x86", "labelExpression": null})));
}

#[test]
fn tree_prunes_and_a_malformed_tree_is_a_server_error() {
    let c = Client::new();
    c.sim.jenkins().add_agent("n", "a b", 1);
    let answer = c.get("/computer/api/json?tree=computer[displayName,idle,assignedLabels[name],nothing]{1}");
    let want = json!({"_class": "hudson.model.ComputerSet", "computer": [{
        "_class": "hudson.slaves.SlaveComputer", "displayName": "n", "idle": true,
        "assignedLabels": [{"name": "a"}, {"name": "b"}, {"name": "n"}]}]});
    assert_eq!(answer.json(), want);
    assert_eq!(answer.header("X-Jenkins"), Some("2.578"));
    assert_eq!(c.get("/computer/api/json?tree=computer[").status, 500);
    let bare = c.get("/computer/api/json").json();
    assert_eq!(bare["computer"][1]["executors"], json!([{}]));
    assert_eq!(bare["computer"][1]["assignedLabels"][0], json!({"name": "a"}));
}

#[test]
fn marks_are_set_cleared_and_toggled_and_the_reason_is_escaped() {
    let c = Client::new();
    c.sim.jenkins().add_agent("n", "a", 1);
    assert_eq!(c.post("/computer/n/changeOfflineCause?offlineMessage=a%20%3Cb%3E+c").status, 302);
    let node = c.get("/computer/n/api/json?tree=*,offlineCause[*]").json();
    assert_eq!(node["offlineCauseReason"], "a &lt;b&gt; c");
    assert_eq!(node["temporarilyOffline"], true);
    assert_eq!(node["offlineCause"]["_class"], "hudson.slaves.OfflineCause$UserCause");
    assert!(node["offlineCause"]["timestamp"].is_u64());
    assert_eq!(node["offlineCause"]["description"], "Disconnected by mita : a <b> c");
    assert_eq!(c.post("/computer/n/toggleOffline").status, 302);
    let node = c.get("/computer/n/api/json").json();
    assert_eq!((&node["offline"], &node["offlineCause"]), (&json!(false), &Value::Null));
    let form =
        [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", &basic("mita", "jenkins-api-token"))];
    let url = format!("{}/computer/n/toggleOffline", c.sim.jenkins_url());
    assert_eq!(send("POST", &url, &form, "offlineMessage=by+form").unwrap().status, 302);
    assert_eq!(c.get("/computer/n/api/json").json()["offlineCauseReason"], "by form");
}

#[test]
fn the_reason_is_cut_at_its_last_colon_and_not_escaped_before_2_483() {
    for (version, shown) in [(Version::new(2, 482), "retires <it>"), (Version::new(2, 483), "retires &lt;it&gt;")] {
        let c = with(Options { version, ..Options::default() });
        c.sim.jenkins().add_agent("n", "a", 1);
        c.sim.jenkins().hold("n", "  keep it : mita : retires <it> ");
        let node = c.get("/computer/n/api/json?tree=offlineCauseReason,offlineCause[description]").json();
        assert_eq!(node["offlineCauseReason"], shown, "{version}");
        assert_eq!(node["offlineCause"]["description"], "Disconnected by alice : keep it : mita : retires <it>");
    }
}

#[test]
fn a_lost_channel_takes_the_place_of_a_marks_cause_before_2_482() {
    for (version, shown) in [(Version::new(2, 481), "lost"), (Version::new(2, 482), "mine")] {
        let c = with(Options { version, ..Options::default() });
        c.sim.jenkins().add_agent("n", "a", 1);
        c.sim.jenkins().hold("n", "mine");
        c.sim.jenkins().disconnect("n", CauseKind::ChannelTermination, "lost");
        let node = c.get("/computer/n/api/json").json();
        assert_eq!(node["temporarilyOffline"], true);
        assert_eq!(node["offlineCauseReason"], shown);
        c.sim.jenkins().connect("n");
        assert_eq!(c.get("/computer/n/api/json").json()["offlineCauseReason"], "mine");
    }
}

#[test]
fn names_in_paths_keep_their_plus_and_semicolons_are_refused() {
    let c = Client::new();
    c.sim.jenkins().add_agent("ubuntu+192.168.1.188", "a", 1);
    assert_eq!(c.get("/computer/ubuntu+192.168.1.188/api/json").status, 200);
    assert_eq!(c.get("/computer/ubuntu%2B192.168.1.188/api/json").status, 200);
    assert_eq!(c.get("/computer/ubuntu%20192.168.1.188/api/json").status, 404);
    assert_eq!(c.get("/computer/a;b/api/json").status, 400);
    let get = c.get("/computer/ubuntu+192.168.1.188/doDelete");
    assert_eq!((get.status, get.header("Allow")), (405, None));
}

#[test]
fn deleting_a_busy_node_kills_its_build() {
    let c = Client::new();
    c.sim.jenkins().add_agent("n", "a", 1);
    c.sim.jenkins().submit(Job::freestyle("f").label("a"));
    assert_eq!(c.post("/computer/n/doDelete").status, 302);
    assert_eq!(c.get("/computer/n/api/json").status, 404);
    assert!(c.sim.jenkins().finished[0].killed);
    assert_eq!(c.post("/computer/n/doDelete").status, 404);
}

#[test]
fn a_form_creates_a_node_and_bad_names_are_refused() {
    let c = Client::new();
    let create = |name: &str| {
        let json = crate::http::percent_encode(
            &json!({"numExecutors": "2", "labelString": "a b", "mode": "EXCLUSIVE"}).to_string(),
        );
        c.post(&format!("/computer/doCreateItem?name={name}&type=hudson.slaves.DumbSlave&json={json}"))
    };
    assert_eq!(create("ubuntu%2B1").status, 302);
    assert_eq!(c.get("/computer/ubuntu+1/api/json").json()["numExecutors"], 2);
    let again = create("ubuntu%2B1");
    assert_eq!(again.status, 400);
    assert!(again.header("X-Error").unwrap().contains("already exists"));
    assert_eq!(create("2001:db8").status, 400);
    assert_eq!(c.get("/computer/doCreateItem").status, 404);
}

#[test]
fn credentials_and_permissions_are_checked_as_jenkins_does() {
    let users = vec![
        User::new("mita", "jenkins-api-token").without(Permission::AgentDelete),
        User::new("blind", "t").with_only(&[Permission::OverallRead, Permission::JobDiscover]),
    ];
    let c = with(Options { users, ..Options::default() });
    c.sim.jenkins().add_agent("n", "a", 1);
    c.sim.jenkins().submit(Job::freestyle("secret").label("b"));
    let url = format!("{}/queue/api/json", c.sim.jenkins_url());
    let wrong = send("GET", &url, &[("Authorization", &basic("mita", "no"))], "").unwrap();
    assert_eq!((wrong.status, wrong.header("WWW-Authenticate")), (401, Some("Basic realm=\"Jenkins\"")));
    assert_eq!(send("GET", &url, &[], "").unwrap().status, 403);
    let blind = send("GET", &url, &[("Authorization", &basic("blind", "t"))], "").unwrap().json();
    assert_eq!(blind["items"], json!([]));
    assert_eq!(blind["discoverableItems"], json!([{"task": {"name": "secret"}}]));
    let refused = c.post("/computer/n/doDelete");
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("X-Required-Permission"), Some("hudson.model.Computer.Delete"));
    assert_eq!(refused.header("X-You-Are-Authenticated-As"), Some("mita"));
}

#[test]
fn a_password_needs_a_crumb_of_the_same_session() {
    let users = vec![User::new("mita", "jenkins-api-token").password("pw")];
    let c = with(Options { users, ..Options::default() });
    c.sim.jenkins().add_agent("n", "a", 1);
    let auth = basic("mita", "pw");
    let url = |path: &str| format!("{}{path}", c.sim.jenkins_url());
    let toggle = url("/computer/n/toggleOffline");
    assert_eq!(send("POST", &toggle, &[("Authorization", &auth)], "").unwrap().status, 403);
    let issued = send("GET", &url("/crumbIssuer/api/json"), &[("Authorization", &auth)], "").unwrap();
    let cookie = issued.header("Set-Cookie").unwrap().split(';').next().unwrap().to_string();
    let crumb = issued.json()["crumb"].as_str().unwrap().to_string();
    let mut headers = vec![("Authorization", auth.as_str()), ("Jenkins-Crumb", crumb.as_str())];
    assert_eq!(send("POST", &toggle, &headers, "").unwrap().status, 403, "without its session");
    headers.push(("Cookie", cookie.as_str()));
    assert_eq!(send("POST", &toggle, &headers, "").unwrap().status, 302);
}

#[test]
fn a_restart_changes_the_session_and_agents_come_back_later() {
    let c = with(Options { prefix: "/jenkins".into(), ..Options::default() });
    c.sim.jenkins().add_agent("n", "a", 1);
    c.sim.jenkins().submit(Job::pipeline("p").label("a"));
    let before = c.get("/api/json").header("X-Jenkins-Session").unwrap().to_string();
    c.sim.jenkins().restart(minutes(1), minutes(2));
    let starting = c.get("/api/json");
    assert_eq!((starting.status, starting.header("X-Jenkins")), (503, None));
    c.sim.advance(minutes(1));
    let after = c.get("/api/json?tree=quietingDown");
    assert_ne!(after.header("X-Jenkins-Session"), Some(before.as_str()));
    assert_eq!(after.json()["quietingDown"], false);
    assert_eq!(c.get("/computer/n/api/json").json()["offline"], true);
    assert_eq!(c.why(), "‘n’ is offline");
    c.sim.advance(minutes(2));
    assert_eq!(c.sim.jenkins().running_on("n")[0].job.name, "p");
}

#[test]
fn a_block_that_resumes_takes_its_own_node_only_and_gives_up_after_five_minutes() {
    let c = Client::new();
    c.sim.jenkins().add_agent("other", "a", 1);
    c.sim.jenkins().submit(Job::resuming("p", "gone+1.2.3.4"));
    assert_eq!(c.why(), "There are no nodes with the label ‘gone+1.2.3.4’");
    c.sim.advance(minutes(5));
    assert!(c.queue().is_empty());
}

#[test]
fn answers_are_packed_where_the_client_takes_it() {
    let c = Client::new();
    c.sim.jenkins().add_agent("n", "a", 1);
    let url = format!("{}/computer/api/json", c.sim.jenkins_url());
    let headers = [("Authorization", basic("mita", "jenkins-api-token")), ("Accept-Encoding", "gzip".to_string())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let answer = send("GET", &url, &headers, "").unwrap();
    assert_eq!(answer.header("Content-Encoding"), Some("gzip"));
    assert_eq!(answer.json()["computer"][1]["displayName"], "n");
    c.sim.fault(Fault::new(Service::Jenkins, Kind::EmptyLists));
    let emptied = send("GET", &url, &headers, "").unwrap();
    assert_eq!(emptied.json()["computer"], json!([]), "faults change the text, not what is packed");
}

#[test]
fn a_node_deleted_while_busy_lingers_without_labels_and_executors_until_its_build_ends() {
    let c = Client::new();
    c.sim.jenkins().add_agent("n", "a", 1);
    c.sim.jenkins().occupy("n", Job::freestyle("f").lasting(minutes(1)));
    c.sim.jenkins().delete_node_lingering("n");
    let node = c.get("/computer/n/api/json?tree=idle,numExecutors,assignedLabels[name],offlineCause[description]");
    assert_eq!(
        node.json(),
        json!({"_class": "hudson.slaves.SlaveComputer", "idle": false, "numExecutors": 0, "assignedLabels": [],
               "offlineCause": {"_class": "hudson.slaves.OfflineCause$SimpleOfflineCause",
                                "description": "Node is being removed"}})
    );
    c.sim.advance(minutes(1));
    assert_eq!(c.get("/computer/n/api/json").status, 404);
}

#[test]
fn a_left_over_of_a_restart_shows_pending_beside_a_waiting_why() {
    let c = Client::new();
    c.sim.jenkins().add_agent("n", "a", 1);
    let id = c.sim.jenkins().submit(Job::freestyle("f").label("b"));
    c.sim.jenkins().leave_pending(id);
    let item = &c.queue()[0];
    assert_eq!((&item["pending"], &item["buildable"]), (&json!(true), &json!(true)));
    assert_eq!(item["why"], "There are no nodes with the label ‘b’");
}

#[test]
fn an_item_is_stuck_when_no_node_that_fits_is_online() {
    let c = Client::new();
    c.sim.jenkins().add_agent("n", "a", 1);
    c.sim.jenkins().occupy("n", Job::freestyle("busy"));
    c.sim.jenkins().submit(Job::freestyle("f").label("a"));
    assert_eq!(c.queue()[0]["stuck"], false, "behind a busy node");
    c.sim.jenkins().disconnect_while_busy("n");
    assert_eq!(c.queue()[0]["stuck"], true);
}
