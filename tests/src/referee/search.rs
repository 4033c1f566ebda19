// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every sequence of a few operations, breadth first, as in the exhaustive search of the core: each operation is made
//! from each state, along both paths. States that have been seen are not entered again.

use super::arena::arena;
use super::cpu::moment::{self, Moment};
use super::cpu::registers::SAVED;
use super::kernel::kernel;
use super::operation::{Operation, floats};
use super::puppet::{Referee, Turn};
use super::slots::{END, FREE_SLOT, REST};
use crate::report::{expect_that, fail};
use crossgate_abi::number;
use crossgate_protection::Span;

/// An operation of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The current thread makes a call.
    Call {
        /// The gate.
        gate: u32,
        /// The words.
        words: [u32; 4],
    },
    /// The current thread makes another system call.
    System {
        /// The number.
        number: usize,
        /// The words.
        words: [u32; 4],
    },
    /// An interrupt comes.
    Interrupt(u16),
}

/// The number of bytes of stack that a puppet uses.
const USED: usize = 16;
/// The greatest number of signals in a notification that makes a difference.
const SIGNALS: u32 = 2;
/// The slot of the state that is expanded.
const HERE: usize = FREE_SLOT + 1;
/// The largest number of steps to a state.
const LONGEST: usize = 64;
/// The number of hashes of states for which there is room: a power of two.
const SEEN: usize = 1 << 20;
const ORIGINS: usize = (END - REST - 8 * SEEN) / 8;

/// The origin of a state.
#[derive(Clone, Copy)]
#[repr(C)]
struct Origin {
    from: u32,
    step: u32,
}

/// A search through states.
pub struct Search<'a> {
    steps: &'a [Step],
    start: Moment,
    seen: &'static mut [u64],
    origins: &'static mut [Origin],
    /// The number of states that have been found, ...
    pub states: usize,
    /// ... and of transitions that were made.
    pub transitions: usize,
}

impl<'a> Search<'a> {
    /// Creates a search that starts now. All threads are ready.
    pub fn new(steps: &'a [Step], referee: &mut Referee) -> Search<'a> {
        let seen = core::ptr::with_exposed_provenance_mut::<u64>(REST);
        // SAFETY: no other code uses this memory during the search.
        let (seen, origins) = unsafe {
            let origins = seen.add(SEEN).cast::<Origin>();
            seen.write_bytes(0, SEEN);
            (
                core::slice::from_raw_parts_mut(seen, SEEN),
                core::slice::from_raw_parts_mut(origins, ORIGINS),
            )
        };
        let start = referee.take();
        arena().world().fill_dead(&start, 0);
        arena().world().save(FREE_SLOT);
        let mut search = Search { steps, start, seen, origins, states: 0, transitions: 0 };
        search.note(key(referee), Origin { from: 0, step: 0 });
        search
    }

    /// Searches until this number of states, or all states, are known. Returns `true` if all are known.
    pub fn run(&mut self, referee: &mut Referee, enough: usize) -> bool {
        let mut next = 0;
        while next < self.states && self.states < enough.min(ORIGINS).min(SEEN / 2) {
            self.expand(referee, next);
            next += 1;
        }
        next == self.states
    }

    /// Takes every step from a state.
    fn expand(&mut self, referee: &mut Referee, index: usize) {
        let world = arena().world();
        world.restore(FREE_SLOT);
        referee.restore(&self.start);
        let mut path = [0; LONGEST];
        let mut length = 0;
        let mut at = index;
        while at != 0 {
            let Some(place) = path.get_mut(length) else {
                fail(format_args!("a path is too long"))
            };
            *place = self.origins[at].step as usize;
            at = self.origins[at].from as usize;
            length += 1;
        }
        for &step in path[..length].iter().rev() {
            self.take(referee, step, false);
        }
        let here = referee.take();
        world.fill_dead(&here, 0);
        world.save(HERE);
        expect_that("the same steps lead to the same state", self.find(key(referee)).is_none());
        for step in 0..self.steps.len() {
            if self.take(referee, step, true) {
                self.transitions += 1;
                let now = referee.take();
                world.fill_dead(&now, 0);
                self.note(key(referee), Origin { from: index as u32, step: step as u32 });
                world.restore(HERE);
                referee.restore(&here);
            }
        }
    }

    /// Takes a step, if it is possible now.
    fn take(&self, referee: &mut Referee, step: usize, compare: bool) -> bool {
        let Some(&step) = self.steps.get(step) else { return false };
        let stack_pointer = referee.window().end - USED;
        let thread = kernel().thread_id() as u32;
        let saved = [0x0101_0101 * thread; SAVED];
        let floats = if thread % 2 == 1 { floats(thread) } else { None };
        let operation = match step {
            Step::Interrupt(line) => {
                if !moment::is_enabled(line) {
                    return false;
                }
                referee.unchanged().interrupted(line)
            }
            Step::Call { gate, words } => {
                Operation { line: None, selector: gate, words, stack_pointer, saved, floats }
            }
            Step::System { number, words } => {
                let selector = number::system_call(number) as u32;
                Operation { line: None, selector, words, stack_pointer, saved, floats }
            }
        };
        let is_first = self.steps.first() == Some(&step);
        let operation = match referee.turn() {
            // Whichever number the step has, it is the only possible step, so it counts as the first.
            _ if operation.line.is_some() => operation,
            Turn::Only(only) if is_first => only,
            Turn::Free if !self.floods(step) => operation,
            _ => return false,
        };
        if !operation.is_possible(&referee.take()) {
            return false;
        }
        if compare {
            referee.compare(&operation);
        } else {
            referee.perform(&operation);
        }
        true
    }

    /// Returns `true` if this step only adds to signals for which no thread waits.
    fn floods(&self, step: Step) -> bool {
        let Step::System { number: number::SIGNAL, words } = step else { return false };
        kernel().signals(words[0] as usize) >= SIGNALS
    }

    /// Returns the place for a hash, if the table does not contain the hash yet.
    fn find(&self, key: u64) -> Option<usize> {
        let mut place = key as usize % SEEN;
        while self.seen[place] != 0 {
            if self.seen[place] == key {
                return None;
            }
            place = (place + 1) % SEEN;
        }
        Some(place)
    }

    fn note(&mut self, key: u64, origin: Origin) {
        if let Some(place) = self.find(key) {
            self.seen[place] = key;
            self.origins[self.states] = origin;
            self.states += 1;
        }
    }
}

/// Returns a number that differs for different states, without the records of faults.
fn key(referee: &Referee) -> u64 {
    let mut records = Span::EMPTY;
    kernel().parts(&mut |name, _, span| {
        if name == "kernel.faults" {
            records = span;
        }
    });
    arena().world().hash(&referee.take(), &[records]) | 1
}
