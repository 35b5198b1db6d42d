//! The tree of a label expression.

/// The tree of a label, in the shape of the text: chains are flat, so that only parentheses make it deeper.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Expr {
    Atom(String),
    Paren(Box<Expr>),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Implies(Box<Expr>, Box<Expr>),
    Iff(Vec<Expr>),
}

impl Expr {
    pub(crate) fn matches(&self, has: &impl Fn(&str) -> bool) -> bool {
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

    pub(crate) fn each_atom<'a>(&'a self, show: &mut impl FnMut(&'a str)) {
        match self {
            Self::Atom(name) => show(name),
            Self::Paren(inner) | Self::Not(inner) => inner.each_atom(show),
            Self::And(parts) | Self::Or(parts) | Self::Iff(parts) => {
                parts.iter().for_each(|part| part.each_atom(show));
            }
            Self::Implies(condition, consequence) => {
                condition.each_atom(show);
                consequence.each_atom(show);
            }
        }
    }

    /// Shows the atoms that help a node to match by being there: not those after `!`, nor those before `->`.
    pub(crate) fn each_wanted<'a>(&'a self, is_wanted: bool, show: &mut impl FnMut(&'a str)) {
        match self {
            Self::Atom(name) if is_wanted => show(name),
            Self::Atom(_) => {}
            Self::Paren(inner) => inner.each_wanted(is_wanted, show),
            Self::Not(inner) => inner.each_wanted(!is_wanted, show),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each_wanted(is_wanted, show)),
            Self::Implies(condition, consequence) => {
                condition.each_wanted(!is_wanted, show);
                consequence.each_wanted(is_wanted, show);
            }
            // Both help, each in its case.
            Self::Iff(parts) => parts.iter().for_each(|part| part.each_atom(show)),
        }
    }

    /// Whether its text reads back as itself for sure: no atom needs quotes or has some, no parentheses are deeper than so
    /// many, and only parentheses have an operator in them that binds less.
    pub(crate) fn is_plain(&self, nesting: usize) -> bool {
        match self {
            Self::Atom(name) => !needs_escape(name) && !name.contains(['"', '\'']),
            Self::Paren(inner) => nesting > 0 && inner.is_plain(nesting - 1),
            Self::Not(inner) => inner.binds() > Self::NOT && inner.is_plain(nesting),
            Self::And(parts) | Self::Or(parts) | Self::Iff(parts) => {
                parts.len() > 1 && parts.iter().all(|part| part.binds() > self.binds() && part.is_plain(nesting))
            }
            Self::Implies(condition, consequence) => {
                [condition, consequence].iter().all(|part| part.binds() > self.binds() && part.is_plain(nesting))
            }
        }
    }

    /// How tightly `!` binds.
    const NOT: u8 = 4;

    /// How tightly its operator binds.
    fn binds(&self) -> u8 {
        match self {
            Self::Iff(_) => 0,
            Self::Implies(..) => 1,
            Self::Or(_) => 2,
            Self::And(_) => 3,
            Self::Not(_) => Self::NOT,
            Self::Atom(_) | Self::Paren(_) => 5,
        }
    }

    /// Writes the expression, with quotes around the atoms that `quoted` picks and `space` around binary operators.
    pub(crate) fn write(&self, text: &mut String, quoted: fn(&str) -> bool, space: &str) {
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
pub(crate) fn needs_escape(name: &str) -> bool {
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
