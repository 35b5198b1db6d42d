//! How busy a node was lately (hudson/model/Computer.java, getLoadStatistics).

use crate::http::lenient::{Lenient, object};
use serde::de::MapAccess;

/// The fields of a node that this file reads.
pub(super) const FIELDS: &str = "loadStatistics[busyExecutors[sec10[latest]]]";

object!(LoadStatistics {
    "busyExecutors" => busy: Series,
});

object!(Series {
    "sec10" => seconds10: Average,
});

object!(Average {
    "latest" => latest: Option<f64>,
});

/// The average number of busy executors of the node itself, in millionths.
#[derive(Default)]
pub(super) struct BusyAverage(pub(super) Option<u32>);

impl Lenient for BusyAverage {
    fn object<'de, A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        let latest = LoadStatistics::object(object)?.busy.seconds10.latest.filter(|latest| *latest >= 0.0);
        // No node has so many executors that this overflows.
        Ok(Self(latest.map(|latest| (latest * 1e6) as u32)))
    }
}
