//! Two processes own the same device registers, without saying so.
use crossgate::{Mmio, system};

const UART: Mmio = Mmio { start: 0x4000_0000, size: 64 };
const HALF: Mmio = Mmio { start: 0x4000_0020, size: 32 };

system! {
    pub static SYSTEM;
    process driver {
        mmio UART;
    }
    process other {
        shared mmio HALF;
    }
}

fn main() {}
