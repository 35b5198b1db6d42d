//! Lists in pages, as Nova, Cinder, Neutron and Glance link them.

use serde::Deserialize;
use std::collections::BTreeSet;

/// A link of Nova, Cinder or Neutron. Glance writes the address of the next page alone.
#[derive(Deserialize)]
pub(crate) struct Link {
    rel: Option<String>,
    href: Option<String>,
}

impl Link {
    /// Where the next page is; empty if the link to it has no address.
    pub(crate) fn next(links: Vec<Link>) -> Option<String> {
        let next = links.into_iter().find(|link| link.rel.as_deref() == Some("next"))?;
        Some(next.href.unwrap_or_default())
    }
}

/// The most pages of a list. A cloud limits its pages to 1,000 entries by default, some to 100 or less.
const MOST_PAGES: usize = 500;

/// The most entries of a list: far more than a project holds.
const MOST_ENTRIES: usize = 50_000;

/// Which page of a list comes next.
pub(crate) struct Pages {
    path: String,
    query: Option<String>,
    read: BTreeSet<String>,
}

impl Pages {
    /// Starts at this path and query.
    pub(crate) fn new(first: &str) -> Self {
        let (path, query) = first.split_once('?').unwrap_or((first, ""));
        Self { path: path.to_owned(), query: Some(query.to_owned()), read: BTreeSet::new() }
    }

    /// The path and query of the page behind this link, if [`Self::advance`] may go on to it.
    pub(crate) fn ahead(&self, next: Option<&str>) -> Option<String> {
        let (_, query) = next?.split_once('?')?;
        (!self.read.contains(query)).then(|| format!("{}?{query}", self.path))
    }

    /// How many pages were read.
    pub(crate) fn read(&self) -> usize {
        self.read.len()
    }

    /// Goes on to the page behind this link. Only its query counts: a cloud behind proxies puts hosts and schemes in its
    /// links that cannot be reached.
    ///
    /// # Errors
    /// Why the list cannot be read to its end.
    pub(crate) fn advance(&mut self, next: Option<&str>, has_new: bool, entries: usize) -> Result<(), &'static str> {
        let Some(next) = next else {
            self.query = None;
            return Ok(());
        };
        let Some((_, query)) = next.split_once('?') else {
            return Err("the link to the next page has no marker");
        };
        if !has_new {
            return Err("a page repeats the pages before it");
        }
        self.read.extend(self.query.take());
        if self.read.contains(query) {
            return Err("the link to the next page leads back to an earlier page");
        }
        if self.read.len() >= MOST_PAGES || entries > MOST_ENTRIES {
            return Err("the list has too many pages or entries");
        }
        self.query = Some(query.to_owned());
        Ok(())
    }
}
