//! Jenkins label expressions: read as Jenkins reads them, printed as Jenkins prints them, asked whether they match.
//!
//! A job says with such an expression which nodes it may run on. What Jenkins would make of a text decides what mita
//! orders, so the whole grammar is here, with its oddities: text that does not parse is one atom, and a text in quotes
//! loses them first. Which labels exist, and what "no label" means, is the caller's.
//!
//! Facts: Jenkins 2.578, `hudson/model/labels/LabelExpressionParser.g4` and `LabelExpressionLexer.g4`,
//! `hudson/model/Label.java`, `hudson/model/labels/LabelExpression.java`, `hudson/util/QuotedStringTokenizer.java`.

mod parse;
#[cfg(test)]
mod tests;

pub use parse::node_labels;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;

/// A label expression, or a single label.
///
/// Two labels are equal when they are built alike: `a&&b` and `b&&a` differ, and so do `a` and `(a)`.
///
/// `Display` gives the name that Jenkins prints: an expression without white space, with parentheses as typed and with
/// quotes around the atoms that need them; a lone atom raw, never quoted, whatever it holds
/// (`hudson/model/Label.java`, getName). [`Label::from_jenkins`] reads it back in all but contrived cases: an atom that
/// looks like an expression (`a||b`) or stands in quotes (`'a'`), an expression that begins and ends with a quoted atom
/// (`"a b"&&"c d"`), or one with a quote inside an atom. What serde writes is the same text, except in those cases,
/// where it begins with a blank and quotes the atoms; it always reads back as the same label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(Expr);

/// The tree of a label, in the shape of the text: chains are flat, so that only parentheses make it deeper.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Expr {
    Atom(String),
    Paren(Box<Expr>),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Implies(Box<Expr>, Box<Expr>),
    Iff(Vec<Expr>),
}

impl Label {
    /// Reads a text as Jenkins does (`Label.get`): without the quotes that the whole text stands in, as an expression,
    /// else as one atom. Callers take an empty text for "no label" before they come here; here it is an atom without
    /// a name, as in Jenkins.
    ///
    /// Text with more than 200 parentheses open at once is one atom too: Jenkins would try to parse it, but nobody
    /// writes that, and it must not exhaust the stack.
    pub fn from_jenkins(text: &str) -> Self {
        let text = parse::unquote(text);
        parse::expression(&text).map_or_else(|| Self::atom(text), Self)
    }

    /// The single label of this name, whatever characters it has.
    pub fn atom(name: impl Into<String>) -> Self {
        Self(Expr::Atom(name.into()))
    }

    /// Both labels at once; each is put in parentheses where its operator binds less than `&&`.
    pub fn and(left: Self, right: Self) -> Self {
        let mut parts = Vec::new();
        for Self(side) in [left, right] {
            match side {
                Expr::And(more) => parts.extend(more),
                Expr::Or(_) | Expr::Implies(..) | Expr::Iff(_) => parts.push(Expr::Paren(Box::new(side))),
                Expr::Atom(_) | Expr::Paren(_) | Expr::Not(_) => parts.push(side),
            }
        }
        Self(Expr::And(parts))
    }

    /// Whether a node matches, `has` telling whether it carries the label of a name. Names are compared by the
    /// caller; Jenkins compares them exactly, case included.
    pub fn matches(&self, has: impl Fn(&str) -> bool) -> bool {
        self.0.matches(&has)
    }

    /// The names of all labels in the expression.
    pub fn atoms(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.0.collect_atoms(&mut names);
        names
    }

    /// The text that always reads back as this label. The blank in front keeps the outer quotes of an expression from
    /// being taken for quotes around the whole text.
    fn exact(&self) -> String {
        let shown = self.to_string();
        if Self::from_jenkins(&shown) == *self {
            return shown;
        }
        let mut text = String::from(" ");
        self.0.write(&mut text, |name| needs_escape(name) || name.contains(['"', '\'']), "");
        text
    }
}

impl Expr {
    fn matches(&self, has: &impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Atom(name) => has(name),
            Self::Paren(inner) => inner.matches(has),
            Self::Not(inner) => !inner.matches(has),
            Self::And(parts) => parts.iter().all(|part| part.matches(has)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(has)),
            Self::Implies(condition, consequence) => !condition.matches(has) || consequence.matches(has),
            // From the left, `a<->b<->c` is the parity of its false parts.
            Self::Iff(parts) => parts.iter().filter(|part| !part.matches(has)).count() % 2 == 0,
        }
    }

    fn collect_atoms<'a>(&'a self, names: &mut BTreeSet<&'a str>) {
        match self {
            Self::Atom(name) => {
                names.insert(name);
            }
            Self::Paren(inner) | Self::Not(inner) => inner.collect_atoms(names),
            Self::And(parts) | Self::Or(parts) | Self::Iff(parts) => {
                parts.iter().for_each(|part| part.collect_atoms(names));
            }
            Self::Implies(condition, consequence) => {
                condition.collect_atoms(names);
                consequence.collect_atoms(names);
            }
        }
    }

    /// Writes the expression, with quotes around the atoms that `quoted` picks and `space` around binary operators.
    fn write(&self, text: &mut String, quoted: fn(&str) -> bool, space: &str) {
        match self {
            Self::Atom(name) if quoted(name) => write_quoted(text, name),
            Self::Atom(name) => text.push_str(name),
            Self::Paren(inner) => {
                text.push('(');
                inner.write(text, quoted, space);
                text.push(')');
            }
            Self::Not(inner) => {
                text.push('!');
                inner.write(text, quoted, space);
            }
            Self::And(parts) => Self::write_chain(parts, "&&", text, quoted, space),
            Self::Or(parts) => Self::write_chain(parts, "||", text, quoted, space),
            Self::Implies(condition, consequence) => {
                condition.write(text, quoted, space);
                text.extend([space, "->", space]);
                consequence.write(text, quoted, space);
            }
            Self::Iff(parts) => Self::write_chain(parts, "<->", text, quoted, space),
        }
    }

    fn write_chain(parts: &[Self], operator: &str, text: &mut String, quoted: fn(&str) -> bool, space: &str) {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                text.extend([space, operator, space]);
            }
            part.write(text, quoted, space);
        }
    }
}

/// Whether Jenkins quotes an atom of this name within an expression (`LabelAtom.needsEscape`, `Jenkins.checkGoodName`).
fn needs_escape(name: &str) -> bool {
    name.is_empty()
        || name.ends_with('.')
        || name.contains(|c: char| c.is_control() || r"?*/\%!@#$^&|<>[]:; ()".contains(c))
}

/// Quotes as `QuotedStringTokenizer.quote` does.
fn write_quoted(text: &mut String, name: &str) {
    text.push('"');
    for c in name.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{c}' => text.push_str("\\f"),
            '\u{8}' => text.push_str("\\b"),
            _ => text.push(c),
        }
    }
    text.push('"');
}

/// As Jenkins stores and prints it; with `{:#}` as a person writes it, with blanks around the operators.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Expr::Atom(name) = &self.0 {
            return f.write_str(name);
        }
        let mut text = String::new();
        self.0.write(&mut text, needs_escape, if f.alternate() { " " } else { "" });
        f.write_str(&text)
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.exact())
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::from_jenkins(&text))
    }
}
