//! A process owns the same device registers twice.
use crossgate::{Mmio, system};

const UART: Mmio = Mmio { start: 0x4000_0000, size: 32 };

system! {
    pub static SYSTEM;
    process driver {
        shared mmio UART;
        shared mmio UART;
    }
}

fn main() {}
