//! What the system tests have to know of the port, and no firmware has to.

use crate::gate::{HAS_WRFSBASE, KERNEL_STACK_END};
use crate::signal::SIGNAL_STACK_END;
use crate::{host, memory};
use core::sync::atomic::Ordering;
use crossgate_abi::table::System;
use crossgate_kernel::memory::Span;
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

/// Whether process code can change the bases of segments.
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
    host::in_program(address)
}
