//! A server implements its entries itself, but too few of them.

use crossgate::abi::table::Thunk;
use crossgate::{Concurrent, ServedBy, interface, system};

#[interface]
pub trait Fan {
    fn start(&self);
    fn stop(&self);
}

pub struct Motor;

// SAFETY: none.
unsafe impl ServedBy<Motor> for dyn Fan {
    const THUNKS: &'static [Thunk] = &[];
}

system! {
    pub static SYSTEM;
    process fan {
        object motor: Concurrent<Motor> = Motor => [FAN: dyn Fan];
    }
}

fn main() {}
