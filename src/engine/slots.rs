//! Values that events refer to by number while they are on their way.

/// Values by number; a number is used again once its value was taken.
#[derive(Clone, Debug)]
pub(crate) struct Slots<T> {
    values: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slots<T> {
    /// Keeps a value and returns its number.
    pub(crate) fn put(&mut self, value: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.values[slot as usize] = Some(value);
            return slot;
        }
        self.values.push(Some(value));
        u32::try_from(self.values.len() - 1).expect("invariant: fewer than 2^32 values at once")
    }

    /// Takes the value of a number.
    pub(crate) fn take(&mut self, slot: u32) -> T {
        self.free.push(slot);
        self.values[slot as usize].take().expect("invariant: every number is taken once")
    }
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { values: Vec::new(), free: Vec::new() }
    }
}
