//! What is wrong with a label expression that a person types. Jenkins takes such a text for one label, and says so nowhere.

use super::parse::{Token, expression, tokens, unquote};

/// Why a text is no label expression, and at which character; `None` for one that Jenkins can read.
pub(super) fn mistake(text: &str) -> Option<String> {
    let text = unquote(text);
    if expression(&text).is_some() {
        return None;
    }
    let number = |at: usize| text[..at].chars().count() + 1;
    let sign = |at: usize| {
        let end = text[at..].find([' ', '\t']).map_or(text.len(), |length| at + length);
        format!("{:?} at character {}", &text[at..end], number(at))
    };
    let tokens = match tokens(&text) {
        Ok(tokens) => tokens,
        Err(at) if text[at..].starts_with('"') => {
            return Some(format!("the quote at character {} is not closed", number(at)));
        }
        Err(at) => return Some(format!("{} is neither a label nor an operator", sign(at))),
    };
    let mut open = Vec::new();
    let mut last = None;
    // A label or what stands for one comes next, and not an operator.
    let mut wants_label = true;
    for (token, at) in &tokens {
        match (token, wants_label) {
            (Token::Atom(_), true) => wants_label = false,
            (Token::Open, true) => open.push(*at),
            (Token::Not, true) if last != Some(&Token::Not) => {}
            (Token::Close, false) if open.pop().is_some() => {}
            (Token::Close, false) => return Some(format!("{} closes no parenthesis", sign(*at))),
            (Token::And | Token::Or | Token::Implies | Token::Iff, false) => wants_label = true,
            (Token::Atom(_) | Token::Open | Token::Not, false) => {
                return Some(format!("there is no operator such as && before {}", sign(*at)));
            }
            (_, true) => return Some(format!("there is no label before {}", sign(*at))),
        }
        last = Some(token);
    }
    Some(match (wants_label, open.first()) {
        (true, _) => format!(
            "it is incomplete: a label is missing at its end, after character {}",
            text.trim_end().chars().count()
        ),
        (false, Some(at)) => format!("it is incomplete: the parenthesis at character {} is not closed", number(*at)),
        (false, None) => "Jenkins cannot read it as an expression".to_owned(),
    })
}
