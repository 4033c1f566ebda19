// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tables of services and gates.

use super::counts::bit;
use crate::Interface;
use crate::interface::MethodShape;
use crate::object::{Publish, ServiceObject};
use core::any::TypeId;
use crossgate_abi::message::fail;
use crossgate_abi::table::{Gate, Method, NO_LOCK, RawReply, Service};
use crossgate_abi::{LockId, ProcessId, ServiceId, Set, Shape, Word};

/// A service as the wiring lists it.
pub struct Publication {
    pub name: &'static str,
    /// Index of the service's (first) object in the table.
    pub index: usize,
    /// The first gate of the service's (first) object.
    pub gate: usize,
    pub owner: usize,
    /// The number of the lock of the service's (first) object.
    pub lock: usize,
    pub stack: u16,
    pub callers: u32,
    pub methods: &'static [Method],
}

/// The entry of a method for which the server has none. It is never in a table.
const unsafe extern "C-unwind" fn no_entry(
    _: *mut (),
    _: Word,
    _: Word,
    _: Word,
    _: Word,
) -> RawReply {
    panic!("a method without an entry")
}

/// Returns the methods of a service, of which there are `N`: the interface defines their words, and the server their
/// entry points.
#[must_use]
#[track_caller]
pub const fn methods<I: ?Sized + Interface, O: Publish<I>, const N: usize>() -> [Method; N] {
    let (shapes, entries) = (I::SHAPES, O::THUNKS);
    if shapes.len() != N || entries.len() != N {
        fail(&[I::NAME, ": its server has not exactly one entry for each method"]);
    }
    let nothing = MethodShape::new("", Shape::NONE, Shape::NONE);
    let mut methods = [nothing.entered_at(no_entry); N];
    let mut method = 0;
    while method < N {
        methods[method] = shapes[method].entered_at(entries[method]);
        method += 1;
    }
    methods
}

/// Adds a service to the table, with an entry for each object.
pub const fn publish<I: ?Sized + Interface, O: ServiceObject>(
    objects: &'static O,
    wiring: &Publication,
    table: &mut [Service],
) {
    let first = (&raw const *objects).cast::<u8>();
    let mut object = 0;
    while object < O::COUNT {
        let size = size_of::<O>() / O::COUNT;
        table[wiring.index + object] = Service {
            // SAFETY: the type is `COUNT` objects in a row.
            object: unsafe { first.add(object * size) }.cast_mut().cast(),
            methods: wiring.methods,
            callers: Set::of_bits(wiring.callers),
            name: wiring.name,
            interface: TypeId::of::<I>,
            stack: wiring.stack,
            gate: (wiring.gate + object * wiring.methods.len()) as u16,
            owner: ProcessId::new(wiring.owner),
            lock: if O::LOCKS != 0 { LockId::new(wiring.lock + object) } else { NO_LOCK },
        };
        object += 1;
    }
}

/// Returns the gates of all services. If the wiring counts how long processes run, the core has to handle each call.
#[must_use]
pub const fn gates<const N: usize>(services: &[Service], is_counted: bool) -> [Gate; N] {
    const NO_GATE: Gate = Gate {
        callers: Set::EMPTY,
        owner: ProcessId::FIRST,
        service: ServiceId::FIRST,
        room: Gate::CARE,
        entry: no_entry,
        object: core::ptr::null_mut(),
    };
    let mut gates = [NO_GATE; N];
    let (mut number, mut gate) = (0, 0);
    while number < services.len() {
        let service = &services[number];
        let mut method = 0;
        while method < service.methods.len() {
            gates[gate] = Gate::new(ServiceId::new(number), service, &service.methods[method]);
            if is_counted {
                gates[gate].room = Gate::CARE;
            }
            (gate, method) = (gate + 1, method + 1);
        }
        number += 1;
    }
    gates
}

/// Returns the only element, if there is one.
#[must_use]
pub const fn first<T: Copy>(all: &[T]) -> Option<T> {
    if let [first] = all { Some(*first) } else { None }
}

/// Returns whether a part of the wiring is there.
#[must_use]
#[inline(always)]
pub const fn is_some(part: &[u32]) -> bool {
    !part.is_empty()
}

/// Returns the other processes that may call a process. (If handles are passed on, any process may.)
#[must_use]
pub const fn clients(services: &[Service], process: u8) -> Set<ProcessId> {
    let (mut clients, mut service) = (0, 0);
    while service < services.len() {
        if services[service].owner.number() == process {
            clients |= services[service].callers.bits();
        }
        service += 1;
    }
    if passes_handles(services) && clients != 0 {
        clients = u32::MAX;
    }
    Set::of_bits(clients & !bit(process as usize))
}

/// Returns whether some method takes or returns a handle.
#[must_use]
pub const fn passes_handles(services: &[Service]) -> bool {
    let mut service = 0;
    while service < services.len() {
        let methods = services[service].methods;
        let mut method = 0;
        while method < methods.len() {
            if methods[method].arguments.has_handles() {
                return true;
            }
            method += 1;
        }
        service += 1;
    }
    false
}

/// An entry of the table before it is filled in.
pub const EMPTY: Service = Service {
    object: core::ptr::null_mut(),
    methods: &[],
    callers: Set::EMPTY,
    name: "",
    interface: TypeId::of::<()>,
    stack: 0,
    gate: 0,
    owner: ProcessId::FIRST,
    lock: NO_LOCK,
};
