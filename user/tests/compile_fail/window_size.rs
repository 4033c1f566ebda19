//! A memory protection unit knows powers of two.
use crossgate::{Window, system};

system! {
    pub static SYSTEM;
    process driver {
        mmio Window { start: 0x4000_0000, size: 48 };
    }
}

fn main() {}
