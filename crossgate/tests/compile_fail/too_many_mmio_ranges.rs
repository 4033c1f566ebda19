//! A process owns at most eight ranges.
use crossgate::{Mmio, system};

const UART: Mmio = Mmio { start: 0x4000_0000, size: 32 };

system! {
    pub static SYSTEM;
    process driver {
        mmio UART;
        mmio UART;
        mmio UART;
        mmio UART;
        mmio UART;
        mmio UART;
        mmio UART;
        mmio UART;
        mmio UART;
    }
}

fn main() {}
