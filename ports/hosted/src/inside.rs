// SPDX-License-Identifier: MIT OR Apache-2.0
//! Facts of the port that the system tests have to know, and no firmware has to.

use crate::domain::Domain;
use crate::linux::program;
use crate::machine::Machine;
use crate::words::{
    HANDLER_STACK_END, HAS_KEYS, HAS_WRFSBASE, KERNEL_STACK_END, MODE, PENDING, RIGHTS,
    SIGNAL_STACK_END,
};
use crate::{exit, memory, signal};
use core::sync::atomic::Ordering;
use crossgate_abi::table::System;
use crossgate_kernel::Kernel;
use crossgate_protection::Span;
use std::sync::OnceLock;

static SYSTEM: OnceLock<&'static System> = OnceLock::new();

/// This is the wiring with the addresses that memory has.
pub(crate) fn tell(system: &'static System) {
    let _ = SYSTEM.set(system);
}

/// The wiring with the addresses that memory has.
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
    /// Where.
    pub address: usize,
    /// The accesses that are refused there.
    pub closed: Closed,
}

/// An access that nobody but the kernel can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Write, ever.
    Constant,
    /// Write, if there are protection keys.
    Writing,
    /// Read and write, if there are protection keys.
    All,
}

static ALL: OnceLock<[KernelMemory; 12]> = OnceLock::new();

/// Samples of all of the kernel's memory.
///
/// # Panics
/// If no firmware runs.
#[must_use]
pub fn all() -> &'static [KernelMemory] {
    ALL.get().expect("the port has told them")
}

/// This is the kernel.
pub(crate) fn tell_places(kernel: &Kernel<Machine>) {
    let machine = &kernel.port;
    let system = machine.system;
    let image = system.processes.iter().map(|process| process.memory.image);
    let memory = |name, address, closed| KernelMemory { name, address, closed };
    // SAFETY: the C library tells where its variable is.
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

/// The function that Linux has to call for a signal, with its number, what is known of it, and the registers.
#[must_use]
pub fn signal_handler() -> usize {
    signal::handle_with_keys as *const () as usize
}

/// Opens the memory of a process, as if a thread were in it.
pub fn open_process(machine: &mut Machine, process: usize) {
    let region = machine.regions.get(process).map_or(Span::EMPTY, |region| region.open);
    machine.next_domain = Domain { region, stack: Span::EMPTY };
    machine.open_now();
}

/// Where the way out of the kernel starts.
#[must_use]
pub fn way_out() -> usize {
    exit::leave as *const () as usize
}

/// Where a thread goes on after a system call, in user mode but for the first instructions.
#[must_use]
pub fn answer() -> usize {
    exit::answer as *const () as usize
}

/// Returns whether there are protection keys.
#[must_use]
pub fn has_keys() -> bool {
    HAS_KEYS.load(Ordering::Relaxed) != 0
}

/// Returns whether process code can change the bases of segments.
#[must_use]
pub fn can_change_bases() -> bool {
    HAS_WRFSBASE.load(Ordering::Relaxed) != 0
}

/// The kernel's stack.
#[must_use]
pub fn kernel_stack() -> Span {
    let end = KERNEL_STACK_END.load(Ordering::Relaxed);
    Span { start: end - memory::STACK, end }
}

/// The stack of the signal handlers.
#[must_use]
pub fn signal_stack() -> Span {
    let end = SIGNAL_STACK_END.load(Ordering::Relaxed);
    Span { start: end - memory::STACK, end }
}

/// An address of code as fault records tell it.
#[must_use]
pub fn in_program(address: usize) -> usize {
    program::in_program(address)
}
