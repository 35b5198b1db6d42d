//! As much of `mita status` as a screen has room for: what matters most comes first.

use crate::view::compact::cut;
use crate::view::table::Table;
use crate::view::text::plural;

/// A table with fewer lines than its title, its head, two rows and an empty line is not begun.
const SMALLEST: usize = 5;

/// As much of the tables as fits into so many lines, and how much does not.
pub(super) fn fitting(tables: &[Table], width: usize, lines: usize) -> String {
    let heights: Vec<usize> = tables.iter().map(Table::height).collect();
    let all: usize = heights.iter().sum();
    // The empty line below the last table needs no room; what does not fit is said in a line of its own.
    let fits = all <= lines + 1;
    let room = if fits { lines + 1 } else { lines.saturating_sub(1) };
    let mut text = String::new();
    let mut shown_lines = 0;
    for ((table, height), share) in tables.iter().zip(&heights).zip(shares(&heights, room)) {
        if share == 0 {
            continue;
        }
        let shown = table.compact(width, share - 3);
        // Of a table that is cut, the last row only says so.
        shown_lines += shown.lines().count() - usize::from(share < *height);
        text.push_str(&shown);
    }
    if !fits {
        let more = plural(all.saturating_sub(shown_lines), "more line");
        text.push_str(&cut(&format!("{more}: mita status"), width));
    }
    text
}

/// How many lines each table gets: what it needs, as long as something is left for the next ones. What these cannot use
/// goes to the first that need more.
fn shares(heights: &[usize], room: usize) -> Vec<usize> {
    let mut left = room;
    let mut needed: usize = heights.iter().sum();
    let mut shares = Vec::new();
    let mut is_full = false;
    for height in heights {
        needed -= height;
        let smallest = SMALLEST.min(*height);
        let most =
            if height + needed <= left { *height } else { left.saturating_sub(needed.min(left / 2)).max(smallest) };
        let most = most.min(*height).min(left);
        // What matters less is not shown in place of what matters more.
        is_full |= most < smallest;
        let share = if is_full { 0 } else { most };
        left -= share;
        shares.push(share);
    }
    for (share, height) in shares.iter_mut().zip(heights).filter(|(share, _)| **share > 0) {
        let more = left.min(height - *share);
        *share += more;
        left -= more;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_gets_what_it_needs_and_no_line_of_the_screen_is_wasted() {
        assert_eq!(shares(&[0, 7, 8, 5], 20), [0, 7, 8, 5], "all fits");
        assert_eq!(shares(&[0, 7, 218, 49], 16), [0, 7, 9, 0], "no room to begin the last one");
        assert_eq!(shares(&[0, 7, 218, 49], 30), [0, 7, 12, 11], "two that are too long share");
        assert_eq!(shares(&[7, 218], 4), [0, 0]);
        assert_eq!(shares(&[7, 218, 4], 4), [0, 0, 0], "no failures in place of servers");
        for room in 0..100 {
            let heights = [4, 7, 50, 40, 6];
            let shares = shares(&heights, room);
            let used: usize = shares.iter().sum();
            let begun = shares.iter().zip(heights).all(|(share, height)| *share == 0 || *share >= height.min(SMALLEST));
            assert!(begun && used <= room, "{room}: {shares:?}");
            let wasted = room - used;
            assert!(wasted < SMALLEST || used == heights.iter().sum::<usize>(), "{room}: {shares:?}");
            let first_cut = shares.iter().zip(heights).find(|(share, height)| **share > 0 && *share < height);
            assert!(wasted == 0 || first_cut.is_none(), "{room}: {shares:?}");
        }
    }
}
