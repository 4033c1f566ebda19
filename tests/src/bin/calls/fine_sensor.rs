// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client (crate `meter`) is wired to one of two servers; `coarse_sensor` wires the same client to the other.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::{Concurrent, Exclusive, Lease, LeaseMut};
use meter::{Display, Sensor};
use system_tests::screen::Screen;
use system_tests::watch::allow_no_fault;

/// Measures in any step; its samples count up.
struct Fine {
    offset: u16,
}

impl Sensor for Fine {
    fn set_step(&mut self, step: u32) -> Result<u32, u32> {
        Ok(step)
    }
    fn samples(&self, mut to: LeaseMut<'_, [u16]>) -> u32 {
        (0..to.len()).filter(|&index| to.set(index, index as u16 + self.offset)).count() as u32
    }
    fn calibrate(&mut self, offsets: Lease<'_, [u16]>) -> u32 {
        self.offset = offsets.iter().sum();
        offsets.len() as u32
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process server { object server: Exclusive<Fine> = Fine { offset: 0 } => [SENSOR: dyn Sensor]; }
    process screen {
        notification SHOWN;
        object screen: Concurrent<Screen> = Screen::new() => [DISPLAY: dyn Display];
        thread main (priority = 6, stack = 2048) = Screen::expect(&screen, (66 + 12 * 6) * 4, SHOWN);
    }
    process meter { thread main (priority = 5, stack = 2048) = meter::main(SENSOR, DISPLAY, SHOWN); }
}
board::start!(SYSTEM);
