//! Which connections a node keeps messages off.

/// Of each node the neighbours to which it sends announcements only.
#[derive(Clone, Debug, Default)]
pub(super) struct LazyLinks(Vec<Vec<u32>>);

impl LazyLinks {
    /// Whether a node's connection to a neighbour is lazy on its side.
    #[inline]
    pub(super) fn has(&self, node: u32, neighbour: u32) -> bool {
        self.0.get(node as usize).is_some_and(|lazy| lazy.binary_search(&neighbour).is_ok())
    }

    /// It becomes lazy.
    pub(super) fn add(&mut self, node: u32, neighbour: u32) {
        if self.0.len() <= node as usize {
            self.0.resize_with(node as usize + 1, Vec::new);
        }
        let lazy = &mut self.0[node as usize];
        if let Err(place) = lazy.binary_search(&neighbour) {
            lazy.insert(place, neighbour);
        }
    }

    /// It becomes eager.
    pub(super) fn remove(&mut self, node: u32, neighbour: u32) {
        if let Some(lazy) = self.0.get_mut(node as usize)
            && let Ok(place) = lazy.binary_search(&neighbour)
        {
            lazy.remove(place);
        }
    }
}
