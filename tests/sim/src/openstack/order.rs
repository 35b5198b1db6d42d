//! The fields of an order for a server, checked as Nova's schema checks them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::codec::base64_decode;
use crate::http::Response;
use crate::openstack::answers::{bad_request, fault, python};

/// The longest user data, encoded.
const MAX_USER_DATA: usize = 65_535;

/// The answer to an order that is refused.
pub(super) type Refused = Box<Response>;

pub(super) fn refuse(message: &str) -> Refused {
    Box::new(bad_request(message))
}

pub(super) fn check_keys(order: &Map<String, Value>, minor: u32) -> Result<(), Refused> {
    const ALWAYS: [&str; 21] = [
        "name",
        "imageRef",
        "flavorRef",
        "adminPass",
        "metadata",
        "networks",
        "OS-DCF:diskConfig",
        "accessIPv4",
        "accessIPv6",
        "personality",
        "availability_zone",
        "block_device_mapping",
        "block_device_mapping_v2",
        "config_drive",
        "min_count",
        "max_count",
        "return_reservation_id",
        "security_groups",
        "user_data",
        "key_name",
        "host",
    ];
    let whole = || python(&Value::Object(order.clone()));
    for required in ["name", "flavorRef"] {
        if !order.contains_key(required) {
            let text = format!(
                "Invalid input for field/attribute server. Value: {}. '{required}' is a required property",
                whole()
            );
            return Err(refuse(&text));
        }
    }
    for key in order.keys() {
        let known = ALWAYS.contains(&key.as_str())
            || (key == "tags" && minor >= 52)
            || (key == "description" && minor >= 19)
            || (key == "hostname" && minor >= 90);
        if !known {
            return Err(refuse(&format!(
                "Invalid input for field/attribute server. Value: {}. Additional properties are not allowed ('{key}' was unexpected)",
                whole()
            )));
        }
    }
    match order.get("networks") {
        None if minor >= 37 => Err(refuse(&format!(
            "Invalid input for field/attribute server. Value: {}. 'networks' is a required property",
            whole()
        ))),
        Some(Value::String(text)) if minor < 37 => Err(refuse(&format!(
            "Invalid input for field/attribute networks. Value: {text}. '{text}' is not of type 'array'"
        ))),
        _ => Ok(()),
    }
}

pub(super) fn checked_text(order: &Map<String, Value>, key: &str, max: usize) -> Result<String, Refused> {
    let prefix = format!("Invalid input for field/attribute {key}. Value: ");
    match &order[key] {
        Value::String(s) if s.trim().is_empty() => Err(refuse(&format!("{prefix}{s}. '{s}' is too short"))),
        Value::String(s) if s.chars().count() > max => Err(refuse(&format!("{prefix}{s}. '{s}' is too long"))),
        Value::String(s) => Ok(s.clone()),
        other => Err(refuse(&format!("{prefix}{0}. {0} is not of type 'string'", python(other)))),
    }
}

pub(super) fn optional_text(order: &Map<String, Value>, key: &str) -> Result<Option<String>, Refused> {
    match order.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => checked_text(order, key, 255).map(Some),
    }
}

pub(super) fn checked_metadata(given: Option<&Value>) -> Result<BTreeMap<String, String>, Refused> {
    let mut metadata = BTreeMap::new();
    for (key, value) in given.and_then(Value::as_object).into_iter().flatten() {
        let prefix = format!("Invalid input for field/attribute {key}. Value: ");
        let good_key = !key.is_empty()
            && key.len() <= 255
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_:. ".contains(c));
        if !good_key {
            return Err(refuse(&format!(
                "Invalid input for field/attribute metadata. Value: {}. '{key}' does not match any of the regexes: '^[a-zA-Z0-9-_:. ]{{1,255}}$'",
                python(given.unwrap_or(&Value::Null))
            )));
        }
        match value {
            Value::String(s) if s.chars().count() > 255 => {
                return Err(refuse(&format!("{prefix}{s}. '{s}' is too long")));
            }
            Value::String(s) => metadata.insert(key.clone(), s.clone()),
            other => return Err(refuse(&format!("{prefix}{0}. {0} is not of type 'string'", python(other)))),
        };
    }
    if metadata.len() > 128 {
        return Err(Box::new(fault(403, "forbidden", "Quota exceeded for metadata_items.")));
    }
    Ok(metadata)
}

pub(super) fn checked_user_data(given: Option<&Value>) -> Result<Option<Vec<u8>>, Refused> {
    let prefix = "Invalid input for field/attribute user_data. Value: ";
    match given {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => match base64_decode(text) {
            None => Err(refuse(&format!("{prefix}{text}. '{text}' is not a 'base64'"))),
            Some(_) if text.len() > MAX_USER_DATA => Err(refuse(&format!("{prefix}{text}. '{text}' is too long"))),
            Some(bytes) => Ok(Some(bytes)),
        },
        Some(other) => Err(refuse(&format!("{prefix}{0}. {0} is not of type 'string'", python(other)))),
    }
}

pub(super) fn checked_bool(given: Option<&Value>) -> Result<bool, Refused> {
    match given {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(b)) => Ok(*b),
        Some(Value::String(s)) if ["true", "1", "on", "yes"].contains(&s.to_lowercase().as_str()) => Ok(true),
        Some(Value::String(s)) if ["false", "0", "off", "no"].contains(&s.to_lowercase().as_str()) => Ok(false),
        Some(other) => {
            let text = other.as_str().map_or_else(|| other.to_string(), str::to_string);
            Err(refuse(&format!(
                "Invalid input for field/attribute config_drive. Value: {text}. '{text}' is not one of [True, 'True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes', False, 'False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no']"
            )))
        }
    }
}

pub(super) fn checked_tags(given: Option<&Value>) -> Result<Vec<String>, Refused> {
    let mut tags = Vec::new();
    for (n, tag) in given.and_then(Value::as_array).into_iter().flatten().enumerate() {
        let text = tag.as_str().unwrap_or_default();
        if text.is_empty() || text.len() > 60 || text.contains([',', '/']) {
            return Err(refuse(&format!(
                "Invalid input for field/attribute {n}. Value: {text}. '{text}' does not match '^[^,/]*$'"
            )));
        }
        tags.push(text.to_string());
    }
    Ok(tags)
}

/// How many servers are asked for: `max_count`, as far as the quota allows in
/// Nova; here it must allow all.
pub(super) fn checked_count(order: &Map<String, Value>) -> Result<u64, Refused> {
    let count = |key: &str| match order.get(key) {
        None => Ok(None),
        Some(value) => match number(value) {
            Some(n) if n > 0 => Ok(Some(n)),
            _ => Err(refuse(&format!(
                "Invalid input for field/attribute {key}. Value: {0}. {0} is less than the minimum of 1",
                python(value)
            ))),
        },
    };
    let (min, max) = (count("min_count")?, count("max_count")?);
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        return Err(refuse("min_count must be <= max_count"));
    }
    Ok(max.or(min).unwrap_or(1))
}

pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str().and_then(|s| s.parse().ok()))
}
