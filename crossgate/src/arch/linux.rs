// SPDX-License-Identifier: MIT OR Apache-2.0
//! Linux: the gate of the kernel that is linked into the program, if there is one.
//!
//! The port defines the symbol `__crossgate_gate`. In this library the symbol is weak, so its address is 0 in a program
//! without a kernel. The linker decides this when it links the program: no process can change it.

#[cfg(target_arch = "aarch64")]
#[path = "linux/aarch64.rs"]
mod cpu;
#[cfg(target_arch = "x86_64")]
#[path = "linux/x86_64.rs"]
mod cpu;

use super::reply::Reply;
use core::any::TypeId;
use core::num::NonZeroUsize;
use crossgate_abi::{Word, number};

/// The entry into a kernel that is linked into the program.
#[derive(Clone, Copy)]
pub struct Gate(NonZeroUsize);

/// Returns the gate, if there is one.
#[inline]
pub fn find() -> Option<Gate> {
    NonZeroUsize::new(cpu::address_of_gate()).map(Gate)
}

impl Gate {
    /// Makes a system call.
    #[inline]
    pub fn enter(self, selector: Word, words: [Word; 4]) -> Reply {
        // SAFETY: this is the address of the gate.
        unsafe { cpu::enter(self.0.get(), selector, words) }
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
