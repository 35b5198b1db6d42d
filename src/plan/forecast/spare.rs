//! `spare`: idle executors beyond what is needed now, for the jobs that come while a server boots.

/// So many times as many are kept as are ordered: what one job needs and the next gives back is not retired and ordered.
const KEPT: f64 = 2.6;

/// The number of idle servers, to order and to keep: `spare` times the square root of the executors in use, rounded, and the
/// whole part of [`KEPT`] times that; for servers with several executors so many that they have as many executors. `spare`
/// is in hundredths, `average` in millionths.
pub(super) fn servers(spare: u32, average: u64, executors: u32) -> (u32, u32) {
    let wanted = f64::from(spare) / 100.0 * (average as f64 / 1_000_000.0).sqrt();
    let ordered = wanted.round();
    let kept = if ordered > 0.0 { (wanted * KEPT).floor().max(ordered) } else { 0.0 };
    let of = |idle: f64| (idle as u32).div_ceil(executors.max(1));
    (of(ordered), of(kept))
}

#[cfg(test)]
mod tests {
    use super::servers;

    #[test]
    fn the_number_grows_with_the_square_root_and_is_none_where_nothing_runs() {
        let of = |used: u64| servers(70, used * 1_000_000, 1).0;
        assert_eq!([0, 1, 4, 5, 9, 16, 100].map(of), [0, 1, 1, 2, 2, 3, 7]);
        assert_eq!(servers(0, 100_000_000, 1), (0, 0));
        assert_eq!(servers(70, 100_000_000, 4), (2, 5));
    }

    #[test]
    fn more_are_kept_than_ordered_where_any_are() {
        let of = |hundredths: u64| servers(70, hundredths * 10_000, 1).1;
        assert_eq!([40, 60, 100, 150, 400, 900, 2000].map(of), [0, 1, 1, 2, 3, 5, 8]);
    }
}
