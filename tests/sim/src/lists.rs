//! Lists as services answer them in faults: without entries, with an odd one, without an end.

use crate::http::Response;
use serde_json::{Map, Value, json};

/// Every list is empty.
pub(crate) fn without_entries(response: Response) -> Response {
    changed(response, |body| lists(body).for_each(|(_, list)| list.clear()))
}

/// Of the first entry of every list, all but its id and name has another type.
pub(crate) fn with_an_odd_entry(response: Response) -> Response {
    changed(response, |body| {
        let first = lists(body).filter_map(|(_, list)| list.first_mut()?.as_object_mut());
        let fields = first.flatten().filter(|(key, _)| !["id", "name", "displayName"].contains(&key.as_str()));
        fields
            .for_each(|(_, value)| *value = if value.is_array() || value.is_object() { json!(7) } else { json!([7]) });
    })
}

/// The entries of every list have no metadata.
pub(crate) fn with_bare_entries(response: Response) -> Response {
    changed(response, |body| {
        let metadata = lists(body).flat_map(|(_, list)| list).filter_map(|entry| entry.get_mut("metadata"));
        metadata.for_each(|metadata| *metadata = json!({}));
    })
}

/// Every list is a page without entries that leads to another page.
pub(crate) fn without_end(response: Response, marker: usize) -> Response {
    changed(response, |body| {
        let next = format!("?marker={marker}");
        let keys: Vec<String> = lists(body).map(|(key, list)| (list.clear(), key.clone()).1).collect();
        for key in keys {
            body.insert(format!("{key}_links"), json!([{"rel": "next", "href": next}]));
            body.insert("next".to_string(), json!(next));
        }
    })
}

fn lists(body: &mut Map<String, Value>) -> impl Iterator<Item = (&String, &mut Vec<Value>)> {
    body.iter_mut().filter_map(|(key, value)| Some((key, value.as_array_mut()?)))
}

fn changed(response: Response, change: impl FnOnce(&mut Map<String, Value>)) -> Response {
    let Ok(mut body) = serde_json::from_slice::<Map<String, Value>>(&response.body) else { return response };
    change(&mut body);
    response.body(Value::Object(body).to_string().into_bytes())
}
