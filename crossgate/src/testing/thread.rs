// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread of a test. It is a thread of the host, and runs only while it is the kernel's current thread.
//!
//! A call of a method is a call of a Rust function: the thread enters the process of the service with its own stack, as
//! on a board. If a process crashes, is stopped or is restarted while the thread is in it, the kernel moves the thread
//! back to an earlier call. The thread of the host then unwinds to this call.

use super::machine::{Resume, resume};
use super::world::{Guard, TEST, World};
use crate::arch::reply::Reply;
use core::any::TypeId;
use core::cell::{Cell, RefCell};
use crossgate_abi::table::{RawReply, System};
use crossgate_abi::{CallError, Status, Word, number};
use crossgate_kernel::Effect;
use crossgate_kernel::wait::Pending;
use std::any::Any;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::string::{String, ToString};
use std::sync::Arc;

std::thread_local! {
    static ME: RefCell<Option<Rc<Me>>> = const { RefCell::new(None) };
}

/// Returns the test's thread that runs on the calling thread of the host, if there is one.
pub fn current() -> Option<Rc<Me>> {
    ME.with_borrow(Clone::clone)
}

/// The body of a thread.
pub type Body = Box<dyn FnMut() + Send>;

/// The payload with which a thread unwinds, because the kernel has moved the thread elsewhere, or its test is over.
struct Elsewhere;

/// A thread of a test.
pub struct Me {
    world: Arc<World>,
    /// The index in the wiring.
    id: usize,
    /// The number of calls that the thread is in.
    depth: Cell<u8>,
    /// True while the thread unwinds. Values that it drops during this time must not change the state of the kernel.
    is_leaving: Cell<bool>,
    /// True if the thread unwinds to its end, because the test is over.
    has_ended: Cell<bool>,
}

impl Me {
    /// Makes the calling thread of the host a thread of a test.
    pub fn become_thread(world: Arc<World>, id: usize) -> Rc<Me> {
        let me = Rc::new(Me {
            world,
            id,
            depth: Cell::new(0),
            is_leaving: Cell::new(false),
            has_ended: Cell::new(false),
        });
        let before = ME.replace(Some(Rc::clone(&me)));
        assert!(before.is_none(), "a test runs inside of another");
        me
    }

    /// Makes the calling thread an ordinary thread of the host again.
    pub fn resign(&self) {
        self.has_ended.set(true);
        ME.take();
    }

    pub fn system(&self) -> &'static System {
        self.world.system
    }

    /// Runs the body each time that the thread starts, until the test is over.
    pub fn live(&self, mut body: Body) {
        let mut crash = None;
        while !self.has_ended.get() {
            self.depth.set(0);
            self.is_leaving.set(false);
            let run = || {
                if let Some(payload) = crash.take() {
                    self.crash(payload);
                }
                self.begin();
                body();
                self.system_call(number::EXIT, [0; 4]);
            };
            let Err(payload) = catch_unwind(AssertUnwindSafe(run)) else { continue };
            crash = Some(payload).filter(|payload| !payload.is::<Elsewhere>());
        }
    }

    /// Carries out the start of the thread, up to the start of its body.
    pub fn begin(&self) {
        let mut core = self.turn(self.world.lock());
        loop {
            let thread = core.kernel.current();
            let _ = thread.take_pending();
            let stack_pointer = thread.stack_pointer;
            match resume(stack_pointer) {
                Resume::Beginning => {
                    let effect = core.kernel.system_call(stack_pointer, number::BEGIN, &mut [0; 4]);
                    debug_assert!(effect.status().is_none(), "a thread that is at home may begin");
                    self.world.look(&mut core, 0);
                    core = self.turn(core);
                }
                _ => break,
            }
        }
        core.kernel.current().stack_pointer = core.kernel.current_thread().stack().end;
    }

    /// Calls a method.
    pub fn call(&self, selector: Word, words: [Word; 4]) -> Reply {
        if self.is_unwinding() {
            return failure(CallError::ServerFaulted);
        }
        let stack_pointer = stack_pointer();
        let entry = loop {
            let mut core = self.enter(stack_pointer);
            match core.kernel.call(stack_pointer, selector, &words) {
                Ok(entry) => {
                    core.kernel.account();
                    break entry;
                }
                Err(effect) => {
                    if let Some(reply) = self.follow(core, effect, [0; 2], 0) {
                        return reply;
                    }
                }
            }
        };
        self.depth.set(self.depth.get() + 1);
        let [a, b, c, d] = entry.words;
        let method = self.system().gates[selector].entry;
        // SAFETY: the method belongs to the object, which is never dropped, and the kernel has checked the words.
        let method = || unsafe { method(entry.object, a, b, c, d) };
        let result = catch_unwind(AssertUnwindSafe(method));
        let reply = match result {
            Ok(reply) => self.leave(reply),
            Err(payload) if self.has_ended.get() => resume_unwind(payload),
            Err(payload) if payload.is::<Elsewhere>() => {
                self.depth.set(self.depth.get() - 1);
                self.is_leaving.set(false);
                self.go_on(self.world.lock(), None)
            }
            Err(payload) => {
                self.depth.set(self.depth.get() - 1);
                self.crash(payload)
            }
        };
        // The function that was called must never be called again.
        reply.unwrap_or(failure(CallError::ServerFaulted))
    }

    /// Makes any other system call.
    pub fn system_call(&self, number: Word, words: [Word; 4]) -> Reply {
        if self.is_unwinding() {
            return Reply { status: 0, words: [0; 2] };
        }
        let stack_pointer = stack_pointer();
        // If a supervisor stops or restarts a process, the process has not crashed.
        let pardoned = match number {
            number::RESTART | number::STOP => 1_u32.unbounded_shl(words[0] as u32),
            _ => 0,
        };
        loop {
            let mut words = words;
            let mut core = self.enter(stack_pointer);
            let effect = core.kernel.system_call(stack_pointer, number, &mut words);
            if let Some(reply) = self.follow(core, effect, [words[1], words[2]], pardoned) {
                return reply;
            }
        }
    }

    /// Returns from a method.
    fn leave(&self, reply: RawReply) -> Option<Reply> {
        let words = [reply.status, reply.words[0], reply.words[1], 0];
        let mut core = self.world.lock();
        self.depth.set(self.depth.get() - 1);
        if let Some(exit) = core.kernel.leave(&words) {
            return Some(Reply { status: exit.status.0, words: exit.words });
        }
        let exit = core.kernel.leave_with_care(&words);
        let reply = exit.map(|exit| Reply { status: exit.status.0, words: exit.words });
        core.kernel.reschedule();
        self.world.look(&mut core, 0);
        self.go_on(core, reply)
    }

    /// Reports a panic of the process in which the thread executes.
    fn crash(&self, payload: Box<dyn Any + Send>) -> Option<Reply> {
        let mut core = self.world.lock();
        core.panic = Some(text_of(&*payload));
        let effect = core.kernel.system_call(stack_pointer(), number::PANIC, &mut [0; 4]);
        self.follow(core, effect, [0; 2], 0)
    }

    /// Enters the kernel.
    fn enter(&self, stack_pointer: Word) -> Guard<'_> {
        let mut core = self.world.lock();
        if core.kernel.port.count() {
            core.kernel.current().stack_pointer = stack_pointer;
            core.kernel.timer();
            core.kernel.reschedule();
            self.world.look(&mut core, 0);
            core = self.turn(core);
            self.check(&core);
        }
        core
    }

    /// Carries out the effect of a system call. `None` means that the same system call has to be repeated.
    fn follow(
        &self,
        mut core: Guard<'_>,
        effect: Effect,
        words: [Word; 2],
        pardoned: u32,
    ) -> Option<Reply> {
        if effect.switch {
            core.kernel.reschedule();
        }
        self.world.look(&mut core, pardoned);
        let status = effect.status().unwrap_or(Status::OK).0;
        self.go_on(core, Some(Reply { status, words }))
    }

    /// Waits until the thread is the current thread. Returns its pending reply, or if there is none, the given reply.
    /// `None` means that the same system call has to be repeated.
    fn go_on(&self, core: Guard<'_>, reply: Option<Reply>) -> Option<Reply> {
        let mut core = self.turn(core);
        self.check(&core);
        core.kernel.account();
        match core.kernel.current().take_pending() {
            Pending::Nothing => reply,
            Pending::Retry => None,
            Pending::Reply { status, word } => {
                Some(Reply { status: status.into(), words: [word, 0] })
            }
        }
    }

    /// Waits until the thread is the current thread.
    fn turn<'a>(&'a self, core: Guard<'a>) -> Guard<'a> {
        match self.world.turn(self.id, core) {
            Ok(core) => core,
            Err(over) => {
                self.is_leaving.set(true);
                self.has_ended.set(true);
                match over {
                    Some(failure) if self.id == TEST => panic!("{failure}"),
                    _ => resume_unwind(Box::new(Elsewhere)),
                }
            }
        }
    }

    /// Unwinds if the kernel has moved the thread elsewhere.
    fn check(&self, core: &Guard<'_>) {
        let thread = core.kernel.current_thread();
        let is_here = resume(thread.stack_pointer) == Resume::Here;
        if !is_here || thread.depth() != self.depth.get() {
            self.is_leaving.set(true);
            resume_unwind(Box::new(Elsewhere));
        }
    }

    /// Returns `true` while the thread unwinds. In this case, code that calls the kernel only drops values.
    fn is_unwinding(&self) -> bool {
        self.is_leaving.get() || self.has_ended.get() || std::thread::panicking()
    }
}

/// Returns the test's thread that runs on the calling thread of the host.
fn me() -> Rc<Me> {
    current().unwrap_or_else(|| {
        panic!(
            "this system call was made by no thread of a test: make it inside of `Wiring::run`, or in a `Process::thread`"
        )
    })
}

pub fn call(selector: Word, words: [Word; 4]) -> Reply {
    me().call(selector, words)
}

pub fn system_call(number: Word, words: [Word; 4]) -> Reply {
    me().system_call(number, words)
}

pub fn interface_of(gate: usize) -> Option<TypeId> {
    let system = me().system();
    let service = system.services.get(system.gates.get(gate)?.service.index())?;
    (usize::from(service.gate) == gate).then(|| (service.interface)())
}

pub fn name_of(process: usize) -> Option<&'static str> {
    Some(current()?.system().processes.get(process)?.name)
}

/// Returns the text of a panic.
fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

fn failure(error: CallError) -> Reply {
    Reply { status: Status::from(error).0, words: [0; 2] }
}

/// Returns an address below everything that the calling function has on its stack, a multiple of 8.
#[cfg(not(miri))]
#[inline(never)]
fn stack_pointer() -> Word {
    let here = 0_u64;
    (&raw const here).addr()
}

/// Returns a made-up stack pointer, because Miri has no stack with addresses.
#[cfg(miri)]
pub fn stack_pointer() -> Word {
    current().map_or(8, |me| {
        let top = me.world.system.threads[me.id].stack.addr() + super::machine::STACK_SIZE;
        top - 0x1000 * (1 + usize::from(me.depth.get()))
    })
}
