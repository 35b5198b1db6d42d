//! Tables of plain text that fit the reader's width: a row's columns, and what is to be said about it.

use crate::cli::output::one_line;
use crate::domain::format::span;
use jiff::SignedDuration;

/// The width of a page, a mail and most terminals that do not tell theirs.
const USUAL_WIDTH: usize = 80;

/// A longer cell stands out of its column, so that one job's name does not push all others to the right.
const WIDEST_CELL: usize = 36;

/// A note that has less room than this beside its row stands below it.
const NARROWEST_NOTE: usize = 32;

/// How far a note below its row is set in.
const INDENT: usize = 6;

/// How many columns a line may have: the terminal's, or as many as a page has.
pub(crate) fn width() -> usize {
    let columns = terminal_size::terminal_size().map(|(terminal_size::Width(columns), _)| usize::from(columns));
    columns.filter(|_| crate::cli::output::is_terminal()).map_or(USUAL_WIDTH, |columns| columns.max(40))
}

/// A table with a title.
#[derive(Debug)]
pub(crate) struct Table {
    title: &'static str,
    heads: Vec<&'static str>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    cells: Vec<String>,
    note: String,
    quoted: Vec<String>,
}

impl Table {
    /// A table without rows. A head that begins with a blank belongs to a column of numbers.
    pub(crate) fn new(title: &'static str, heads: &[&'static str]) -> Self {
        Self { title, heads: heads.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, and what is to be said about it.
    pub(crate) fn row(&mut self, cells: Vec<String>, note: String) {
        // A line break in a job's name is no new row.
        let cells = cells.iter().map(|cell| one_line(cell).into_owned()).collect();
        self.rows.push(Row { cells, note, quoted: Vec::new() });
    }

    /// Quotes lines below the last row, as they are.
    pub(crate) fn quote(&mut self, lines: &[String]) {
        if let Some(row) = self.rows.last_mut() {
            row.quoted.extend(lines.iter().map(|line| one_line(line).into_owned()));
        }
    }

    /// The table, set in by so many columns.
    pub(crate) fn render_within(&self, width: usize, indent: usize) -> String {
        let table = self.render(width.saturating_sub(indent));
        let indent = " ".repeat(indent);
        let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") };
        table.lines().map(line).collect()
    }

    /// The table as text that ends with an empty line; nothing where it has no rows.
    pub(crate) fn render(&self, width: usize) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let widths: Vec<usize> = (0..self.heads.len()).map(|column| self.column_width(column)).collect();
        let beside = 2 + widths.iter().sum::<usize>() + 2 * widths.len();
        let room = width.saturating_sub(beside);
        let longest = self.rows.iter().map(|row| row.note.chars().count()).max().unwrap_or(0);
        let notes_beside = longest <= room || room >= NARROWEST_NOTE && longest <= 2 * room;
        let mut text = format!("{}\n", self.title);
        let heads: Vec<String> = self.heads.iter().map(|head| head.trim().to_owned()).collect();
        text.push_str(&self.line(&heads, &widths));
        text.push('\n');
        for row in &self.rows {
            let line = self.line(&row.cells, &widths);
            let at = if notes_beside { beside } else { INDENT };
            let mut note = wrap(&row.note, width.saturating_sub(at)).into_iter();
            text.push_str(&line);
            if notes_beside && let Some(first) = note.next() {
                let gap = beside.saturating_sub(line.chars().count()).max(2);
                text.push_str(&" ".repeat(gap));
                text.push_str(&first);
            }
            text.push('\n');
            for more in note {
                text.push_str(&" ".repeat(at));
                text.push_str(&more);
                text.push('\n');
            }
            for line in &row.quoted {
                text.push_str(&format!("{:INDENT$}| {line}\n", ""));
            }
        }
        text.push('\n');
        text
    }

    fn column_width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| row.cells[column].chars().count());
        let usual = cells.filter(|length| *length <= WIDEST_CELL).max().unwrap_or(0);
        usual.max(self.heads[column].trim().len())
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::from("  ");
        for ((cell, width), head) in cells.iter().zip(widths).zip(&self.heads) {
            let padded = if head.starts_with(' ') { format!("{cell:>width$}  ") } else { format!("{cell:<width$}  ") };
            line.push_str(&padded);
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// The text in lines of at most this many characters, broken between words; a longer word has a line of its own.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let more = word.chars().count();
        match lines.last_mut() {
            Some(line) if length + 1 + more <= width => {
                line.push(' ');
                line.push_str(word);
                length += 1 + more;
            }
            _ => {
                lines.push(word.to_owned());
                length = more;
            }
        }
    }
    lines
}

/// A number of things, in words.
pub(crate) fn many(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// A time in a narrow column: its two largest units, days among them.
pub(crate) fn age(time: SignedDuration) -> String {
    let hours = time.as_hours();
    if hours < 48 { span(time) } else { format!("{}d {}h", hours / 24, hours % 24) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(note: &str) -> Table {
        let mut table = Table::new("Servers", &["NAME", " AGE", "RULE"]);
        table.row(vec!["ubuntu".into(), "5m".into(), "kept".into()], note.into());
        table.row(
            vec!["a-name-that-is-longer-than-any-column-should-be".into(), "1h 5m".into(), "busy".into()],
            String::new(),
        );
        table
    }

    #[test]
    fn short_notes_stand_beside_their_rows() {
        assert_eq!(
            table("idle 5m").render(60),
            "Servers\n  NAME      AGE  RULE\n  ubuntu     5m  kept  idle 5m\n  \
             a-name-that-is-longer-than-any-column-should-be  1h 5m  busy\n\n"
        );
    }

    #[test]
    fn long_notes_stand_below_their_rows_and_no_line_is_too_wide() {
        let text = table(&"word ".repeat(30)).render(50);
        assert!(text.contains("  kept\n      word word"), "{text}");
        assert!(text.lines().filter(|line| !line.contains("longer-than-any")).all(|line| line.len() <= 50), "{text}");
    }

    #[test]
    fn a_table_without_rows_is_not_shown() {
        assert_eq!(Table::new("Servers", &["NAME"]).render(80), "");
    }

    #[test]
    fn text_is_broken_between_words() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 4), ["unbreakable"]);
        assert!(wrap("", 10).is_empty());
    }

    #[test]
    fn ages_over_two_days_are_told_in_days() {
        assert_eq!(age(SignedDuration::from_hours(47)), "47h");
        assert_eq!(age(SignedDuration::from_hours(50)), "2d 2h");
    }
}
