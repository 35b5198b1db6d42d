//! Names on the command line.

use crate::domain::subject::Subject;

/// What a person names: not nothing, as where a variable of a shell is empty.
pub(super) fn name(text: &str) -> Result<String, String> {
    if Subject::read(text).name.is_empty() { Err("write a name: this is none".to_owned()) } else { Ok(text.to_owned()) }
}
