//! A call may fail: ignoring that is warned of.
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
