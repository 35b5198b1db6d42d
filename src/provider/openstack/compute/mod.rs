//! Nova (Compute API v2.1).

mod choices;
pub(crate) mod flavors;
mod quota;
pub(crate) mod server_group;
mod servers;
pub(crate) mod version;
pub(crate) mod wire;

pub(crate) use choices::{key_pairs, zones};
pub(crate) use quota::{Headroom, headroom, limits};
pub(crate) use servers::{console_tail, delete, forbidden_removal, missing_for_removal, server, servers};
