//! How much an overlay asks of its busiest node: the share of what that has, of its uplink, its downlink and its CPU, by
//! what the rule of dissemination says of every node.
//!
//! An estimate of the same kind as a hub's [`Duty`](super::capacity::Duty), but of a whole overlay: of the spokes as well,
//! of copies that bring nothing new, and of messages that come to nodes which they are not for.

use super::capacity::asked;
use super::context::{BuildContext, Offered};
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::overlay::dissemination::{Demand, Dissemination, DisseminationSpec, RuleVisitor, Traffic};
use crate::overlay::workload::Flow;

/// The largest share that any node is asked for, above 1 if it cannot do it; infinite where a limit on connections or on
/// memory is broken.
pub(super) fn strain(context: &BuildContext<'_>, rule: &DisseminationSpec, overlay: &Overlay) -> f64 {
    let audiences = Audiences::new(overlay, context.audiences);
    let degrees: Vec<u32> = (0..overlay.nodes()).map(|node| overlay.carrying_degree(node)).collect();
    let of_workload = |(flows, offered): (&[Flow], Offered)| {
        let demand = Demand { overlay, audiences: &audiences, flows, degrees: &degrees, each: &|_| 1.0 };
        (offered, rule.visit(Loads(demand)))
    };
    let loads: Vec<(Offered, Vec<Traffic>)> = context.by_workload().map(of_workload).collect();
    let of_node = |node: u32| {
        let of_workload = |(offered, traffic): &(Offered, Vec<Traffic>)| {
            let Traffic { sent, received } = traffic[node as usize];
            (offered.wire, [received, sent])
        };
        asked(context.world, node, overlay.degree(node), loads.iter().map(of_workload))
    };
    (0..overlay.nodes()).map(of_node).fold(0.0, f64::max)
}

struct Loads<'a>(Demand<'a>);

impl RuleVisitor for Loads<'_> {
    type Output = Vec<Traffic>;

    fn visit<D: Dissemination>(self, rule: &D) -> Vec<Traffic> {
        rule.load(self.0)
    }
}
