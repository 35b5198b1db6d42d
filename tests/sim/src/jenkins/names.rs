//! What Jenkins allows in the names of nodes (jenkins/model/Jenkins.java, checkGoodName).

/// Removes blanks at both ends. For Jenkins these are all characters up to U+0020 (`String.trim`).
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// Why a name is refused.
pub(crate) fn bad_name(name: &str) -> Option<String> {
    if trim(name).is_empty() {
        return Some("No name is specified".into());
    }
    if name == "." || name == ".." {
        return Some(format!("“{name}” is not an allowed name"));
    }
    if name.chars().any(char::is_control) {
        let written = |c: char| if c.is_control() { format!("\\u{};", u32::from(c)) } else { c.to_string() };
        return Some(format!("No control code is allowed: {}", name.chars().map(written).collect::<String>()));
    }
    if let Some(c) = name.chars().find(|c| "?*/\\%!@#$^&|<>[]:;".contains(*c)) {
        return Some(format!("‘{c}’ is an unsafe character"));
    }
    name.ends_with('.').then(|| "A name cannot end with ‘.’".to_string())
}
