//! A pending event with its time.

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<E> {
    pub(super) time: u64,
    pub(super) event: E,
}
