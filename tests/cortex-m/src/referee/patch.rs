//! The branch at the beginning of the slow path: its first instruction is replaced by one that goes to
//! [`began`], where it is made good after a look at the state.

use super::processor::Registers;
use super::{arena, state};
use board::port::boot;
use core::arch::naked_asm;
use core::mem::offset_of;
use system_tests::report::fail;

/// The first instruction of the slow path, in the order of its halves: one that does the same anywhere.
const FIRST: [u16; 2] = [0xf11c, 0x0f01];

/// Where the slow path begins, without the branch.
pub fn slow_path() -> usize {
    go_on as *const () as usize
}

/// Puts the branch.
///
/// The memory of code is writable on this board, as long as the protection unit is off.
pub fn install() {
    let slow = boot::slow as *const () as usize & !1;
    let place = core::ptr::with_exposed_provenance_mut::<[u16; 2]>(slow);
    let rest = core::ptr::with_exposed_provenance_mut::<[u16; 2]>((slow_path() & !1) + 4);
    // SAFETY: instructions of 4 bytes are replaced, by a branch to what does the same and comes back, and in
    // `go_on` by that way back; nothing runs there now.
    unsafe {
        let first = place.read();
        if first != FIRST {
            fail(format_args!("the slow path begins with {first:x?}, not with `cmn r12, #1`"));
        }
        place.write_volatile(branch(slow, began as *const () as usize & !1));
        rest.write_volatile(branch(rest.addr(), slow + 4));
    }
    state::barrier();
}

/// The instruction `b.w` at one address, to another (ARM DDI 0403E, A7.7.12, encoding T4).
fn branch(from: usize, to: usize) -> [u16; 2] {
    let offset = to.wrapping_sub(from + 4) as u32;
    let bit = |number: u32| (offset >> number & 1) as u16;
    let sign = bit(24);
    let (j1, j2) = (!(bit(23) ^ sign) & 1, !(bit(22) ^ sign) & 1);
    let (high, low) = ((offset >> 12 & 0x3ff) as u16, (offset >> 1 & 0x7ff) as u16);
    [0xf000 | sign << 10 | high, 0x9000 | j1 << 13 | j2 << 11 | low]
}

/// The slow path begins: looks, and has it go on. What it must not use from live registers it finds spoilt.
#[unsafe(naked)]
unsafe extern "C" fn began() {
    naked_asm!(
        // What is below the main stack pointer is free.
        "str r12, [sp, #-4]",
        "ldr r12, 1f",
        "stmia r12!, {{r4-r11}}",
        "mov r4, r12",
        "mrs r5, psp",
        "mov r6, sp",
        "stmia r4!, {{r5, r6, lr}}",
        "stmia r4!, {{r0-r3}}",
        "ldr r5, [r6, #-4]",
        "str r5, [r4]",
        "ldr sp, 2f",
        "bl {look}",
        "ldr r12, 1f",
        "ldr sp, [r12, #{main_stack}]",
        "ldmia r12, {{r4-r11}}",
        // r3 is not what it was, nor are the others, except that a return has its words.
        "add r3, r12, #{scratch}",
        "ldmia r3, {{r0-r3, r12}}",
        "mov r3, sp",
        "cmn r12, #1",
        "beq 3f",
        "mov r0, sp",
        "mov r1, sp",
        "mov r2, sp",
        "3: mov lr, sp",
        "b {go_on}",
        ".balign 4",
        "1: .word {at_slow}",
        "2: .word {stack}",
        look = sym state::look,
        go_on = sym go_on,
        main_stack = const offset_of!(Registers, main_stack),
        scratch = const offset_of!(Registers, scratch),
        at_slow = const arena::AT_SLOW,
        stack = const arena::SLOW_STACK,
    )
}

/// The slow path without the branch: its first instruction, and a way to the second.
#[unsafe(naked)]
unsafe extern "C" fn go_on() {
    naked_asm!("cmn r12, #1", "b.w {itself}", itself = sym go_on)
}
