//! Every change of the disk, one function a system call: so a test can make the n-th of them fail.
//!
//! Nothing else in `sweep` and `report` writes. What only reads uses `std::fs`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Whether a folder can be written, by its permissions and its file system; nothing is made.
#[cfg(unix)]
pub(crate) fn check_writable(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(folder, rustix::fs::Access::WRITE_OK)?)
}

/// Whether a folder can be written: not known on this system.
#[cfg(not(unix))]
pub(crate) fn check_writable(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes a folder.
pub(crate) fn create_dir(folder: &Path) -> io::Result<()> {
    step()?;
    fs::create_dir(folder)
}

/// Makes a folder and those above it; one that is there already is fine.
pub(crate) fn create_dir_all(folder: &Path) -> io::Result<()> {
    step()?;
    fs::create_dir_all(folder)
}

/// A file that is not there yet.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    step()?;
    File::create_new(path)
}

/// A file to read, to write and to lock; made if it is not there.
pub(crate) fn open_or_create(path: &Path) -> io::Result<File> {
    step()?;
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// Writes all of the bytes.
pub(crate) fn write(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    step()?;
    file.write_all(bytes)
}

/// Cuts a file off.
pub(crate) fn set_len(file: &File, len: u64) -> io::Result<()> {
    step()?;
    file.set_len(len)
}

/// Makes what is written survive a power failure.
pub(crate) fn sync(file: &File) -> io::Result<()> {
    step()?;
    file.sync_all()
}

/// Makes the entries of a folder survive a power failure, where the system can.
pub(crate) fn sync_dir(folder: &Path) -> io::Result<()> {
    step()?;
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Gives a file or folder another name.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    step()?;
    fs::rename(from, to)
}

/// Lets two folders change places at once.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] where the system cannot.
#[cfg(target_os = "linux")]
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    step()?;
    #[cfg(test)]
    if faults::in_two_steps() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        // Kernels and file systems that do not know of it.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Err(io::ErrorKind::Unsupported.into()),
        done => Ok(done?),
    }
}

/// Lets two folders change places at once: not on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Removes a file.
pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    step()?;
    fs::remove_file(path)
}

/// Removes an empty folder.
pub(crate) fn remove_dir(folder: &Path) -> io::Result<()> {
    step()?;
    fs::remove_dir(folder)
}

/// Removes a folder with all that is in it.
pub(crate) fn remove_dir_all(folder: &Path) -> io::Result<()> {
    step()?;
    fs::remove_dir_all(folder)
}

// Where a test makes a call fail.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "in tests it fails")]
const fn step() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
use faults::step;

/// Makes calls of this thread fail, for tests.
#[cfg(test)]
pub(crate) mod faults {
    use std::cell::Cell;
    use std::io;

    /// How calls fail.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Fault {
        /// This one does, as on a full disk; those after it work.
        Once,
        /// So do all after it: the process was killed here.
        FromThere,
    }

    thread_local! {
        // Calls until then, how they fail, and whether one has.
        static PLAN: Cell<Option<(u32, Fault, bool)>> = const { Cell::new(None) };
        static IN_TWO_STEPS: Cell<bool> = const { Cell::new(false) };
    }

    /// Whether this system is to be one that cannot exchange folders at once.
    pub(crate) fn set_in_two_steps(is: bool) {
        IN_TWO_STEPS.set(is);
    }

    pub(super) fn in_two_steps() -> bool {
        IN_TWO_STEPS.get()
    }

    /// What `work` comes to if its `nth` call (from 0) fails, and whether it had so many.
    pub(crate) fn failing<T>(nth: u32, fault: Fault, work: impl FnOnce() -> T) -> (T, bool) {
        PLAN.set(Some((nth, fault, false)));
        let result = work();
        let has_failed = PLAN.take().is_some_and(|(.., has_failed)| has_failed);
        (result, has_failed)
    }

    pub(super) fn step() -> io::Result<()> {
        let Some((left, fault, has_failed)) = PLAN.get() else { return Ok(()) };
        let fails = left == 0 && (fault == Fault::FromThere || !has_failed);
        PLAN.set(Some((left.saturating_sub(1), fault, has_failed || fails)));
        if fails { Err(io::Error::other("a test made this call fail")) } else { Ok(()) }
    }
}
