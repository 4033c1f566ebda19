// SPDX-License-Identifier: MIT OR Apache-2.0
//! Facts of the port that only the system tests need.

use crate::domain::Domain;
use crate::linux::program;
use crate::machine::Machine;
use crate::pages::STACK;
use crate::words::{
    HANDLER_STACK_END, HAS_KEYS, KERNEL_STACK_END, MODE, PENDING, RIGHTS, SIGNAL_STACK_END,
};
use crate::{exit, handling};
use core::sync::atomic::Ordering;
use crossgate_abi::table::System;
use crossgate_kernel::Kernel;
use crossgate_protection::Span;
use std::sync::OnceLock;

#[doc(hidden)]
pub use crate::cpu::abilities;

static SYSTEM: OnceLock<&'static System> = OnceLock::new();

/// Records the wiring with the real addresses of memory.
pub(crate) fn tell(system: &'static System) {
    let _ = SYSTEM.set(system);
}

/// Returns the wiring with the real addresses of memory.
///
/// # Panics
/// If no firmware runs.
#[must_use]
pub fn system() -> &'static System {
    SYSTEM.get().expect("the port has told it")
}

/// Memory of the kernel.
#[derive(Clone, Copy, Debug)]
pub struct KernelMemory {
    /// Its name.
    pub name: &'static str,
    /// Its address.
    pub address: usize,
    /// The accesses that are refused there.
    pub closed: Closed,
}

/// An access that only the kernel can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Writing, always.
    Constant,
    /// Writing, if there are protection keys.
    Writing,
    /// Reading and writing, if there are protection keys.
    All,
}

static ALL: OnceLock<[KernelMemory; 12]> = OnceLock::new();

/// Returns samples of all of the kernel's memory.
///
/// # Panics
/// If no firmware runs.
#[must_use]
pub fn all() -> &'static [KernelMemory] {
    ALL.get().expect("the port has told them")
}

/// Records the places of the kernel's memory.
pub(crate) fn tell_places(kernel: &Kernel<Machine>) {
    let machine = &kernel.port;
    let system = machine.system;
    let image = system.processes.iter().map(|process| process.memory.image);
    let memory = |name, address, closed| KernelMemory { name, address, closed };
    // SAFETY: the C library returns the address of its variable.
    let errno = unsafe { libc::__errno_location() }.addr();
    let handlers = HANDLER_STACK_END.load(Ordering::Relaxed);
    let _ = ALL.set([
        memory("the wiring", (&raw const *system).addr(), Closed::Constant),
        memory("the processes", system.processes.as_ptr().addr(), Closed::Constant),
        memory("the threads", system.threads.as_ptr().addr(), Closed::Constant),
        memory("initial values", image.max().unwrap_or(0), Closed::Constant),
        memory("the mode", MODE.as_ptr().addr(), Closed::Writing),
        memory("what is pending", PENDING.as_ptr().addr(), Closed::Writing),
        memory("the rights", RIGHTS.as_ptr().addr(), Closed::Writing),
        memory("a variable of the C library", errno, Closed::Writing),
        memory("the kernel", (&raw const *kernel).addr(), Closed::All),
        memory("devices", machine.devices.address(), Closed::All),
        memory("the kernel's stack", kernel_stack().end - 64, Closed::All),
        memory("the handlers' stack", handlers - 64, Closed::All),
    ]);
}

/// Returns the function that Linux calls for a signal. Its arguments are the signal's number, its information, and the
/// registers.
#[must_use]
pub fn signal_handler() -> usize {
    handling::handler(has_keys()) as *const () as usize
}

/// Opens the memory of a process, as if a thread were in it.
pub fn open_process(machine: &mut Machine, process: usize) {
    let region = machine.regions.get(process).map_or(Span::EMPTY, |region| region.open);
    machine.next_domain = Domain { region, stack: Span::EMPTY };
    machine.open_now();
}

/// Returns the start of the path out of the kernel.
#[must_use]
pub fn way_out() -> usize {
    exit::leave as *const () as usize
}

/// Returns the code at which a faulted thread continues if there are protection keys. It gives itself all rights.
#[cfg(target_arch = "x86_64")]
#[must_use]
pub fn fault_entry_with_keys() -> usize {
    crate::entry::fault_entry_with_keys as *const () as usize
}

/// Returns the code at which a thread continues after a system call, in user mode except for the first instructions.
#[must_use]
pub fn answer() -> usize {
    exit::answer as *const () as usize
}

/// Returns whether there are protection keys.
#[must_use]
pub fn has_keys() -> bool {
    HAS_KEYS.load(Ordering::Relaxed) != 0
}

/// Returns the kernel's stack.
#[must_use]
pub fn kernel_stack() -> Span {
    let end = KERNEL_STACK_END.load(Ordering::Relaxed);
    Span { start: end - STACK, end }
}

/// Returns the stack of the signal handlers.
#[must_use]
pub fn signal_stack() -> Span {
    let end = SIGNAL_STACK_END.load(Ordering::Relaxed);
    Span { start: end - STACK, end }
}

/// Returns an address of code in the form that fault records use.
#[must_use]
pub fn in_program(address: usize) -> usize {
    program::in_program(address)
}
