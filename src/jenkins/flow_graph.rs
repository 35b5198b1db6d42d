//! The page of a pipeline's steps, which shows the label that a block asks for. While Jenkins has no agents, nothing else does.

use super::client::Jenkins;
use super::error::{ErrorKind, JenkinsError};
use super::html::unescape_html;

/// How a row of a step that allocates a node begins (workflow-support, FlowGraphTable), and one of a step that has its node.
const ALLOCATES: &str = "Allocate node : Start";
const HAS_NODE: &str = "Allocate node : Body : Start";

impl Jenkins {
    /// The labels that the blocks of a run ask for which have no node yet, in their order; empty for a block without a label.
    /// `run` is the path of the run below the root. None where this user may not read the page.
    pub fn waiting_labels(&self, run: &str) -> Result<Option<Vec<String>>, JenkinsError> {
        match self.fetch(&format!("{run}flowGraphTable/")) {
            Ok(response) => Ok(Some(labels(&String::from_utf8_lossy(&response.body)))),
            Err(JenkinsError {
                kind: ErrorKind::Forbidden { .. } | ErrorKind::NotFound | ErrorKind::Redirected,
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether the URL of a task is the path of a run below the root, and nothing else.
pub(super) fn is_run(url: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['?', '#', ':', '\\']);
    let parts: Vec<&str> = url.strip_suffix('/').unwrap_or(url).split('/').collect();
    let number = parts.last().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    url.starts_with("job/") && url.ends_with('/') && number && parts.iter().all(|part| plain(part))
}

fn labels(page: &str) -> Vec<String> {
    let rows: Vec<Vec<String>> = page.split("<tr").skip(1).map(cells).collect();
    let begins = |row: Option<&Vec<String>>, text: &str| {
        row.and_then(|cells| cells.first()).is_some_and(|step| step.starts_with(text))
    };
    let waits =
        |(number, row): &(usize, &Vec<String>)| begins(Some(row), ALLOCATES) && !begins(rows.get(number + 1), HAS_NODE);
    let label = |(_, row): (usize, &Vec<String>)| row.get(1).cloned().unwrap_or_default();
    rows.iter().enumerate().filter(waits).map(label).collect()
}

/// The texts of the cells of a row.
fn cells(row: &str) -> Vec<String> {
    row.split("<td").skip(1).map(text_of).collect()
}

/// The text of a cell whose tag is cut at its beginning.
fn text_of(cell: &str) -> String {
    let inside = cell.split_once('>').map_or("", |(_, inside)| inside);
    let inside = inside.split_once("</td>").map_or(inside, |(inside, _)| inside);
    let mut text = String::new();
    let mut rest = inside;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        rest = tag.split_once('>').map_or("", |(_, behind)| behind);
    }
    text.push_str(rest);
    unescape_html(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_labels_of_blocks_without_a_node_are_read_from_the_page() {
        let row = |step: &str, arguments: &str| {
            format!("<tr style=\"x\"><td class=\"a\"><a href=\"n\">{step}</a></td><td>{arguments}</td><td></td></tr>")
        };
        let page = [
            row("Start of Pipeline - (1 sec in block)", ""),
            row("Allocate node : Start - (1 sec in block)", "amd64 &amp;&amp; trusty"),
            row("Allocate node : Start - (1 sec in block)", "arm64"),
            row("Allocate node : Body : Start - (1 sec in block)", ""),
            row("Allocate node : Start - (1 sec in block)", ""),
        ]
        .concat();
        assert_eq!(labels(&page), ["amd64 && trusty", ""]);
        for odd in ["", "<tr", "<tr><td", "<tr><td>Allocate node : Start", "<table><tr></tr>"] {
            assert!(labels(odd).len() <= 1, "{odd}");
        }
    }

    #[test]
    fn only_the_path_of_a_run_is_asked_for() {
        for run in ["job/a/1/", "job/a/job/b%20c/12/"] {
            assert!(is_run(run), "{run}");
        }
        for other in [
            "",
            "job/a/1",
            "/job/a/1/",
            "job/../1/",
            "job//1/",
            "http://h/job/a/1/",
            "job/a?x/1/",
            "queue/1/",
            "job/a/",
        ] {
            assert!(!is_run(other), "{other}");
        }
    }
}
