//! Tables of plain text that fit the reader's width: the cells of a row in columns, and a note on the row.
//!
//! Tables of a library have no notes that move below their rows where the line is too narrow, and no cells that may be
//! wider than their column. The width of characters comes from a library.

use crate::plan::model::Problem;
use crate::secret::redact;
use crate::view::style::{Tone, mark, unmarked};
use crate::view::text::one_line;
use unicode_width::UnicodeWidthStr;

/// A longer cell is wider than its column, so that the long name of one job does not push all others to the right.
const WIDEST_CELL: usize = 36;

/// A note that has less room than this beside its row is below it.
const NARROWEST_NOTE: usize = 32;

/// The indentation of a note below its row.
const INDENT: usize = 6;

/// A table with a title.
#[derive(Debug)]
pub(crate) struct Table {
    pub(super) title: &'static str,
    pub(super) heads: Vec<&'static str>,
    /// Heads of columns that make room if a table of single lines is too wide, the first one first.
    pub(super) droppable: &'static [&'static str],
    pub(super) rows: Vec<Row>,
}

#[derive(Debug)]
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    pub(super) note: String,
    /// The colour of one cell.
    pub(super) tone: Option<(usize, Tone)>,
    quoted: Vec<String>,
}

/// A table of problems.
pub(crate) fn problems(problems: &[Problem]) -> Table {
    let mut table = Table::new("Problems", &["WHERE"]);
    for problem in problems {
        table.row(vec![problem.place.clone()], problem.error.clone());
    }
    table
}

impl Table {
    /// A table without rows. A head that begins with a blank is that of a column of numbers.
    pub(crate) fn new(title: &'static str, heads: &[&'static str]) -> Self {
        Self { title, heads: heads.to_vec(), droppable: &[], rows: Vec::new() }
    }

    /// Names the columns that make room if a table of single lines is too wide.
    pub(crate) fn droppable(self, droppable: &'static [&'static str]) -> Self {
        Self { droppable, ..self }
    }

    /// Adds a row, and a note on it.
    pub(crate) fn row(&mut self, cells: Vec<String>, note: String) {
        // A line break in a job's name is no new row. Secrets go before a cell is cut: nobody finds half of one.
        let cells = cells.iter().map(|cell| unmarked(&redact(&one_line(cell)))).collect();
        self.rows.push(Row { cells, note: unmarked(&redact(&one_line(&note))), tone: None, quoted: Vec::new() });
    }

    /// Colours a cell of the last row.
    pub(crate) fn tone(&mut self, column: usize, tone: Option<Tone>) {
        if let Some(row) = self.rows.last_mut() {
            row.tone = tone.map(|tone| (column, tone));
        }
    }

    /// Quotes lines below the last row, as they are.
    pub(crate) fn quote(&mut self, lines: &[String]) {
        if let Some(row) = self.rows.last_mut() {
            row.quoted.extend(lines.iter().map(|line| one_line(line).into_owned()));
        }
    }

    /// The table as text, indented by so many columns.
    pub(crate) fn render_within(&self, width: usize, indent: usize) -> String {
        let table = self.render(width.saturating_sub(indent));
        let indent = " ".repeat(indent);
        let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") };
        table.lines().map(line).collect()
    }

    /// The table as text that ends with an empty line; empty if it has no rows.
    pub(crate) fn render(&self, width: usize) -> String {
        unmarked(&self.marked(width))
    }

    /// The same with marks for colours.
    pub(crate) fn marked(&self, width: usize) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let widths: Vec<usize> = (0..self.heads.len()).map(|column| self.column_width(column)).collect();
        let beside = 2 + widths.iter().sum::<usize>() + 2 * widths.len();
        let room = width.saturating_sub(beside);
        let longest = self.rows.iter().map(|row| row.note.width()).max().unwrap_or(0);
        let notes_beside = longest <= room || room >= NARROWEST_NOTE && longest <= 2 * room;
        let at = if notes_beside { beside } else { INDENT };
        let heads: Vec<String> = self.heads.iter().map(|head| head.trim().to_owned()).collect();
        let heads = mark(Some(Tone::Dim), &self.line(&heads, &widths, None));
        let mut text = format!("{}\n{heads}\n", mark(Some(Tone::Title), self.title));
        for row in &self.rows {
            let line = self.line(&row.cells, &widths, row.tone);
            let mut note = wrap(&row.note, width.saturating_sub(at)).into_iter();
            text.push_str(&line);
            if notes_beside && let Some(first) = note.next() {
                text.push_str(&" ".repeat(beside.saturating_sub(unmarked(&line).width()).max(2)));
                text.push_str(&first);
            }
            text.push('\n');
            text.extend(note.map(|more| format!("{:at$}{more}\n", "")));
            text.extend(row.quoted.iter().map(|line| format!("{:INDENT$}| {line}\n", "")));
        }
        text.push('\n');
        text
    }

    fn column_width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| row.cells[column].width());
        let usual = cells.filter(|width| *width <= WIDEST_CELL).max().unwrap_or(0);
        usual.max(self.heads[column].trim().len())
    }

    fn line(&self, cells: &[String], widths: &[usize], tone: Option<(usize, Tone)>) -> String {
        let mut line = String::from("  ");
        for (column, ((cell, width), head)) in cells.iter().zip(widths).zip(&self.heads).enumerate() {
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) = if head.starts_with(' ') { (&*padding, "") } else { ("", &*padding) };
            let cell = mark(tone.filter(|(index, _)| *index == column).map(|(_, tone)| tone), cell);
            line.extend([before, &cell, after, "  "]);
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// The text in lines of at most this width, broken between words; a longer word has a line of its own.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => line.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// How commands begin that messages name at their ends. They stay on one line: a person copies them. What comes before them
/// is part of the text: the name of a job may hold such a word.
const COMMANDS: [&str; 7] = [": sudo ", " (crontab ", ": chmod ", "with chmod ", ": chown ", ": mkdir ", ": (umask "];

/// The text with its longer lines broken between words, the rest of them indented. Blanks within a line stay. What stands
/// between backquotes is a command, too.
pub(crate) fn folded(text: &str, width: usize) -> String {
    let mut folded = String::new();
    for line in text.lines() {
        let (mut used, mut is_broken) = (0, false);
        let begin = |words: &&str| Some(line.find(words)? + words.trim_end().rfind(' ')? + 1);
        let (words, command) = line.split_at(COMMANDS.iter().filter_map(begin).min().unwrap_or(line.len()));
        // In parentheses, a semicolon is a part of the command.
        let end = command.find("; ").filter(|_| !command.starts_with('('));
        let (command, rest) = command.split_at(end.map_or(command.len(), |end| end + "; ".len()));
        let pieces = pieces(words).chain(Some(command)).chain(pieces(rest));
        for piece in pieces.filter(|piece| !piece.is_empty()) {
            if used > 0 && used + piece.trim_end().width() > width {
                folded.truncate(folded.trim_end().len());
                folded.push_str(&format!("\n{:INDENT$}", ""));
                (used, is_broken) = (INDENT, true);
            }
            // A line break stands for all blanks between two columns.
            if !is_broken || !piece.trim().is_empty() {
                folded.push_str(piece);
                (used, is_broken) = (used + piece.width(), false);
            }
        }
        folded.push('\n');
    }
    folded
}

/// The words with the blank after each. What stands between backquotes is one.
fn pieces(words: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    words.split_inclusive(move |c| {
        is_quoted ^= c == '`';
        c == ' ' && !is_quoted
    })
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
    fn a_line_is_folded_between_words_and_keeps_its_columns() {
        assert_eq!(folded("+ abc  east\nshort\n", 20), "+ abc  east\nshort\n");
        assert_eq!(
            folded("- ubuntu  east  idle: 5m, grace 5m\n", 20),
            "- ubuntu  east\n      idle: 5m,\n      grace 5m\n"
        );
        assert_eq!(
            folded("! https://a-word-that-is-too-long here\n", 12),
            "!\n      https://a-word-that-is-too-long\n      here\n"
        );
        assert_eq!(
            folded("off does not exist: mkdir -p off/the/folder\n", 24),
            "off does not exist:\n      mkdir -p off/the/folder\n",
            "a command is copied"
        );
        assert_eq!(
            folded("off belongs to jo: sudo -u jo mita status; name another file with --config FILE\n", 30),
            "off belongs to jo:\n      sudo -u jo mita status;\n      name another file with\n      --config FILE\n",
            "what follows a command is text"
        );
        assert_eq!(
            folded("is left alone until `mita release n`; it goes on\n", 32),
            "is left alone until\n      `mita release n`; it goes\n      on\n"
        );
        assert_eq!(
            folded("+ ubuntu: run sudo tests (1) needs amd64 && linux\n", 24),
            "+ ubuntu: run sudo tests\n      (1) needs amd64 &&\n      linux\n",
            "the name of a job is no command"
        );
        assert_eq!(
            folded("openstack.secret can be read by others: chmod 600 openstack.secret\n", 40),
            "openstack.secret can be read by others:\n      chmod 600 openstack.secret\n"
        );
    }

    #[test]
    fn short_notes_are_beside_their_rows() {
        assert_eq!(
            table("idle 5m").render(60),
            "Servers\n  NAME      AGE  RULE\n  ubuntu     5m  kept  idle 5m\n  \
             a-name-that-is-longer-than-any-column-should-be  1h 5m  busy\n\n"
        );
    }

    #[test]
    fn marks_for_colours_move_nothing() {
        let mut table = table("idle 5m");
        table.tone(2, Some(Tone::Busy));
        let marked = table.marked(60);
        assert!(marked.starts_with(&mark(Some(Tone::Title), "Servers")), "{marked}");
        assert!(marked.contains(&mark(Some(Tone::Busy), "busy")) && marked.contains("kept  idle 5m"), "{marked}");
        assert_eq!(unmarked(&marked), table.render(60));
    }

    #[test]
    fn long_notes_are_below_their_rows_and_no_line_is_too_wide() {
        let text = table(&"word ".repeat(30)).render(50);
        assert!(text.contains("  kept\n      word word"), "{text}");
        assert!(text.lines().filter(|line| !line.contains("longer-than-any")).all(|line| line.len() <= 50), "{text}");
    }

    #[test]
    fn wide_and_combining_characters_keep_columns_aligned() {
        let mut table = Table::new("Jobs", &["JOB", "RULE"]);
        for job in ["构建", "cafe\u{301}", "build"] {
            table.row(vec![job.into(), "demand".into()], "so".into());
        }
        assert_eq!(
            table.render(80),
            "Jobs\n  JOB    RULE\n  构建   demand  so\n  cafe\u{301}   demand  so\n  build  demand  so\n\n"
        );
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
}
