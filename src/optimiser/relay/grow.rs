//! A tree that grows by the cheapest connection to a peer outside, as far as degrees let it.

use std::cmp::Reverse;

use super::Links;

/// The connections of a tree of all; or how many stay outside.
pub(super) fn grow(links: &Links<'_>, degrees: &[u32]) -> Result<Vec<[u32; 2]>, u32> {
    let peers = degrees.len() as u32;
    // The peer that keeps most connections is the first.
    let root = (0..peers).max_by_key(|&peer| (degrees[peer as usize], Reverse(peer))).ok_or(0_u32)?;
    let mut left = degrees.to_vec();
    let mut outside: Vec<u32> = (0..peers).filter(|&peer| peer != root).collect();
    let mut best: Vec<Option<Offer>> = vec![None; degrees.len()];
    let mut members = vec![root];
    let mut edges = Vec::with_capacity(outside.len());
    offer(links, root, &outside, &mut best);
    // How many more could be taken in.
    let mut open = i64::from(left[root as usize].min(peers));
    while !outside.is_empty() {
        // The last free end goes to somebody who has others.
        let is_last = open == 1 && outside.len() > 1;
        let place = next(&outside, &best, degrees, is_last).ok_or(outside.len() as u32)?;
        let peer = outside.swap_remove(place);
        let (_, parent) = best[peer as usize].ok_or(outside.len() as u32)?;
        edges.push([parent, peer]);
        left[parent as usize] -= 1;
        left[peer as usize] -= 1;
        members.push(peer);
        open += i64::from(left[peer as usize].min(peers)) - 1;
        if left[peer as usize] > 0 {
            offer(links, peer, &outside, &mut best);
        }
        if left[parent as usize] == 0 {
            renew(links, parent, &members, &left, (&outside, &mut best));
        }
    }
    Ok(edges)
}

// What it costs to come in, and by whom.
type Offer = ((u32, u32), u32);

fn offer(links: &Links<'_>, member: u32, outside: &[u32], best: &mut [Option<Offer>]) {
    for &peer in outside {
        let Some(key) = links.key(member, peer) else { continue };
        let own = (key, member);
        let best = &mut best[peer as usize];
        *best = Some(best.map_or(own, |other| other.min(own)));
    }
}

// Those that would have come in by a member that is full look for another.
fn renew(links: &Links<'_>, full: u32, members: &[u32], left: &[u32], (outside, best): (&[u32], &mut [Option<Offer>])) {
    for &peer in outside {
        if best[peer as usize].is_none_or(|(_, by)| by != full) {
            continue;
        }
        let free = members.iter().filter(|member| left[**member as usize] > 0);
        best[peer as usize] = free.filter_map(|&member| Some((links.key(member, peer)?, member))).min();
    }
}

// Who comes in next: by price, then those that keep most connections, then by delay.
fn next(outside: &[u32], best: &[Option<Offer>], degrees: &[u32], must_have_more: bool) -> Option<usize> {
    let rank = |place: usize| {
        let peer = outside[place];
        let ((price, delay_us), _) = best[peer as usize]?;
        let degree = degrees[peer as usize];
        (degree > 1 || !must_have_more).then_some((price, Reverse(degree), delay_us, peer))
    };
    let ranked = (0..outside.len()).filter_map(|place| Some((rank(place)?, place)));
    ranked.min().map(|(_, place)| place)
}
