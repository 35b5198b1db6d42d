//! Every endpoint fails in every way for the whole of one run; two clean runs later everything is where it would have
//! been.
//!
//! Endpoints are those that clean runs of the scenes were seen to use; every day each fails once in one way of each
//! family, in the scene that has least to do, and in full in all ways in all scenes. A second cloud, with a job of its own, stands
//! beside in every scene: whatever the first one does, it is served in the same run.

mod ways;

use super::checks::{Picture, configurations, configured_as, ever_made, nothing_is_lost, picture, sound};
use super::in_full;
use super::scenes::{Scene, scenes};
use crate::harness::side_by_side::{interleaved, try_all};
use crate::harness::{Installation, Run, Stage, is_order, minutes, seconds};
use mita::reconcile::Permits;
use mita_sim::jenkins::queue::Job;
use mita_sim::log::shape;
use mita_sim::{Fault, JoinRule, Service, openstack};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use ways::{FAMILIES, Way};

/// The deadline of a run: a hundred times what one takes that nothing goes wrong in.
const DEADLINE: Duration = Duration::from_secs(10);
/// What is never reached, however busy the machine is, unless the deadline does not hold: a request that hangs does so
/// for two minutes.
const NEVER: Duration = Duration::from_secs(100);
/// The cloud beside.
const BESIDE: &str = "beside";
/// Mostly the cases wait: with half as many threads they take a third longer.
const THREADS: usize = 24;

/// One sort of request to one host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Endpoint {
    host: String,
    service: Service,
    method: String,
    shape: String,
}

/// A scene with the cloud beside, as it goes without a fault.
struct Undisturbed {
    scene: Scene,
    stage: Stage,
    endpoints: Vec<Endpoint>,
    ever_made: usize,
    /// Of the nodes, before the run.
    configurations: BTreeMap<String, String>,
    pictures: Vec<Picture>,
}

fn set(scene: Scene) -> Installation {
    let farm = (scene.set)();
    farm.sim.add_cloud(BESIDE, openstack::Options::default()).expect("a free port");
    farm.sim.on_boot("fedora", JoinRule::base_plus_ip(seconds(30), "fedora"));
    let auth_url = farm.sim.auth_url(BESIDE);
    farm.edit_config(|text| {
        format!(
            "deadline = \"{}s\"\n{text}\n[provider.{BESIDE}]\nauth_url = \"{auth_url}\"\nusername = \"mita\"\n\
             password = \"mita-secret\"\ntenant_name = \"ceph-ci\"\nservice_region = \"RegionOne\"\n[nodes.fedora]\n\
             provider = \"{BESIDE}\"\nlabels = \"fedora\"\nimage_name = \"Debian 12\"\nsize = \"m1.small\"\n",
            DEADLINE.as_secs()
        )
    });
    farm.sim.jenkins().submit(Job::freestyle("beside").label("fedora").lasting(minutes(25)));
    farm
}

impl Undisturbed {
    fn watch(scene: Scene) -> Self {
        let stage = Stage::new(set(scene));
        let farm = stage.set();
        let configurations = configurations(&farm);
        let run = farm.minute();
        let mut endpoints: Vec<Endpoint> = run
            .requests
            .iter()
            // What a scene itself lets fail cannot fail in another way.
            .filter(|request| request.host != BESIDE && request.status.is_some_and(|status| status < 400))
            .map(|request| Endpoint {
                host: request.host.clone(),
                service: request.service,
                method: request.method.clone(),
                shape: shape(&request.path),
            })
            .collect();
        endpoints.sort();
        endpoints.dedup();
        let mut pictures = vec![picture(&farm)];
        for _ in 0..7 {
            farm.minute();
            pictures.push(picture(&farm));
        }
        sound(&farm);
        let ever_made = ever_made(&farm);
        drop(farm);
        Self { scene, stage, endpoints, ever_made, configurations, pictures }
    }
}

/// One endpoint of one scene that fails in one way.
struct Case<'a> {
    undisturbed: &'a Undisturbed,
    endpoint: Endpoint,
    way: &'static Way,
}

impl Case<'_> {
    fn name(&self) -> String {
        let Endpoint { host, method, shape, .. } = &self.endpoint;
        format!("{}: {method} {host} {shape}: {}", self.undisturbed.scene.name, self.way.name)
    }

    #[expect(clippy::disallowed_methods, reason = "the deadline is real time")]
    fn try_it(&self) -> usize {
        let farm = self.undisturbed.stage.set();
        let Endpoint { host, service, method, shape } = &self.endpoint;
        let kind = (self.way.kind)(&farm, *service);
        let fault = Fault::new(*service, kind).on(host).method(method).shape(shape).always();
        let fault = farm.sim.numbered_fault(fault);
        let started = Instant::now();
        let run = farm.attempt(Permits::default()).unwrap_or_else(|error| panic!("the run ended early: {error}"));
        let lasted = started.elapsed();
        farm.sim.mend(fault);
        assert!(lasted < NEVER, "it lasted {lasted:?}");
        let hit = run.requests.iter().any(|request| self.endpoint.is_of(request));
        if !hit {
            return 0;
        }
        let beside = run.requests.iter().any(|request| is_order(request) && request.host == BESIDE);
        assert!(beside || host == "jenkins", "the other cloud was served\n{}", run.story());
        self.is_told(&run);
        no_secret(&farm, &run);
        farm.sim.advance(minutes(1));
        farm.minutes(2);
        sound(&farm);
        configured_as(&farm, &self.undisturbed.configurations);
        // Where a node cannot be closed, Jenkins may lose a build that it gave the node: the farm is another one then.
        if !shape.ends_with("/config.xml") {
            self.compare(&farm);
        }
        1
    }

    /// What went wrong is told with the endpoint and the cause.
    fn is_told(&self, run: &Run) {
        if self.way.may_be_silent(&self.endpoint.method, &self.endpoint.shape) {
            return;
        }
        let mut told = run.problems();
        told.extend(run.errors().into_iter().map(str::to_owned));
        assert!(!told.is_empty(), "nothing is told\n{}", run.story());
        let pieces: Vec<&str> = self.endpoint.shape.split('*').map(|piece| piece.trim_matches('/')).collect();
        let names = |text: &&String| pieces.iter().all(|piece| text.contains(piece));
        let because = |text: &&String| self.way.words.iter().any(|word| text.contains(word));
        let both = told.iter().any(|text| names(&text) && because(&text));
        assert!(both, "the endpoint and the cause are told: {told:#?}");
    }

    fn compare(&self, farm: &Installation) {
        nothing_is_lost(farm);
        let undisturbed = self.undisturbed;
        let mut there = picture(farm);
        let mut expected = &undisturbed.pictures[1..4];
        if !expected.contains(&there) {
            // An order that may have been taken is waited for. One that was refused as wrong opens a breaker, and a cloud
            // that asks for fewer gets none for a while.
            let state = farm.state();
            let pauses = state["breakers"] != serde_json::json!({}) || state.get("throttles").is_some();
            farm.minutes(if pauses { 11 } else { 5 });
            there = picture(farm);
            expected = &undisturbed.pictures[2..];
        }
        assert!(expected.contains(&there), "it is {there:#?}\nand should be one of {expected:#?}");
        // A job does not wait for a node that Jenkins did not bring back: it gets a server of its own.
        let instead = usize::from(undisturbed.scene.name == "bring a node back");
        assert!(
            ever_made(farm) <= undisturbed.ever_made + instead,
            "{} servers were made for {}",
            ever_made(farm),
            undisturbed.ever_made
        );
        sound(farm);
    }
}

impl Endpoint {
    fn is_of(&self, request: &mita_sim::Record) -> bool {
        request.host == self.host && request.method == self.method && shape(&request.path) == self.shape
    }
}

/// S9: whatever a service repeats, nothing of it is kept or told.
fn no_secret(farm: &Installation, run: &Run) {
    let state = std::fs::read_to_string(farm.state_file()).expect("a state file");
    let told = mita::secret::redact(&run.story()).into_owned();
    for secret in ["jenkins-api-token", "mita-secret"] {
        assert!(!state.contains(secret), "a secret in the state file");
        assert!(!told.contains(secret), "a secret in what is told");
    }
}

#[test]
fn s3_every_endpoint_may_fail_in_every_way_and_two_clean_runs_mend_it() {
    let scenes: Vec<Undisturbed> = scenes().into_iter().map(Undisturbed::watch).collect();
    let mut having: BTreeMap<&Endpoint, Vec<usize>> = BTreeMap::new();
    for (number, scene) in scenes.iter().enumerate() {
        scene.endpoints.iter().for_each(|endpoint| having.entry(endpoint).or_default().push(number));
    }
    let mut cases: Vec<Vec<Case<'_>>> = scenes.iter().map(|_| Vec::new()).collect();
    for (number, (endpoint, having)) in having.iter().enumerate() {
        // Each endpoint begins elsewhere, so that the cases that wait are spread over the whole time.
        for family in FAMILIES.iter().cycle().skip(7 * number).take(FAMILIES.len()) {
            let fits: Vec<&Way> = family.iter().filter(|way| way.fits(&endpoint.method)).collect();
            let case = |scene: usize, way| Case { undisturbed: &scenes[scene], endpoint: (*endpoint).clone(), way };
            if in_full() {
                let all = having.iter().flat_map(|scene| fits.iter().map(move |way| (*scene, *way)));
                all.for_each(|(scene, way)| cases[scene].push(case(scene, way)));
            } else if !fits.is_empty() {
                let least = having.iter().copied().min_by_key(|scene| cases[*scene].len()).expect("a scene has it");
                cases[least].push(case(least, fits[number % fits.len()]));
            }
        }
    }
    let cases = interleaved(cases);
    let tried = cases.len();
    let hit = try_all(THREADS, cases, Case::name, Case::try_it);
    println!(
        "fault matrix: {} endpoints, {} ways, {} scenes: {tried} cases tried, {hit} really hit",
        having.len(),
        FAMILIES.iter().map(|family| family.len()).sum::<usize>(),
        scenes.len()
    );
}
