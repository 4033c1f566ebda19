// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two processes share device registers if both say so.
use crossgate::{Mmio, system};

const UART: Mmio = Mmio { start: 0x4000_0000, size: 64 };
const HALF: Mmio = Mmio { start: 0x4000_0020, size: 32 };
const NEXT: Mmio = Mmio { start: 0x4000_0040, size: 32 };
const LAST: Mmio = Mmio { start: 0xffff_ffe0, size: 32 };

system! {
    pub static SYSTEM;
    process driver {
        shared mmio UART;
        mmio NEXT;
    }
    process other {
        shared mmio HALF;
        mmio LAST;
    }
}

fn main() {
    let regions = SYSTEM.processes[1].mmio.iter().map(|region| (region.start, region.size));
    assert!(regions.eq([HALF, LAST].map(|range| (range.start, range.size))));
}
