// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time, and the timer.

use crate::{Machine, expect};
use crossgate_kernel::port::Port;
use crossgate_kernel::time::NEVER;

/// The number of times that the clock is read.
const READINGS: usize = 1_000;

pub fn runs_forwards<M: Machine>(machine: &mut M) -> Result<(), &'static str> {
    let mut before = machine.port().now();
    for _ in 0..READINGS {
        let now = machine.port().now();
        expect(now >= before, "a reading is earlier than the reading before it")?;
        before = now;
    }
    expect(before != NEVER, "the time is `NEVER`")
}

pub fn takes_any_time<M: Machine>(machine: &mut M) -> Result<(), &'static str> {
    let now = machine.port().now();
    // The last time stays set. Nothing else can be observed here.
    for at in [NEVER, 0, now, now + 1, NEVER - 1, u64::MAX, NEVER] {
        machine.port().set_timer(at);
    }
    expect(machine.port().now() >= now, "time ran backwards when the timer was set")
}

pub fn masks_any_line<M: Machine>(machine: &mut M) -> Result<(), &'static str> {
    for line in [u16::MAX, u16::MAX - 14, 0x7fff] {
        machine.port().mask(line, true);
        machine.port().mask(line, false);
    }
    Ok(())
}
