//! A process owns at most two windows.
use crossgate::{Window, system};

const UART: Window = Window { start: 0x4000_0000, size: 32 };

system! {
    pub static SYSTEM;
    process driver {
        mmio UART;
        mmio UART;
        mmio UART;
    }
}

fn main() {}
