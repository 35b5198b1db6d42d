//! The Jenkins controller's remote API.
