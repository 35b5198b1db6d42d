//! Jobs over the API: how one is made, built and deleted (hudson/model/ItemGroupMixIn.java, jenkins/model/
//! ParameterizedJobMixIn.java, hudson/model/AbstractItem.java). Freestyle projects at the root, no folders. There is no recording
//! of these.

use std::time::Duration;

use crate::http::{Request, Response};
use crate::jenkins::Jenkins;
use crate::jenkins::names::{bad_name, trim};
use crate::jenkins::queue::Job;
use crate::jenkins::web::auth::{Caller, Permission};
use crate::jenkins::web::pages::{error_page, failure, oops};

impl Jenkins {
    /// The project of this name, which only those know who may read it.
    pub(crate) fn project(&self, name: &str, caller: &Caller) -> Option<&Job> {
        self.projects.get(name).filter(|_| caller.may(Permission::JobRead))
    }

    /// `POST createItem?name=NAME` with the document of a project.
    pub(crate) fn create_project(&mut self, request: &Request, caller: &Caller) -> Response {
        if !caller.may(Permission::JobCreate) {
            return self.forbidden(caller, Permission::JobCreate, request);
        }
        let Some(name) = request.query_param("name") else {
            return failure("Query parameter 'name' is required");
        };
        let name = trim(&name);
        if let Some(problem) = bad_name(name) {
            return failure(&problem);
        }
        if self.projects.contains_key(name) || self.options.jobs.iter().any(|job| job == name) {
            return failure(&format!("A job already exists with the name ‘{name}’"));
        }
        if !request.header("content-type").is_some_and(|kind| kind.contains("xml")) {
            return failure("No mode given");
        }
        let Some(job) = Job::configured(name, &String::from_utf8_lossy(&request.body)) else { return oops() };
        self.projects.insert(name.to_string(), job);
        Response::empty(200)
    }

    /// `POST job/NAME/build`, at once with `delay=0sec`, else after the quiet period.
    pub(crate) fn build_project(&mut self, job: Job, request: &Request, caller: &Caller) -> Response {
        if !caller.may(Permission::JobBuild) {
            return self.forbidden(caller, Permission::JobBuild, request);
        }
        let quiet = match request.params().get("delay") {
            None => job.quiet,
            Some(text) => match text.trim_end_matches("sec").parse() {
                Ok(seconds) => Duration::from_secs(seconds),
                Err(_) => return error_page(400, "Invalid delay", request),
            },
        };
        let id = self.schedule(job.quiet(quiet));
        Response::empty(201).with("Location", format!("{}/queue/item/{id}/", self.url))
    }

    /// `POST job/NAME/doDelete`.
    pub(crate) fn delete_project(&mut self, name: &str, request: &Request, caller: &Caller) -> Response {
        if !caller.may(Permission::JobDelete) {
            return self.forbidden(caller, Permission::JobDelete, request);
        }
        self.drop_project(name);
        self.redirect("/")
    }
}
