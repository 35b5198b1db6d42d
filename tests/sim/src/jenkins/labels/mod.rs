//! The simulator's own reading of Jenkins label expressions
//! (core/src/main/antlr4/hudson/model/labels/LabelExpression*.g4 and
//! jenkins/model/Jenkins.java getLabel). Written apart from the program under
//! test, so that the two cannot share a mistake.

pub(crate) mod known;

use crate::jenkins::names::bad_name;

/// A label as Jenkins keeps it: its stored name and what it means.
#[derive(Debug, Clone)]
pub struct Label {
    name: String,
    expr: Expr,
}

#[derive(Debug, Clone)]
enum Expr {
    Atom(String),
    Paren(Box<Expr>),
    Not(Box<Expr>),
    Op(Op, Box<Expr>, Box<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    And,
    Or,
    Implies,
    Iff,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Atom(String),
    Op(Op),
    Not,
    Open,
    Close,
}

impl Label {
    /// `Label.get`: the outer quotes are taken off, then the text is parsed;
    /// what cannot be parsed is one atom.
    pub fn get(text: &str) -> Label {
        let text = unquote(text);
        match parse(&text) {
            Some(expr) => Label {
                name: match &expr {
                    Expr::Atom(a) => a.clone(),
                    other => other.print(),
                },
                expr,
            },
            None => Label { name: text.clone(), expr: Expr::Atom(text) },
        }
    }

    /// The expression that a text is; `None` where it does not parse.
    pub fn parse(text: &str) -> Option<Label> {
        parse(text).map(|expr| Label { name: expr.print(), expr })
    }

    /// The label that is one atom of this very name.
    pub fn atom(name: &str) -> Label {
        Label { name: name.to_string(), expr: Expr::Atom(name.to_string()) }
    }

    /// The stored name, which is what `why` prints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its class, as the API names it.
    pub(crate) fn class(&self) -> &'static str {
        match self.expr {
            Expr::Atom(_) => "hudson.model.labels.LabelAtom",
            Expr::Paren(_) => "hudson.model.labels.LabelExpression$Paren",
            Expr::Not(_) => "hudson.model.labels.LabelExpression$Not",
            Expr::Op(Op::And, ..) => "hudson.model.labels.LabelExpression$And",
            Expr::Op(Op::Or, ..) => "hudson.model.labels.LabelExpression$Or",
            Expr::Op(Op::Implies, ..) => "hudson.model.labels.LabelExpression$Implies",
            Expr::Op(Op::Iff, ..) => "hudson.model.labels.LabelExpression$Iff",
        }
    }

    /// Whether it is one atom.
    pub fn is_atom(&self) -> bool {
        matches!(self.expr, Expr::Atom(_))
    }

    /// The names of its atoms, in the order in which they stand.
    pub fn atoms(&self) -> Vec<&str> {
        let mut atoms = Vec::new();
        self.expr.collect(&mut atoms);
        atoms
    }

    /// Whether a node with these labels fits. All operators are evaluated fully.
    pub fn matches(&self, has: &dyn Fn(&str) -> bool) -> bool {
        self.expr.eval(has)
    }
}

impl Expr {
    fn eval(&self, has: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Expr::Atom(a) => has(a),
            Expr::Paren(e) => e.eval(has),
            Expr::Not(e) => !e.eval(has),
            Expr::Op(op, l, r) => {
                let (l, r) = (l.eval(has), r.eval(has));
                match op {
                    Op::And => l && r,
                    Op::Or => l || r,
                    Op::Implies => !l || r,
                    Op::Iff => l == r,
                }
            }
        }
    }

    fn collect<'a>(&'a self, atoms: &mut Vec<&'a str>) {
        match self {
            Expr::Atom(a) => atoms.push(a),
            Expr::Paren(e) | Expr::Not(e) => e.collect(atoms),
            Expr::Op(_, l, r) => {
                l.collect(atoms);
                r.collect(atoms);
            }
        }
    }

    fn print(&self) -> String {
        match self {
            Expr::Atom(a) => escape(a),
            Expr::Paren(e) => format!("({})", e.print()),
            Expr::Not(e) => format!("!{}", e.print()),
            Expr::Op(op, l, r) => {
                let sign = match op {
                    Op::And => "&&",
                    Op::Or => "||",
                    Op::Implies => "->",
                    Op::Iff => "<->",
                };
                format!("{}{sign}{}", l.print(), r.print())
            }
        }
    }
}

/// `LabelAtom.escape`: quoted where the bare text would not be read back.
fn escape(atom: &str) -> String {
    let bare = bad_name(atom).is_none() && !atom.contains([' ', '\t', '\n', '(', ')']);
    if bare {
        return atom.to_string();
    }
    let mut out = String::from("\"");
    for c in atom.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{c}' => out.push_str("\\f"),
            '\u{8}' => out.push_str("\\b"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `AbstractProject.getAssignedLabelString`: the text as typed, or one quoted
/// atom where it does not parse.
pub fn as_expression(text: &str) -> String {
    if parse(text).is_some() { text.to_string() } else { escape(text) }
}

/// `QuotedStringTokenizer.unquote`: only a pair that encloses the whole text.
pub(crate) fn unquote(text: &str) -> String {
    let mut chars = text.chars();
    let (Some(first), Some(last)) = (chars.next(), chars.next_back()) else {
        return text.to_string();
    };
    if first != last || (first != '"' && first != '\'') {
        return text.to_string();
    }
    let mut out = String::new();
    let mut escaped = false;
    for c in chars {
        if escaped {
            escaped = false;
            out.push(unescape(c));
        } else if c == '\\' {
            escaped = true;
        } else {
            out.push(c);
        }
    }
    out
}

fn unescape(c: char) -> char {
    match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'f' => '\u{c}',
        'b' => '\u{8}',
        other => other,
    }
}

/// How deep parentheses and negations may nest here; deeper text is one atom.
const MAX_DEPTH: usize = 300;

fn parse(text: &str) -> Option<Expr> {
    let tokens = lex(text)?;
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let expr = parser.iff()?;
    (parser.at == parser.tokens.len()).then_some(expr)
}

fn lex(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let fixed = [
            ("<->", Token::Op(Op::Iff)),
            ("->", Token::Op(Op::Implies)),
            ("&&", Token::Op(Op::And)),
            ("||", Token::Op(Op::Or)),
            ("!", Token::Not),
            ("(", Token::Open),
            (")", Token::Close),
        ];
        if let Some((sign, token)) = fixed.into_iter().find(|(s, _)| rest.starts_with(s)) {
            tokens.push(token);
            rest = &rest[sign.len()..];
        } else if c == ' ' || c == '\t' {
            rest = &rest[1..];
        } else if c == '"' {
            let (atom, after) = quoted(&rest[1..])?;
            tokens.push(Token::Atom(atom));
            rest = after;
        } else {
            let end = atom_end(rest);
            if end == 0 {
                return None;
            }
            tokens.push(Token::Atom(rest[..end].to_string()));
            rest = &rest[end..];
        }
    }
    Some(tokens)
}

fn atom_end(text: &str) -> usize {
    text.char_indices()
        .find(|&(i, c)| "&|!<>() \t\"'".contains(c) || (c == '-' && text[i + 1..].starts_with('>')))
        .map_or(text.len(), |(i, _)| i)
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Some((out, &text[i + 1..])),
            '\r' | '\n' => return None,
            '\\' => {
                let (_, e) = chars.next()?;
                if !"btnfr\"'\\".contains(e) {
                    return None;
                }
                out.push(unescape(e));
            }
            c => out.push(c),
        }
    }
    None
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn take(&mut self, token: &Token) -> bool {
        let hit = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(hit);
        hit
    }

    fn iff(&mut self) -> Option<Expr> {
        let mut left = self.implies()?;
        while self.take(&Token::Op(Op::Iff)) {
            left = Expr::Op(Op::Iff, Box::new(left), Box::new(self.implies()?));
        }
        Some(left)
    }

    fn implies(&mut self) -> Option<Expr> {
        let left = self.or()?;
        if self.take(&Token::Op(Op::Implies)) {
            let right = self.or()?;
            return Some(Expr::Op(Op::Implies, Box::new(left), Box::new(right)));
        }
        Some(left)
    }

    fn or(&mut self) -> Option<Expr> {
        let mut left = self.and()?;
        while self.take(&Token::Op(Op::Or)) {
            left = Expr::Op(Op::Or, Box::new(left), Box::new(self.and()?));
        }
        Some(left)
    }

    fn and(&mut self) -> Option<Expr> {
        let mut left = self.unary()?;
        while self.take(&Token::Op(Op::And)) {
            left = Expr::Op(Op::And, Box::new(left), Box::new(self.unary()?));
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Expr> {
        if self.take(&Token::Not) {
            return Some(Expr::Not(Box::new(self.primary()?)));
        }
        self.primary()
    }

    fn primary(&mut self) -> Option<Expr> {
        if self.take(&Token::Open) {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return None;
            }
            let inner = self.iff()?;
            self.depth -= 1;
            return self.take(&Token::Close).then(|| Expr::Paren(Box::new(inner)));
        }
        let Some(Token::Atom(name)) = self.tokens.get(self.at) else {
            return None;
        };
        let atom = Expr::Atom(name.clone());
        self.at += 1;
        Some(atom)
    }
}

/// A node's label string, split as `Label.parse` splits it: at white space,
/// with quotes that group and backslashes that escape.
pub fn split(text: &str) -> Vec<String> {
    let mut labels = Vec::new();
    let mut current: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', _) if chars.peek().is_some_and(|n| "\\\"' ".contains(*n)) => {
                current.get_or_insert_default().extend(chars.next());
            }
            (c, Some(q)) if c == q => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                current.get_or_insert_default();
            }
            (' ' | '\t' | '\r' | '\n', None) => labels.extend(current.take()),
            (c, _) => current.get_or_insert_default().push(c),
        }
    }
    labels.extend(current);
    labels
}
