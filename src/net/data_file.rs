//! Files that a scenario names: read whole and within bounds, as text, or refused with what they are instead.
//!
//! A regular file only: a device or a pipe may never end. A byte-order mark is skipped, UTF-16 (as Excel's
//! "Unicode text") is read as well. What is another format is named before anyone looks for faults in it.

mod foreign;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::units::Bitrate;

pub(crate) use self::foreign::{first_line, foreign_text};

/// The largest data file: a matrix of 6,000 places has about 250 MB.
pub const DATA_BYTES_MAX: u64 = 256 << 20;

/// A kind of file, in words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// With its article: "a latency matrix".
    pub(crate) name: &'static str,
    /// How to write one, after what the file looks like instead.
    pub(crate) advice: &'static str,
}

/// Why a file is not what a scenario takes it for.
#[derive(Debug, Error)]
pub enum DataFileError {
    /// The file cannot be read.
    #[error("cannot read {}: {why}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said, or what it is instead of a file.
        why: String,
    },
    /// The content is something else, or has faults.
    #[error("{} is not {what}", file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// What it should be, with its article.
        what: &'static str,
        /// Its faults.
        source: ContentError,
    },
}

/// What is wrong with the content of a file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}", faults.join("\n"))]
pub struct ContentError {
    /// Each kind of fault with its places, a line each.
    pub faults: Vec<String>,
}

impl From<Vec<String>> for ContentError {
    fn from(faults: Vec<String>) -> Self {
        Self { faults }
    }
}

impl DataFileError {
    /// What is wrong with the content, each kind of fault with its places.
    #[must_use]
    pub fn faults(&self) -> &[String] {
        match self {
            Self::Read { .. } => &[],
            Self::Content { source, .. } => &source.faults,
        }
    }
}

impl Kind {
    /// What `parse` makes of the text of `file`, which is relative to `base_dir`.
    ///
    /// # Errors
    /// When the file cannot be read, is of another format, or has faults.
    pub(crate) fn read<T, E: Into<ContentError>>(
        &self,
        base_dir: &Path,
        file: &Path,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, DataFileError> {
        self.read_beginning(base_dir, file, None, parse)
    }

    /// The same of a format whose texts begin with a character, so that they are no other format.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) fn read_beginning<T, E: Into<ContentError>>(
        &self,
        base_dir: &Path,
        file: &Path,
        begins: Option<char>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, DataFileError> {
        let bytes = bytes_of(&base_dir.join(file), DATA_BYTES_MAX, Pipes::Refused)
            .map_err(|why| DataFileError::Read { file: file.to_owned(), why })?;
        let text = text_of(bytes).map_err(|what| ContentError::from(vec![what]));
        let is_own = |text: &str| begins.is_some() && text.trim_start().chars().next() == begins;
        let parsed = text.and_then(|text| match foreign_text(&text).filter(|_| !is_own(&text)) {
            Some(what) => Err(vec![format!("this looks like {what}; {}", self.advice)].into()),
            None => parse(&text).map_err(Into::into),
        });
        parsed.map_err(|source| DataFileError::Content { file: file.to_owned(), what: self.name, source })
    }
}

/// What belongs to the ending of a file's name, in whatever letters.
///
/// # Errors
/// When it has none of these endings.
pub(crate) fn with_ending<T>(
    file: &Path,
    endings: impl Iterator<Item = (&'static str, T)> + Clone,
) -> Result<T, DataFileError> {
    let is_ending = |ending: &str| file.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending));
    endings.clone().find(|(ending, _)| is_ending(ending)).map(|(_, found)| found).ok_or_else(|| {
        let endings: Vec<String> = endings.map(|(ending, _)| format!(".{ending}")).collect();
        let faults = vec![format!("its name says what it is, and ends with one of {}", endings.join(", "))];
        DataFileError::Content { file: file.to_owned(), what: "a file of a known format", source: faults.into() }
    })
}

/// Whether something that is no regular file may be read, within the same bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pipes {
    /// A scenario may come from another program.
    Allowed,
    /// Data are read once for each time that they are named.
    Refused,
}

/// The bytes of a file of at most `limit`.
///
/// # Errors
/// In words for after "cannot read it: ".
pub(crate) fn bytes_of(path: &Path, limit: u64, pipes: Pipes) -> Result<Vec<u8>, String> {
    // Asked before it is opened: to open a pipe that nobody writes to would wait for ever.
    let found = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if found.is_dir() {
        return Err("it is a directory".to_owned());
    }
    if !found.is_file() && pipes == Pipes::Refused {
        return Err("it is a pipe or a device; a regular file is needed".to_owned());
    }
    let too_large = || format!("it has more than {} MiB, which is the limit", limit >> 20);
    if found.is_file() && found.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit { Err(too_large()) } else { Ok(bytes) }
}

/// The text that bytes hold, without a byte-order mark and with lines that end in `\n` or `\r\n`.
///
/// # Errors
/// What they hold instead, with what to do.
pub(crate) fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    let text = match (&bytes[..], utf16(&bytes)) {
        (_, Some(text)) => text.ok_or("this is not text: UTF-16 with a fault; save it as UTF-8")?,
        _ => String::from_utf8(bytes).map_err(|error| not_utf8(error.as_bytes(), error.utf8_error().valid_up_to()))?,
    };
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}');
    if let Some(at) = text.find(is_control) {
        return Err(foreign::binary(text.as_bytes()).unwrap_or_else(|| {
            format!("this is not text: line {} has a control character", line_of(text.as_bytes(), at))
        }));
    }
    let text = text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned);
    // As old Macs ended lines.
    Ok(if text.contains('\r') && !text.contains('\n') { text.replace('\r', "\n") } else { text })
}

/// A figure to three digits, as a summary shows it.
pub(crate) fn figure(value: f64) -> String {
    let digits = if value == 0.0 { 0 } else { (2 - value.abs().log10().floor() as i32).clamp(0, 9) };
    let text = format!("{value:.*}", digits as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A rate to three digits.
pub(crate) fn rate(rate: Bitrate) -> String {
    let bps = rate.as_bps() as f64;
    let unit = [(1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")].into_iter().find(|(scale, _)| bps >= *scale);
    unit.map_or_else(|| rate.to_string(), |(scale, unit)| format!("{} {unit}", figure(bps / scale)))
}

/// A time to three digits.
pub(crate) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s >= 36_000.0 => format!("{} h", figure(s / 3_600.0)),
        s => format!("{} s", figure(s)),
    }
}

/// "1 peer", "2 peers".
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// The text after a byte-order mark of UTF-16; `Some(None)` where it is none.
fn utf16(bytes: &[u8]) -> Option<Option<String>> {
    let read: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units = bytes[2..].chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    Some(text.ok().filter(|_| bytes.len().is_multiple_of(2)))
}

fn not_utf8(bytes: &[u8], at: usize) -> String {
    foreign::binary(bytes).unwrap_or_else(|| {
        format!("line {} has a character that is not UTF-8; save the file as UTF-8", line_of(bytes, at))
    })
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    1 + bytes[..at].iter().filter(|&&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_skipped_and_utf_16_is_read() {
        assert_eq!(text_of("\u{feff}1\r\n2\r\n".as_bytes().to_vec()).expect("text"), "1\r\n2\r\n");
        assert_eq!(text_of(b"1\r2\r".to_vec()).expect("text"), "1\n2\n");
        let little: Vec<u8> = "\u{feff}a\tß\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}a\tß\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text_of(little).expect("text"), "a\tß\n");
        assert_eq!(text_of(big).expect("text"), "a\tß\n");
        assert!(text_of(vec![0xff, 0xfe, 0]).is_err());
    }

    #[test]
    fn what_is_no_text_is_named() {
        let said = |bytes: &[u8]| text_of(bytes.to_vec()).expect_err("no text");
        assert!(said(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0]).contains("gzip"));
        assert!(said(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").contains("image"));
        assert!(said(b"PK\x03\x04\x14\0\0\0").contains("zip archive"));
        assert!(said(b"a,b\n\xe9t\xe9,1\n").contains("line 2"));
        assert!(said(&[0; 64]).contains("control character"));
    }

    #[test]
    fn only_regular_files_within_the_bound_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ten");
        std::fs::write(&file, [b'1'; 10]).expect("written");
        assert_eq!(bytes_of(&file, 10, Pipes::Refused).expect("small enough").len(), 10);
        assert!(bytes_of(&file, 9, Pipes::Refused).expect_err("too large").contains("limit"));
        assert!(bytes_of(folder.path(), 9, Pipes::Allowed).expect_err("a folder").contains("directory"));
        if cfg!(unix) {
            assert!(bytes_of(Path::new("/dev/zero"), 9, Pipes::Refused).expect_err("endless").contains("device"));
            assert!(bytes_of(Path::new("/dev/zero"), 9, Pipes::Allowed).expect_err("endless").contains("limit"));
        }
    }
}
