//! `mita check --online`: what Jenkins and the clouds say about the configuration. It sends only reads, and lists what
//! they cannot show.

use crate::cli::check::{agents, clocks, clouds, controller, strangers};
use crate::config::Config;
use crate::domain::state::State;
use crate::observe::{Services, observe};
use crate::plan::identity::identify;
use crate::plan::identity::places::elsewhere;
use crate::reconcile::Moment;
use crate::store::{Loaded, load_only};
use crate::view::document::check::Online;

/// Asks every service what a run asks before it orders something, and what a run finds out only by trying.
pub(crate) fn check(config: &Config, moment: Moment) -> Online {
    let services = Services::open(config, moment.started);
    let world = observe(config, &services, &State::new(config.owner.clone()));
    let mut online = Online::default();
    let deadline = moment.started + config.deadline.unsigned_abs();
    controller::check(&mut online, config, &services, &world.jenkins, deadline);
    for provider in &config.providers {
        clouds::check(&mut online, config, &services, &world, provider, moment);
    }
    let state = match load_only(&config.state_file, &config.installation()) {
        Ok(Loaded::Known(state)) => *state,
        Ok(Loaded::Fresh | Loaded::Unreadable { .. } | Loaded::SetAside { .. }) | Err(_) => {
            State::new(config.owner.clone())
        }
    };
    let fleet = identify(config, &world, &state);
    for elsewhere in elsewhere(&world, &state, &fleet) {
        online.fault(&format!("provider {}", elsewhere.provider), elsewhere.to_string());
    }
    strangers::check(&mut online, config, &world);
    clocks::check(&mut online, config, &services, moment);
    agents::check(&mut online, config, &fleet);
    online
}
