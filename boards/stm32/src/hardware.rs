// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of the board that the port calls.

use crate::bus::switch_on;
use crate::family::Family;
use crate::places::Places;
use crate::uart::Uart;
use crate::{pins, timer};
use core::marker::PhantomData;
use crossgate_cortex_m::Board;
use crossgate_cortex_m::sleep::{Depth, Slept};

/// A board with these places, for the port.
#[derive(Debug)]
pub struct Hardware<P>(PhantomData<P>);

impl<P: Places> Board for Hardware<P> {
    const CLOCK_HZ: u32 = P::Family::CPU_HZ;
    const LINES: u16 = P::LINES;
    type Counter = <P::Family as Family>::Counter;

    fn prepare() {
        let timers_hz = P::Family::prepare(P::SOURCE);
        for timer in P::TIMERS {
            switch_on::<P::Family>(timer.start);
            timer::prepare(timer.start, timers_hz, P::TIMER_HZ);
        }
        for uart in P::UARTS {
            switch_on::<P::Family>(uart.start);
        }
        pins::set::<P::Family>(P::PINS);
        #[cfg(target_os = "none")]
        if let Some(why) = P::Family::obstacle() {
            crossgate_cortex_m::refuse(why);
        }
    }

    fn sleep(depth: Depth, left: u64) -> Slept {
        P::Family::sleep(P::SOURCE, depth, left).unwrap_or_else(|slow| {
            const { Uart::<P>::new(P::UARTS[0], 115_200) }.keep_rate(slow);
            give_up()
        })
    }

    #[inline]
    fn tell(byte: u8) {
        const { Uart::<P>::new(P::UARTS[0], 115_200) }.tell(byte);
        // A reset may come after the last words.
        P::Family::complete_writes();
    }
}

/// Resets the board, whose clock has not come back.
fn give_up() -> Slept {
    #[cfg(target_os = "none")]
    crossgate_cortex_m::reset(SLOW);
    #[cfg(not(target_os = "none"))]
    Slept::LIGHT
}

/// The last words before the reset.
#[cfg(target_os = "none")]
const SLOW: &str = "the PLL does not lock again after a deep sleep, reset";
