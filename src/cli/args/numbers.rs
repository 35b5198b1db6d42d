//! Numbers on the command line. The errors of Rust's own parsers ("invalid digit found in string") are not for operators.

/// A whole number from 0 on.
pub(super) fn any(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "write a whole number, as in 3".to_owned())
}

/// A whole number from 1 on.
pub(super) fn at_least_one(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "write a whole number from 1 on, as in 4".to_owned())
}
