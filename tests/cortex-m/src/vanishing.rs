// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts that vanish: a handler above the kernel pends a line at one instruction of a path through the kernel, and
//! clears the line a tick later, at each of many positions. (By this the handler breaks its contract.)
//!
//! The positions are exact only if the emulator counts instructions, as under `cargo xtask test`.

use crate::position::{TICK, delay};
use crate::test_board::Test;
use board::port::zero_latency::{Handler, Line, Signal};
use board::{TIMER1, Timer, interrupt};
use core::arch::asm;
use core::marker::PhantomData;
use crossgate::Notification;
use crossgate::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use system_tests::arch;
use system_tests::report::{expect_that, pass};

/// A line that no device has.
pub const SPARE: u16 = 20;
/// The number of times that all positions are tried. Each time, the path goes on for 20 more instructions before the
/// handler clears the line. (How much of the tick the handler itself needs depends on the compiler.)
const ROUNDS: u32 = TICK / 20;
/// The registers that show which lines are pending, and clear them.
const TAKE_BACK: usize = 0xe000_e280;
const LINE: u32 = 1 << SPARE;
/// The stack pointer of a thread after the kernel has given way.
const GIVEN_WAY: u32 = !3;
/// The register that shows the active exceptions.
const ACTIVE: usize = 0xe000_ed24;

static IS_PENDED: AtomicBool = AtomicBool::new(false);
/// The number of times that the handler cleared the line.
static TAKEN_BACK: AtomicU32 = AtomicU32::new(0);
/// The number of times that the handler cleared the line after the kernel had given way to it.
static VANISHED: AtomicU32 = AtomicU32::new(0);

/// The path through the kernel.
pub trait Path: 'static {
    /// The number of instructions before the first position. The kernel gives way later than that.
    const FIRST: u32;
    /// The number of positions, one instruction apart.
    const POSITIONS: u32;
    /// The bit, in the register of active exceptions, of the exception at whose end the kernel gives way.
    const EXCEPTION: u32;
}

/// The test with the handler.
pub struct Vanishing<P>(PhantomData<P>);

impl<P: Path> Test for Vanishing<P> {
    const ZERO_LATENCY: &'static [Line] = &[Line::of::<Teaser<P>>()];

    fn told(_: &[u8]) {
        arch::end(1)
    }
}

struct Teaser<P>(PhantomData<P>);

impl<P: Path> Handler for Teaser<P> {
    const LINE: u16 = interrupt::TIMER1;
    const SIGNALS: u16 = SPARE;

    fn serve(signal: Signal<Self>) {
        const { Timer::new(TIMER1) }.clear_interrupt();
        let taken_back = TAKEN_BACK.load(Ordering::Relaxed);
        if taken_back == ROUNDS * P::POSITIONS {
            let vanished = VANISHED.load(Ordering::Relaxed);
            expect_that("an interrupt has vanished", vanished != 0);
            return signal.signal();
        }
        if !IS_PENDED.fetch_xor(true, Ordering::Relaxed) {
            signal.signal();
            delay(taken_back / P::POSITIONS * (TICK / ROUNDS));
            const { Timer::new(TIMER1) }.interrupt_after(1);
            return;
        }
        let is_pending = arch::load(TAKE_BACK) & LINE != 0;
        arch::store(TAKE_BACK, LINE);
        TAKEN_BACK.store(taken_back + 1, Ordering::Relaxed);
        let stack_pointer: u32;
        // SAFETY: this only reads a register.
        unsafe { asm!("mrs {}, psp", out(reg) stack_pointer) };
        let is_on_way_out = arch::load(ACTIVE) & P::EXCEPTION != 0;
        if is_pending && is_on_way_out && stack_pointer == GIVEN_WAY {
            VANISHED.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Runs the path once for each position, in the process that owns `TIMER1` and is notified of [`SPARE`]. Then ends the
/// test.
#[inline(always)]
pub fn at_each_position<P: Path>(sampled: Notification, take_path: impl Fn()) -> ! {
    for position in (0..ROUNDS).flat_map(|_| P::FIRST..P::FIRST + P::POSITIONS) {
        sampled.acknowledge();
        Timer::new(TIMER1).interrupt_after(1 + position / TICK);
        delay(TICK - position % TICK);
        take_path();
        let _ = sampled.try_wait();
    }
    // The handler checks whether that was enough.
    sampled.acknowledge();
    Timer::new(TIMER1).interrupt_after(1);
    sampled.wait();
    pass()
}
