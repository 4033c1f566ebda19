// SPDX-License-Identifier: MIT OR Apache-2.0
//! The branches at the starts of the slow paths: their first instructions are replaced by branches to [`began`] and
//! [`began_interrupt`], which look at the state and then execute these instructions.

use super::processor::only_with_floats;
use super::registers::Registers;
use super::{look, moment, notes};
use crate::report::fail;
use board::port::entry;
use core::arch::naked_asm;
use core::mem::offset_of;

/// An instruction of 4 bytes, in the order of its halves.
type Instruction = [u16; 2];

/// The first instruction of the slow path of system calls. It has the same effect at any address.
const FIRST: Instruction = [0xf11c, 0x0f01];
/// The bits of the second half of a call, and of a jump: see [`branch`].
const LINKED: u16 = 0xd000;
const BRANCH: u16 = 0x9000;

/// Returns the start of the slow path of system calls, without the branch.
pub fn slow_path() -> usize {
    go_on as *const () as usize
}

/// Installs the branches.
pub fn install() {
    let slow = entry::slow as *const () as usize & !1;
    let first = read(slow);
    if first != FIRST {
        fail(format_args!("the slow path begins with {first:x?}, not with `cmn r12, #1`"));
    }
    replace(slow, began as *const () as usize, go_on as *const () as usize, first);

    let slow = entry::interrupt as *const () as usize & !1;
    let first = read(slow);
    let go_on = go_on_interrupt as *const () as usize & !1;
    let handler = target(slow, first);
    if first != branch(slow, handler, LINKED) {
        fail(format_args!("the slow path of interrupts begins with {first:x?}, not with a call"));
    }
    let first = branch(go_on, handler, LINKED);
    replace(slow, began_interrupt as *const () as usize, go_on, first);
}

fn read(place: usize) -> Instruction {
    // SAFETY: the address is that of code, which may be read.
    unsafe { core::ptr::with_exposed_provenance::<Instruction>(place).read() }
}

/// Makes the code at `place` continue at `began`. Makes the code at `go_on` execute the `first` instruction of that
/// code, and return there.
///
/// The memory of the code is writable on this board while the protection unit is off.
fn replace(place: usize, began: usize, go_on: usize, first: Instruction) {
    let (began, go_on) = (began & !1, go_on & !1);
    let write = |place: usize, instruction: Instruction| {
        let place = core::ptr::with_exposed_provenance_mut::<Instruction>(place);
        // SAFETY: this code replaces instructions of 4 bytes: an instruction by a branch to code with the same effect,
        // and there placeholders by that instruction and a branch back. No code runs at these places now.
        unsafe { place.write_volatile(instruction) };
    };
    write(place, branch(place, began, BRANCH));
    write(go_on, first);
    write(go_on + 4, branch(go_on + 4, place + 4, BRANCH));
    moment::barrier();
}

/// Returns the instruction at one address that jumps to another: `b.w` or `bl` (ARM DDI 0403E, A7.7.12, encoding T4;
/// A7.7.18).
fn branch(from: usize, to: usize, kind: u16) -> Instruction {
    let offset = to.wrapping_sub(from + 4) as u32;
    let bit = |number: u32| (offset >> number & 1) as u16;
    let sign = bit(24);
    let (j1, j2) = (!(bit(23) ^ sign) & 1, !(bit(22) ^ sign) & 1);
    let (high, low) = ((offset >> 12 & 0x3ff) as u16, (offset >> 1 & 0x7ff) as u16);
    [0xf000 | sign << 10 | high, kind | j1 << 13 | j2 << 11 | low]
}

/// Returns the target of such an instruction at this address.
fn target(from: usize, [high, low]: Instruction) -> usize {
    let bit = |half: u16, number: u32| u32::from(half >> number & 1);
    let sign = bit(high, 10);
    let (i1, i2) = (!(bit(low, 13) ^ sign) & 1, !(bit(low, 11) ^ sign) & 1);
    let offset = sign << 24
        | i1 << 23
        | i2 << 22
        | u32::from(high & 0x3ff) << 12
        | u32::from(low & 0x7ff) << 1;
    let signed = (offset << 7) as i32 >> 7;
    (from + 4).wrapping_add_signed(signed as isize)
}

/// Runs at the start of the slow path: looks at the state, and lets the slow path continue. Overwrites the registers
/// that the slow path must not use.
#[unsafe(naked)]
unsafe extern "C" fn began() {
    naked_asm!(
        // The memory below the main stack pointer is free.
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
        // r3 gets another value, and so do the other registers, except for the words of a return.
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
        look = sym look::look,
        go_on = sym go_on,
        main_stack = const offset_of!(Registers, main_stack),
        scratch = const offset_of!(Registers, scratch),
        at_slow = const notes::AT_SLOW,
        stack = const notes::SLOW_STACK,
    )
}

/// The slow path of system calls without the branch. The first instruction of the slow path, and a jump to its second
/// instruction, are installed here.
#[unsafe(naked)]
unsafe extern "C" fn go_on() {
    naked_asm!("b.w {itself}", "b.w {itself}", itself = sym go_on)
}

/// Runs at the start of the slow path of interrupts, like `began`. In: r0 is the address of the saved registers.
#[unsafe(naked)]
unsafe extern "C" fn began_interrupt() {
    naked_asm!(
        "ldr r12, 1f",
        "mrs r5, psp",
        "str r5, [r12, #{process_stack}]",
        "str sp, [r12, #{main_stack}]",
        "str r0, [r12, #{scratch}]",
        "ldr sp, 2f",
        "bl {look}",
        "ldr r12, 1f",
        "ldr r0, [r12, #{scratch}]",
        "ldr sp, [r12, #{main_stack}]",
        "mov r1, sp",
        "mov r2, sp",
        "mov r3, sp",
        "mov r4, sp",
        "mov r5, sp",
        "mov r6, sp",
        "mov r7, sp",
        "mov r8, sp",
        "mov r9, sp",
        "mov r10, sp",
        "mov r11, sp",
        "mov r12, sp",
        "b {go_on}",
        ".balign 4",
        "1: .word {at_slow}",
        "2: .word {stack}",
        look = sym look::look_at_interrupt,
        go_on = sym go_on_interrupt,
        process_stack = const offset_of!(Registers, process_stack),
        main_stack = const offset_of!(Registers, main_stack),
        scratch = const offset_of!(Registers, scratch),
        at_slow = const notes::AT_SLOW,
        stack = const notes::SLOW_STACK,
    )
}

/// The slow path of interrupts without the branch, installed in the same way.
#[unsafe(naked)]
unsafe extern "C" fn go_on_interrupt() {
    naked_asm!("b.w {itself}", "b.w {itself}", itself = sym go_on_interrupt)
}

/// Handles a system call of a thread that uses floats, without the fast path: saves the registers that the CPU has not
/// pushed, and clears all of them, as the kernel does. If the stack pointer is out of bounds, this code only clears
/// them.
#[cfg(target_abi = "eabihf")]
#[unsafe(naked)]
pub unsafe extern "C" fn slow_with_floats() {
    naked_asm!(
        ".fpu fpv4-sp-d16",
        "cmn r12, #1",
        "beq 1f",
        "mrs r0, psp",
        "ldrd r1, r2, [sp]",
        "subs r1, r0, r1",
        "cmp r1, r2",
        "bhi 1f",
        "sub r1, r0, #96",
        "vstmia r1, {{s16-s31}}",
        "1: ldr r3, 2f",
        "vldmia r3, {{d0-d15}}",
        "b {go_on}",
        ".balign 4",
        "2: .word {zeros}",
        go_on = sym go_on,
        zeros = sym ZEROS,
    )
}

#[cfg(target_abi = "eabihf")]
static ZEROS: [u64; 16] = [0; 16];

/// No thread uses floats.
#[cfg(not(target_abi = "eabihf"))]
pub unsafe extern "C" fn slow_with_floats() {
    fail(format_args!("a thread of this CPU has no floats"))
}

/// Handles an interrupt without the fast path: saves the registers as the kernel does. If the stack pointer is out of
/// bounds, this code jumps to the kernel's handler, which does not try the fast path.
#[unsafe(naked)]
pub unsafe extern "C" fn slow_interrupt() {
    naked_asm!(
        only_with_floats!(".fpu fpv4-sp-d16"),
        "mrs r0, psp",
        "ldrd r1, r2, [sp]",
        "subs r1, r0, r1",
        "cmp r1, r2",
        "bhi 1f",
        only_with_floats!("tst lr, #16"),
        only_with_floats!("bne 4f"),
        only_with_floats!("sub r1, r0, #96"),
        only_with_floats!("vstmia r1, {{s16-s31}}"),
        only_with_floats!("ldr r3, 3f"),
        only_with_floats!("vldmia r3, {{d0-d15}}"),
        only_with_floats!("4:"),
        "stmdb r0!, {{r4-r11}}",
        "b {go_on}",
        "1: ldr r0, 2f",
        "ldr pc, [r0]",
        ".balign 4",
        "2: .word {interrupt}",
        only_with_floats!("3: .word {zeros}"),
        go_on = sym go_on_interrupt,
        interrupt = const notes::INTERRUPT,
        #[cfg(target_abi = "eabihf")]
        zeros = sym ZEROS,
    )
}
