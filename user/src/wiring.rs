//! Arithmetic and checks behind `system!`, done by the compiler.

use crate::interface::{MethodShape, broken_limit};
use crate::object::Publish;
use crate::{Handle, Interface};
use core::any::TypeId;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use crossgate_abi::table::{Gate, Method, NO_LOCK, OnFault, RawReply, Service, Window};
use crossgate_abi::{PRIORITIES, Shape, Word};

pub use crate::object::{Array, ServiceObject};

/// The bytes of stack that a service's methods get if the wiring doesn't say.
pub const DEFAULT_SERVICE_STACK: usize = 256;

/// Stops the compiler with the texts as its message.
#[track_caller]
const fn fail(parts: &[&str]) -> ! {
    let mut text = [b' '; 256];
    let mut end = 0;
    let mut part = 0;
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut index = 0;
        while index < bytes.len() && end < text.len() {
            text[end] = bytes[index];
            (end, index) = (end + 1, index + 1);
        }
        part += 1;
    }
    match core::str::from_utf8(text.split_at(end).0) {
        Ok(text) => panic!("{}", text),
        Err(_) => panic!("an item of the wiring is wrong"),
    }
}

/// The limits of a call. `what` is `` `Interface::method` ``.
#[track_caller]
pub const fn check_method(what: &str, arguments: Shape, results: Shape) {
    let why = broken_limit(arguments, results);
    if !why.is_empty() {
        fail(&[what, why]);
    }
}

/// How many services there are.
#[must_use]
#[track_caller]
pub const fn service_count(counts: &[usize]) -> usize {
    let count = sum(counts, counts.len());
    assert!(count <= 256, "a firmware has at most 256 services");
    count
}

/// How many locks there are.
#[must_use]
#[track_caller]
pub const fn lock_count(counts: &[usize]) -> usize {
    let count = sum(counts, counts.len());
    assert!(count <= NO_LOCK as usize, "a firmware has at most 255 exclusive objects");
    count
}

/// The set of one: bit `index`. Past the last bit it is empty; a firmware has no more.
#[must_use]
pub const fn bit(index: usize) -> u32 {
    1_u32.unbounded_shl(index as u32)
}

/// A range of device registers.
#[must_use]
#[track_caller]
pub const fn window(window: Window) -> Window {
    assert!(
        window.size >= 32 && window.size.is_power_of_two(),
        "the size of an `mmio` window is a power of two of at least 32 bytes"
    );
    assert!(
        window.start.is_multiple_of(window.size),
        "an `mmio` window starts at a multiple of its size"
    );
    window
}

/// Refuses window `index` if it overlaps one before it, unless the wiring says of both that they are
/// shared. Of each it has the process, whether it is shared, and where it is.
#[track_caller]
pub const fn check_window(windows: &[(&str, bool, Window)], index: usize) {
    let (process, is_shared, window) = &windows[index];
    let mut other = 0;
    while other < index {
        let (other_process, other_is_shared, of_other) = &windows[other];
        // The end may be that of the address space.
        let overlap = window.start <= of_other.start + (of_other.size - 1)
            && of_other.start <= window.start + (window.size - 1);
        if overlap && is_same(process, other_process) {
            fail(&["process `", process, "` owns the same device registers twice"]);
        }
        if overlap && !(*is_shared && *other_is_shared) {
            fail(&[
                "processes `",
                other_process,
                "` and `",
                process,
                "` own the same device registers; if that is meant, both say `shared mmio`",
            ]);
        }
        other += 1;
    }
}

const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut same = 0;
    while same < one.len() && same < other.len() && one[same] == other[same] {
        same += 1;
    }
    same == one.len() && same == other.len()
}

/// The priority of a thread.
#[must_use]
#[track_caller]
pub const fn priority(priority: usize) -> u8 {
    assert!(
        priority >= 1 && priority < PRIORITIES,
        "the priority of a thread is 1 (least urgent) to 31"
    );
    priority as u8
}

/// A process that begins anew, unless it crashed more often than `limit` in a row.
#[must_use]
#[track_caller]
pub const fn restart(limit: usize) -> OnFault {
    assert!(limit >= 1 && limit <= 255, "the `limit` of restarts in a row is 1 to 255");
    OnFault::Restart { limit: limit as u8 }
}

/// The stack that a service's methods need.
#[must_use]
#[track_caller]
pub const fn service_stack(bytes: usize) -> u16 {
    assert!(bytes <= u16::MAX as usize, "the stack of a service is at most 65535 bytes");
    bytes as u16
}

/// The stack of a thread, rounded up to what a memory protection unit can divide: at least 256
/// bytes, and a multiple of an eighth of the next power of two.
#[must_use]
#[track_caller]
pub const fn stack_size(bytes: usize) -> usize {
    assert!(bytes > 0 && bytes <= 1 << 24, "the stack of a thread is 1 byte to 16 MiB");
    let bytes = if bytes < 256 { 256 } else { bytes };
    bytes.next_multiple_of(bytes.next_power_of_two() / 8)
}

/// The memory of a stack. The linker aligns it.
#[repr(C, align(8))]
pub struct Stack<const N: usize>(UnsafeCell<MaybeUninit<[u8; N]>>);

// SAFETY: nothing in Rust refers to what is in it.
unsafe impl<const N: usize> Sync for Stack<N> {}

impl<const N: usize> Stack<N> {
    /// A stack.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is for statics")]
    pub const fn new() -> Self {
        Stack(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// Its lowest address.
    #[must_use]
    pub const fn start(&'static self) -> *const u8 {
        self.0.get().cast::<u8>()
    }
}

/// The sum of the counts before `end`: where the things of item `end` start.
#[must_use]
pub const fn sum(counts: &[usize], end: usize) -> usize {
    let (mut sum, mut index) = (0, 0);
    while index < end {
        sum += counts[index];
        index += 1;
    }
    sum
}

/// The handle (or handles) of the service whose first object has this first gate.
#[must_use]
pub const fn handle<H: Copy>(index: usize) -> H {
    const { assert!(size_of::<H>() == size_of::<Handle<()>>()) }
    // SAFETY: it is used for `ServiceObject::Handle` only, which is transparent over `RawHandle`, as
    // is `Handle`.
    unsafe { core::mem::transmute_copy(&Handle::<()>::__of_gate(index)) }
}

/// What the wiring says of one service.
pub struct Publication {
    pub name: &'static str,
    /// Index of its (first) object in the table.
    pub index: usize,
    /// The first gate of its (first) object.
    pub gate: usize,
    pub owner: usize,
    /// The number of the lock of its (first) object.
    pub lock: usize,
    pub stack: u16,
    pub callers: u32,
    pub methods: &'static [Method],
}

/// What a server enters for a method that it has no entry for: never in a table.
const unsafe extern "C-unwind" fn no_entry(
    _: *mut (),
    _: Word,
    _: Word,
    _: Word,
    _: Word,
) -> RawReply {
    panic!("a method without an entry")
}

/// The methods of a service, of which there are `N`: what they are, the interface says; where they are
/// entered, the server.
#[must_use]
#[track_caller]
pub const fn methods<I: ?Sized + Interface, O: Publish<I>, const N: usize>() -> [Method; N] {
    let (shapes, entries) = (I::SHAPES, O::ENTRIES);
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

/// Enters a service, once per object, into the table.
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
            callers: wiring.callers,
            name: wiring.name,
            interface: TypeId::of::<I>,
            stack: wiring.stack,
            gate: (wiring.gate + object * wiring.methods.len()) as u16,
            owner: wiring.owner as u8,
            lock: if O::LOCKS != 0 { (wiring.lock + object) as u8 } else { NO_LOCK },
        };
        object += 1;
    }
}

/// How many gates there are.
#[must_use]
#[track_caller]
pub const fn gate_count(counts: &[usize]) -> usize {
    let count = sum(counts, counts.len());
    assert!(
        count <= 1 << 15,
        "the services of a firmware have at most 32768 methods, those of each object of an array counted"
    );
    count
}

/// The gates of all services.
#[must_use]
pub const fn gates<const N: usize>(services: &[Service]) -> [Gate; N] {
    const NO_GATE: Gate = Gate {
        callers: 0,
        owner: 0,
        service: 0,
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
            gates[gate] = Gate::new(number as u8, service, &service.methods[method]);
            (gate, method) = (gate + 1, method + 1);
        }
        number += 1;
    }
    gates
}

/// Whether some method takes or gives a handle.
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

/// An entry of the table that is not filled in yet.
pub const EMPTY: Service = Service {
    object: core::ptr::null_mut(),
    methods: &[],
    callers: 0,
    name: "",
    interface: TypeId::of::<()>,
    stack: 0,
    gate: 0,
    owner: 0,
    lock: NO_LOCK,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_are_divisible() {
        for (declared, size) in
            [(1, 256), (256, 256), (257, 320), (600, 640), (1024, 1024), (1025, 1280)]
        {
            assert_eq!(stack_size(declared), size);
        }
    }
}
