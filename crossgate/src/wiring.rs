// SPDX-License-Identifier: MIT OR Apache-2.0
//! Arithmetic and checks of `system!`, which the compiler carries out.

mod budgets;
mod counts;
mod interfaces;
mod limits;
mod mmio;
mod tables;

use crate::Handle;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

pub use crate::object::{Array, ServiceObject};
pub use budgets::{
    Unit, budget, budget_of_process, budget_of_thread, budgets_of_threads, if_any, time_slice,
};
pub use counts::{bit, sum};
pub use interfaces::{Described, Wired, description, description_length};
pub use limits::{
    DEFAULT_SERVICE_STACK, check_line, gate_count, heap_size, lock_count, priority, restart,
    service_count, service_stack, stack_size,
};
pub use mmio::{OwnedMmio, check_mmio, mmio, region_count, regions};
pub use tables::{
    EMPTY, Publication, clients, first, gates, is_some, methods, passes_handles, publish,
};

/// A mention of a service in an expression of the wiring, which the compiler has resolved to the handle. The expansion
/// of the expression implements this trait. This proves that the expression was compiled.
#[diagnostic::on_unimplemented(
    message = "a mention in the wiring of a process gives the right to use a service or notification; this does not name one",
    label = "not compiled as the handle"
)]
pub trait Mentioned {}

/// Compiles only if the type of a mention proves that the mention was compiled.
pub const fn mentioned<Mention: Mentioned>() {}

/// The memory of a stack. The linker aligns it.
#[repr(C, align(8))]
pub struct Stack<const N: usize>(UnsafeCell<MaybeUninit<[u8; N]>>);

// SAFETY: nothing in Rust refers to the contents.
unsafe impl<const N: usize> Sync for Stack<N> {}

impl<const N: usize> Stack<N> {
    /// Creates a stack.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is for statics")]
    pub const fn new() -> Self {
        Stack(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// Returns the lowest address of the stack.
    #[must_use]
    pub const fn start(&'static self) -> *const u8 {
        self.0.get().cast::<u8>()
    }
}

/// Returns the handle (or handles) of a service. `index` is the first gate of its first object.
#[must_use]
pub const fn handle<H: Copy>(index: usize) -> H {
    const { assert!(size_of::<H>() == size_of::<Handle<()>>()) }
    // SAFETY: the function is used only for `ServiceObject::Handle`. This type is transparent over `RawHandle`, like
    // `Handle`.
    unsafe { core::mem::transmute_copy(&Handle::<()>::__of_gate(index)) }
}

#[cfg(test)]
mod testing {
    extern crate std;
    use std::panic::{UnwindSafe, catch_unwind};
    use std::string::String;

    /// Returns the message of the compiler.
    pub fn refused<T>(check: impl FnOnce() -> T + UnwindSafe) -> Option<String> {
        catch_unwind(check).err().map(|text| *text.downcast::<String>().unwrap())
    }
}
