//! Checks whether the clocks agree: mita compares times of Jenkins and of the clouds with the clock of this machine.

use crate::config::Config;
use crate::observe::Services;
use crate::reconcile::Moment;
use crate::view::document::check::Online;
use crate::view::text::duration;
use jiff::SignedDuration;

/// The largest difference without a hint. Answers have whole seconds, and take some.
const MOST: SignedDuration = SignedDuration::from_secs(30);

pub(super) fn check(online: &mut Online, config: &Config, services: &Services, moment: Moment) {
    let mut clocks = Vec::new();
    if let Ok(jenkins) = &services.jenkins {
        clocks.extend(jenkins.clock_ahead(moment.now, moment.started).map(|ahead| ("jenkins".to_owned(), ahead)));
    }
    for provider in &config.providers {
        let ahead =
            services.provider(&provider.name).ok().and_then(|cloud| cloud.clock_ahead(moment.now, moment.started));
        clocks.extend(ahead.map(|ahead| (format!("provider {}", provider.name), ahead)));
    }
    for (place, text) in disagreements(&clocks) {
        online.hint(&place, text);
    }
}

/// The hints for these clocks, each with how far it is ahead of ours. If several agree with one another and not with ours,
/// ours is wrong.
fn disagreements(clocks: &[(String, SignedDuration)]) -> Vec<(String, String)> {
    let off = |ahead: &SignedDuration| ahead.abs() > MOST;
    let side = |ahead: SignedDuration| if ahead.is_negative() { "behind" } else { "ahead of" };
    if let [(_, first), (_, _), ..] = clocks
        && clocks.iter().all(|(_, ahead)| off(ahead) && (*ahead - *first).abs() <= MOST)
    {
        let names: Vec<&str> = clocks.iter().map(|(place, _)| place.as_str()).collect();
        let text = format!(
            "its clock is {} {} that of {}: keep it right by NTP, or waits and ages are counted wrong",
            duration(first.abs()),
            side(-*first),
            names.join(" and ")
        );
        return vec![("this machine".to_owned(), text)];
    }
    let text = |ahead: SignedDuration| {
        format!(
            "its clock is {} {} this machine's: keep both right by NTP, or waits and ages are counted wrong",
            duration(ahead.abs()),
            side(ahead)
        )
    };
    let clocks = clocks.iter().filter(|(_, ahead)| off(ahead));
    clocks.map(|(place, ahead)| (place.clone(), text(*ahead))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints(aheads: &[i64]) -> Vec<(String, String)> {
        let places = ["jenkins", "provider a", "provider b"];
        let clocks: Vec<_> = places
            .iter()
            .zip(aheads)
            .map(|(place, ahead)| ((*place).to_owned(), SignedDuration::from_secs(*ahead)))
            .collect();
        disagreements(&clocks)
    }

    #[test]
    fn clocks_that_agree_are_not_told_of() {
        assert!(hints(&[]).is_empty() && hints(&[0, -30, 30]).is_empty());
    }

    #[test]
    fn the_clock_that_is_alone_is_the_one_that_is_wrong() {
        let places = |aheads: &[i64]| hints(aheads).into_iter().map(|(place, _)| place).collect::<Vec<_>>();
        assert_eq!(places(&[120, 0, 0]), ["jenkins"]);
        assert_eq!(places(&[0, -31, 0]), ["provider a"]);
        assert_eq!(places(&[-300, -310, -290]), ["this machine"]);
        assert_eq!(places(&[-300, 300]), ["jenkins", "provider a"]);
        assert_eq!(places(&[40]), ["jenkins"]);
    }

    #[test]
    fn a_disagreement_is_told_with_its_size_and_side() {
        assert_eq!(
            hints(&[-300, -310])[0].1,
            "its clock is 5m ahead of that of jenkins and provider a: keep it right by NTP, or waits and ages are \
             counted wrong"
        );
        assert!(hints(&[120, 0])[0].1.starts_with("its clock is 2m ahead of this machine's: "));
    }
}
