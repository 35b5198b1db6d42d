//! Lists in pages, as Nova, Cinder, Neutron and Glance link them.

use crate::http::lenient::Key;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

/// A link of Nova, Cinder or Neutron. Glance writes the address of the next page alone.
#[derive(serde::Deserialize)]
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

/// A page of a list: its entries, and where the next one is.
pub(crate) struct Page<E> {
    pub(crate) entries: Vec<E>,
    pub(crate) next: Option<String>,
}

/// The page of a list under `key`, read in one pass.
pub(crate) struct PageOf<'a, E> {
    pub(crate) key: &'a str,
    pub(crate) links: &'a str,
    pub(crate) entries: PhantomData<E>,
}

impl<'de, E: Deserialize<'de>> DeserializeSeed<'de> for PageOf<'_, E> {
    type Value = Page<E>;

    fn deserialize<D: Deserializer<'de>>(self, page: D) -> Result<Page<E>, D::Error> {
        page.deserialize_map(self)
    }
}

impl<'de, E: Deserialize<'de>> Visitor<'de> for PageOf<'_, E> {
    type Value = Page<E>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut page: A) -> Result<Page<E>, A::Error> {
        let (mut entries, mut links, mut next): (Option<Vec<E>>, Option<Vec<Link>>, Option<String>) =
            Default::default();
        while let Some(Key(key)) = page.next_key()? {
            match &*key {
                key if key == self.key => entries = page.next_value()?,
                key if key == self.links => links = page.next_value()?,
                "next" => next = page.next_value()?,
                _ => drop(page.next_value::<IgnoredAny>()?),
            }
        }
        let entries = entries.ok_or_else(|| A::Error::custom(format_args!("it has no {}", self.key)))?;
        Ok(Page { entries, next: next.or_else(|| Link::next(links.unwrap_or_default())) })
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
