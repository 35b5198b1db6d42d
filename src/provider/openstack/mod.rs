//! OpenStack behind the provider's verbs.
