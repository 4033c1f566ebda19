// SPDX-License-Identifier: MIT OR Apache-2.0
//! Archives of object files, as `ar` writes them.

use crate::inputs::NewFile;
use anyhow::{Context, Result};
use std::fs;

impl NewFile {
    /// Adds an object file to an archive.
    pub(super) fn add(&mut self, object: Vec<u8>) {
        self.objects.push((format!("{}:{}", self.path, name(self.objects.len())), object));
    }

    /// Writes the archive.
    ///
    /// # Errors
    /// The file can't be written.
    pub(super) fn write(&self) -> Result<()> {
        let path = &self.path;
        let objects = self.objects.iter().map(|(_, object)| object.as_slice());
        fs::write(path, archive(objects)).with_context(|| format!("can't write {path}"))
    }
}

/// Returns the name of a member by its number, which is short enough for its header.
fn name(number: usize) -> String {
    format!("{number}.o")
}

/// Returns an archive without an index, which the linker does not need.
fn archive<'a>(objects: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (number, object) in objects.enumerate() {
        // Name, time, user, group, mode, size.
        let (name, size) = (name(number) + "/", object.len());
        archive.extend(format!("{name:<16}{0:<12}{0:<6}{0:<6}{1:<8}{size:<10}`\n", 0, 644).bytes());
        archive.extend(object);
        // Members begin at even places.
        archive.resize(archive.len().next_multiple_of(2), b'\n');
    }
    archive
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::read::archive::ArchiveFile;

    #[test]
    fn archives_are_read_as_they_were_written() {
        let objects: [&[u8]; 3] = [b"one", b"", b"three!"];
        let data = archive(objects.into_iter());
        let read = ArchiveFile::parse(&*data).unwrap();
        let members = read.members().map(|member| {
            let member = member.unwrap();
            (member.name().to_vec(), member.data(&*data).unwrap())
        });
        let expected = [b"0.o", b"1.o", b"2.o"].map(|name| name.to_vec()).into_iter().zip(objects);
        assert!(members.eq(expected));
    }
}
