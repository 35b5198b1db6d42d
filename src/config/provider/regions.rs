//! The regions of a cloud in clouds.yaml, one of which is chosen.
//!
//! `regions` is a list of names, or of mappings with a name and values. The values of the chosen region are laid over the
//! cloud, and those of its `auth` over the cloud's (openstack/config/loader.py, `get_one`): another region may have
//! another Keystone. `region_name` with several names is the same list.

use super::yaml::{Map, Value};

/// Takes the regions out of a cloud, and lays the values of the wanted one, or of the only one, over it. Returns its name;
/// `None` if the cloud lists no regions.
///
/// # Errors
/// A text that continues the name of the cloud.
pub(super) fn lay_over(cloud: &mut Map, wanted: Option<&str>) -> Result<Option<String>, String> {
    let Some(mut known) = known(cloud)? else { return Ok(None) };
    cloud.remove("region_name");
    cloud.remove("region-name");
    let names: Vec<_> = known.iter().map(|(name, _)| name.clone()).collect();
    let names = names.join(", ");
    let chosen = match wanted {
        Some(wanted) => known.iter().position(|(name, _)| name == wanted),
        None if known.len() > 1 => {
            return Err(format!(
                "has several regions; write service_region here, one of {names} (openstacksdk takes the first)"
            ));
        }
        None => (!known.is_empty()).then_some(0),
    };
    let Some(chosen) = chosen else {
        return match wanted {
            Some(wanted) if !known.is_empty() => {
                Err(format!("has no region {wanted:?}; correct service_region here to one of {names}"))
            }
            _ => Ok(None),
        };
    };
    let (name, values) = known.swap_remove(chosen);
    for (key, value) in values {
        match (cloud.get_mut(&key), value) {
            (Some(Value::Map(auth)), Value::Map(of_region)) if key == "auth" => auth.extend(of_region),
            (_, value) => drop(cloud.insert(key, value)),
        }
    }
    Ok(Some(name))
}

/// The names of the regions of a cloud; none if it lists none.
pub(super) fn names(mut cloud: Map) -> Result<Vec<String>, String> {
    let known = known(&mut cloud)?.unwrap_or_default();
    Ok(known.into_iter().map(|(name, _)| name).collect())
}

/// The regions of a cloud with their values; `None` if it lists none.
fn known(cloud: &mut Map) -> Result<Option<Vec<(String, Map)>>, String> {
    Ok(Some(match (cloud.remove("regions"), cloud.get("region_name").or_else(|| cloud.get("region-name"))) {
        (Some(Value::List(regions)), _) => regions.into_iter().map(region).collect::<Result<Vec<_>, _>>()?,
        (Some(other), _) => vec![region(other)?],
        (None, Some(Value::List(names))) => names.iter().filter_map(name).collect(),
        (None, Some(Value::Text(names))) if names.contains(',') => {
            names.split(',').map(|name| (name.trim().to_owned(), Map::new())).collect()
        }
        (None, _) => return Ok(None),
    }))
}

/// A region's name and its values.
fn region(region: Value) -> Result<(String, Map), String> {
    let (name, values) = match region {
        Value::Text(name) => return Ok((name, Map::new())),
        Value::Map(mut region) => (region.remove("name"), region.remove("values")),
        Value::List(_) => (None, None),
    };
    let Some(Value::Text(name)) = name else {
        return Err("has a region without a name; write one as in {name: NAME, values: {...}}".to_owned());
    };
    match values {
        None => Ok((name, Map::new())),
        Some(Value::Map(values)) => Ok((name, values)),
        Some(_) => Err(format!("has values of the region {name} that are no mapping; write them as in auth: {{...}}")),
    }
}

fn name(value: &Value) -> Option<(String, Map)> {
    match value {
        Value::Text(name) => Some((name.clone(), Map::new())),
        Value::List(_) | Value::Map(_) => None,
    }
}
