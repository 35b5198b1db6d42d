//! The requests that all services answer in the same way: a list in pages, one object, and a deletion.

use super::errors::Operation;
use super::pages::{Link, Pages};
use super::service::Service;
use super::session::{Call, Session};
use crate::http::{Method, Response};
use crate::provider::{Deletion, Failure, FailureKind};
use crate::world::Lookup;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// How to take a page of a list apart: its entries with its links, and the id of an entry.
pub(crate) struct Page<P, T> {
    pub(crate) entries: fn(P) -> (Vec<T>, Option<Vec<Link>>),
    pub(crate) id: fn(&T) -> &str,
}

impl Session {
    /// The answer to a read, of a status of success.
    pub(crate) fn get(&self, service: Service, path: String, operation: &Operation<'_>) -> Result<Response, Failure> {
        let response = self.send(&Call::new(Method::GET, service, path), operation)?;
        if response.is_success() { Ok(response) } else { Err(operation.refused(service, &response)) }
    }

    /// The JSON that a read gives. `wanted` names it in messages.
    pub(crate) fn get_json<T: DeserializeOwned>(
        &self,
        service: Service,
        path: impl Into<String>,
        wanted: &str,
        operation: &Operation<'_>,
    ) -> Result<T, Failure> {
        let response = self.get(service, path.into(), operation)?;
        response.json(wanted).map_err(|error| operation.unusable(&error))
    }

    /// Every entry of a list, in the order of their ids. Fails unless every page arrived.
    pub(crate) fn list<P: DeserializeOwned, T>(
        &self,
        service: Service,
        first: &'static str,
        page: &Page<P, T>,
        operation: &Operation<'_>,
    ) -> Result<Vec<T>, Failure> {
        let mut all: BTreeMap<String, T> = BTreeMap::new();
        let mut pages = Pages::new(first);
        while let Some(path) = pages.path() {
            let (entries, links) = (page.entries)(self.get_json(service, path, "a page of the list", operation)?);
            let (known, empty) = (all.len(), entries.is_empty());
            all.extend(entries.into_iter().map(|entry| ((page.id)(&entry).to_owned(), entry)));
            pages.advance(&links.unwrap_or_default(), empty || all.len() > known, all.len()).map_err(|why| {
                operation.failure(FailureKind::Unavailable, &format!("{why}, so the list may be incomplete"))
            })?;
        }
        Ok(all.into_values().collect())
    }

    /// One object as it is now. `is_gone` recognizes the service's own answer for an object that does not exist.
    pub(crate) fn look_up<P: DeserializeOwned, T>(
        &self,
        service: Service,
        path: String,
        is_gone: fn(&Response) -> bool,
        read: fn(P) -> T,
        operation: &Operation<'_>,
    ) -> Lookup<T> {
        let response = match self.send(&Call::new(Method::GET, service, path), operation) {
            Ok(response) => response,
            Err(failure) => return Lookup::Unavailable(failure.message),
        };
        if is_gone(&response) {
            return Lookup::Gone;
        }
        if !response.is_success() {
            return Lookup::Unavailable(operation.refused(service, &response).message);
        }
        match response.json("one object") {
            Ok(found) => Lookup::Found(read(found)),
            Err(error) => Lookup::Unavailable(operation.unusable(&error).message),
        }
    }

    /// Deletes one object. The services answer before it is gone.
    pub(crate) fn delete(
        &self,
        service: Service,
        path: String,
        is_gone: fn(&Response) -> bool,
        operation: &Operation<'_>,
    ) -> Result<Deletion, Failure> {
        let response = self.send(&Call::new(Method::DELETE, service, path), operation)?;
        if response.is_success() {
            Ok(Deletion::Accepted)
        } else if is_gone(&response) {
            Ok(Deletion::AlreadyGone)
        } else {
            Err(operation.refused(service, &response))
        }
    }
}
