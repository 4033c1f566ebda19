// SPDX-License-Identifier: MIT OR Apache-2.0
//! A lamp that blinks once a second. One process owns the lamps. Another process calls it to switch a lamp.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::Lamp;
use crossgate::Exclusive;
use light::{Bulb, Light};

crossgate::system! {
    static SYSTEM;

    process light {
        mmio board::LAMPS;
        object bulb (stack = 512): Exclusive<Bulb<Lamp>> = Bulb::new(Lamp::new(0)) => [LIGHT: dyn Light];
    }

    process pulse {
        thread main (priority = 1, stack = 1024) = pulse::main(LIGHT);
    }
}

board::start!(SYSTEM);
