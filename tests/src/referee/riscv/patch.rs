// SPDX-License-Identifier: MIT OR Apache-2.0
//! The changed instructions: breakpoints at the starts of the slow paths, and no wait for an interrupt.

use crate::arch::code;
use crate::report::{expect, fail};
use board::port::entry::{__crossgate_slow, __crossgate_slow_return};
use core::arch::{asm, naked_asm};

/// The first instruction of the slow path: `lw t1, 0(sp)` in its short form.
const FIRST: u16 = 0x4302;
/// `ebreak` and `nop` in their short forms.
const BREAKPOINT: u16 = 0x9002;
const NOTHING: u16 = 0x0001;
/// The halves of `wfi`.
const WAIT: [u16; 2] = [0x0073, 0x1050];

/// Returns the start of the slow path, ...
pub fn slow() -> usize {
    __crossgate_slow as *const () as usize
}

/// ... and the start of the slow path of a return.
pub fn slow_return() -> usize {
    __crossgate_slow_return as *const () as usize
}

/// Changes the instructions.
pub fn install() {
    let first = read(slow());
    if first != FIRST {
        fail(format_args!("the slow path begins with {first:x}, not with `lw t1, 0(sp)`"));
    }
    let flash = code();
    let is_wait = |place: &usize| [read(*place), read(place + 2)] == WAIT;
    let mut waits = (flash.start..flash.end - 2).step_by(2).filter(is_wait);
    let wait = waits.next().unwrap_or_default();
    expect("places with another wait", waits.count(), 0);
    if wait == 0 {
        fail(format_args!("the kernel does not wait for interrupts"));
    }
    restore(wait, [NOTHING; 2]);
    write(slow(), BREAKPOINT);
    restore(slow_return(), [BREAKPOINT, read(slow_return() + 2)]);
}

/// Replaces an instruction of 4 bytes by a jump: `jal zero`. Returns that instruction.
pub fn divert(place: usize, to: usize) -> [u16; 2] {
    let instruction = [read(place), read(place + 2)];
    let offset = to.wrapping_sub(place) as u32;
    let bits = |from: u32, count: u32, at: u32| (offset >> from & ((1 << count) - 1)) << at;
    let jump = 0x6f | bits(12, 8, 12) | bits(11, 1, 20) | bits(1, 10, 21) | bits(20, 1, 31);
    restore(place, [jump as u16, (jump >> 16) as u16]);
    instruction
}

/// Writes an instruction of 4 bytes.
pub fn restore(place: usize, [low, high]: [u16; 2]) {
    write(place, low);
    write(place + 2, high);
    // SAFETY: `fence.i`, which the assembler of this target does not know, only makes the changes take effect.
    unsafe { asm!(".4byte 0x100f", options(nostack)) };
}

fn read(place: usize) -> u16 {
    // SAFETY: the address is that of code, which may be read.
    unsafe { core::ptr::with_exposed_provenance::<u16>(place).read() }
}

fn write(place: usize, instruction: u16) {
    let place = core::ptr::with_exposed_provenance_mut::<u16>(place);
    // SAFETY: on this board code is in RAM, and no code runs at these places now.
    unsafe { place.write_volatile(instruction) };
}

/// The slow path after its first instruction, which is executed here.
#[unsafe(naked)]
pub unsafe extern "C" fn go_on() {
    naked_asm!("lw t1, 0(sp)", "j {slow} + 2", slow = sym __crossgate_slow)
}
