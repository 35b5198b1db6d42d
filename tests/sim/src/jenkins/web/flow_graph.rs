//! `job/NAME/RUN/flowGraphTable/`: the steps of a pipeline run, with the label that a `node` step asks for as its
//! argument (workflow-support-plugin, visualization/table/FlowGraphTable/ajax.jelly and ArgumentsColumn).

use crate::http::Response;
use crate::jenkins::Jenkins;
use crate::jenkins::web::auth::{Caller, Permission};
use crate::jenkins::web::pages::page;
use crate::jenkins::why::wording::time_span;

impl Jenkins {
    /// The page of a run of which a block waits or runs; those who may not read the job do not learn that it exists.
    pub(crate) fn flow_graph(&self, segments: &[&str], run: &str, caller: &Caller) -> Response {
        let names: Vec<&str> = segments.chunks(2).filter_map(|pair| pair.get(1).copied()).collect();
        let name = names.join("/");
        let of_run = |job: &str, number: u64| job == name && number.to_string() == run;
        let waiting = self.queue.iter().filter(|i| i.job.is_block() && of_run(&i.job.name, i.number));
        let waiting = waiting.filter(|item| !item.is_pipeline_itself()).map(|i| (i.id, &i.job, i.since, false));
        let builds = self.nodes.iter().flat_map(|n| &n.executors).filter_map(|e| e.build.as_ref());
        let running = builds.filter(|b| b.job.is_block() && of_run(&b.job.name, b.number));
        let mut blocks: Vec<_> = waiting.chain(running.map(|b| (b.item, &b.job, b.started, true))).collect();
        let begun = self.pipeline_runs().iter().any(|(job, number)| of_run(job, *number));
        if !begun || !caller.may(Permission::JobRead) {
            return self.not_found();
        }
        blocks.sort_by_key(|(id, ..)| *id);
        let mut rows = row(&name, run, 2, 0, "Start of Pipeline", "");
        for (n, (_, job, since, runs)) in blocks.into_iter().enumerate() {
            let id = 3 + 2 * n;
            let lasts = time_span(self.now.saturating_sub(since));
            let step = format!("Allocate node : Start - ({lasts} in block)");
            rows.push_str(&row(&name, run, id, 1, &step, job.label.as_deref().unwrap_or_default()));
            if runs {
                let body = format!("Allocate node : Body : Start - ({lasts} in block)");
                rows.push_str(&row(&name, run, id + 1, 2, &body, ""));
            }
        }
        let head = "<tr><th>Step</th><th>Arguments</th><th></th><th>Status</th></tr>";
        let table =
            format!("<div id=\"nodeGraph\"><table class=\"jenkins-table\"><thead>{head}</thead>{rows}</table></div>");
        page(200, &format!("{} #{run} Pipeline steps [Jenkins]", escape(&name)), &table)
    }
}

fn row(name: &str, run: &str, id: usize, depth: usize, step: &str, arguments: &str) -> String {
    let path = name.split('/').map(crate::http::percent_encode).collect::<Vec<_>>().join("/job/");
    format!(
        "<tr style=\"opacity: 1.0\"><td style=\"padding-left: {}px\" tooltip=\"ID: {id}\">\
         <a href=\"/job/{path}/{run}/execution/node/{id}/\">{}</a></td><td>{}</td><td></td><td></td></tr>",
        depth * 20 + 5,
        escape(step),
        escape(arguments)
    )
}

/// Jelly's `escape-by-default`.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#039;")
}
