// SPDX-License-Identifier: MIT OR Apache-2.0
//! The names in the wiring, by index.

use crossgate_abi::table::System;

/// Returns names from the wiring.
#[derive(Clone, Copy)]
pub struct Names(pub &'static System);

impl Names {
    pub fn process(self, index: u8) -> &'static str {
        self.0.processes.get(usize::from(index)).map_or("?", |process| process.name)
    }

    pub fn thread(self, index: u8) -> &'static str {
        self.0.threads.get(usize::from(index)).map_or("?", |thread| thread.name)
    }

    pub fn service(self, index: u8) -> &'static str {
        self.0.services.get(usize::from(index)).map_or("?", |service| service.name)
    }

    /// Returns the index of the process with this name.
    pub fn find_process(self, name: &str) -> Option<u8> {
        let index = self.0.processes.iter().position(|process| process.name == name)?;
        u8::try_from(index).ok()
    }

    /// Returns the indices of all threads but the idle one.
    pub fn threads(self) -> core::ops::Range<u8> {
        1..self.0.threads.len() as u8
    }

    pub fn processes(self) -> core::ops::Range<u8> {
        0..self.0.processes.len() as u8
    }

    /// Returns the home process of a thread.
    pub fn home(self, thread: u8) -> u8 {
        self.0.threads.get(usize::from(thread)).map_or(u8::MAX, |thread| thread.process.number())
    }

    pub fn stack_size(self, thread: u8) -> usize {
        self.0.threads.get(usize::from(thread)).map_or(0, |thread| thread.stack_size)
    }
}
