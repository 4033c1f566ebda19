// SPDX-License-Identifier: MIT OR Apache-2.0
//! The fan process. It writes `fan on` or `fan off` to a serial line to switch the fan.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use crossgate::Handle;
use crossgate_log::{Level, Log};
use embedded_io::Write;
use thermostat_interfaces::Fan;

/// The service object: a fan, which is off at first.
pub struct Motor<W> {
    line: W,
    log: Handle<dyn Log>,
    on: bool,
}

impl<W: Write> Motor<W> {
    /// Creates the object of a fan that is connected to `line`.
    pub const fn new(line: W, log: Handle<dyn Log>) -> Motor<W> {
        Motor { line, log, on: false }
    }
}

impl<W: Write> Fan for Motor<W> {
    fn set_power(&mut self, on: bool) {
        if on == self.on {
            return;
        }
        self.on = on;
        let (command, text): (&[u8], &[u8]) = if on {
            (b"fan on\r\n", b"fan: switched on")
        } else {
            (b"fan off\r\n", b"fan: switched off")
        };
        if self.line.write_all(command).is_ok() {
            // If the log fails, the fan works anyway.
            let _ = self.log.write(Level::Info, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::Lease;
    use crossgate::testing::Wiring;

    struct Silent;
    impl Log for Silent {
        fn write(&self, _: Level, _: Lease<'_, [u8]>) {}
    }

    #[test]
    fn a_command_is_sent_for_each_change() {
        let mut sent = [0; 64];
        let wiring = Wiring::new();
        let mut fan = Motor::new(&mut sent[..], wiring.serve(Silent));
        wiring.run(|| {
            for on in [false, true, true, false, false, true] {
                fan.set_power(on);
            }
        });
        let left = fan.line.len();
        assert_eq!(&sent[..64 - left], b"fan on\r\nfan off\r\nfan on\r\n");
    }
}
