// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of this board that the port calls.

use crate::timer::Registers;
use crate::{CLOCK_HZ, LAMPS, TIMER0, TIMER1, UART0, UART1, UART2, Uart};
use crossgate_abi::table::Mmio;
use crossgate_cortex_m::{Board, Counter};
use mps2_an385::drivers::{Places, open_gates};
use tock_registers::interfaces::Readable;

/// The places of the devices.
#[derive(Debug)]
pub struct An547;

impl Places for An547 {
    const CLOCK_HZ: u32 = CLOCK_HZ;
    const UARTS: [Mmio; 3] = [UART0, UART1, UART2];
    const TIMERS: [Mmio; 2] = [TIMER0, TIMER1];
    const LAMPS: Mmio = LAMPS;
}

/// The board, as the port sees it.
#[derive(Debug)]
pub struct Hardware;

impl Board for Hardware {
    const CLOCK_HZ: u32 = 32_000_000;
    const LINES: u16 = 128;
    type Counter = SystemCounter;

    #[inline]
    fn prepare() {
        open_gates();
        start_counter();
    }

    #[inline]
    fn tell(byte: u8) {
        const CHANNEL: Uart = Uart::new(UART0, 115_200);
        CHANNEL.tell(byte);
    }
}

/// Starts the counter of the system. Each timer compares its count, also if another counter gives the kernel the time.
///
/// The emulator rounds the times of timers down to whole nanoseconds, and then waits for ever. So the counter counts
/// at a quarter of the clock: one tick is 125 ns.
#[inline]
fn start_counter() {
    /// The registers of the counter: `CNTCR`, and `CNTSCR`, which is added to the count with each cycle of the clock.
    const CONTROL: *mut u32 = core::ptr::with_exposed_provenance_mut(0x5810_0000);
    const SCALE: *mut u32 = core::ptr::with_exposed_provenance_mut(0x5810_0010);
    /// A quarter, as a fraction of 2^24.
    const QUARTER: u32 = 1 << 22;
    const ENABLE: u32 = 1 << 0;
    const ENABLE_SCALE: u32 = 1 << 2;
    // SAFETY: these are device registers of the kernel.
    unsafe {
        CONTROL.write_volatile(0);
        SCALE.write_volatile(QUARTER);
        CONTROL.write_volatile(ENABLE | ENABLE_SCALE);
    }
}

/// The counter of the system, as the third timer shows it.
#[derive(Debug)]
pub struct SystemCounter;

impl Counter for SystemCounter {
    const HZ: u32 = CLOCK_HZ;

    /// Does nothing: [`prepare`](Board::prepare) has started the counter.
    #[inline]
    fn start() {}

    #[inline]
    fn count() -> u32 {
        const TIMER2: *const Registers = core::ptr::with_exposed_provenance(0x5800_2000);
        // SAFETY: these are device registers: they are aligned, no Rust object lies there, and any value may be read
        // from them. Only the kernel uses them, and it may access them.
        unsafe { &*TIMER2 }.count.get()
    }
}
