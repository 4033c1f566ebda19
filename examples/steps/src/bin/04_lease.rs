// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lent memory. `client` lends a part of its buffer for the time of a call. `editor` reads and writes these bytes where
//! they are, and not a byte beside them; after the call they are closed again.
//!
//! ```text
//! info  client: 5 letters changed
//! info  client: hello, WORLD
//! ```
//!
//! ```sh
//! cargo run -p steps --bin 04_lease -- --until 1
//! cargo run -p steps --bin 04_lease --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{UART0, Uart};
use console::Console;
use crossgate::{Concurrent, Handle, LeaseMut, interface, thread};
use crossgate_log::{Levels, Log, Logger, info, warn};

#[interface]
trait Edit {
    /// Makes lower-case letters upper-case ones. Returns how many there were.
    fn upper_case(&self, text: LeaseMut<'_, [u8]>) -> u32;
}

struct Editor;

impl Edit for Editor {
    fn upper_case(&self, mut text: LeaseMut<'_, [u8]>) -> u32 {
        let mut changed = 0;
        for letter in text.cells() {
            // There is no `&mut u8` of lent memory: threads of the client may change it meanwhile.
            if letter.get().is_ascii_lowercase() {
                letter.set(letter.get().to_ascii_uppercase());
                changed += 1;
            }
        }
        changed
    }
}

fn client(edit: Handle<dyn Edit>, log: Logger) -> ! {
    let mut text = *b"hello, world";
    match edit.upper_case(&mut text[7..]) {
        Ok(changed) => info!(log, "{changed} letters changed"),
        Err(error) => warn!(log, "no answer: {error}"),
    }
    info!(log, "{}", str::from_utf8(&text).unwrap_or("no text"));
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process editor {
        object editor: Concurrent<Editor> = Editor => [EDIT: dyn Edit];
    }
    process client {
        thread main (priority = 2, stack = 2048) = client(EDIT, Logger::new(LOG, LEVELS));
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
