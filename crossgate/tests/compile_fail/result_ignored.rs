//! A call may fail: the compiler warns of an ignored result.
#![deny(unused_must_use)]

use crossgate::{Handle, interface};

#[interface]
pub trait Fan {
    fn set_power(&mut self, on: bool);
}

pub fn client(fan: Handle<dyn Fan>) {
    fan.set_power(true);
}

fn main() {}
