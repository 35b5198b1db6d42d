//! Everything that was planned comes true: orders are acknowledged, what is removed is gone, what is brought back is
//! online.

use crate::domain::label::node_labels;
use crate::domain::names::{MitaId, NodeName, NodeTypeName, ServerId};
use crate::domain::world::*;
use crate::plan::model::{Change, FloatingIpToAssign, NodeToRegister, Order, Plan, Target};
use crate::plan::tests::situation::{Situation, USER, agent, controller, owner, set_offline};
use std::net::IpAddr;

impl Situation {
    pub(crate) fn come_true(&mut self, plan: Plan) {
        self.state = plan.state;
        for action in plan.actions {
            match action.change {
                Change::CreateServer(Order { node_type, provider, name, id, .. }) => {
                    self.orders += 1;
                    let server_id = ServerId::from(format!("new{}", self.orders));
                    self.state.servers.get_mut(&id).unwrap().server_id = Some(server_id.clone());
                    let Listing::Complete(servers) = &mut self.cloud(provider.as_str()).servers else { panic!() };
                    servers.push(booting(server_id, name, node_type, id));
                }
                Change::RetireNode(target) | Change::DeleteServer(target) => {
                    if !target.nodes.is_empty() {
                        self.nodes().retain(|node| !target.nodes.contains(&node.name));
                    }
                    self.delete_server(&target.server_id);
                }
                Change::DrainNode(Target { nodes, server_id, .. }) => {
                    let reason = crate::domain::offline::offline_message(&owner(), &server_id, action.rule);
                    nodes.iter().for_each(|node| self.node(node.as_str()).presence = set_offline(USER, &reason));
                }
                Change::CreateNode(NodeToRegister { node, node_type, id, address, .. }) => {
                    self.node_is_made(node, node_type, id, address);
                }
                Change::RestoreNode(Target { nodes, .. }) => {
                    nodes.iter().for_each(|node| self.node(node.as_str()).presence = Presence::Online);
                }
                Change::DeleteVolume { volume_id, left_by } => {
                    if let Some(Listing::Complete(volumes)) = &mut self.cloud(left_by.provider.as_str()).volumes {
                        volumes.retain(|volume| volume.id != volume_id);
                    }
                }
                Change::AssignFloatingIp(FloatingIpToAssign { target, known, .. }) => {
                    let Target { provider, server_id, order, .. } = target;
                    let known = known.unwrap_or_else(|| format!("address-of-{server_id}").as_str().into());
                    self.has_floating_ip(provider.as_str(), known.as_str(), &order, &server_id, true);
                }
                Change::ReleaseFloatingIp { floating_ip_id, left_by } => {
                    let cloud = self.cloud(left_by.provider.as_str());
                    if let Some(Listing::Complete(addresses)) = &mut cloud.floating_ips {
                        addresses.retain(|address| address.id != floating_ip_id);
                    }
                }
                Change::DeleteNode { node, .. } => self.lose_node(node.as_str()),
            }
        }
    }

    /// A floating IP that was made for a server; there is one with each id.
    pub(crate) fn has_floating_ip(
        &mut self,
        provider: &str,
        id: &str,
        order: &MitaId,
        server: &ServerId,
        attached: bool,
    ) {
        let mark = AddressMark::new(&self.config.installation(), order.clone(), server.clone());
        let (address, leads_to) = ("203.0.113.7".parse().ok(), attached.then(|| server.clone()));
        let address = FloatingIp { id: id.into(), address, mark, attached, leads_to };
        let listing = self.cloud(provider).floating_ips.get_or_insert(Listing::Complete(vec![]));
        let Listing::Complete(addresses) = listing else { panic!() };
        addresses.retain(|other| other.id != address.id);
        addresses.push(address);
    }

    /// As Jenkins lists a node whose agent is not there yet.
    fn node_is_made(&mut self, node: NodeName, node_type: NodeTypeName, id: MitaId, address: Option<IpAddr>) {
        let kind = self.config.node_type(&node_type).expect("a node is made for a type that is configured");
        assert_eq!(address.is_none(), kind.registration.is_inbound(), "{node}");
        let mark = Some(Mark { owner: owner(), controller: None, node_type, id });
        let labels = node_labels(&kind.label_string()).into_iter().chain([node.to_string()]).collect();
        let executors = kind.executors;
        let made = Node {
            labels,
            executors,
            idle_executors: 0,
            presence: Presence::Disconnected,
            mark,
            ..agent(node.as_str())
        };
        self.nodes().push(made);
    }

    fn delete_server(&mut self, id: &ServerId) {
        for cloud in self.world.clouds.values_mut() {
            if let Listing::Complete(servers) = &mut cloud.servers {
                servers.retain(|server| server.id != *id);
            }
        }
    }

    /// The server of an order comes up, and its node with it.
    pub(crate) fn joins(&mut self, id: &str, address: &str) -> &mut Node {
        let server = self.server(id);
        server.state = ServerState::Active;
        server.addresses = [address.parse().unwrap()].into();
        let name = format!("{}+{address}", server.name);
        self.nodes().push(agent(&name));
        self.node(&name)
    }
}

fn booting(id: ServerId, name: String, node_type: NodeTypeName, order: MitaId) -> Server {
    Server {
        id,
        name,
        mark: Some(Mark { owner: owner(), controller: Some(controller()), node_type, id: order }),
        state: ServerState::Building,
        created: None,
        launch: Launch::Never,
        lock: Lock::Open,
        shown: Shown::Whole,
        addresses: [].into(),
        fault: None,
        volumes: None,
        kept_volumes: Default::default(),
    }
}
