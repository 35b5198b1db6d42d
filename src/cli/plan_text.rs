//! A plan as text.

use crate::plan::Action;

/// One action on one line.
pub(super) fn action(action: &Action) -> String {
    match action {
        Action::CreateServer { node_type, provider, name: _, id, jobs, rule, reason } => {
            let jobs: Vec<String> =
                jobs.iter().map(|job| format!("{} ({}) needs {}", job.job, job.queue_id, job.needs)).collect();
            let why = if jobs.is_empty() { format!("{rule}: {reason}") } else { jobs.join(", ") };
            format!("+ {node_type}  {provider}  {id}  {why}")
        }
        Action::RetireNode { node, provider, rule, reason, .. } => format!("- {node}  {provider}  {rule}: {reason}"),
        Action::DeleteServer { name, server_id, provider, rule, reason, .. } => {
            format!("- {name}  {provider}  {server_id}  {rule}: {reason}")
        }
        Action::RestoreNode { node, provider, rule, reason, .. } => format!("^ {node}  {provider}  {rule}: {reason}"),
        Action::DeleteVolume { volume_id, rule, reason, .. } => format!("- volume {volume_id}  {rule}: {reason}"),
        Action::DeleteNode { node, rule, reason, .. } => format!("- {node}  {rule}: {reason}"),
    }
}
