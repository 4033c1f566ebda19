//! A window starts at a multiple of its size.
use crossgate::{Window, system};

system! {
    pub static SYSTEM;
    process driver {
        mmio Window { start: 0x4000_0800, size: 0x1000 };
    }
}

fn main() {}
