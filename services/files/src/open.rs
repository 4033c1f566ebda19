// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pool of open files.

use crate::name::Name;
use crate::{Fault, Mode};
use crossgate::server::{self, Client};
use crossgate::{Wire, time};

/// The number of an open file. It is valid only for the client that has opened the file. The number of another client's
/// file, or an invented number, gives access to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub struct File(pub(crate) u32);

impl File {
    /// Creates the number of a file from its place in the pool, and from a counter. With the counter, the number
    /// differs from the number of the file that had this place before.
    fn new(place: usize, number: u32) -> File {
        File(number << 8 | place as u32)
    }

    fn place(self) -> usize {
        self.0 as usize & 0xff
    }
}

/// The data that is kept for an open file.
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
    /// The counter of the file that was opened last. `None` if no file was opened yet.
    last: Option<u32>,
}

impl<const N: usize> Open<N> {
    pub const fn new() -> Self {
        Open { places: [None; N], last: None }
    }

    /// Returns a place that is free, or whose client is gone.
    pub fn free(&mut self) -> Result<usize, Fault> {
        let is_free = |place: &Option<(File, Opened)>| {
            place.is_none_or(|(_, opened)| opened.client.is_gone())
        };
        self.places.iter().position(is_free).ok_or(Fault::TooManyOpen)
    }

    pub fn put(&mut self, place: usize, opened: Opened) -> File {
        // After a restart of this process, clients may still have numbers of files that they opened before. The present
        // time in ms is higher than the counters of these numbers, because opening a file takes more than 1 ms on
        // average.
        let number = match self.last {
            Some(last) => last.wrapping_add(1),
            None => (time::now().as_micros() / 1000) as u32,
        };
        self.last = Some(number);
        let file = File::new(place, number);
        self.places[place] = Some((file, opened));
        file
    }

    /// Returns the open file with this number, if it belongs to the caller.
    pub fn get(&self, file: File, directory: u8) -> Result<Opened, Fault> {
        let place = self.places.get(file.place()).copied().flatten();
        let (present, opened) = place.ok_or(Fault::NotOpen)?;
        let is_the_callers =
            server::client() == Some(opened.client) && opened.path.is_in(directory);
        if present == file && is_the_callers { Ok(opened) } else { Err(Fault::NotOpen) }
    }

    /// Sets the position of an open file of the caller.
    pub fn advance(&mut self, file: File, position: u32) {
        if let Some((_, opened)) = &mut self.places[file.place()] {
            opened.position = position;
        }
    }

    /// Closes an open file of the caller.
    pub fn close(&mut self, file: File) {
        self.places[file.place()] = None;
    }

    /// Closes all files.
    pub fn close_all(&mut self) {
        self.places = [None; N];
    }

    /// Closes the files of a process. Returns the number of closed files.
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
