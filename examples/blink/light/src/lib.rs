// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process that owns the lamps. Other processes call it to switch a lamp.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use crossgate::interface;
use embedded_hal::digital::StatefulOutputPin;

/// Something that gives light.
#[interface]
pub trait Light {
    /// Switches the light on if it is off, and off if it is on. Returns `true` if it is on now.
    fn toggle(&mut self) -> bool;
}

/// A light at a pin of any board. High is on.
#[derive(Debug)]
pub struct Bulb<P> {
    pin: P,
}

impl<P> Bulb<P> {
    /// Creates a light at this pin.
    pub const fn new(pin: P) -> Bulb<P> {
        Bulb { pin }
    }
}

impl<P: StatefulOutputPin> Light for Bulb<P> {
    fn toggle(&mut self) -> bool {
        // If the pin can't be switched, the driver has a fault. The process then panics and restarts.
        self.pin.toggle().expect("the pin can be switched");
        self.pin.is_set_high().expect("the pin can be read")
    }
}
