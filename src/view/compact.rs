//! Tables with one line for each row, whatever the width: columns that are empty are left out, those that matter least
//! follow where there is no room, and what is still too long is cut with an ellipsis.

use crate::view::style::{Tone, mark};
use crate::view::table::{Row, Table};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A note with less room than this says too little: columns that matter less make room.
const NARROWEST_NOTE: usize = 36;

/// No name is cut to less than this.
const NARROWEST_CELL: usize = 16;

/// A note gives way to whole names in the first column down to this: a person types those names.
const NARROWEST_BESIDE_NAMES: usize = 20;

/// Wider than any line: what programs read is not cut.
pub(crate) const UNCUT: usize = 100_000;

/// The end of what is cut.
pub(crate) const ELLIPSIS: char = '…';

/// A note that is the same as the one above, on a screen.
const SAME: &str = "(as above)";

impl Table {
    /// The table with one line for each row and at most so many rows; empty if it has none.
    pub(crate) fn compact(&self, width: usize, most_rows: usize) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let columns = self.columns(width);
        let room = width.saturating_sub(taken(&columns));
        let heads: Vec<String> = columns.iter().map(|column| self.heads[column.index].trim().to_owned()).collect();
        let title = mark(Some(Tone::Title), self.title);
        let mut text = format!("{title}\n{}\n", mark(Some(Tone::Dim), line(&columns, &heads, &[]).trim_end()));
        let hidden = self.rows.len().saturating_sub(most_rows);
        let shown = if hidden > 0 { most_rows.saturating_sub(1) } else { self.rows.len() };
        let mut above = "";
        for row in &self.rows[..shown] {
            let cells: Vec<String> =
                columns.iter().map(|column| cut_inside(&row.cells[column.index], column.width)).collect();
            let tones: Vec<Option<Tone>> = columns.iter().map(|column| tone(row, column.index)).collect();
            let mut whole = line(&columns, &cells, &tones);
            let is_same = row.note == above && row.note.width() > SAME.width() && width < UNCUT;
            let note = if is_same { SAME } else { row.note.as_str() };
            whole.push_str(&cut(note, room));
            text.push_str(whole.trim_end());
            text.push('\n');
            above = &row.note;
        }
        if shown < self.rows.len() {
            text.push_str(&format!("  and {} more\n", self.rows.len() - shown));
        }
        text.push('\n');
        text
    }

    /// The lines that it takes with all its rows.
    pub(crate) fn height(&self) -> usize {
        if self.rows.is_empty() { 0 } else { self.rows.len() + 3 }
    }

    fn columns(&self, width: usize) -> Vec<Column> {
        let is_empty = |index: usize| self.rows.iter().all(|row| ["", "-", "0"].contains(&row.cells[index].as_str()));
        let used = (0..self.heads.len()).filter(|index| *index == 0 || !is_empty(*index));
        let width_of = |index: usize| {
            let widest = self.rows.iter().map(|row| row.cells[index].width()).max().unwrap_or(0);
            widest.max(self.heads[index].trim().width())
        };
        let right = |index: usize| self.heads[index].starts_with(' ');
        let mut columns: Vec<Column> =
            used.map(|index| Column { index, width: width_of(index), right: right(index) }).collect();
        let longest = self.rows.iter().map(|row| row.note.width()).max().unwrap_or(0).min(NARROWEST_NOTE);
        for head in self.droppable {
            if taken(&columns) + longest > width {
                columns.retain(|column| self.heads[column.index].trim() != *head);
            }
        }
        // The widest names give way first, and those in the first column last.
        narrow(&mut columns, width.saturating_sub(longest), |column| column.index > 0);
        narrow(&mut columns, width.saturating_sub(longest.min(NARROWEST_BESIDE_NAMES)), |_| true);
        columns
    }
}

/// Makes the widest of these columns of text narrower until all take no more than this width.
fn narrow(columns: &mut [Column], width: usize, gives_way: fn(&Column) -> bool) {
    while taken(columns) > width {
        let texts = columns.iter_mut().filter(|column| !column.right && column.width > NARROWEST_CELL);
        let Some(widest) = texts.filter(|column| gives_way(column)).max_by_key(|column| column.width) else { break };
        widest.width -= 1;
    }
}

/// A column that is shown.
struct Column {
    index: usize,
    width: usize,
    /// Whether it holds numbers.
    right: bool,
}

/// The width of all columns, with the margin.
fn taken(columns: &[Column]) -> usize {
    2 + columns.iter().map(|column| column.width + 2).sum::<usize>()
}

fn line(columns: &[Column], cells: &[String], tones: &[Option<Tone>]) -> String {
    let mut line = String::from("  ");
    for (index, (cell, column)) in cells.iter().zip(columns).enumerate() {
        let padding = " ".repeat(column.width.saturating_sub(cell.width()));
        let cell = mark(tones.get(index).copied().flatten(), cell);
        let (before, after) = if column.right { (padding.as_str(), "") } else { ("", padding.as_str()) };
        line.extend([before, &cell, after, "  "]);
    }
    line
}

fn tone(row: &Row, column: usize) -> Option<Tone> {
    row.tone.and_then(|(index, tone)| (index == column).then_some(tone))
}

/// The text, cut with an ellipsis if it is wider.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let shown: String = fitting(text.chars(), width.saturating_sub(1)).collect();
    if width == 0 { String::new() } else { format!("{}{ELLIPSIS}", shown.trim_end()) }
}

/// A name, cut inside if it is wider: names of one type or folder differ at their ends.
fn cut_inside(name: &str, width: usize) -> String {
    if name.width() <= width {
        return name.to_owned();
    }
    let shown = width.saturating_sub(1);
    let begin: String = fitting(name.chars(), shown / 2).collect();
    let end: Vec<char> = fitting(name.chars().rev(), shown - shown / 2).collect();
    format!("{begin}{ELLIPSIS}{}", end.iter().rev().collect::<String>())
}

/// The first characters that fit into this width.
fn fitting(characters: impl Iterator<Item = char>, width: usize) -> impl Iterator<Item = char> {
    let mut left = width;
    characters.take_while(move |c| {
        let width = c.width().unwrap_or(0);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new("Jobs", &["ITEM", "JOB", " WAITS", "PLACE"]).droppable(&["PLACE"]);
        for (job, note) in
            [("ceph", "max reached"), ("a-very-long-name-of-a-job-in-a-folder", "max reached"), ("x", "")]
        {
            table.row(vec!["1".into(), job.into(), "-".into(), "somewhere".into()], note.into());
        }
        table
    }

    #[test]
    fn each_row_is_one_line_that_fits() {
        assert_eq!(
            table().compact(80, 9),
            mark(Some(Tone::Title), "Jobs")
                + "\n"
                + &mark(Some(Tone::Dim), "  ITEM  JOB                                    PLACE")
                + "\n  1     ceph                                   somewhere  max reached\n  \
                   1     a-very-long-name-of-a-job-in-a-folder  somewhere  (as above)\n  1     x                                      somewhere\n\n"
        );
        for width in [20, 30, 40, 60] {
            let text = crate::view::style::unmarked(&table().compact(width, 9));
            assert!(text.lines().all(|line| line.width() <= width.max(42)), "{width}: {text}");
        }
        assert!(!table().compact(UNCUT, 9).contains(SAME), "a program reads each row by itself");
        assert!(table().compact(40, 9).contains("a-very-lo…-a-folder"), "{}", table().compact(40, 9));
    }

    #[test]
    fn names_of_one_type_are_told_apart_in_a_narrow_table() {
        let mut table = Table::new("Machines", &["NAME", "TYPE", "STATE", " LEFT"]).droppable(&["TYPE"]);
        let name = |number: usize| format!("ubuntu-20261129T160742Z-{number}");
        for number in [1, 12] {
            let cells = vec![name(number), "ubuntu".into(), "connecting".into(), "14m 59s".into()];
            table.row(cells, format!("active for {number}s, its node was never online in Jenkins"));
        }
        for width in [80, 72] {
            let text = table.compact(width, 9);
            assert!(text.contains(&format!("{}  ", name(1))) && text.contains(&name(12)), "{width}: {text}");
            assert!(text.lines().skip(1).all(|line| crate::view::style::unmarked(line).width() <= width), "{text}");
        }
        let narrow = table.compact(50, 9);
        assert!(narrow.contains("…60742Z-1 ") && narrow.contains("…0742Z-12 "), "{narrow}");
    }

    #[test]
    fn rows_that_do_not_fit_are_counted() {
        let text = table().compact(80, 2);
        assert!(text.contains("  and 2 more\n"), "{text}");
        assert_eq!(text.lines().count() + 1, table().height());
    }

    #[test]
    fn text_is_cut_between_characters_of_any_width() {
        assert_eq!(cut("构建服务器", 6), "构建…");
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("one two", 5), "one…");
        assert_eq!(cut("x", 0), "");
        assert_eq!(cut_inside("构建服务器", 7), "构…器");
    }
}
