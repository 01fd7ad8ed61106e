//! What a file of a results folder holds: its bytes, or what writes them where they are many.

use std::fmt;
use std::io::{self, Write};

/// What a file holds.
pub enum Content<'a> {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What this writes, row by row: it grows with the replications, and need not be in memory at once.
    Written(Box<Writer<'a>>),
}

/// What writes the bytes of a file, the same each time.
pub type Writer<'a> = dyn Fn(&mut dyn Write) -> io::Result<()> + 'a;

impl<'a> Content<'a> {
    /// What `write` writes.
    pub fn written(write: impl Fn(&mut dyn Write) -> io::Result<()> + 'a) -> Self {
        Self::Written(Box::new(write))
    }

    /// Writes it to `to`.
    ///
    /// # Errors
    /// When `to` refuses.
    pub fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Bytes(bytes) => to.write_all(bytes),
            Self::Written(write) => write(to),
        }
    }

    /// Its bytes.
    ///
    /// # Errors
    /// When what they are written from cannot be read.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        in_memory(|to| self.write(to))
    }
}

impl From<Vec<u8>> for Content<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Written(_) => f.write_str("what is written from results"),
        }
    }
}

/// The bytes that `write` writes.
pub(super) fn in_memory(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write(&mut bytes)?;
    Ok(bytes)
}
