// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board of a firmware with a referee, by which the referee gets control.

use super::super::arena::{STACK, arena};
use super::super::game::{Firmware, play};
use super::moment::{self, CLINT, PLIC};
use super::notes::{LINES, notes};
use super::patch;
use super::processor::stop;
use crate::arch;
use board::Hardware;
use board::port::entry::DefaultHandler;
use board::port::{Board, Clint, Plic, Timer};
use core::arch::asm;
use core::marker::PhantomData;

/// The board of such a firmware. Time passes only when the referee lets it pass, and nothing interrupts by itself.
pub struct RefereeBoard<F>(PhantomData<F>);

impl<F: Firmware> Board for RefereeBoard<F> {
    const TIMER_HZ: u32 = 1_000_000;
    type Timer = Clint<CLINT>;
    type Controller = Plic<PLIC, { LINES as u16 }>;

    fn prepare() {
        // The real timer never interrupts.
        <Hardware as Board>::Timer::compare(u64::MAX);
        patch::install();
        catch(first::<F>);
    }

    fn reset() -> ! {
        arch::end(1)
    }

    fn tell(byte: u8) {
        arch::write_byte(byte);
        let is_told = &mut arena().is_told;
        if byte == b'\n' && core::mem::replace(is_told, true) {
            // The kernel sends a line only before it stops.
            arch::end(1);
        }
    }
}

/// Runs at the very first system call, which the idle thread makes.
extern "C" fn first<F: Firmware>() -> ! {
    replace_handler();
    moment::close_flash();
    moment::unprotect();
    let registers = notes().registers;
    play::<F>(registers.scratch as usize, registers)
}

/// Gets control at the first trap, and continues at `first` with the referee's stack.
///
/// At the start the kernel checks that its handler is in force. So until the first trap, the handler begins with a jump.
fn catch(first: extern "C" fn() -> !) {
    let place = STACK - 64;
    let return_address = core::ptr::with_exposed_provenance_mut::<usize>(place);
    // SAFETY: the stack belongs to the referee, and `stop` loads its registers from there.
    unsafe { return_address.write(first as usize) };
    notes().waiting = place;
    let handler = DefaultHandler as *const () as usize;
    notes().first = patch::divert(handler, stop as *const () as usize);
}

/// Replaces the kernel's handler of traps, after the first trap.
fn replace_handler() {
    patch::restore(DefaultHandler as *const () as usize, notes().first);
    // SAFETY: the kernel never reads the register again, and no trap is possible here.
    unsafe { asm!("csrw mtvec, {}", in(reg) stop as *const () as usize, options(nostack)) };
}
