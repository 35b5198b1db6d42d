//! A run is killed (a process, SIGKILL) around each of its requests and each of its file operations; two clean runs
//! later everything is where it would have been.
//!
//! The points are counted on a clean run of the same scene. Threads send their requests in another order each time, so
//! the n-th request is not always the same one; all numbers together still meet all of them. What a run reads before it
//! changes anything is much the same in every scene: there each scene is killed at one request, another one each. A later
//! request that only reads changes no service: a run is killed either before or after it. In full all points are tried.

mod files;
mod process;

use super::checks::{
    Picture, configurations, configured_as, ever_made, nothing_is_left, nothing_is_lost, picture, sound,
};
use super::in_full;
use super::programs::of_programs;
use super::scenes::{Scene, scenes};
use crate::harness::side_by_side::{interleaved, try_all};
use crate::harness::{Installation, Stage, is_order};
use process::Doomed;
use std::collections::BTreeMap;
use std::fs::File;

/// How many runs follow in which an order may turn up whose answer was lost: `order_timeout` and two more.
const ORDER_TIMEOUT_AND_TWO: usize = 5;
/// A run may send more requests than the one that was counted.
const MARGIN: usize = 1;

/// On which side of a request a run is killed.
#[derive(Clone, Copy, Debug)]
enum When {
    /// The request was sent, and the service does nothing of it.
    BeforeItIsDone,
    /// The service did it, and nobody learns the answer.
    AfterItWasDone,
}

/// A scene as it goes when nobody is killed.
struct Undisturbed {
    scene: Scene,
    stage: Stage,
    /// How many requests come before the first that changes something.
    reads: usize,
    /// Whether each request only reads.
    requests: Vec<bool>,
    orders: bool,
    ever_made: usize,
    /// Of the nodes, before the run.
    configurations: BTreeMap<String, String>,
    /// After the run, and each minute from then on.
    pictures: Vec<Picture>,
}

/// Where the run of a scene is killed.
struct Point<'a> {
    of: &'a Undisturbed,
    /// The number of the request.
    at: usize,
    when: When,
    /// Whether the scene is followed until nothing may be left: one point of each scene is.
    to_the_end: bool,
}

impl Undisturbed {
    fn watch(scene: Scene) -> Self {
        let stage = Stage::new((scene.set)());
        let farm = stage.set();
        let configurations = configurations(&farm);
        let run = farm.minute();
        assert!(!run.report.plan.actions.is_empty() || scene.name == "join", "{}: {}", scene.name, run.story());
        let mut pictures = vec![picture(&farm)];
        let mut orders = run.requests.iter().any(is_order);
        for _ in 0..2 + ORDER_TIMEOUT_AND_TWO {
            orders |= farm.minute().requests.iter().any(is_order);
            pictures.push(picture(&farm));
        }
        sound(&farm);
        nothing_is_lost(&farm);
        let requests: Vec<bool> = run.requests.iter().map(|request| !request.is_write()).collect();
        let reads = requests.iter().take_while(|is_read| **is_read).count();
        let ever_made = ever_made(&farm);
        drop(farm);
        Self { scene, stage, reads, requests, orders, ever_made, configurations, pictures }
    }

    /// Where the run of the scene is killed, which is the so many-th scene.
    fn points(&self, number: usize) -> Vec<Point<'_>> {
        let both = |at| [(at, When::BeforeItIsDone), (at, When::AfterItWasDone)];
        let all = (0..self.requests.len() + MARGIN).flat_map(both);
        let is_tried = |at: usize, when: When| {
            let turn = matches!(when, When::BeforeItIsDone) == (number + at).is_multiple_of(2);
            if at < self.reads {
                at == number / 2 % self.reads && turn
            } else {
                turn || self.requests.get(at) != Some(&true)
            }
        };
        let tried: Vec<(usize, When)> = all.filter(|(at, when)| in_full() || is_tried(*at, *when)).collect();
        let followed = tried.len() / 2;
        let point = |(index, (at, when))| Point { of: self, at, when, to_the_end: in_full() || index == followed };
        tried.into_iter().enumerate().map(point).collect()
    }

    /// After a run was killed: two clean runs bring everything to where it would have been.
    fn compare(&self, farm: &Installation, to_the_end: bool) {
        until_nobody_holds_the_lock(farm);
        // What the killed run had sent is done before the next one looks.
        farm.sim.drain().expect("the simulator is there");
        farm.sim.advance(crate::harness::minutes(1));
        farm.minutes(2);
        sound(farm);
        nothing_is_lost(farm);
        configured_as(farm, &self.configurations);
        let mut there = picture(farm);
        // The killed run was one, too; what takes its minutes may be one minute behind.
        let mut expected = &self.pictures[1..4];
        if !expected.contains(&there) && self.orders {
            farm.minutes(u32::try_from(ORDER_TIMEOUT_AND_TWO).expect("few"));
            there = picture(farm);
            expected = &self.pictures[2..];
        }
        assert!(expected.contains(&there), "it is {there:#?}\nand should be one of {expected:#?}");
        assert!(ever_made(farm) <= self.ever_made, "{} servers were made for {}", ever_made(farm), self.ever_made);
        sound(farm);
        if to_the_end {
            nothing_is_left(farm);
        }
    }
}

/// A program that the killed run was about to start has the lock until the kernel executes it.
fn until_nobody_holds_the_lock(farm: &Installation) {
    if let Ok(file) = File::open(farm.lock_file()) {
        file.lock().expect("the lock");
    }
}

#[test]
fn l4_two_clean_runs_mend_what_a_run_left_that_was_killed_around_any_of_its_requests() {
    let scenes: Vec<Undisturbed> = scenes().into_iter().chain(of_programs()).map(Undisturbed::watch).collect();
    assert!(!scenes.is_empty(), "there is no scene of this name");
    let points = interleaved(scenes.iter().enumerate().map(|(number, scene)| scene.points(number)).collect());
    let tried = points.len();
    let killed = try_all(
        2,
        points,
        |point| format!("{} killed at request {}, {:?}", point.of.scene.name, point.at, point.when),
        |point| {
            let farm = point.of.stage.set();
            if !Doomed::run(&farm).killed_at_request(point.at, point.when) {
                return 0;
            }
            point.of.compare(&farm, point.to_the_end);
            1
        },
    );
    println!("crash matrix, requests: {} scenes, {tried} points tried, {killed} runs really killed", scenes.len());
    // The points of the margin come after the last request.
    let beyond = 2 * MARGIN * scenes.len();
    assert!((killed + beyond) * 10 >= tried * 8, "most points kill: {killed} of {tried}");
}
