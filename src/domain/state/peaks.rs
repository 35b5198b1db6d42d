//! The most servers that were in use in each five minutes of the last days or weeks.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Seconds for which one peak is kept.
pub const BIN: i64 = 300;

/// More bins than four weeks have are none that a run can have written.
const MOST: usize = 10_000;

/// Peaks, the oldest first. In the state file `4*12 7` stands for twelve bins with a peak of 4, then one with 7.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Peaks {
    /// The number of the first bin, counted from the epoch.
    first: i64,
    peaks: VecDeque<u16>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    first: i64,
    peaks: String,
}

impl Peaks {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.peaks.is_empty()
    }

    /// Notes that so many servers were in use in this bin, and forgets what lies more than `kept` bins before it.
    pub fn note(&mut self, bin: i64, used: u32, kept: usize) {
        let used = u16::try_from(used).unwrap_or(u16::MAX);
        let after_last = self.first.saturating_add(self.peaks.len() as i64);
        // A clock that was set right, or that jumped beyond what is kept.
        if self.peaks.is_empty() || bin < self.first || bin.saturating_sub(after_last) > kept as i64 {
            *self = Self { first: bin, peaks: VecDeque::from([used]) };
            return;
        }
        let index = usize::try_from(bin - self.first).unwrap_or(0);
        while self.peaks.len() <= index {
            self.peaks.push_back(0);
        }
        self.peaks[index] = self.peaks[index].max(used);
        while self.peaks.len() > kept {
            self.peaks.pop_front();
            self.first += 1;
        }
    }

    /// The highest peak of these bins; none where the first of them is older than what is known.
    pub fn highest(&self, from: i64, until: i64) -> Option<u32> {
        let index = usize::try_from(from.checked_sub(self.first)?).ok()?;
        let last = usize::try_from(until.checked_sub(self.first)?).ok()?;
        (index < self.peaks.len()).then(|| {
            let bins = self.peaks.range(index..(last + 1).clamp(index, self.peaks.len()));
            bins.copied().max().unwrap_or(0).into()
        })
    }
}

impl From<Peaks> for Written {
    fn from(Peaks { first, peaks }: Peaks) -> Self {
        let mut runs: Vec<(u16, usize)> = Vec::new();
        for peak in peaks {
            match runs.last_mut() {
                Some((last, number)) if *last == peak => *number += 1,
                _ => runs.push((peak, 1)),
            }
        }
        let word = |(peak, number): (u16, usize)| match number {
            1 => peak.to_string(),
            _ => format!("{peak}*{number}"),
        };
        Written { first, peaks: runs.into_iter().map(word).collect::<Vec<_>>().join(" ") }
    }
}

impl TryFrom<Written> for Peaks {
    type Error = String;

    fn try_from(Written { first, peaks: text }: Written) -> Result<Self, String> {
        let mut peaks = VecDeque::new();
        for word in text.split_whitespace() {
            let error = || format!("{word:?} is no peak");
            let (peak, number) = word.split_once('*').unwrap_or((word, "1"));
            let (peak, number) = (peak.parse().map_err(|_| error())?, number.parse::<usize>().map_err(|_| error())?);
            if number > MOST || peaks.len() + number > MOST {
                return Err("too many peaks".to_owned());
            }
            peaks.extend(std::iter::repeat_n::<u16>(peak, number));
        }
        if first.unsigned_abs() > u64::from(u32::MAX) {
            return Err(format!("{first} is no number of a bin"));
        }
        Ok(Self { first, peaks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_short() {
        let mut peaks = Peaks::default();
        for bin in 1000..1576 {
            peaks.note(bin, if (1200..1203).contains(&bin) { 60 } else { 0 }, 576);
        }
        let text = serde_json::to_string(&peaks).unwrap();
        assert_eq!(text, r#"{"first":1000,"peaks":"0*200 60*3 0*373"}"#);
        assert_eq!(serde_json::from_str::<Peaks>(&text).unwrap(), peaks);
        assert!(serde_json::from_str::<Peaks>(r#"{"first":0,"peaks":"1*99999999999"}"#).is_err());
    }

    #[test]
    fn the_oldest_peaks_are_forgotten_and_what_is_not_known_is_none() {
        let mut peaks = Peaks::default();
        (0..20).for_each(|bin| peaks.note(bin, 3, 10));
        peaks.note(19, 7, 10);
        assert_eq!(peaks.highest(9, 12), None);
        assert_eq!(peaks.highest(10, 12), Some(3));
        assert_eq!(peaks.highest(12, 25), Some(7));
        assert_eq!(peaks.highest(20, 25), None);
        // A clock that jumps begins a new list.
        peaks.note(500, 1, 10);
        assert_eq!((peaks.highest(19, 19), peaks.highest(500, 500)), (None, Some(1)));
    }
}
