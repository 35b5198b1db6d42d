//! `spare`: idle executors beyond what is needed now, for the jobs that come while a server boots.

/// The number of idle servers: `spare` times the square root of the executors in use, rounded; for servers with several
/// executors so many that they have as many executors. `spare` is in hundredths, `average` in millionths.
pub(super) fn servers(spare: u32, average: u64, executors: u32) -> u32 {
    let used = average as f64 / 1_000_000.0;
    let idle = (f64::from(spare) / 100.0 * used.sqrt()).round();
    (idle as u32).div_ceil(executors.max(1))
}

#[cfg(test)]
mod tests {
    use super::servers;

    #[test]
    fn the_number_grows_with_the_square_root_and_is_none_where_nothing_runs() {
        let of = |used: u64| servers(70, used * 1_000_000, 1);
        assert_eq!([0, 1, 4, 5, 9, 16, 100].map(of), [0, 1, 1, 2, 2, 3, 7]);
        assert_eq!(servers(0, 100_000_000, 1), 0);
        assert_eq!(servers(70, 100_000_000, 4), 2);
    }
}
