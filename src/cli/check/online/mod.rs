//! What Jenkins and the clouds say to the configuration. Reads only; what reading cannot tell is named as not checked.

mod clocks;
mod clouds;
mod controller;
mod quota;
mod strangers;

use crate::config::Config;
use crate::domain::state::State;
use crate::domain::world::Listing;
use crate::observe::{Services, observe};
use crate::reconcile::Moment;
use crate::view::document::clean;
use serde::Serialize;

/// What was found online.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Online {
    /// What could be read.
    pub(crate) seen: Vec<Finding>,
    /// What keeps mita from working as configured.
    pub(crate) faults: Vec<Finding>,
    /// What could be better.
    pub(crate) hints: Vec<Finding>,
    /// What no read told.
    pub(crate) not_checked: Vec<String>,
}

/// Something about one service or node type, and what to do.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    #[serde(rename = "where")]
    pub(crate) place: String,
    pub(crate) text: String,
}

impl Finding {
    pub(crate) fn new(place: impl Into<String>, text: impl AsRef<str>) -> Self {
        Finding { place: place.into(), text: clean(text.as_ref()) }
    }
}

/// Asks every service what a run would ask before it orders something, and what a run learns only by trying.
pub(crate) fn check(config: &Config, moment: Moment) -> Online {
    let services = Services::open(config, moment.started);
    let world = observe(config, &services, &State::new(config.owner.clone()));
    let mut online = Online::default();
    online.controller(config, &services, &world.jenkins);
    for provider in &config.providers {
        online.cloud(config, &services, &world, provider, moment);
    }
    online.strangers(config, &world);
    online.clocks(config, &services, moment);
    online.not_checked.push("what the scripts do on the servers".to_owned());
    online
}

impl Online {
    fn fault(&mut self, place: &str, text: impl AsRef<str>) {
        self.faults.push(Finding::new(place, text));
    }

    fn hint(&mut self, place: &str, text: impl AsRef<str>) {
        self.hints.push(Finding::new(place, text));
    }

    fn seen(&mut self, place: &str, text: impl AsRef<str>) {
        self.seen.push(Finding::new(place, text));
    }
}

fn unavailable<T>(listing: &Listing<T>) -> Option<&str> {
    match listing {
        Listing::Complete(_) => None,
        Listing::Unavailable(error) => Some(error),
    }
}
