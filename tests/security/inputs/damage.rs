//! Ways to damage a text or a JSON value.

use super::Dice;
use serde_json::{Value, json};

/// Texts that stand for something, or that are hard to handle.
const ODD_TEXTS: [&str; 22] = [
    "",
    " ",
    "‘",
    "’",
    "; ",
    "+",
    "%",
    "%zz",
    "\"",
    "'",
    "\\",
    "\0",
    "\n",
    "\u{202e}",
    "é",
    "🦀",
    "-1",
    "true",
    "null",
    "trusty",
    "ubuntu+192.168.1.188",
    "mita retires this node: owner=ceph-ci server=x rule=idle",
];

/// The ends of what a time, a span of it and a number can be.
const TIMES: [&str; 4] =
    ["9999-12-30T22:00:00Z", "-009999-01-02T01:59:59Z", "1970-01-01T00:00:00Z", "2027-01-01T00:00:00.999999999Z"];
const SPANS: [&str; 5] = ["PT2562047788015215H", "-PT2562047788015215H", "PT0S", "PT24H", "-PT1S"];
const NUMBERS: [u64; 5] = [u64::MAX, i64::MAX as u64, u32::MAX as u64, 0, 1];

/// Damages a text in up to three places, by bytes; what is no text any more is made one again.
pub(super) fn text(text: &str, dice: &mut Dice) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len() + 1);
        let longest = if dice.below(4) == 0 { 200 } else { 4 };
        let length = 1 + dice.below(longest);
        let end = (at + length).min(bytes.len());
        match dice.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            3 if at < bytes.len() => bytes[at] = u8::try_from(dice.below(256)).expect("a byte"),
            4 => {
                let odd = dice.one(&ODD_TEXTS).bytes();
                bytes.splice(at..at, odd);
            }
            _ => {
                let odd = dice.one(&[
                    "{",
                    "}",
                    "[",
                    "]",
                    ",",
                    ":",
                    "=",
                    "#",
                    "\"\"\"",
                    "'''",
                    "1e999",
                    "9999999999999999999",
                ]);
                bytes.splice(at..at, odd.bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Damages up to four values within a value.
pub(super) fn value(value: &mut Value, dice: &mut Dice) {
    for _ in 0..=dice.below(4) {
        let count = size(value);
        let chosen = dice.below(count);
        damage_one(value, &mut chosen.clone(), dice);
    }
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(fields) => fields.values().map(size).sum::<usize>(),
        _ => 0,
    }
}

/// Damages the value of this number, counted from the outermost inwards.
fn damage_one(value: &mut Value, number: &mut usize, dice: &mut Dice) -> bool {
    if *number == 0 {
        replace(value, dice);
        return true;
    }
    *number -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| damage_one(item, number, dice)),
        Value::Object(fields) => fields.values_mut().any(|item| damage_one(item, number, dice)),
        _ => false,
    }
}

fn replace(value: &mut Value, dice: &mut Dice) {
    match (dice.below(8), &mut *value) {
        (0..=2, Value::Object(fields)) if !fields.is_empty() => {
            let key = fields.keys().nth(dice.below(fields.len())).expect("a key").clone();
            let removed = fields.remove(&key).expect("it is there");
            if dice.below(3) == 0 {
                fields.insert(dice.one(&ODD_TEXTS).to_owned(), removed);
            }
        }
        (0..=3, Value::Array(items)) if !items.is_empty() => {
            let (one, other) = (dice.below(items.len()), dice.below(items.len()));
            match dice.below(4) {
                0 => drop(items.remove(one)),
                1 => items.push(items[one].clone()),
                2 => items.swap(one, other),
                _ => items.truncate(one),
            }
        }
        // A time stays a time, so that it is read and counted with.
        (0..=5, Value::String(time)) if time.starts_with("PT") => *time = dice.one(&SPANS).to_owned(),
        (0..=5, Value::String(time)) if time.starts_with("2026-") => *time = dice.one(&TIMES).to_owned(),
        (0..=5, Value::Number(number)) => *number = NUMBERS[dice.below(NUMBERS.len())].into(),
        (0..=4, Value::String(inner)) => *inner = text(inner, dice),
        (0..=2, Value::Bool(flag)) => *flag = !*flag,
        _ => *value = odd(dice),
    }
}

fn odd(dice: &mut Dice) -> Value {
    match dice.below(9) {
        0 => Value::Null,
        1 => json!(dice.below(2) == 0),
        2 => json!([]),
        3 => json!({}),
        4 => json!(dice.one(&ODD_TEXTS)),
        5 => json!([0, -1, i64::MAX, i64::MIN, 253_402_207_200_000_i64, -377_705_023_201_000_i64][dice.below(6)]),
        6 => json!([u64::MAX, u64::from(u32::MAX), 1][dice.below(3)]),
        7 => json!([0.5, -1e300, 1e308][dice.below(3)]),
        _ => json!(dice.one(&TIMES)),
    }
}
