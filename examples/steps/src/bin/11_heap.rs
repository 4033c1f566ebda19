// SPDX-License-Identifier: MIT OR Apache-2.0
//! A heap. `heap = 1024;` in the wiring lets a process allocate memory. Here the process keeps texts in a map. When its
//! heap is exhausted, the process crashes, and restarts with an empty heap. The memory of other processes is not
//! affected.
//!
//! ```text
//! info  client: notes: Ok(1)
//! info  client: notes: Ok(2)
//! info  client: letters: Ok(15)
//! fault process notes: panic at heap exhausted: `heap = 1024` in the wiring of `notes`, bytes asked for:5000, thread main of client, in call NOTES
//! info  client: copies: Err(ServerFaulted)
//! info  client: notes: Ok(1)
//! ```
//!
//! ```sh
//! cargo run -p steps --bin 11_heap -- --until 1
//! cargo run -p steps --bin 11_heap --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

extern crate alloc;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use board::{UART0, Uart};
use console::Console;
use crossgate::{Concurrent, Exclusive, Handle, Lease, interface, thread};
use crossgate_log::{Levels, Log, Logger, info};

#[interface]
trait Notes {
    /// Stores a text. Returns the number of texts.
    fn write(&mut self, number: u32, text: Lease<'_, [u8]>) -> u32;
    /// Returns the number of letters of all texts.
    fn letters(&self) -> u32;
    /// Puts this number of copies of the first text into one string. Returns its length.
    fn copies(&self, count: u32) -> u32;
}

struct Notebook {
    pages: BTreeMap<u32, String>,
}

impl Notes for Notebook {
    fn write(&mut self, number: u32, text: Lease<'_, [u8]>) -> u32 {
        let text = text.iter().map(char::from).collect();
        self.pages.insert(number, text);
        self.pages.len() as u32
    }
    fn letters(&self) -> u32 {
        self.pages.values().map(|text| text.len() as u32).sum()
    }
    fn copies(&self, count: u32) -> u32 {
        let text = self.pages.values().next().map_or("", String::as_str);
        let mut sheet = Vec::with_capacity(text.len() * count as usize);
        for _ in 0..count {
            sheet.extend(text.bytes());
        }
        sheet.len() as u32
    }
}

fn client(notes: Handle<dyn Notes>, log: Logger) -> ! {
    info!(log, "notes: {:?}", notes.write(1, b"bread"));
    info!(log, "notes: {:?}", notes.write(2, b"and butter"));
    info!(log, "letters: {:?}", notes.letters());
    info!(log, "copies: {:?}", notes.copies(1000));
    info!(log, "notes: {:?}", notes.write(3, b"tea"));
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process notes {
        heap = 1024;
        object notebook (stack = 1024): Exclusive<Notebook> = Notebook { pages: BTreeMap::new() } =>
            [NOTES: dyn Notes];
    }
    process client {
        thread main (priority = 2, stack = 4096) = client(NOTES, Logger::new(LOG, LEVELS));
    }
    process console {
        mmio UART0;
        notification FAULTED;
        supervisor FAULTED;
        object terminal (stack = 512): Concurrent<Console<Uart>> =
            Console::new(Uart::new(UART0, 115_200)) => [LOG: dyn Log, LEVELS: dyn Levels];
        thread reporter (priority = 4, stack = 2048) = console::report(&terminal, &SYSTEM, FAULTED);
    }
}
board::start!(SYSTEM);
