// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pool of open files.

use crate::name::Name;
use crate::{Fault, Mode};
use crossgate::Wire;
use crossgate::server::{self, Client};

/// A file that is open, of the client that has opened it. The number of another client's file, or one that is made up, opens
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub struct File(pub(crate) u32);

impl File {
    /// The place in the pool, and how often a file was opened before: the place may have another file now.
    fn new(place: usize, number: u32) -> File {
        File(number << 8 | place as u32)
    }

    fn place(self) -> usize {
        self.0 as usize & 0xff
    }
}

/// The part of an open file that is kept.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    pub client: Client,
    pub path: Name,
    pub mode: Mode,
    pub position: u32,
}

#[derive(Debug)]
pub struct Open<const N: usize> {
    places: [Option<(File, Opened)>; N],
    opened: u32,
}

impl<const N: usize> Open<N> {
    pub const fn new() -> Self {
        Open { places: [None; N], opened: 0 }
    }

    /// Returns a place that is free, or whose client is gone.
    pub fn free(&mut self) -> Result<usize, Fault> {
        let is_free = |place: &Option<(File, Opened)>| {
            place.is_none_or(|(_, opened)| opened.client.is_gone())
        };
        self.places.iter().position(is_free).ok_or(Fault::TooManyOpen)
    }

    pub fn put(&mut self, place: usize, opened: Opened) -> File {
        let file = File::new(place, self.opened);
        self.opened = self.opened.wrapping_add(1);
        self.places[place] = Some((file, opened));
        file
    }

    /// Returns what is open under this number, if it is the caller's.
    pub fn get(&self, file: File, directory: u8) -> Result<Opened, Fault> {
        let place = self.places.get(file.place()).copied().flatten();
        let (present, opened) = place.ok_or(Fault::NotOpen)?;
        let is_the_callers =
            server::client() == Some(opened.client) && opened.path.is_in(directory);
        if present == file && is_the_callers { Ok(opened) } else { Err(Fault::NotOpen) }
    }

    /// Moves the position of a file that the caller has.
    pub fn advance(&mut self, file: File, position: u32) {
        if let Some((_, opened)) = &mut self.places[file.place()] {
            opened.position = position;
        }
    }

    /// Closes a file that the caller has.
    pub fn close(&mut self, file: File) {
        self.places[file.place()] = None;
    }

    /// Closes the files of a process, and returns how many they are.
    pub fn revoke(&mut self, process: u8) -> u32 {
        let mut count = 0;
        for place in &mut self.places {
            if place.is_some_and(|(_, opened)| opened.client.process() == process) {
                *place = None;
                count += 1;
            }
        }
        count
    }
}
