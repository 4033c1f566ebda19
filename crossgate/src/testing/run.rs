// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs a test: the threads of its wiring start with the kernel, and end with the test.

use super::draft::Draft;
use super::machine::{Machine, STACK_ALIGNMENT, STACK_SIZE, storage};
use super::thread::{Body, Me};
use super::world::{TEST, World, lock};
use crossgate_abi::Word;
use crossgate_kernel::Kernel;
use crossgate_protection::Span;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::vec::Vec;

/// The lock by which tests whose objects are statics run one after the other.
static STATICS: Mutex<()> = Mutex::new(());

/// Runs the threads of a wiring, and `body` as the thread of the test.
#[inline(never)]
pub fn run<R>(draft: &RefCell<Draft>, body: impl FnOnce() -> R) -> R {
    let (bodies, has_statics, may_crash) = {
        let mut draft = draft.borrow_mut();
        let has_run = core::mem::replace(&mut draft.has_run, true);
        assert!(!has_run, "a wiring runs once: its objects and threads are used up");
        (core::mem::take(&mut draft.bodies), draft.has_statics, draft.may_crash)
    };
    let _statics = has_statics.then(|| lock(&STATICS));

    // The stack of `body` is below this address.
    let anchor = 0_u64;
    let idle = [0_u64; 16];
    let mut stacks = Vec::new();
    stacks.push(((&raw const idle).addr(), size_of_val(&idle)));
    stacks.push(stack_below((&raw const anchor).addr(), TEST));
    let (to_test, places) = channel();
    let threads: Vec<_> = bodies
        .into_iter()
        .enumerate()
        .map(|(index, body)| {
            let id = TEST + 1 + index;
            let (to_thread, world) = channel::<Arc<World>>();
            let to_test = to_test.clone();
            let thread = std::thread::Builder::new().stack_size(2 * STACK_SIZE);
            let run = move || {
                let anchor = 0_u64;
                let _ = to_test.send((id, stack_below((&raw const anchor).addr(), id)));
                live(&world, id, body);
            };
            (to_thread, thread.spawn(run).expect("the host has room for one more thread"))
        })
        .collect();
    let mut of_threads: Vec<_> = places.iter().take(threads.len()).collect();
    of_threads.sort_unstable();
    stacks.extend(of_threads.into_iter().map(|(_, stack)| stack));

    let system = draft.borrow().tables(&stacks, shared());
    let mut kernel = Kernel::new(system, storage(system), Machine::default());
    kernel.start(constants());
    let world = Arc::new(World::new(system, kernel, may_crash));
    let threads: Vec<_> = threads
        .into_iter()
        .map(|(to_thread, thread)| {
            let _ = to_thread.send(Arc::clone(&world));
            thread
        })
        .collect();

    let me = Me::become_thread(Arc::clone(&world), TEST);
    let result = catch_unwind(AssertUnwindSafe(|| {
        me.begin();
        further_down(body)
    }));
    me.resign();
    for (index, thread) in threads.into_iter().enumerate() {
        world.end(TEST + 1 + index, thread);
    }
    result.unwrap_or_else(|payload| resume_unwind(payload))
}

/// Calls a function in a new stack frame, so that everything that it has on the stack is below the data of the caller.
#[inline(never)]
fn further_down<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// Makes a thread of the host a thread of the test, and runs it.
#[inline(never)]
fn live(world: &Receiver<Arc<World>>, id: usize, body: Body) {
    // If no world is received, the test has failed before it started.
    if let Ok(world) = world.recv() {
        let me = Me::become_thread(world, id);
        me.live(body);
        me.resign();
    }
}

/// Returns the start and the length of the stack of a thread. The stack ends below the address `anchor`.
fn stack_below(anchor: Word, id: usize) -> (Word, usize) {
    // Miri has no stack with addresses. So each thread gets a range of addresses that nothing else uses.
    let anchor = if cfg!(miri) { (1 + id) << 32 } else { anchor };
    ((anchor & !(STACK_ALIGNMENT - 1)) - STACK_SIZE, STACK_SIZE)
}

/// Returns the memory that each process may lend.
fn shared() -> [Word; 2] {
    // Without addresses of stacks, all memory may be lent.
    if cfg!(miri) { [0, Word::MAX] } else { [0, 0] }
}

/// Returns the memory that every process may lend for reading.
fn constants() -> Span {
    crate::fault::constants()
        .map_or(Span::EMPTY, |constants| Span { start: *constants.start(), end: *constants.end() })
}
