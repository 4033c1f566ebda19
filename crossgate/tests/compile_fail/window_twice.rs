//! A process owns the same device registers twice.
use crossgate::{Window, system};

const UART: Window = Window { start: 0x4000_0000, size: 32 };

system! {
    pub static SYSTEM;
    process driver {
        shared mmio UART;
        shared mmio UART;
    }
}

fn main() {}
