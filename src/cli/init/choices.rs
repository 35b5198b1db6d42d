//! The questions about the first node type. Each answer is looked up in the lists of the cloud.

use super::dialogue::{Choice, Dialogue, Question};
use super::suggest;
use super::template::{self, Node};
use crate::cli::args::Init;
use crate::cli::process::failure::Failure;
use crate::config;
use crate::provider::{Inventory, Size};
use wildmatch::WildMatch;

pub(super) fn ask(args: &Init, dialogue: &mut Dialogue<'_>, inventory: &Inventory) -> Result<Node, Failure> {
    let question = |text, option, given: &'_ Option<String>| (text, option, given.clone());
    let mut pick = |(text, option, given): (&str, &'static str, Option<String>),
                    choices: &[Choice],
                    default: Option<&str>,
                    other: &dyn Fn(&str) -> Result<String, String>| {
        let question = Question { text, option, given: given.as_deref(), default };
        dialogue.choice(question, choices, other)
    };
    let images = images(inventory);
    let image =
        pick(question("Image", "--image", &args.image), &images, suggest::image(&inventory.images), &|wanted| {
            pattern_or_unknown(wanted, &images)
        })?;
    let image = image.unwrap_or_else(|| "Ubuntu 24.04".to_owned());
    let sizes: Vec<Choice> = inventory.sizes.iter().map(size).collect();
    let suggested = suggest::size(&inventory.sizes, suggest::image_named(inventory, &image));
    let size = pick(question("Size", "--flavor", &args.flavor), &sizes, suggested, &|wanted| {
        Err(unknown("flavor", wanted, &sizes))
    })?;
    let keys: Vec<Choice> = inventory.key_pairs.iter().map(Choice::plain).collect();
    let key = dialogue.choice_or_none(
        Question { text: "Key pair", option: "--key", given: args.key.as_deref(), default: None },
        &keys,
        |wanted| Err(unknown("key pair", wanted, &keys)),
    )?;
    let networks: Vec<Choice> = inventory
        .networks
        .iter()
        .map(|network| Choice { id: Some(network.id.clone()), ..Choice::plain(&network.name) })
        .collect();
    // The cloud takes the only network that there is.
    let network = if args.network.is_none() && networks.len() < 2 {
        None
    } else {
        let question = Question { text: "Network", option: "--network", given: args.network.as_deref(), default: None };
        dialogue.choice(question, &networks, |wanted| Err(unknown("network", wanted, &networks)))?
    };
    let name = suggest::node_type_name(&image);
    let question =
        Question { text: "Name of the node type", option: "--node", given: args.node.as_deref(), default: Some(&name) };
    let name = dialogue.value(question, |name| config::check_node_type_name(name).map(|()| name.to_owned()))?;
    let question = Question {
        text: "Labels of its nodes, which jobs ask for",
        option: "--labels",
        given: args.labels.as_deref(),
        default: Some("linux"),
    };
    let labels = dialogue.value(question, |text| {
        let labels = labels(text)?;
        if labels.is_empty() && !args.unlabelled {
            return Err("without a label, no job would run there: name one, or use --unlabelled".to_owned());
        }
        Ok(labels)
    })?;
    let unlabelled = args.unlabelled
        || (dialogue.has_person() && dialogue.confirm("Serve jobs without a label as well? (yes or no)")?);
    Ok(Node {
        name,
        image,
        size: size.unwrap_or_else(|| "m1.small".to_owned()),
        key,
        networks: network.into_iter().collect(),
        labels,
        unlabelled,
    })
}

fn labels(text: &str) -> Result<Vec<String>, String> {
    let labels: Vec<String> = text.split([' ', ',']).filter(|label| !label.is_empty()).map(str::to_owned).collect();
    config::check_labels(&labels).map(|()| labels)
}

/// The images, each name once.
fn images(inventory: &Inventory) -> Vec<Choice> {
    let mut images: Vec<Choice> = Vec::new();
    for image in &inventory.images {
        if images.iter().any(|choice| choice.text == image.name) {
            continue;
        }
        let about = match template::images_named(inventory, &image.name) {
            1 => String::new(),
            several => format!("  (the newest of {several})"),
        };
        images.push(Choice { text: image.name.clone(), id: Some(image.id.clone()), about });
    }
    images
}

fn size(size: &Size) -> Choice {
    let about = format!("  {}", template::described(size));
    Choice { text: size.name.clone(), id: Some(size.id.clone()), about }
}

/// A pattern that some image matches.
fn pattern_or_unknown(wanted: &str, images: &[Choice]) -> Result<String, String> {
    let pattern = WildMatch::new(wanted);
    if wanted.contains(['*', '?']) && images.iter().any(|image| pattern.matches(&image.text)) {
        return Ok(wanted.to_owned());
    }
    Err(unknown("image", wanted, images))
}

fn unknown(what: &str, wanted: &str, choices: &[Choice]) -> String {
    let names: Vec<String> = choices.iter().map(|choice| choice.text.clone()).filter(|name| name != "-").collect();
    format!("the cloud has no {what} of this name; {}", config::nearest_name(wanted, &names))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> [Choice; 2] {
        [Choice::plain("Ubuntu 24.04"), Choice::plain("Debian 12")]
    }

    #[test]
    fn a_name_that_the_cloud_does_not_have_is_refused_with_the_nearest() {
        assert_eq!(
            unknown("image", "Ubunto 24.04", &choices()),
            "the cloud has no image of this name; did you mean \"Ubuntu 24.04\"?"
        );
        assert_eq!(
            unknown("image", "xyz", &choices()),
            "the cloud has no image of this name; there are Ubuntu 24.04, Debian 12"
        );
    }

    #[test]
    fn a_pattern_counts_if_an_image_matches_it() {
        assert_eq!(pattern_or_unknown("Ubuntu*", &choices()).as_deref(), Ok("Ubuntu*"));
        assert!(pattern_or_unknown("Fedora*", &choices()).is_err());
        assert!(pattern_or_unknown("Ubuntu", &choices()).is_err());
    }

    #[test]
    fn labels_are_separated_by_blanks_or_commas() {
        assert_eq!(labels("amd64, noble"), Ok(vec!["amd64".to_owned(), "noble".to_owned()]));
        assert!(labels("a&&b").is_err_and(|error| error.contains("an operator of label expressions")));
    }
}
