//! Reads Jenkins and the clouds. Sends reads only, and does not fail: what could not be read is part of the result.

mod cloud;
mod jenkins;
mod run_pages;
mod services;
mod survey;

use services::ReadBy;
pub use services::{Services, Traffic};
pub use survey::{Purpose, survey};

use crate::concurrency::join;
use crate::config::Config;
use crate::domain::state::State;
use crate::domain::world::World;
use std::thread;

/// Reads Jenkins and every cloud at the same time.
pub fn observe(config: &Config, services: &Services, state: &State) -> World {
    let read = || {
        thread::scope(|scope| {
            let read_cloud = |name| scope.spawn(move || cloud::read(config, services, name, state));
            let clouds: Vec<_> =
                config.providers.iter().map(|provider| (provider.name.clone(), read_cloud(&provider.name))).collect();
            let jenkins = jenkins::read(config, services, state);
            let clouds = clouds.into_iter().map(|(name, cloud)| (name, join(cloud)));
            World { clouds: clouds.collect(), jenkins }
        })
    };
    services.reading(ReadBy::World, read)
}
