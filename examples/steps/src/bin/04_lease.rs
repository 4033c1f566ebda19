// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lent memory. `client` lends a part of its buffer for the time of a call. `editor` reads and writes these bytes in
//! place, and can't access any other byte of the client. After the call it can't access them any more.
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
    /// Changes lower-case letters to upper case. Returns the number of changed letters.
    fn upper_case(&self, text: LeaseMut<'_, [u8]>) -> u32;
}

struct Editor;

impl Edit for Editor {
    fn upper_case(&self, mut text: LeaseMut<'_, [u8]>) -> u32 {
        let mut changed = 0;
        for letter in text.cells() {
            // Lent memory can't be a `&mut u8`, because threads of the client may change it during the call.
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
