//! Jenkins label expressions: parsed as Jenkins parses them, printed as Jenkins prints them, and matched against
//! labels.
//!
//! Such an expression says on which nodes a job may run. What Jenkins makes of a text decides what mita orders, so the
//! whole grammar is here, with its oddities: text that does not parse is one atom, and a text in quotes first loses its
//! quotes. The caller knows which labels exist, and what "no label" means.
//!
//! Facts: Jenkins 2.578, `hudson/model/labels/LabelExpressionParser.g4` and `LabelExpressionLexer.g4`,
//! `hudson/model/Label.java`, `hudson/model/labels/LabelExpression.java`, `hudson/util/QuotedStringTokenizer.java`.

mod carriers;
mod expression;
mod mistake;
mod parse;
#[cfg(test)]
mod tests;

pub use carriers::Carriers;
pub use parse::node_labels;

use expression::{Expr, needs_escape};
use foldhash::HashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// The longest label expression that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// The most atoms of a label expression that is read.
const MOST_ATOMS: usize = 1_000;

/// Texts of up to so many bytes, and so many of them, are parsed once: thousands of jobs, in the queue and in the state, have
/// the same few labels, and share them.
const LONGEST_KNOWN: usize = 256;
const MOST_KNOWN: usize = 1_000;

thread_local! {
    static KNOWN: RefCell<HashMap<String, Label>> = RefCell::default();
}

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
///
/// Copies share the expression, and its hash is computed once: thousands of jobs may each have a long one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(Arc<Hashed>);

/// Equal labels have equal hashes, so that most different ones are told apart by them. Their order is that of the trees.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hashed {
    tree: Expr,
    hash: u64,
}

impl Hash for Label {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl From<Expr> for Label {
    fn from(tree: Expr) -> Self {
        let mut hasher = DefaultHasher::new();
        tree.hash(&mut hasher);
        Self(Arc::new(Hashed { tree, hash: hasher.finish() }))
    }
}

impl Label {
    /// Reads a text as Jenkins does (`Label.get`): without the quotes that the whole text stands in, as an expression,
    /// else as one atom. Callers take an empty text for "no label" before they come here; here it is an atom without
    /// a name, as in Jenkins.
    ///
    /// Text with more than 200 parentheses open at once is one atom too: Jenkins would try to parse it, but nobody
    /// writes that, and it must not exhaust the stack.
    pub fn from_jenkins(text: &str) -> Self {
        if text.len() > LONGEST_KNOWN {
            return Self::parsed(text);
        }
        KNOWN.with_borrow_mut(|known| {
            if let Some(label) = known.get(text) {
                return label.clone();
            }
            let label = Self::parsed(text);
            if known.len() < MOST_KNOWN {
                known.insert(text.to_owned(), label.clone());
            }
            label
        })
    }

    fn parsed(text: &str) -> Self {
        let text = parse::unquote(text);
        parse::expression(&text).map_or_else(|| Self::atom(text), Self::from)
    }

    /// Why Jenkins would not read this text as a label expression, and where; `None` if it does.
    pub fn mistake(text: &str) -> Option<String> {
        mistake::mistake(text)
    }

    /// As [`Label::from_jenkins`], for a text from outside; `None` for one that nobody writes by hand: of more than 64 KiB, or
    /// of more than 1,000 atoms. One person's expression must not take the time of everybody's.
    pub fn bounded(text: &str) -> Option<Self> {
        let label = (text.len() <= LONGEST).then(|| Self::from_jenkins(text))?;
        let mut atoms = 0;
        label.each_atom(&mut |_| atoms += 1);
        (atoms <= MOST_ATOMS).then_some(label)
    }

    /// As [`Label::bounded`], for what a project exports (`AbstractProject.getAssignedLabelString`): a text that is no
    /// expression comes in one more layer of quotes (`"'a||b'"`), and Jenkins reads what is inside.
    pub fn from_project(exported: &str) -> Option<Self> {
        let inside = parse::unquote(exported);
        let is_quoted = |quote: char| inside.len() > 1 && inside.starts_with(quote) && inside.ends_with(quote);
        let twice = exported.starts_with('"') && exported.len() > inside.len() && (is_quoted('\'') || is_quoted('"'));
        Self::bounded(if twice { &inside } else { exported })
    }

    /// The single label of this name, whatever characters it has.
    pub fn atom(name: impl Into<String>) -> Self {
        Self::from(Expr::Atom(name.into()))
    }

    /// Both labels at once; each is put in parentheses where its operator binds less than `&&`.
    pub fn and(left: Self, right: Self) -> Self {
        let mut parts = Vec::new();
        for side in [left, right] {
            match side.0.tree.clone() {
                Expr::And(more) => parts.extend(more),
                side @ (Expr::Or(_) | Expr::Implies(..) | Expr::Iff(_)) => parts.push(Expr::Paren(Box::new(side))),
                side @ (Expr::Atom(_) | Expr::Paren(_) | Expr::Not(_)) => parts.push(side),
            }
        }
        Self::from(Expr::And(parts))
    }

    /// Whether a node matches, `has` telling whether it carries the label of a name. Names are compared by the
    /// caller; Jenkins compares them exactly, case included.
    pub fn matches(&self, has: impl Fn(&str) -> bool) -> bool {
        self.0.tree.matches(&has)
    }

    /// The names of all labels in the expression.
    pub fn atoms(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.each_atom(&mut |name| {
            names.insert(name);
        });
        names
    }

    /// The names of the labels that help a node to match: `a`, but not `b`, of `a&&!b`.
    pub fn wanted(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.0.tree.each_wanted(true, &mut |name| {
            names.insert(name);
        });
        names
    }

    /// Shows the name of each atom, in the order of the text.
    pub fn each_atom<'a>(&'a self, show: &mut impl FnMut(&'a str)) {
        self.0.tree.each_atom(show);
    }

    /// The text that always reads back as this label. The blank in front keeps the outer quotes of an expression from
    /// being taken for quotes around the whole text.
    fn exact(&self) -> String {
        let shown = self.to_string();
        if self.0.tree.is_plain(parse::NESTING) || Self::from_jenkins(&shown) == *self {
            return shown;
        }
        let mut text = String::from(" ");
        self.0.tree.write(&mut text, |name| needs_escape(name) || name.contains(['"', '\'']), "");
        text
    }
}

/// As Jenkins stores and prints it; with `{:#}` as a person writes it, with blanks around the operators.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Expr::Atom(name) = &self.0.tree {
            return f.write_str(name);
        }
        let mut text = String::new();
        self.0.tree.write(&mut text, needs_escape, if f.alternate() { " " } else { "" });
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
