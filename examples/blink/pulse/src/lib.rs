// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process that makes a lamp blink. It owns only a handle.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::{Handle, time};
use light::Light;

/// The time for which the lamp is on, and for which it is off.
pub const HALF_PERIOD: Duration = Duration::from_millis(500);

/// The process' thread.
pub fn main(light: Handle<dyn Light>) -> ! {
    let mut next = time::now();
    loop {
        // An error is ignored: if the other process has crashed, it restarts, and the next call succeeds.
        let _ = light.toggle();
        next = next + HALF_PERIOD;
        time::sleep_until(next);
    }
}
