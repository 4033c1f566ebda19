//! A server that implements its entries itself must not implement too few.

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
