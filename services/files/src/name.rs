// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::Fault;
use core::fmt;
use crossgate::Lease;

/// The largest number of bytes of a file's name.
pub const NAME: usize = 24;
/// The number of hexadecimal digits in the name of a directory.
const DIRECTORY: usize = 2;
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The path of a file: the name of its directory, and after it the name of the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; DIRECTORY + 1 + NAME],
    length: usize,
}

impl Name {
    /// Copies a name that a client has lent.
    ///
    /// The check of the characters is the only protection of the other directories. A name may have no character that
    /// separates the parts of a path, so it can't lead to another directory.
    pub fn of(name: &Lease<'_, [u8]>, directory: u8) -> Result<Name, Fault> {
        let length = name.len();
        if length == 0 || length > NAME {
            return Err(Fault::BadName);
        }
        let mut bytes = [0; DIRECTORY + 1 + NAME];
        bytes[0] = DIGITS[usize::from(directory >> 4)];
        bytes[1] = DIGITS[usize::from(directory & 15)];
        bytes[DIRECTORY] = b'/';
        let copy = &mut bytes[DIRECTORY + 1..][..length];
        // The name is checked after it was copied, because the client may change lent memory.
        name.copy_to(copy);
        let is_good = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        if !copy.iter().all(is_good) || copy.starts_with(b".") {
            return Err(Fault::BadName);
        }
        Ok(Name { bytes, length: DIRECTORY + 1 + length })
    }

    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }

    pub fn directory(&self) -> &str {
        self.as_str().get(..DIRECTORY).unwrap_or_default()
    }

    pub fn is_in(&self, directory: u8) -> bool {
        let digits = [directory >> 4, directory & 15].map(|digit| DIGITS[usize::from(digit)]);
        self.bytes.starts_with(&digits)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(formatter)
    }
}
