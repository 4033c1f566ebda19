// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of the board that the port calls.

use crate::clock::{self, CPU_HZ};
use crate::places::Places;
use crate::uart::Uart;
use crate::{pins, sleep, timer};
use core::marker::PhantomData;
use crossgate_cortex_m::Board;
use crossgate_cortex_m::sleep::{Depth, Slept};

/// A board with these places, for the port.
#[derive(Debug)]
pub struct Hardware<P>(PhantomData<P>);

impl<P: Places> Board for Hardware<P> {
    const CLOCK_HZ: u32 = CPU_HZ;
    const LINES: u16 = P::LINES;
    /// The two timers of 32 bits are for processes, so SysTick gives the time.
    #[cfg(target_os = "none")]
    type Counter = crossgate_cortex_m::SysTick<CPU_HZ>;
    #[cfg(not(target_os = "none"))]
    type Counter = Nothing;

    fn prepare() {
        let timers_hz = clock::set(P::CRYSTAL);
        for timer in P::TIMERS {
            clock::switch_on(timer.start);
            timer::prepare(timer.start, timers_hz, P::TIMER_HZ);
        }
        for uart in P::UARTS {
            clock::switch_on(uart.start);
        }
        pins::set(P::PINS);
    }

    fn sleep(depth: Depth, left: u64) -> Slept {
        sleep::sleep(P::CRYSTAL, depth, left)
    }

    #[inline]
    fn tell(byte: u8) {
        const { Uart::<P>::new(P::UARTS[0], 115_200) }.tell(byte);
    }
}

/// A host has no SysTick. There the board only has to compile, for its unit tests.
#[cfg(not(target_os = "none"))]
#[derive(Debug)]
pub struct Nothing;

#[cfg(not(target_os = "none"))]
impl crossgate_cortex_m::Counter for Nothing {
    const HZ: u32 = CPU_HZ;
    fn start() {}
    fn count() -> u32 {
        0
    }
}
