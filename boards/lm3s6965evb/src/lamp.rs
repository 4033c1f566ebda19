// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::LAMPS;
use crate::chip::LAMP_PINS;
use crate::output::Output;

/// Driver of a lamp, one of three LEDs, for the process that owns the [`LAMPS`]. High is on.
///
/// A process that doesn't own the lamps can also create a driver, but its first access to a lamp is a fault.
///
/// ```
/// use lm3s6965evb::Lamp;
/// const ALARM: Lamp = Lamp::new(0);
/// ```
pub type Lamp = Output<{ LAMPS.start }>;

impl Lamp {
    /// Creates the driver of lamp `index`. Lamp 0 is the status LED. Lamps 1 and 2 are in the Ethernet socket.
    ///
    /// # Panics
    /// If there is no such lamp: there are 3. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(index: usize) -> Lamp {
        assert!(index < LAMP_PINS.len(), "there is no such lamp");
        Lamp::of(1 << LAMP_PINS[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "no such lamp")]
    fn a_fourth_lamp_is_refused() {
        let _ = Lamp::new(3);
    }
}
