//! From text to the tree of a label: tokens, grammar and Jenkins' two ways with quotes.
//!
//! `expr := iff EOF; iff := imp ('<->' imp)*; imp := or ('->' or)?; or := and ('||' and)*; and := unary ('&&' unary)*;
//! unary := primary | '!' primary; primary := '(' iff ')' | ATOM | STRING`

use super::expression::Expr;
use std::collections::BTreeSet;
use std::{mem, vec};

/// Parentheses that may be open at once.
pub(super) const NESTING: usize = 200;

/// A part of an expression.
#[derive(PartialEq)]
pub(super) enum Token {
    And,
    Or,
    Not,
    Implies,
    Iff,
    Open,
    Close,
    Atom(String),
}

/// The tree of an expression; `None` where Jenkins reports a syntax error, or for too many open parentheses.
pub(super) fn expression(text: &str) -> Option<Expr> {
    let tokens: Vec<Token> = tokens(text).ok()?.into_iter().map(|(token, _)| token).collect();
    let mut parser = Parser { tokens: tokens.into_iter(), open: 0 };
    let tree = parser.iff()?;
    parser.tokens.as_slice().is_empty().then_some(tree)
}

/// The tokens, each with where it begins; or where there is none.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, usize> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t']);
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        // No sign is the beginning of an atom or of another sign, so whichever fits is the longest match.
        let (token, length) = match rest.as_bytes() {
            [b'&', b'&', ..] => (Token::And, 2),
            [b'|', b'|', ..] => (Token::Or, 2),
            [b'!', ..] => (Token::Not, 1),
            [b'-', b'>', ..] => (Token::Implies, 2),
            [b'<', b'-', b'>', ..] => (Token::Iff, 3),
            [b'(', ..] => (Token::Open, 1),
            [b')', ..] => (Token::Close, 1),
            [b'"', ..] => {
                let length = string_length(rest).ok_or(at)?;
                (Token::Atom(unquote(&rest[..length])), length)
            }
            _ => {
                let length = atom_length(rest).ok_or(at)?;
                (Token::Atom(rest[..length].to_owned()), length)
            }
        };
        tokens.push((token, at));
        rest = rest[length..].trim_start_matches([' ', '\t']);
    }
    Ok(tokens)
}

/// The length of the atom that a text begins with, if it does. A `-` belongs to it, unless it is the one of `->`.
fn atom_length(text: &str) -> Option<usize> {
    let end = text.find(['&', '|', '!', '<', '>', '(', ')', ' ', '\t', '"', '\'']).unwrap_or(text.len());
    let arrow = text[end..].starts_with('>') && text[..end].ends_with('-');
    let length = if arrow { end - 1 } else { end };
    (length > 0).then_some(length)
}

/// The length of the string that a text begins with, quotes included; `None` if it does not end, or holds before its
/// end something that it may not hold.
fn string_length(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((index, c)) = chars.next() {
        match c {
            '"' => return Some(index + 1),
            '\r' | '\n' => return None,
            '\\' => {
                chars.next().filter(|(_, escaped)| "btnfr\"'\\".contains(*escaped))?;
            }
            _ => {}
        }
    }
    None
}

/// Takes away the quotes that the whole text stands in, and what they escaped (`QuotedStringTokenizer.unquote`); any
/// other text stays as it is. `\u`, with which Jenkins makes another character than the one meant, is a plain `u`.
pub(super) fn unquote(text: &str) -> String {
    let inner = ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    let Some(inner) = inner else { return text.to_owned() };
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        plain.extend(chars.next().map(|escaped| match escaped {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\u{c}',
            'b' => '\u{8}',
            other => other,
        }));
    }
    plain
}

struct Parser {
    tokens: vec::IntoIter<Token>,
    open: usize,
}

impl Parser {
    fn iff(&mut self) -> Option<Expr> {
        self.chain(&Token::Iff, Self::implies, Expr::Iff)
    }

    fn implies(&mut self) -> Option<Expr> {
        let condition = self.or()?;
        if !self.eat(&Token::Implies) {
            return Some(condition);
        }
        Some(Expr::Implies(Box::new(condition), Box::new(self.or()?)))
    }

    fn or(&mut self) -> Option<Expr> {
        self.chain(&Token::Or, Self::and, Expr::Or)
    }

    fn and(&mut self) -> Option<Expr> {
        self.chain(&Token::And, Self::unary, Expr::And)
    }

    fn unary(&mut self) -> Option<Expr> {
        if self.eat(&Token::Not) {
            return Some(Expr::Not(Box::new(self.primary()?)));
        }
        self.primary()
    }

    fn primary(&mut self) -> Option<Expr> {
        match self.tokens.next()? {
            Token::Atom(name) => Some(Expr::Atom(name)),
            Token::Open if self.open < NESTING => {
                self.open += 1;
                let inner = self.iff()?;
                self.open -= 1;
                self.eat(&Token::Close).then(|| Expr::Paren(Box::new(inner)))
            }
            _ => None,
        }
    }

    /// Parts with an operator between each two; a single part stays itself.
    fn chain(
        &mut self,
        operator: &Token,
        part: fn(&mut Self) -> Option<Expr>,
        make: fn(Vec<Expr>) -> Expr,
    ) -> Option<Expr> {
        let first = part(self)?;
        if self.tokens.as_slice().first() != Some(operator) {
            return Some(first);
        }
        let mut parts = vec![first];
        while self.eat(operator) {
            parts.push(part(self)?);
        }
        Some(make(parts))
    }

    fn eat(&mut self, token: &Token) -> bool {
        let there = self.tokens.as_slice().first() == Some(token);
        if there {
            self.tokens.next();
        }
        there
    }
}

/// The labels in a node's label string (`Label.parse`): split at white space; quotes of either kind group, also in the
/// middle of a word; a backslash takes their meaning from backslash, quotes and space, except at a word's beginning.
///
/// Left out, since the text alone does not tell it: since 2.421 Jenkins takes a whole string that some job asks
/// for as one atom (`foo bar`) for that atom.
pub fn node_labels(text: &str) -> BTreeSet<String> {
    let mut labels = BTreeSet::new();
    let mut word = String::new();
    let mut in_word = false;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (' ' | '\t' | '\r' | '\n', None) => {
                if mem::take(&mut in_word) {
                    labels.insert(mem::take(&mut word));
                }
                continue;
            }
            ('"' | '\'', None) => {
                quote = Some(c);
                // A quote that nothing follows begins no word.
                in_word |= !chars.as_str().is_empty();
                continue;
            }
            (_, Some(open)) if c == open => quote = None,
            ('\\', _) if in_word => match chars.next() {
                Some(escaped @ ('\\' | '"' | '\'' | ' ')) => word.push(escaped),
                Some(other) => word.extend(['\\', other]),
                None => {}
            },
            (_, _) => word.push(c),
        }
        in_word = true;
    }
    if in_word {
        labels.insert(word);
    }
    labels
}
