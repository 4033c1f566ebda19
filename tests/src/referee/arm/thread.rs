// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a thread, and the state in which the CPU calls the kernel.

use super::super::operation::Operation;
use super::moment::{self, Moment};
use super::registers::{Registers, SAVED, TO_THREAD, TO_THREAD_WITH_FLOATS};
use crate::arch::ROUND_UP;
use board::port::entry::CLEARS_WORDS;
use core::arch::naked_asm;
use crossgate_protection::Span;

/// The values of the registers of a frame when the handler of an interrupt starts. They may be any values, because
/// another handler may have run before.
const SPOILT: u32 = 0x5b5b_5b5b;
/// The bit of the status for Thumb code, which all threads run.
const THUMB: u32 = 1 << 24;
/// The CPU has aligned the stack pointer to 8.
const ALIGNED: u32 = 1 << 9;
/// The value of `lr` of a puppet. It is not an address of code.
const LINK: u32 = 0x0e55_0e55;

/// The registers with which a thread continues.
pub struct Thread {
    pub program_counter: usize,
    pub selector: u32,
    pub words: [u32; 4],
    pub stack_pointer: usize,
    pub saved: [u32; SAVED],
    pub floats: Option<[u32; 32]>,
}

/// The frame that the CPU pushes.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Frame {
    words: [u32; 4],
    selector: u32,
    link: u32,
    program_counter: u32,
    status: u32,
}

/// The length of the frame in bytes.
const FRAME: usize = size_of::<Frame>();
/// The length of s0 to s15, `FPSCR` and a free word, which the CPU pushes above it if the thread uses floats.
const FLOATS: usize = 72;
/// The length of s16 to s31, which the kernel saves in this case.
const SAVED_FLOATS: usize = 64;

/// The place at which all puppets make their system calls. It never runs.
#[unsafe(naked)]
unsafe extern "C" fn svc() {
    naked_asm!("svc 0", "udf #0")
}

/// Returns the address of the instruction by which puppets make their system calls.
pub fn system_call() -> usize {
    svc as *const () as usize & !1
}

impl Registers {
    /// Returns the registers of the thread.
    pub fn thread(&self) -> Thread {
        let Frame { words, selector, program_counter, status, .. } = self.frame();
        let gap = if status & ALIGNED != 0 { 4 } else { 0 };
        let floats = if self.uses_floats() { FLOATS } else { 0 };
        Thread {
            program_counter: program_counter as usize,
            selector,
            words,
            stack_pointer: self.process_stack + FRAME + floats + gap,
            saved: self.saved,
            floats: self.floats(),
        }
    }

    fn frame(&self) -> Frame {
        // SAFETY: the kernel returns to the thread with a frame there.
        unsafe { (self.process_stack as *const Frame).read() }
    }

    /// Returns the floats of the thread, if it uses them: the CPU has pushed the first half.
    fn floats(&self) -> Option<[u32; 32]> {
        let pushed = (self.process_stack + FRAME) as *const [u32; 16];
        self.uses_floats().then(|| {
            let mut floats = self.floats;
            // SAFETY: the kernel returns to the thread with a frame there.
            let pushed = unsafe { pushed.read() };
            floats.iter_mut().zip(pushed).for_each(|(register, word)| *register = word);
            floats
        })
    }
}

/// Sets up the state of an operation, as the CPU does: pushes the frame, and enables the line of an interrupt. If the
/// thread `stays`, it continues where it was to continue before. The other registers are those with which the slow path
/// of a system call starts.
pub fn lay_down(registers: &mut Registers, operation: &Operation, stays: bool) {
    moment::forget_interrupts();
    let process_stack = operation.frame();
    let is_aligned = operation.stack_pointer & 4 != 0;
    let [first, second, third, fourth] = operation.words;
    let Frame { link, program_counter, .. } = registers.frame();
    let (link, program_counter) =
        if stays { (link, program_counter) } else { (LINK, system_call() as u32 + 2) };
    let [below, range] = moment::room(registers.main_stack, process_stack);
    let selector = if CLEARS_WORDS && below > range { 0 } else { operation.selector };
    let scratch = match operation.line {
        Some(_) => [SPOILT; 5],
        None => [first, second, third, fourth, selector],
    };
    let frame = Frame {
        words: operation.words,
        selector: operation.selector,
        link,
        program_counter,
        status: THUMB | if is_aligned { ALIGNED } else { 0 },
    };
    // SAFETY: the frame is memory that the thread may write.
    unsafe { (process_stack as *mut Frame).write(frame) };
    let (link, floats) = match operation.floats {
        Some(floats) => {
            let place = process_stack + FRAME;
            // SAFETY: as above.
            unsafe {
                (place as *mut [u32; 16]).write(core::array::from_fn(|index| floats[index]));
                ((place + 64) as *mut u32).write(ROUND_UP);
            }
            (TO_THREAD_WITH_FLOATS, floats)
        }
        None => (TO_THREAD, [0; 32]),
    };
    let saved = operation.saved;
    *registers = Registers { saved, process_stack, scratch, link, floats, ..*registers };
    if let Some(line) = operation.line {
        moment::enable(line);
    }
}

impl Operation {
    /// Returns `true` if this operation is possible now: the CPU can push its frame with the rights of the thread.
    pub fn is_possible(&self, moment: &Moment) -> bool {
        let start = self.frame();
        self.stack_pointer & 3 == 0
            && start < usize::MAX - self.length()
            && moment.is_writable(Span { start, end: start + FRAME })
            && (self.floats.is_none() || self.has_room_for_floats(moment))
    }

    /// Returns whether the CPU and the kernel have room for floats, if they have room for the other registers. (The
    /// slow path alone can't detect that the room is missing: see the test `float_attacks`.)
    fn has_room_for_floats(&self, moment: &Moment) -> bool {
        let start = self.frame();
        let [below, above] = moment.room(start);
        let end = start + self.length();
        moment.is_writable(Span { start: start + FRAME, end: end - 8 })
            && moment.is_writable(Span { start: end - 8, end })
            && (below > above || below >= SAVED_FLOATS && below + FLOATS <= above)
    }

    /// Returns the length of the frame.
    fn length(&self) -> usize {
        FRAME + if self.floats.is_some() { FLOATS } else { 0 }
    }

    /// Returns the address at which the CPU pushes its frame.
    fn frame(&self) -> usize {
        self.stack_pointer.wrapping_sub(self.length()) & !7
    }

    /// Returns whether the CPU reports a fault instead of this operation, if the stack pointer is out of bounds: it
    /// finds no room for the floats.
    pub fn faults_at_once(&self, is_wild: bool) -> bool {
        is_wild && self.floats.is_some()
    }
}
