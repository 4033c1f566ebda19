//! A process owns ranges that two regions of the protection unit can't open alone. The message says which of them share
//! a region, and proposes a solution.
use crossgate::{Mmio, system};

mod board {
    use super::Mmio;

    pub const SSI: Mmio = Mmio { start: 0x4000_8000, size: 0x1000 };
    pub const UART0: Mmio = Mmio { start: 0x4000_c000, size: 0x1000 };
    pub const UART1: Mmio = Mmio { start: 0x4000_d000, size: 0x1000 };
    pub const TIMER: Mmio = Mmio { start: 0x4003_0000, size: 0x1000 };
    pub const FLASH: Mmio = Mmio { start: 0x400f_d000, size: 0x1000 };
    pub const RESET: Mmio = Mmio { start: 0x400f_e000, size: 0x20 };
}

// Two regions, in any order.
mod fits {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            mmio board::UART1;
            mmio board::TIMER;
            mmio board::SSI;
            mmio board::UART0;
        }
    }
}

// Three, in a chip with many.
mod three {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            mmio board::UART0;
            shared mmio board::TIMER;
            mmio board::UART1;
            mmio Mmio { start: 0x400f_d000, size: 0x1000 };
        }
        process other {
            mmio board::SSI;
            mmio board::RESET;
        }
    }
}

// Adjacent ranges of different sizes: an eighth of a block that holds both is larger than the smaller range.
mod close {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            mmio board::FLASH;
            mmio board::RESET;
            mmio board::SSI;
        }
    }
}

fn main() {}
