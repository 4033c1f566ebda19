// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process restarts that has many interrupts, and many services to which it gives handles.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::{Concurrent, Handle, Notification, Signal, interface};
use worst_cases::{CLIENTS, crash, end, with_clients};

/// The number of lives of the process.
const LIVES: usize = 3;

/// The first of the lines that are bound. (The interrupt controller of RISC-V has no line 0.)
const FIRST: u16 = cfg!(target_arch = "riscv32") as u16;

/// A thing to which only the store gives handles.
#[interface]
trait Item {
    fn touch(&self);
}

#[interface]
trait Store {
    /// Returns the handle of an item.
    fn give(&self, number: u32) -> Option<Handle<dyn Item>>;
}

struct Thing;

impl Item for Thing {
    fn touch(&self) {}
}

struct Shelf([Handle<dyn Item>; CLIENTS]);

impl Store for Shelf {
    fn give(&self, number: u32) -> Option<Handle<dyn Item>> {
        self.0.get(number as usize).copied()
    }
}

macro_rules! firmware {
    ($(($number:literal $client:ident $object:ident $service:ident $next:ident))*) => {
        worst_cases::judged! {
            LIVES + 1;
            process owner {
                notification INTERRUPTED;
                interrupt FIRST => INTERRUPTED; interrupt FIRST + 1 => INTERRUPTED;
                interrupt FIRST + 2 => INTERRUPTED; interrupt FIRST + 3 => INTERRUPTED;
                interrupt FIRST + 4 => INTERRUPTED; interrupt FIRST + 5 => INTERRUPTED;
                $(object $object: Concurrent<Thing> = Thing => [$service: dyn Item];)*
                object shelf: Concurrent<Shelf> = Shelf([$($service),*]) => [STORE: dyn Store];
                thread main (priority = 3, stack = 1024) = serve(INTERRUPTED, DONE);
            }
            process client {
                thread main (priority = 2, stack = 1024) = touch(STORE, DONE);
            }
        }
    };
}

with_clients!(firmware);

fn serve(interrupted: Notification, done: Signal) -> ! {
    interrupted.acknowledge();
    let _ = done.signal();
    crash()
}

fn touch(store: Handle<dyn Store>, done: Signal) -> ! {
    for number in 0..CLIENTS as u32 {
        let item = store.give(number).expect("the store is up").expect("the item exists");
        item.touch().expect("the handle gives the right");
    }
    end(done)
}
