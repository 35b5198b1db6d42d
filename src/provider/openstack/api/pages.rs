//! The way through a listing in pages, as Nova and Cinder link them.

use serde::Deserialize;
use std::collections::BTreeSet;

/// A link to the next page.
#[derive(Deserialize)]
pub(crate) struct Link {
    pub(crate) rel: Option<String>,
    pub(crate) href: Option<String>,
}

/// Pages of a listing. A cloud caps its pages at 1,000 servers by default, some at 100 or less.
const MOST_PAGES: usize = 500;

/// The most entries that a listing is followed for: far more than a project holds.
const MOST_ENTRIES: usize = 50_000;

/// The way through a listing in pages.
pub(crate) struct Pages {
    path: &'static str,
    query: Option<String>,
    asked: BTreeSet<String>,
}

impl Pages {
    pub(crate) fn new(first: &'static str) -> Self {
        let (path, query) = first.split_once('?').unwrap_or((first, ""));
        Self { path, query: Some(query.to_owned()), asked: BTreeSet::new() }
    }

    pub(crate) fn path(&self) -> Option<String> {
        self.query.as_ref().map(|query| format!("{}?{query}", self.path))
    }

    /// Goes on to the page that the links name, by their query only: a cloud behind proxies names hosts and schemes there
    /// that nobody reaches. Fails where that leads nowhere.
    pub(crate) fn advance(&mut self, links: &[Link], something_new: bool, entries: usize) -> Result<(), &'static str> {
        let next = links.iter().find(|link| link.rel.as_deref() == Some("next"));
        let Some(next) = next else {
            self.query = None;
            return Ok(());
        };
        let Some((_, query)) = next.href.as_deref().and_then(|href| href.split_once('?')) else {
            return Err("the link to the next page names no marker");
        };
        if !something_new {
            return Err("a page repeats what came before");
        }
        self.asked.extend(self.query.take());
        if self.asked.contains(query) {
            return Err("the pages lead round in a circle");
        }
        if self.asked.len() >= MOST_PAGES || entries > MOST_ENTRIES {
            return Err("the listing has no end");
        }
        self.query = Some(query.to_owned());
        Ok(())
    }
}
