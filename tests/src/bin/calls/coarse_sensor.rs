// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client (crate `meter`) is wired to one of two servers; `fine_sensor` wires the same client to the other.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::{Concurrent, Exclusive, Lease, LeaseMut};
use meter::{Display, Sensor};
use system_tests::screen::Screen;
use system_tests::watch::allow_no_fault;

/// Measures in one step only. It has one sample, and state of another size.
struct Coarse {
    before: [u16; 9],
    last: u16,
}

impl Sensor for Coarse {
    fn set_step(&mut self, _: u32) -> Result<u32, u32> {
        Err(10)
    }
    fn samples(&self, mut to: LeaseMut<'_, [u16]>) -> u32 {
        to.copy_from(&[self.last]) as u32
    }
    fn calibrate(&mut self, offsets: Lease<'_, [u16]>) -> u32 {
        offsets.copy_to(&mut self.before);
        self.last = self.before[2];
        0
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process server { object server: Exclusive<Coarse> = Coarse { before: [0; 9], last: 0 } => [SENSOR: dyn Sensor]; }
    process screen {
        notification SHOWN;
        object screen: Concurrent<Screen> = Screen::new() => [DISPLAY: dyn Display];
        thread main (priority = 6, stack = 2048) = Screen::expect(&screen, 3 * 10, SHOWN);
    }
    process meter { thread main (priority = 5, stack = 2048) = meter::main(SENSOR, DISPLAY, SHOWN); }
}
board::start!(SYSTEM);
