//! As much of JSON Schema (draft 2020-12) as the documents' schemas use. A keyword that is not known here fails, so that
//! no schema says something which nobody checks.

use crate::view::schemas;
use serde::Serialize;
use serde_json::Value;
use std::fs;
use std::net::IpAddr;

/// A document, as programs read it.
pub(crate) fn json(document: &impl Serialize) -> Value {
    serde_json::to_value(document).unwrap()
}

#[track_caller]
pub(crate) fn assert_conforms(name: &str, document: &impl Serialize) {
    assert_eq!(faults(name, &json(document)), [""; 0]);
}

/// Everything in the document that its schema, `tests/schemas/NAME.json`, does not allow.
pub(crate) fn faults(name: &str, document: &Value) -> Vec<String> {
    faults_of(&read(name), document)
}

/// Everything in the document that this schema does not allow.
pub(crate) fn faults_of(schema: &Value, document: &Value) -> Vec<String> {
    let mut check = Check { root: schema, faults: Vec::new() };
    check.value(schema, document, "document");
    check.faults
}

fn read(name: &str) -> Value {
    let path = format!("{}/tests/schemas/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

struct Check<'s> {
    root: &'s Value,
    faults: Vec<String>,
}

impl Check<'_> {
    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        if *schema == Value::Bool(true) {
            return;
        }
        for (keyword, rule) in schema.as_object().unwrap() {
            let holds = match keyword.as_str() {
                "$schema" | "$defs" | "title" | "description" => true,
                "$ref" => {
                    let target = rule.as_str().and_then(|path| path.strip_prefix('#')).unwrap();
                    self.value(self.root.pointer(target).unwrap(), value, at);
                    true
                }
                "type" => match rule {
                    Value::Array(names) => names.iter().any(|name| is_of_type(name, value)),
                    name => is_of_type(name, value),
                },
                "const" => rule == value,
                "enum" => rule.as_array().unwrap().contains(value),
                "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap()),
                "pattern" => {
                    let pattern = regex_lite::Regex::new(rule.as_str().unwrap()).unwrap();
                    value.as_str().is_none_or(|text| pattern.is_match(text))
                }
                "maximum" => value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap()),
                "allOf" => {
                    rule.as_array().unwrap().iter().for_each(|schema| self.value(schema, value, at));
                    true
                }
                "format" => match rule.as_str() {
                    Some("date-time") => is_time(value),
                    Some("ip") => value.as_str().is_some_and(|text| text.parse::<IpAddr>().is_ok()),
                    unknown => panic!("{at}: the format {unknown:?} is not known here"),
                },
                "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
                "anyOf" | "oneOf" => {
                    let fits = rule.as_array().unwrap().iter().filter(|option| self.fits(option, value, at)).count();
                    fits == 1 || keyword == "anyOf" && fits > 1
                }
                "not" => !self.fits(rule, value, at),
                "required" => {
                    let missing = |name: &&Value| value.get(name.as_str().unwrap()).is_none();
                    !value.is_object() || !rule.as_array().unwrap().iter().any(|name| missing(&name))
                }
                "properties" => {
                    for (name, schema) in rule.as_object().unwrap() {
                        if let Some(inner) = value.get(name) {
                            self.value(schema, inner, &format!("{at}.{name}"));
                        }
                    }
                    true
                }
                "additionalProperties" => {
                    let known = |key: &str| schema.get("properties").is_some_and(|known| known.get(key).is_some());
                    let mut more = value.as_object().into_iter().flatten().filter(|(key, _)| !known(key));
                    match rule {
                        Value::Bool(allowed) => *allowed || more.next().is_none(),
                        schema => {
                            more.for_each(|(key, inner)| self.value(schema, inner, &format!("{at}.{key}")));
                            true
                        }
                    }
                }
                "items" => {
                    for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
                        self.value(rule, inner, &format!("{at}[{index}]"));
                    }
                    true
                }
                unknown => panic!("{at}: the keyword {unknown} is not known here"),
            };
            if !holds {
                self.faults.push(format!("{at}: {value} does not have {keyword} {rule}"));
            }
        }
    }

    fn fits(&self, schema: &Value, value: &Value, at: &str) -> bool {
        let mut check = Check { root: self.root, faults: Vec::new() };
        check.value(schema, value, at);
        check.faults.is_empty()
    }
}

fn is_of_type(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        unknown => panic!("the type {unknown} is not known here"),
    }
}

/// Whole seconds, in UTC.
fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == 20 && text.parse::<jiff::Timestamp>().is_ok())
}

#[test]
fn a_document_that_breaks_its_schema_is_found_out() {
    let good = serde_json::json!({
        "version": 1, "file": "mita.toml", "ok": true, "node_types": 2, "providers": 1, "errors": [], "warnings": [],
    });
    assert_eq!(faults("check", &good), [""; 0]);
    for (key, value) in [("version", 2.into()), ("ok", "yes".into()), ("node_types", (-1).into()), ("more", 1.into())] {
        let mut bad = good.clone();
        bad[key] = value;
        assert_eq!(faults("check", &bad).len(), 1, "{key}");
    }
    let mut short = good;
    short.as_object_mut().unwrap().remove("ok");
    assert_eq!(faults("check", &short).len(), 1);
}

#[test]
fn the_schemas_in_the_tree_are_those_of_the_types() {
    let folder = format!("{}/tests/schemas", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let of_types: Vec<String> = schemas().iter().map(|(name, _)| format!("{name}.json")).collect();
    assert_eq!(files, of_types);
    for (name, schema) in schemas() {
        let cure = "cargo run --example package, then cp target/package/schemas/*.json tests/schemas/";
        assert!(read(name) == *schema.as_value(), "the schema {name} is out of date: {cure}");
    }
}
