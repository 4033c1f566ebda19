//! A server with entries of its own, of which there are too few.

use crossgate::abi::table::Entry;
use crossgate::{Concurrent, ServedBy, interface, system};

#[interface]
pub trait Fan {
    fn start(&self);
    fn stop(&self);
}

pub struct Motor;

// SAFETY: none.
unsafe impl ServedBy<Motor> for dyn Fan {
    const ENTRIES: &'static [Entry] = &[];
}

system! {
    pub static SYSTEM;
    process fan {
        object motor: Concurrent<Motor> = Motor => [FAN: dyn Fan];
    }
}

fn main() {}
