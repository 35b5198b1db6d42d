//! What several services write in the same way: names, times, limits, and mita's mark in metadata.

use crate::domain::world::{Lookup, QuotaUse};
use crate::provider::failure::Failure;
use jiff::Timestamp;
use serde::Deserialize;

/// Something of which only id and name count.
#[derive(Deserialize)]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
}

/// What a lookup of one object found.
pub(crate) fn lookup<P, T>(found: Result<Option<P>, Failure>, read: fn(P) -> T) -> Lookup<T> {
    match found {
        Ok(Some(object)) => Lookup::Found(read(object)),
        Ok(None) => Lookup::Gone,
        Err(failure) => Lookup::Unavailable(failure.message),
    }
}

/// What remains of a limit; `None` if it is unlimited (-1) or unknown.
pub(crate) fn remaining(limit: Option<i64>, used: Option<i64>) -> Option<u64> {
    let limit = u64::try_from(limit?).ok()?;
    Some(limit.saturating_sub(u64::try_from(used.unwrap_or(0)).unwrap_or(0)))
}

/// How much of each limit is used, for those whose use is known.
pub(crate) fn usage<const N: usize>(
    limits: [(&'static str, Option<i64>, Option<i64>); N],
) -> Vec<(&'static str, QuotaUse)> {
    let number = |number: Option<i64>| u64::try_from(number?).ok();
    let used = |(part, limit, used)| Some((part, QuotaUse { used: number(used)?, limit: number(limit) }));
    limits.into_iter().filter_map(used).collect()
}

/// A time as OpenStack writes it: in UTC, with or without a `Z`.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remains_of_a_limit_is_never_negative_and_unlimited_is_none() {
        assert_eq!(remaining(Some(20), Some(3)), Some(17));
        assert_eq!(remaining(Some(2), Some(3)), Some(0));
        assert_eq!(remaining(Some(20), None), Some(20));
        assert_eq!(remaining(Some(-1), Some(3)), None);
        assert_eq!(remaining(None, Some(3)), None);
    }
}
