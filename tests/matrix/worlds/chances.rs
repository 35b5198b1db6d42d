//! Which events a random world gets. Each generation has chances of its own, so that older worlds stay as they are.

use super::events::Event;
use crate::harness::Chance;

/// An event, more often one of the common ones.
pub(super) fn any(chance: &mut Chance) -> Event {
    match chance.below(40) {
        0..=12 => {
            Event::Jobs { number: 1 + chance.below(3), sort: chance.below(12), minutes: 1 + chance.below(7) as u64 }
        }
        13..=15 => Event::NextOrder(chance.below(8)),
        16 | 17 => Event::NextServer(chance.below(5)),
        18 => Event::Lag([0, 30, 90, 200][chance.below(4)]),
        19 => Event::ForgottenDelete,
        20..=23 => Event::Answer { endpoint: chance.below(9), way: chance.below(8), times: 1 + chance.below(6) },
        24 => Event::JobInTheRun { request: chance.below(12), sort: chance.below(12) },
        25 | 26 => Event::BuildInTheRun { request: chance.below(16), which: chance.below(4) },
        27 => Event::StateLost { torn: chance.in_hundred(50) },
        28 => Event::Clock([-24, -1, 0, 0, 1, 24][chance.below(6)]),
        29 => Event::Silence(chance.one_of(&[3, 12, 45, 1440])),
        30 => Event::Restart { down: 20 + chance.below(100) as u64, reconnect: chance.below(90) as u64 },
        31 => Event::QuietDown(chance.in_hundred(30)),
        32 | 33 => Event::Hold(chance.below(4)),
        34 => Event::LetGo,
        35 => Event::NodeDeleted(chance.below(4)),
        36 => Event::ServerDeleted(chance.below(4)),
        37 => Event::ServerStopped(chance.below(4)),
        38 => Event::ConnectionLost {
            which: chance.below(4),
            back: chance.in_hundred(60).then(|| 1 + chance.below(8) as u64),
        },
        _ => match chance.below(10) {
            9 => Event::Reclaim(chance.one_of(&[0, 4, 30, 600])),
            6 | 7 => Event::Lock(chance.below(4)),
            8 => Event::Unlock,
            which => Event::LookAlike(which),
        },
    }
}

/// One of the kinds that came later.
pub(super) fn later(chance: &mut Chance) -> Event {
    match chance.below(2) {
        0 => Event::Renamed { which: chance.below(4), held: chance.in_hundred(30) },
        _ => Event::OldEntry { which: chance.below(4), sort: chance.below(4) },
    }
}

/// One of the kinds that came after those.
pub(super) fn latest(chance: &mut Chance) -> Event {
    match chance.below(2) {
        0 => Event::PlainEntry { which: chance.below(2), busy: chance.in_hundred(40) },
        _ => Event::Flaps { which: chance.below(4) },
    }
}

/// One of the kinds that came after those.
pub(super) fn newest(chance: &mut Chance) -> Event {
    match chance.below(7) {
        0..=3 => {
            let verb = chance.one_of(&["hold", "release", "retire"]);
            Event::Command { which: chance.below(4), verb }
        }
        4 => Event::Pause(chance.in_hundred(50)),
        5 => Event::Relabelled { which: chance.below(4), labels: chance.one_of(&["", "amd64 debian", "other"]) },
        _ => Event::MarkTaken { which: chance.below(4) },
    }
}

/// One of the kinds that came after those.
pub(super) fn odd(chance: &mut Chance) -> Event {
    match chance.below(3) {
        0 => Event::FloatingIps { most: 1 + chance.below(4) as u64 },
        _ => Event::Answer { endpoint: 9 + chance.below(3), way: chance.below(8), times: 1 + chance.below(6) },
    }
}

/// One of the kinds that came after those.
pub(super) fn doubtful(chance: &mut Chance) -> Event {
    match chance.below(2) {
        0 => Event::Vanish,
        _ => Event::Gateway { way: chance.below(6), times: 1 + chance.below(3) },
    }
}

/// One of the kinds that came after those.
pub(super) fn misleading(chance: &mut Chance) -> Event {
    match chance.below(3) {
        0 => Event::DeletionsRefused { way: chance.below(4), times: 1 + chance.below(2) },
        _ => Event::Misnamed { which: chance.below(16), to: chance.below(4), held: chance.in_hundred(30) },
    }
}

/// One of the kinds that came after those.
pub(super) fn hidden(chance: &mut Chance) -> Event {
    match chance.below(2) {
        0 => Event::Cut(chance.below(4)),
        _ => Event::TimesOut { which: chance.below(4), held: chance.in_hundred(70) },
    }
}

/// Kinds that came after those and take many minutes from this one on: Jenkins is down, its lists of nodes or a cloud's of
/// servers give no answer, or a machine has two clocks by turns.
pub(super) fn lasting(chance: &mut Chance, minute: u32) -> Vec<(u32, Event)> {
    let length = 5 + u32::try_from(chance.below(12)).expect("small");
    match chance.below(4) {
        0 => {
            let down = 60 * u64::from(length);
            vec![(minute, Event::Restart { down, reconnect: chance.below(90) as u64 })]
        }
        1 | 2 => {
            let endpoint = chance.one_of(&[1, 5]);
            (minute..minute + length).map(|at| (at, Event::Answer { endpoint, way: 0, times: 3 })).collect()
        }
        _ => (0..length).map(|turn| (minute + turn, Event::Clock(i64::from(turn % 2) * 3))).collect(),
    }
}

/// In some worlds, a provider moves to another region for a while.
pub(super) fn moves(mut chance: Chance, length: u32) -> Vec<(u32, Event)> {
    let mut below = |limit: u32| u32::try_from(chance.below(limit as usize)).expect("small");
    if below(5) > 1 {
        return Vec::new();
    }
    let from = 3 + below(length - 3);
    vec![(from, Event::Moved(true)), (from + 2 + below(15), Event::Moved(false))]
}

/// One of the kinds that came after those.
pub(super) fn further(chance: &mut Chance) -> Event {
    match chance.below(2) {
        0 => Event::LabelMore(chance.below(4)),
        _ => Event::LostOnTheWay { which: chance.below(4), way: chance.below(5) },
    }
}

/// What happens to the services of clouds.
pub(super) fn of_services(chance: &mut Chance) -> Event {
    Event::VolumesDown(chance.in_hundred(50))
}
