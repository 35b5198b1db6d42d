//! The requests that all services answer in the same way: a list in pages, one object, and a deletion.

use super::errors::Operation;
use super::pages::{Link, Page, PageOf, Pages};
use super::service::Service;
use super::session::{Call, Session};
use super::values::Loose;
use crate::concurrency::join;
use crate::http::{Method, Response};
use crate::provider::failure::{Failure, FailureKind};
use crate::provider::order::Deletion;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::thread;

/// What to do about a list whose pages do not lead to its end.
const ODD_PAGES: &str = "ask those who run the cloud whether its service or a proxy before it is at fault";

/// What an entry of a list means that cannot be read.
#[derive(Clone, Copy)]
enum OddEntry {
    /// The list may hide what it must show.
    Fails,
    /// It counts as not there.
    IsLeftOut,
}

/// An entry of a list as it is read.
pub(crate) trait Entry: DeserializeOwned {
    /// What it is.
    type Of;

    /// What it is; none if it cannot be read.
    fn read(self) -> Option<Self::Of>;
}

impl<T: DeserializeOwned> Entry for Loose<Option<T>> {
    type Of = T;

    fn read(self) -> Option<T> {
        self.0
    }
}

impl Session {
    /// The successful answer to a read.
    pub(crate) fn get(&self, service: Service, path: String, operation: &Operation<'_>) -> Result<Response, Failure> {
        let response = self.send(&Call::new(Method::GET, service, path), operation)?;
        if response.is_success() { Ok(response) } else { Err(operation.refused(service, &response)) }
    }

    /// The part of the JSON answer at `pointer`. `wanted` names the answer in messages.
    pub(crate) fn get_json<T: DeserializeOwned>(
        &self,
        service: Service,
        path: impl Into<String>,
        pointer: &str,
        wanted: &str,
        operation: &Operation<'_>,
    ) -> Result<T, Failure> {
        let response = self.get(service, path.into(), operation)?;
        response.json_body(wanted).and_then(|body| body.take(pointer)).map_err(|error| operation.unusable(&error))
    }

    /// Every entry of the list under `key`, in the order of their ids. Fails unless every page arrived and every entry could
    /// be read.
    pub(crate) fn list<T: DeserializeOwned>(
        &self,
        service: Service,
        first: &str,
        key: &str,
        id: fn(&T) -> &str,
        operation: &Operation<'_>,
    ) -> Result<Vec<T>, Failure> {
        self.list_of::<Loose<Option<T>>>(service, first, key, id, operation)
    }

    /// The same for entries that are read in another way.
    pub(crate) fn list_of<E: Entry>(
        &self,
        service: Service,
        first: &str,
        key: &str,
        id: fn(&E::Of) -> &str,
        operation: &Operation<'_>,
    ) -> Result<Vec<E::Of>, Failure> {
        self.pages::<E>(service, first, key, id, OddEntry::Fails, operation)
    }

    /// Like `list`, for what an order may choose from: what cannot be read cannot be chosen, and the others can.
    pub(crate) fn choices<T: DeserializeOwned>(
        &self,
        service: Service,
        first: &str,
        key: &str,
        id: fn(&T) -> &str,
        operation: &Operation<'_>,
    ) -> Result<Vec<T>, Failure> {
        self.pages::<Loose<Option<T>>>(service, first, key, id, OddEntry::IsLeftOut, operation)
    }

    fn pages<E: Entry>(
        &self,
        service: Service,
        first: &str,
        key: &str,
        id: fn(&E::Of) -> &str,
        odd: OddEntry,
        operation: &Operation<'_>,
    ) -> Result<Vec<E::Of>, Failure> {
        let mut all: BTreeMap<String, E::Of> = BTreeMap::new();
        let mut pages = Pages::new(first);
        let links = format!("{key}_links");
        let get = |path| self.get(service, path, operation);
        let mut page = Some(get(first.to_owned()));
        while let Some(answer) = page {
            let response = answer.map_err(|failure| match pages.read() {
                0 => failure,
                _ if self.http().has_time() => failure,
                read => {
                    let text = format!("the time for reading is over, and the list goes on after {read} pages");
                    operation.failure(FailureKind::Unavailable, &text)
                }
            })?;
            page = thread::scope(|scope| {
                // The next page is on its way while this one is read, if the link to it stands at the end, as it does.
                let seen = response.last_value(&links).and_then(|links| pages.ahead(Link::next(links).as_deref()));
                let ahead = seen.clone().map(|path| scope.spawn(|| get(path)));
                let page_of = PageOf::<E> { key, links: &links, entries: PhantomData };
                let page = response.json_of(page_of, "a page of the list");
                let Page { entries, next } = page.map_err(|error| operation.unusable(&error))?;
                let (known, empty) = (all.len(), entries.is_empty());
                let path = pages.ahead(next.as_deref());
                all.extend(readable(entries, odd, operation)?.into_iter().map(|entry| (id(&entry).to_owned(), entry)));
                pages.advance(next.as_deref(), empty || all.len() > known, all.len()).map_err(|why| {
                    operation.failure(
                        FailureKind::Unavailable,
                        &format!("{why}, so the list may be incomplete: {ODD_PAGES}"),
                    )
                })?;
                Ok(match ahead.map(join) {
                    page if path == seen => page,
                    _ => path.map(get),
                })
            })?;
        }
        Ok(all.into_values().collect())
    }

    /// The object under `key` as it is now. `is_gone` recognizes the service's own answer for one that does not exist.
    pub(crate) fn look_up<T: DeserializeOwned>(
        &self,
        service: Service,
        path: String,
        key: &str,
        is_gone: fn(&Response) -> bool,
        operation: &Operation<'_>,
    ) -> Result<Option<T>, Failure> {
        let response = self.send(&Call::new(Method::GET, service, path), operation)?;
        if is_gone(&response) {
            return Ok(None);
        }
        if !response.is_success() {
            return Err(operation.refused(service, &response));
        }
        let object = response.json_body("one object").and_then(|body| body.take(key));
        object.map(Some).map_err(|error| operation.unusable(&error))
    }

    /// Deletes one object. The services answer before it is gone.
    pub(crate) fn delete(
        &self,
        service: Service,
        path: String,
        is_gone: fn(&Response) -> bool,
        operation: &Operation<'_>,
    ) -> Result<Deletion, Failure> {
        self.delete_by(&Call::new(Method::DELETE, service, path), is_gone, operation)
    }

    /// The same with a call that needs more than a path.
    pub(crate) fn delete_by(
        &self,
        call: &Call,
        is_gone: fn(&Response) -> bool,
        operation: &Operation<'_>,
    ) -> Result<Deletion, Failure> {
        let response = self.send(call, operation)?;
        if response.is_success() {
            Ok(Deletion::Accepted)
        } else if is_gone(&response) {
            Ok(Deletion::AlreadyGone)
        } else {
            Err(operation.refused(call.service, &response))
        }
    }
}

/// The entries of a page that can be read.
fn readable<E: Entry>(entries: Vec<E>, odd: OddEntry, operation: &Operation<'_>) -> Result<Vec<E::Of>, Failure> {
    let entries: Vec<Option<E::Of>> = entries.into_iter().map(E::read).collect();
    if let (OddEntry::Fails, Some(at)) = (odd, entries.iter().position(Option::is_none)) {
        let text = format!("entry {} of a page of the list has no id, so the list may be incomplete", at + 1);
        return Err(operation.failure(FailureKind::Unavailable, &text));
    }
    Ok(entries.into_iter().flatten().collect())
}
