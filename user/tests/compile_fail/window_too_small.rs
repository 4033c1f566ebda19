//! The smallest window has 32 bytes.
use crossgate::{Window, system};

system! {
    pub static SYSTEM;
    process driver {
        mmio Window { start: 0x4000_0000, size: 16 };
    }
}

fn main() {}
