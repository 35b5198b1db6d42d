//! The test table of Jenkins' own parser tests, and properties.

use crate::domain::label::*;
use proptest::collection::vec;
use proptest::prelude::*;

impl Expr {
    /// The tree with every operator's operands in parentheses and atoms in angle brackets.
    fn shape(&self) -> String {
        let from_left = |parts: &[Self], operator: &str| {
            let shapes = parts.iter().map(Self::shape);
            shapes.reduce(|left, right| format!("({left} {operator} {right})")).unwrap()
        };
        match self {
            Self::Atom(name) => format!("⟨{name}⟩"),
            Self::Paren(inner) => inner.shape(),
            Self::Not(inner) => format!("(!{})", inner.shape()),
            Self::And(parts) => from_left(parts, "&&"),
            Self::Or(parts) => from_left(parts, "||"),
            Self::Implies(left, right) => format!("({} -> {})", left.shape(), right.shape()),
            Self::Iff(parts) => from_left(parts, "<->"),
        }
    }
}

fn label(text: &str) -> Label {
    Label::from_jenkins(text)
}

#[test]
fn expressions_are_read_and_printed_as_jenkins_does() {
    for (text, shape, name) in [
        ("foo", "⟨foo⟩", "foo"),
        ("32bit.dot", "⟨32bit.dot⟩", "32bit.dot"),
        ("foo || bar", "(⟨foo⟩ || ⟨bar⟩)", "foo||bar"),
        ("foo||bar&&zot", "(⟨foo⟩ || (⟨bar⟩ && ⟨zot⟩))", "foo||bar&&zot"),
        ("foo||(bar&&zot)", "(⟨foo⟩ || (⟨bar⟩ && ⟨zot⟩))", "foo||(bar&&zot)"),
        ("  ( foo || bar )  && zot", "((⟨foo⟩ || ⟨bar⟩) && ⟨zot⟩)", "(foo||bar)&&zot"),
        ("foo&&bar||zot", "((⟨foo⟩ && ⟨bar⟩) || ⟨zot⟩)", "foo&&bar||zot"),
        ("aaa&&bbb&&ccc", "((⟨aaa⟩ && ⟨bbb⟩) && ⟨ccc⟩)", "aaa&&bbb&&ccc"),
        ("!foo <-> bar", "((!⟨foo⟩) <-> ⟨bar⟩)", "!foo<->bar"),
        ("!a&&b", "((!⟨a⟩) && ⟨b⟩)", "!a&&b"),
        ("!(a&&b)", "(!(⟨a⟩ && ⟨b⟩))", "!(a&&b)"),
        ("!(!a)", "(!(!⟨a⟩))", "!(!a)"),
        ("foo ->\tbar", "(⟨foo⟩ -> ⟨bar⟩)", "foo->bar"),
        ("a->b", "(⟨a⟩ -> ⟨b⟩)", "a->b"),
        ("a-->b", "(⟨a-⟩ -> ⟨b⟩)", "a-->b"),
        ("a->-b", "(⟨a⟩ -> ⟨-b⟩)", "a->-b"),
        ("a->b<->c->d", "((⟨a⟩ -> ⟨b⟩) <-> (⟨c⟩ -> ⟨d⟩))", "a->b<->c->d"),
        ("a<->b<->c", "((⟨a⟩ <-> ⟨b⟩) <-> ⟨c⟩)", "a<->b<->c"),
        ("a||b->c&&d", "((⟨a⟩ || ⟨b⟩) -> (⟨c⟩ && ⟨d⟩))", "a||b->c&&d"),
        ("\"abc def\"", "⟨abc def⟩", "abc def"),
        ("'abc def'", "⟨abc def⟩", "abc def"),
        ("linux && \"abc def\"", "(⟨linux⟩ && ⟨abc def⟩)", "linux&&\"abc def\""),
        ("\"a b\"&&\"c d\"", "⟨a b\"&&\"c d⟩", "a b\"&&\"c d"),
        ("\"label1||label2\"", "(⟨label1⟩ || ⟨label2⟩)", "label1||label2"),
        (r#""abc\\\"def""#, r#"⟨abc\"def⟩"#, r#"abc\"def"#),
        ("linux && host:1", "(⟨linux⟩ && ⟨host:1⟩)", "linux&&\"host:1\""),
        ("linux && \"plain\"", "(⟨linux⟩ && ⟨plain⟩)", "linux&&plain"),
        ("linux && end.", "(⟨linux⟩ && ⟨end.⟩)", "linux&&\"end.\""),
        ("(foo)", "⟨foo⟩", "(foo)"),
        ("linux ", "⟨linux⟩", "linux"),
        (r#"a && "\b\t\n\f\r\"\'\\""#, "(⟨a⟩ && ⟨\u{8}\t\n\u{c}\r\"'\\⟩)", r#"a&&"\b\t\n\f\r\"'\\""#),
    ] {
        let label = label(text);
        assert_eq!((label.0.tree.shape().as_str(), label.to_string().as_str()), (shape, name), "{text:?}");
    }
}

#[test]
fn text_that_does_not_parse_is_one_atom() {
    let texts = [
        "!!a",
        "a->b->c",
        "foo bar",
        "foo (bar)",
        "foo(bar)",
        "a <- b",
        "a -< b",
        "a - b",
        "->",
        "-<",
        "-!",
        "a & b",
        "a&&",
        "()",
        "linux && 'x'",
        "",
        "lucene.zones.apache.org (Solaris 10)",
        "a &&\n b",
        "&&a",
        "a | b",
        "a > b",
        "(a",
        "a)",
        "a \"b",
        r#"a && "\x""#,
        "a && \"x\ny\"",
        "a\"b\"",
        "\"",
        "'",
        " ",
    ];
    for text in texts {
        assert_eq!(label(text), Label::atom(text), "{text:?}");
        assert_eq!(label(text).to_string(), text);
    }
}

#[test]
fn names_with_dashes_pluses_and_commas_are_one_atom() {
    let names = [
        "--a----b-c-",
        "-",
        "--",
        "-1",
        "-abc-",
        "solaris-x86",
        "ubuntu+192.168.1.188",
        "a,b",
        "x=y",
        "a;b",
        "a\\b",
        "é",
    ];
    for name in names {
        // In an expression, where an unparsable text would not pass for an atom.
        assert_eq!(label(&format!("{name} && b")).0.tree.shape(), format!("(⟨{name}⟩ && ⟨b⟩)"));
        assert_eq!(label(name).to_string(), name);
    }
}

#[test]
fn joined_labels_keep_their_meaning() {
    let join = |left, right| Label::and(label(left), label(right)).to_string();
    assert_eq!(join("a", "b"), "a&&b");
    assert_eq!(join("a&&b", "c&&!d"), "a&&b&&c&&!d");
    assert_eq!(join("a||b", "c->d"), "(a||b)&&(c->d)");
    assert_eq!(join("(a||b)", "c<->d"), "(a||b)&&(c<->d)");
    assert_eq!(Label::and(Label::atom("a||b"), Label::atom("c d")).to_string(), "\"a||b\"&&\"c d\"");
}

#[test]
fn names_are_compared_exactly() {
    let has = |name: &str| name == "Linux";
    assert!(label("Linux").matches(has));
    assert!(!label("linux").matches(has));
    assert!(label("!linux && Linux").matches(has));
}

#[test]
fn atoms_are_listed_once_each() {
    let label = label("b && (a || !b) -> \"c d\" <-> a");
    assert_eq!(Vec::from_iter(label.atoms()), ["a", "b", "c d"]);
}

#[test]
fn deep_text_is_one_atom_and_the_deepest_expression_is_safe() {
    for (open, close) in [("(", ")"), ("!(", ")"), ("(a||b&&!", ")"), ("((", ")"), ("a->(", "")] {
        let text = format!("{}x{}", open.repeat(500_000), close.repeat(500_000));
        assert_eq!(label(&text), Label::atom(text));
    }
    let nested = |depth| format!("{}x{}", "a<->b->c||d&&!(".repeat(depth), ")".repeat(depth));
    assert_eq!(label(&nested(201)), Label::atom(nested(201)));
    let deepest = label(&nested(200));
    assert_eq!(deepest.atoms().len(), 5);
    assert!(deepest.matches(|name| name != "d"));
    assert!(format!("{:?}", deepest.clone()).len() > 2_000);
    assert_eq!(label(&deepest.to_string()), deepest);
}

#[test]
fn parentheses_side_by_side_are_not_deep() {
    let text = ["(a)"; 300].join("&&");
    assert_eq!(Vec::from_iter(label(&text).atoms()), ["a"]);
}

#[test]
fn l5_an_expression_that_nobody_writes_by_hand_is_not_read() {
    let chain = |atoms| vec!["a"; atoms].join("||");
    assert!(Label::bounded(&chain(1_000)).is_some());
    assert_eq!(Label::bounded(&chain(1_001)), None);
    assert!(Label::bounded(&"x".repeat(65_536)).is_some());
    assert_eq!(Label::bounded(&"x".repeat(65_537)), None);
}

#[test]
fn what_a_project_exports_loses_the_quotes_that_jenkins_added() {
    for (exported, own) in [
        ("amd64", "amd64"),
        ("a||b", "a||b"),
        ("\"a b\"", "a b"),
        ("\"'a||b'\"", "a||b"),
        (r#""\"a\\qb\"""#, "aqb"),
        ("a&&\"b c\"", "a&&\"b c\""),
        ("\u{a0}a", "\u{a0}a"),
        ("a;b", "a;b"),
    ] {
        assert_eq!(Label::from_project(exported), Some(label(own)), "{exported}");
    }
    assert_eq!(label(&format!("{}a{}", "(".repeat(150), ")".repeat(150))).atoms().len(), 1);
}

#[test]
fn a_long_chain_is_safe() {
    let text = ["a"; 300_000].join("<->");
    let chain = label(&text);
    assert_eq!(chain.to_string(), text);
    assert_eq!(chain.clone(), chain);
    assert!(chain.matches(|_| false));
}

#[test]
fn labels_are_stored_so_that_they_read_back() {
    let stored = |label: &Label| serde_json::to_value(label).unwrap().as_str().unwrap().to_owned();
    for (label, text) in [
        (label("a && (b || c)"), "a&&(b||c)"),
        (Label::atom("foo bar"), "foo bar"),
        (Label::atom(" foo bar"), " foo bar"),
        (Label::atom("a||b"), " \"a||b\""),
        (Label::atom("'a'"), " \"'a'\""),
        (label(" \"a b\"&&\"c d\""), " \"a b\"&&\"c d\""),
        (label("a&&\"it's\""), " a&&\"it's\""),
    ] {
        assert_eq!(stored(&label), text);
        assert_eq!(serde_json::from_value::<Label>(text.into()).unwrap(), label, "{text:?}");
    }
}

#[test]
fn a_label_string_of_a_node_is_split_at_white_space_and_grouped_by_quotes() {
    for (text, labels) in [
        ("", vec![]),
        (" one  two\tthree\r\none ", vec!["one", "three", "two"]),
        ("foo \"bar zot\" 'a b'", vec!["a b", "bar zot", "foo"]),
        ("foo bar=\"quote zot\"x", vec!["bar=quote zotx", "foo"]),
        (r#"foo\" b\ c d\\ e\w f\"#, vec!["b c", "d\\", "e\\w", "f", "foo\""]),
        (r#""a\"b c\d" 'it\'s'"#, vec!["a\"b c\\d", "it's"]),
        ("\\\"a b\"", vec!["\\a b"]),
        ("a \"", vec!["a"]),
        ("a \"b c", vec!["a", "b c"]),
        ("a||b amd64&&x", vec!["amd64&&x", "a||b"]),
    ] {
        assert_eq!(Vec::from_iter(node_labels(text)), labels, "{text:?}");
    }
}

/// Names of atoms: plain ones, and all kinds of nasty ones.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-d]", 2 => "[a-z0-9_.+=,-]{1,6}", 2 => r#"[a-b &|!<>()'"\\;:.\t\n\r-]{0,6}"#, 1 => any::<String>()]
}

/// Any tree that the grammar can give.
fn tree(name: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Label> {
    fn chain(
        part: impl Strategy<Value = Expr> + 'static,
        make: fn(Vec<Expr>) -> Expr,
    ) -> impl Strategy<Value = Expr> + Clone {
        vec(part, 1..=3).prop_map(move |mut parts| if parts.len() == 1 { parts.remove(0) } else { make(parts) }).boxed()
    }
    let expr = name.prop_map(Expr::Atom).prop_recursive(2, 20, 4, |inner| {
        let primary = prop_oneof![
            inner.clone().prop_map(|expr| Expr::Paren(Box::new(expr))),
            inner.prop_map(|expr| if let Expr::Atom(_) = expr { expr } else { Expr::Paren(Box::new(expr)) }),
        ];
        let negation = (any::<bool>(), primary);
        let unary = negation.prop_map(|(not, expr)| if not { Expr::Not(Box::new(expr)) } else { expr });
        let or = chain(chain(unary, Expr::And), Expr::Or);
        let implies = (or.clone(), or.clone()).prop_map(|(a, b)| Expr::Implies(Box::new(a), Box::new(b)));
        chain(prop_oneof![3 => or, 1 => implies], Expr::Iff)
    });
    expr.prop_map(Label::from)
}

/// Any expression but those whose name Jenkins itself does not read back: quotes at both ends, quotes within an atom.
fn printed_readably() -> impl Strategy<Value = Label> {
    let name = "[a-d]|[a-z0-9_.+=,-]{1,6}|[a-z]{0,2}[ :;&|()\\\\\t\n>-]{1,3}[a-z]?";
    tree(name.prop_map(String::from)).prop_filter("not read back", |label| {
        let text = label.to_string();
        let lone = matches!(label.0.tree, Expr::Atom(_));
        let in_quotes = text.starts_with('"') && text.ends_with('"');
        !lone && !in_quotes
    })
}

/// The value of an expression over the atoms a to d, worked out on its text: innermost parentheses first, then
/// operator by operator.
fn value_of_text(text: &str, truth: [bool; 4]) -> bool {
    let digit = |value: bool| if value { "1" } else { "0" };
    let mut text = text.to_owned();
    for (name, value) in ["a", "b", "c", "d"].into_iter().zip(truth) {
        text = text.replace(name, digit(value));
    }
    let flat = |text: &str| {
        let mut text = text.replace("!0", "T").replace("!1", "0").replace('T', "1");
        for (operator, rows) in [("&&", "0001"), ("||", "0111"), ("->", "1101"), ("<->", "1001")] {
            // A digit must stand before the operator: the `->` within `<->` is none.
            while let Some(at) =
                (1..text.len()).find(|&at| text[at..].starts_with(operator) && text[..at].ends_with(['0', '1']))
            {
                let (left, right) = (&text[at - 1..at], &text[at + operator.len()..=at + operator.len()]);
                let row = usize::from(left == "1") * 2 + usize::from(right == "1");
                text.replace_range(at - 1..=at + operator.len(), &rows[row..=row]);
            }
        }
        text
    };
    while let Some(close) = text.find(')') {
        let open = text[..close].rfind('(').unwrap();
        let value = flat(&text[open + 1..close]);
        text.replace_range(open..=close, &value);
    }
    flat(&text) == "1"
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(label in printed_readably()) {
        prop_assert_eq!(Label::from_jenkins(&label.to_string()), label);
    }

    #[test]
    fn what_is_stored_reads_back(label in tree(name())) {
        let json = serde_json::to_string(&label).unwrap();
        prop_assert_eq!(serde_json::from_str::<Label>(&json).unwrap(), label);
    }

    #[test]
    fn a_match_agrees_with_the_truth_table(label in tree("[a-d]")) {
        for row in 0..16_u8 {
            let truth = [0, 1, 2, 3].map(|bit| row >> bit & 1 == 1);
            let has = |name: &str| truth[usize::from(name.as_bytes()[0] - b'a')];
            prop_assert_eq!(label.matches(has), value_of_text(&label.to_string(), truth), "{}: {:?}", label, truth);
        }
    }

    #[test]
    fn all_candidates_are_selected_at_once_as_each_alone_would_be(label in tree("[a-d]")) {
        // More than one word of bits, and not a whole number of them.
        let row = |number: usize| ["a", "b", "c", "d"].into_iter().enumerate().filter(move |(bit, _)| number >> bit & 1 == 1);
        let carriers = Carriers::new((0..70).map(|number| row(number).map(|(_, name)| name)));
        let selected = carriers.select(&label);
        for number in 0..70 {
            let alone = label.matches(|atom| row(number).any(|(_, name)| name == atom));
            prop_assert_eq!(selected.contains(number), alone, "{}: {}", label, number);
        }
        prop_assert!(!selected.contains(70) && !selected.contains(1_000));
    }

    #[test]
    fn any_text_is_read_and_what_is_stored_of_it_reads_back(
        text in prop_oneof![any::<String>(), r#"[ab &|!<>()'"\\\t-]{0,20}"#],
    ) {
        let label = label(&text);
        prop_assert_eq!(serde_json::from_value::<Label>(serde_json::to_value(&label).unwrap()).unwrap(), label);
        node_labels(&text);
    }
}

#[test]
fn the_alternate_form_has_blanks_around_its_operators() {
    let label = Label::from_jenkins("linux&&(a||\"b c\")->!d");
    assert_eq!(format!("{label:#}"), "linux && (a || \"b c\") -> !d");
    assert_eq!(Label::from_jenkins(&format!("{label:#}")), label);
}

#[test]
fn what_is_wrong_with_an_expression_is_said_with_its_place() {
    for (text, said) in [
        ("amd64 &&", "it is incomplete: a label is missing at its end, after character 8"),
        ("amd64 && !", "it is incomplete: a label is missing at its end, after character 10"),
        ("(amd64 || arm64", "it is incomplete: the parenthesis at character 1 is not closed"),
        ("amd64 && || trusty", "there is no label before \"||\" at character 10"),
        ("&& amd64", "there is no label before \"&&\" at character 1"),
        ("größe amd64", "there is no operator such as && before \"amd64\" at character 7"),
        ("amd64)", "\")\" at character 6 closes no parenthesis"),
        ("größe & trusty", "\"&\" at character 7 is neither a label nor an operator"),
        ("amd64 && \"trusty", "the quote at character 10 is not closed"),
        ("a -> b -> c", "Jenkins cannot read it as an expression"),
    ] {
        assert_eq!(Label::mistake(text).as_deref(), Some(said), "{text}");
    }
    for right in ["amd64", "amd64 && !(trusty || \"a b\")", "ubuntu+10.0.0.5", "'a && b'"] {
        assert_eq!(Label::mistake(right), None, "{right}");
    }
}
