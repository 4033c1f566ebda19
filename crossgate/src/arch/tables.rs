// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tables of the wiring, which every process of a microcontroller can read.

use crossgate_abi::table::{Gate, ProcessRow, Service};

unsafe extern "Rust" {
    safe static __crossgate_services: &'static [Service];
    safe static __crossgate_gates: &'static [Gate];
    safe static __crossgate_processes: &'static [ProcessRow];
}

/// Returns the interface of the service whose first gate this is, from the tables of the wiring.
#[inline]
pub fn interface_of(gate: usize) -> Option<core::any::TypeId> {
    let service = __crossgate_services.get(__crossgate_gates.get(gate)?.service.index())?;
    (usize::from(service.gate) == gate).then(|| (service.interface)())
}

/// Returns the name of a process in the wiring.
#[inline]
pub fn name_of(process: usize) -> Option<&'static str> {
    __crossgate_processes.get(process).map(|process| process.name)
}
