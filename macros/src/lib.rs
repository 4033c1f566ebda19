// SPDX-License-Identifier: MIT OR Apache-2.0
//! The attributes, derives and the wiring of Crossgate. They are used through the crate `crossgate`.
//!
//! The macros only cut the source into pieces that keep their spans. They pass these pieces, each with a name, to the
//! `macro_rules!` macros in `crossgate/src/expansion`, which are ordinary readable code. So this crate needs no parser
//! of Rust, builds in a moment, and its errors point at the user's own words.

mod interface;
mod pieces;
mod system;

use pieces::invocation;
use proc_macro::TokenStream;

/// Makes a trait an interface, which can be called across processes.
///
/// The trait is not changed; a server implements it. A client calls its methods on a `Handle<dyn Trait>`, where each
/// returns a `Result<_, CallError>`.
///
/// `#[interface(remote)]` also lets calls go over a [link](../crossgate/remote/index.html) to another core or machine.
/// The types of such an interface are values: lent memory, handles, notifications and `usize` are refused.
#[proc_macro_attribute]
pub fn interface(attribute: TokenStream, item: TokenStream) -> TokenStream {
    interface::expand(attribute, item).unwrap_or_else(pieces::Error::into_tokens)
}

/// Lets a small type travel in the registers of a call: an enum, a struct with named fields, a newtype, or a unit
/// struct.
#[proc_macro_derive(Wire)]
pub fn wire(item: TokenStream) -> TokenStream {
    invocation("__derive_wire", item)
}

/// Lets memory of a type be lent: a `#[repr(C)]` struct without padding whose fields are `Plain`.
#[proc_macro_derive(Plain)]
pub fn plain(item: TokenStream) -> TokenStream {
    invocation("__derive_plain", item)
}

/// Defines the wiring of a firmware: its processes, what they own, and which process may call which.
///
/// `pub static SYSTEM;` names the tables; then comes a `process name { ... }` for each crate that is a process. A
/// process may use the services and notifications that its expressions mention. A mention is a word that the compiler
/// compiles as the handle. A word in a text or a comment, the name of a field or type, and a part of a path are no
/// mentions. The name means the handle in all expressions of the process; nothing hides it. A word in an argument of a
/// macro is a mention if the macro uses this argument as an expression, and only once. A service or notification that
/// is not mentioned is not in scope, and a mention that is not compiled as the handle is an error, which is reported
/// where the mention stands.
///
/// Names are plain words, but no keywords of Rust, and don't begin with `__`. A process can't be called `kernel` or
/// `crossgate...`, or have the name of a crate of Rust's standard library. A thread can't be called `idle`.
///
/// Besides the processes, `time_slice = 5 ms;` lets threads of one priority take turns, and `cpu_time;` makes the
/// kernel count how long each thread runs, and in which process. With `deep_sleep;` the CPU sleeps as deep as the board
/// and all processes admit, while no thread is ready.
///
/// | item of a process | meaning |
/// |---|---|
/// | `mmio REGISTERS;` | the process owns these device registers (a `Mmio`): up to eight ranges, if two regions of the protection unit open them and nothing else. Devices in one block of eighths share a region |
/// | `shared mmio REGISTERS;` | the same, but processes that all declare them as `shared` may own the same registers |
/// | `notification NAME;` | the threads of the process wait for it; several signals before a wait count as one |
/// | `counting notification NAME;` | the same, but each signal counts |
/// | `interrupt LINE => NAME;` | the interrupt of this number, which is bound nowhere else, signals one of its notifications |
/// | `object name: Concurrent<T> = value => [SERVICE: dyn Interface, ...];` | an object that the process serves; `Exclusive<T>` for one call at a time; `object name (stack = BYTES): ...` if its methods need more than 256 bytes of stack |
/// | `thread name (priority = 1 to 31, stack = BYTES) = function(arguments);` | a thread that starts there; 31 is the most urgent |
/// | `pool name (count = 1 to 31, stack = BYTES, priority = 1 to 31);` | threads that the process starts and ends while it runs: expressions use them by this name, as a `Pool` |
/// | `heap = BYTES;` | the process allocates from a heap of this length, by the crate `crossgate-alloc` |
/// | `budget = 2 ms / 10 ms;` | the process' threads together may use this much CPU time in each period at their priority; beyond it they run in the background. For one thread: `(priority = ..., stack = ..., budget = ...)` |
/// | `on_fault = restart;`, `restart (limit = N)`, `stop` | the kernel's action when the process crashes |
/// | `supervisor NAME;` | the process is the supervisor: it is notified of crashes by this notification, and may restart and stop processes |
/// | `lost_clients NAME;`, `lost_clients;` | the process is notified when a life of one of its clients ends, and may ask for the number of the [life](../crossgate/server/struct.Client.html) of each client |
/// | `inspects;` | the process may look at threads, stacks and processes, and read the records of crashes |
/// | `stay_awake;` | the process may keep the CPU from sleeping [deeply](../crossgate/power/index.html) |
/// | `crash_dumps;` | the process may read the last crash dump: registers and stack of other processes |
/// | `deadlines;` | the process may set deadlines for its calls |
#[proc_macro]
pub fn system(input: TokenStream) -> TokenStream {
    system::expand(input).unwrap_or_else(pieces::Error::into_tokens)
}
