// SPDX-License-Identifier: MIT OR Apache-2.0
//! x86-64 Linux: the gate of the kernel that is linked into the program, if there is one.
//!
//! The port defines the symbol `__crossgate_gate`. In this library the symbol is weak, so its address is 0 in a program
//! without a kernel. The linker decides this when it links the program: no process can change it.

use super::reply::Reply;
use core::any::TypeId;
use core::arch::asm;
use core::num::NonZeroUsize;
use crossgate_abi::{Word, number};

/// The entry into a kernel that is linked into the program.
#[derive(Clone, Copy)]
pub struct Gate(NonZeroUsize);

/// Returns the gate, if there is one.
#[inline]
pub fn find() -> Option<Gate> {
    let address: usize;
    // SAFETY: this only loads the address of a symbol.
    unsafe {
        asm!(
            ".weak __crossgate_gate",
            "mov {}, qword ptr [rip + __crossgate_gate@GOTPCREL]",
            out(reg) address,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    NonZeroUsize::new(address).map(Gate)
}

impl Gate {
    /// Makes a system call.
    #[inline]
    pub fn enter(self, selector: Word, words: [Word; 4]) -> Reply {
        let [a, b, c, d] = words;
        let (status, first, second);
        // SAFETY: the gate preserves the same registers as a function. The callee can reach no memory of this process
        // except the memory that the arguments lend.
        unsafe {
            asm!(
                "call {gate}",
                gate = in(reg) self.0.get(),
                inlateout("rax") selector => status,
                in("rdi") a,
                in("rsi") b,
                inlateout("rdx") c => first,
                inlateout("rcx") d => second,
                clobber_abi("C"),
            );
        }
        Reply { status, words: [first, second] }
    }

    /// Returns the interface of the service whose first gate this is, from the tables of the wiring.
    pub fn interface_of(self, gate: Word) -> Option<TypeId> {
        let selector = number::system_call(number::hosted::INTERFACE);
        let function = self.enter(selector, [gate, 0, 0, 0]).words[0];
        if function == 0 {
            return None;
        }
        // SAFETY: the kernel returns the function that is in the tables.
        Some(unsafe { core::mem::transmute::<Word, fn() -> TypeId>(function) }())
    }

    /// Returns the name of a process in the wiring.
    pub fn name_of(self, process: Word) -> Option<&'static str> {
        let selector = number::system_call(number::hosted::NAME);
        let [start, length] = self.enter(selector, [process, 0, 0, 0]).words;
        if length == 0 {
            return None;
        }
        // SAFETY: the kernel returns the place of the name in the wiring, which never changes.
        let name = unsafe {
            core::slice::from_raw_parts(core::ptr::with_exposed_provenance(start), length)
        };
        core::str::from_utf8(name).ok()
    }
}
