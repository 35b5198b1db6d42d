//! One number of servers, wherever servers are counted.

use crate::domain::rule::Rule;
use crate::plan::model::Subject;
use crate::view::overview::Overview;
use crate::view::status::Status;
use crate::view::status::standing::Standing;
use crate::view::tests::scene::Scene;

#[test]
fn headline_table_and_sums_count_the_same_servers() {
    let scene = Scene::with_jobs();
    scene.run();
    scene.run();
    let mut report = scene.look();
    for (rule, number) in [(Rule::Deleting, 1), (Rule::Gone, 0)] {
        for verdict in report.plan.verdicts.iter_mut().filter(|verdict| verdict.subject == Subject::Server) {
            verdict.rule = rule;
        }
        let status = Status::of(&Overview::of(&scene.loaded.config, &report));
        assert!(status.head.contains(&format!("\n{number} of 50 servers;")), "{}", status.head);
        assert_eq!(status.machines().count(), number);
        let sum =
            |of: fn(&Status, usize) -> usize| (0..status.node_types.len()).map(|kind| of(&status, kind)).sum::<usize>();
        assert_eq!(sum(|status, kind| status.node_types[kind].servers.total), number);
        assert_eq!(sum(|status, kind| status.node_types[kind].servers.of(Standing::Leaving)), number);
    }
}
