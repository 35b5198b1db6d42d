//! Configurations with a torn, doubled or lost part: whatever an editor leaves behind.

use super::*;
use proptest::prelude::*;

const SECRETS: [&str; 3] = ["hunter2hunter2==", "swordfish/swordfish", "zorrect horse battery"];

fn whole() -> String {
    format!(
        "deadline = \"40s\"\n[jenkins]\nurl = \"https://ci.example.com/\"\nuser = \"jo\"\ntoken = \"{}\"\n\
         [provider.openstack]\nauth_url = \"http://os:5000\"\nusername = \"adeza\"\npassword = \"\"\"{}\"\"\"\n\
         [provider.\"second one\"]\nauth_url = \"http://os:5000\"\napplication_credential_id = \"c\"\n\
         application_credential_secret = '{}'\n[nodes.ubuntu]\nprovider = [\"openstack\", \"second one\"]\n\
         image_name = \"U\"\nsize = \"m1\"\nlabels = [\"a\", \"b\"]\nmetadata = {{ team = \"build\" }}\n\
         script = \"\"\"#!/bin/sh\necho\n\"\"\"\n",
        SECRETS[0], SECRETS[1], SECRETS[2]
    )
}

fn reported(text: &str) -> Vec<String> {
    match Folder::with(text).load() {
        Ok(loaded) => loaded.warnings,
        Err(errors) => {
            assert_ne!(errors.lines(), [""; 0], "refused without a word: {text}");
            errors.lines().to_vec()
        }
    }
}

#[test]
fn undamaged_it_loads() {
    assert_eq!(reported(&whole()), [""; 0]);
}

proptest! {
    #[test]
    fn s9_no_damage_brings_a_secret_into_a_message(start in 0usize..900, length in 0usize..40, put in "[\\[\\]\"'=\n#{}, a]{0,3}") {
        let mut text = whole();
        let start = start.min(text.len());
        let end = (start + length).min(text.len());
        text.replace_range(start..end, &put);
        for line in reported(&text) {
            for secret in SECRETS {
                // Half a secret is too much already.
                let (head, tail) = (&secret[..secret.len() / 2], &secret[secret.len() / 2..]);
                prop_assert!(!line.contains(head) && !line.contains(tail), "{line}\n{text}");
            }
        }
    }

    #[test]
    fn lines_in_any_order_are_read_or_refused_with_a_reason(order in prop::collection::vec(0usize..24, 0..40)) {
        let whole = whole();
        let lines: Vec<_> = whole.lines().collect();
        let text: Vec<_> = order.iter().filter_map(|number| lines.get(*number).copied()).collect();
        reported(&text.join("\n"));
    }
}
