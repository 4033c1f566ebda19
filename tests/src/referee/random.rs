// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random system calls: permitted ones, forbidden ones, and those just at a limit.

use super::arena::arena;
use super::cpu::moment::Moment;
use super::cpu::notes::LINES;
use super::kernel::kernel;
use super::operation::{Operation, floats};
use super::puppet::{Referee, Turn};
use super::slots::FREE_SLOT;
use crate::arch::store;
use board::port::kernel::port::Port;
use board::port::machine::Machine;
use crossgate_abi::table::{NotificationRow, ProcessRow, Service, System};
use crossgate_abi::{
    CallError, DEADLINE_OVER, DEADLINE_UNIT, DEADLINE_WITHIN, ProcessId, SystemCall, WHOLE_BLOCK,
    number,
};
use crossgate_protection::Span;

/// A generator of numbers (xorshift).
#[derive(Clone, Copy, Debug)]
struct Generator(u32);

impl Generator {
    fn number(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// Returns a random number below this one, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        self.number() as usize % end
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<T: Copy>(&mut self, all: &[T], default: T) -> T {
        let index = self.below(all.len().max(1));
        all.get(index).copied().unwrap_or(default)
    }
}

/// The system calls that have fast paths, or are frequent.
const FREQUENT: [usize; 13] = [
    number::RETURN,
    number::RETURN,
    number::RETURN,
    number::YIELD,
    number::WORK,
    number::SIGNAL,
    number::SIGNAL,
    number::WAIT,
    number::WAIT,
    number::THREAD_ID,
    number::NOW,
    number::SET_DEADLINE,
    number::SET_DEADLINE,
];
const FOR_EVER: u32 = u32::MAX;
/// The number of bytes that are needed to enter a method.
const ENTRY_SIZE: usize = <Machine as Port>::ENTRY_SIZE;

/// Makes random operations: one life of the firmware after the other, because in most lives all threads wait at some
/// time.
pub struct Player {
    system: &'static System,
    generator: Generator,
    start: Moment,
    /// `true` if threads may make operations that lead to crashes.
    wild: bool,
}

/// The length of a life, in steps.
const LIFE: usize = 300;

impl Player {
    /// Creates a generator of operations that starts now.
    pub fn new(system: &'static System, seed: u32, referee: &Referee) -> Player {
        arena().world().save(FREE_SLOT);
        Player { system, generator: Generator(seed), start: referee.take(), wild: false }
    }

    /// Makes operations until at least this number of system calls were made.
    pub fn play(&mut self, referee: &mut Referee, calls: usize) {
        let end = arena().number + calls;
        while arena().number < end {
            self.begin(referee);
            self.wild = self.generator.one_in(3);
            for _ in 0..LIFE {
                if !self.step(referee) {
                    break;
                }
            }
        }
    }

    /// Restores the first state, in which the idle thread is about to look for work.
    pub fn begin(&mut self, referee: &mut Referee) {
        arena().world().restore(FREE_SLOT);
        referee.restore(&self.start);
        arena().time = 0;
    }

    /// Carries out an operation, if any is possible. Returns whether it did.
    fn step(&mut self, referee: &mut Referee) -> bool {
        match referee.turn() {
            // The start of threads is frequent, and always the same.
            Turn::Only(operation)
                if operation.kind() == number::BEGIN && !self.generator.one_in(8) =>
            {
                referee.perform(&operation);
            }
            Turn::Only(operation) => {
                referee.compare(&operation);
            }
            Turn::Idle(operation) => match self.generator.below(16) {
                0 => return false,
                1 => {
                    referee.compare(&operation);
                }
                _ => self.event(referee),
            },
            Turn::Free if self.generator.one_in(16) => self.event(referee),
            Turn::Free => {
                let mut operation = self.operation(referee);
                if self.generator.one_in(16) {
                    operation = operation.interrupted(self.line());
                }
                if operation.is_possible(&referee.take()) {
                    referee.compare(&operation);
                }
            }
        }
        true
    }

    /// Lets time pass, or an interrupt come.
    fn event(&mut self, referee: &mut Referee) {
        if self.generator.one_in(2) {
            let line = self.line();
            referee.compare(&referee.unchanged().interrupted(line));
        } else {
            let some = [1, 10, 1000, 20_000, 10_000_000, 1 << 31];
            arena().time = arena().time.wrapping_add(self.generator.of(&some, 1));
            referee.timer();
        }
    }

    /// Returns an interrupt line: mostly one that is bound to a notification.
    fn line(&mut self) -> u16 {
        let any = self.generator.below(LINES);
        let bound = self.system.interrupts.get(any % self.system.interrupts.len().max(1));
        bound.filter(|_| !self.generator.one_in(16)).map_or(any as u16, |it| it.line)
    }

    /// Returns a possible operation of the current thread.
    fn operation(&mut self, referee: &Referee) -> Operation {
        let selector = self.selector();
        let stack_pointer = self.stack_pointer(referee, selector);
        let mut words = core::array::from_fn(|_| self.word(referee, stack_pointer));
        if selector as i32 >= 0 {
            self.lend(referee, stack_pointer, selector, &mut words);
        } else {
            self.arguments(!selector as usize, &mut words);
        }
        let saved = core::array::from_fn(|_| self.generator.number());
        let floats = if self.generator.one_in(4) { floats(self.generator.number()) } else { None };
        Operation { line: None, selector, words, stack_pointer, saved, floats }
    }

    fn selector(&mut self) -> u32 {
        let generator = &mut self.generator;
        match generator.below(32) {
            0 => generator.number(),
            1 if self.wild => {
                number::system_call(generator.below(SystemCall::ALL.len() + 2)) as u32
            }
            1 | 2 => {
                // Most of the other system calls end a thread or a life.
                let harmless = [
                    number::CALLER,
                    number::ACKNOWLEDGE,
                    number::ACKNOWLEDGE,
                    number::SLEEP,
                    number::MUTEX_WAIT,
                    number::MUTEX_WAIT,
                ];
                number::system_call(generator.of(&harmless, 0)) as u32
            }
            3..18 => number::system_call(generator.of(&FREQUENT, 0)) as u32,
            18 => generator.below(0x1_0000) as u32,
            19 => generator.below(self.system.gates.len() + 1) as u32,
            // An operation that the wiring allows, if the generator soon finds one.
            _ => {
                let process = kernel().current_thread().rights().process;
                let gates = self.system.gates;
                let mut gate = 0;
                for _ in 0..8 {
                    gate = generator.below(gates.len());
                    if gates[gate].callers.contains(process) {
                        break;
                    }
                }
                gate as u32
            }
        }
    }

    /// Returns a stack pointer: mostly a little below the end of the thread's stack, or near some limit.
    fn stack_pointer(&mut self, referee: &Referee, selector: u32) -> usize {
        let window = referee.window();
        let own = self.memory(kernel().current_thread().rights().process);
        let stack = self.service(selector).map_or(0, |it| usize::from(it.stack));
        let generator = &mut self.generator;
        let near = 4 * generator.below(5);
        let kind = generator.below(24);
        match if self.wild { kind } else { kind.max(1) } {
            0 => window.start + 4 * generator.below(48),
            1 => {
                // An edge of an eighth of the open part, or a power of two.
                let eighth = window.length().next_power_of_two() / [8, 16, 64][generator.below(3)];
                window.start + eighth * generator.below(9) + near - 8
            }
            2 | 3 => {
                // As much room as the service needs, or a little more or less.
                let need = ENTRY_SIZE + stack;
                window.start + need + 64 + near - 8
            }
            4 if self.wild => {
                // In memory that was lent to the thread, or in its own memory.
                let thread = kernel().current_thread();
                let lease = thread.leases().next().map_or(Span::EMPTY, |lease| lease.memory);
                let memory = if generator.one_in(2) { lease } else { own };
                memory.start + 4 * generator.below(memory.length() / 4 + 2)
            }
            5 if self.wild => generator.number() as usize,
            _ => window.end - 4 * generator.below(24),
        }
    }

    fn service(&self, selector: u32) -> Option<&'static Service> {
        let gate = self.system.gates.get(selector as usize)?;
        self.system.services.get(gate.service.index())
    }

    fn memory(&self, process: ProcessId) -> Span {
        self.system.processes.get(process.index()).map_or(Span::EMPTY, |process| Span {
            start: process.memory.start,
            end: process.memory.end,
        })
    }

    fn word(&mut self, referee: &Referee, stack_pointer: usize) -> u32 {
        let generator = &mut self.generator;
        match generator.below(8) {
            0 => generator.number(),
            1 => [u32::MAX, 1 << 31, i32::MAX as u32, 256, 255, 32, 31][generator.below(7)],
            2 => self.place(referee, stack_pointer) as u32,
            3 => {
                let service = generator.below(self.system.services.len() + 1);
                self.system.services.get(service).map_or(u32::MAX, |it| it.gate.into())
            }
            _ => generator.below(9) as u32,
        }
    }

    /// Returns an address of some memory. The thread may or may not have the right to lend it.
    fn place(&mut self, referee: &Referee, stack_pointer: usize) -> usize {
        let thread = kernel().current_thread();
        let window = referee.window();
        let lease = thread.leases().next().map_or(Span::EMPTY, |lease| lease.memory);
        let process = thread.rights().process;
        let shared =
            self.system.processes.get(process.index()).map_or(0, |it| it.memory.shared_start);
        let generator = &mut self.generator;
        let near = 4 * generator.below(16);
        match generator.below(8) {
            0 => stack_pointer + near,
            1 => (window.end - near) & !31,
            2 => window.end - near,
            3 | 4 => lease.start + if generator.one_in(2) { 0 } else { near },
            5 | 6 => shared + if generator.one_in(2) { 0 } else { near },
            _ => {
                let other = ProcessId::new(generator.below(self.system.processes.len()));
                self.memory(other).start + near
            }
        }
    }

    /// Lends memory if the method takes leases.
    fn lend(
        &mut self,
        referee: &Referee,
        stack_pointer: usize,
        selector: u32,
        words: &mut [u32; 4],
    ) {
        let Some(service) = self.service(selector) else { return };
        let method = selector as usize - usize::from(service.gate);
        let Some(method) = service.methods.get(method) else { return };
        if !method.arguments.has_leases() || self.generator.one_in(8) {
            return;
        }
        for index in 0..3 {
            if method.arguments.kinds >> (4 * index) & 3 != 0 {
                words[index] = self.place(referee, stack_pointer) as u32;
                let lengths = [0, 32, 32, 64, 4, 256, WHOLE_BLOCK as u32 | 20];
                words[index + 1] = self.generator.of(&lengths, 0);
            }
        }
    }

    /// Chooses arguments that make sense.
    fn arguments(&mut self, number: usize, words: &mut [u32; 4]) {
        let generator = &mut self.generator;
        match number {
            number::RETURN => {
                let refused = CallError::BadArgument as u32;
                words[0] = [0, 0, 0, 0, 0, 0, refused, words[0]][generator.below(8)];
            }
            number::SIGNAL | number::ACKNOWLEDGE if !generator.one_in(8) => {
                let process = kernel().current_thread().rights().process;
                let all = self.system.notifications;
                for _ in 0..4 {
                    words[0] = generator.below(all.len() + 1) as u32;
                    let may = |it: &NotificationRow| it.signallers.contains(process);
                    if all.get(words[0] as usize).is_some_and(may) {
                        break;
                    }
                }
            }
            number::WAIT => {
                let process = kernel().current_thread().rights().process.index();
                let owned = self.system.processes.get(process).map_or(0, |it| it.notifications);
                if !generator.one_in(8) {
                    // Often one notification.
                    let one = ProcessRow::notification(generator.below(4));
                    words[0] = owned & [generator.number(), one][generator.below(2)];
                }
                (words[1], words[2]) = self.time();
            }
            number::SLEEP => (words[0], words[1]) = self.time(),
            number::SET_DEADLINE => {
                let now = u64::from(arena().time) / DEADLINE_UNIT;
                let units =
                    [0, now + 1, now + 2, now + 20, now.wrapping_sub(1), DEADLINE_OVER.into()];
                words[0] = units[generator.below(6)] as u16 as u32;
                if generator.one_in(2) {
                    let longest = (1 << 15) * DEADLINE_UNIT as u32;
                    let times = [0, 1, 1023, 1024, 1025, 20_000, longest, u32::MAX];
                    words[0] = DEADLINE_WITHIN as u32 | generator.of(&times, 0);
                }
            }
            number::MUTEX_WAIT | number::MUTEX_WAKE => {
                let memory = self.memory(kernel().current_thread().rights().process);
                words[0] = memory.start as u32;
                self.write_mutex(memory);
            }
            _ => {}
        }
    }

    /// Writes the word of a mutex so that some thread holds the mutex. The current thread may write this word itself.
    fn write_mutex(&mut self, memory: Span) {
        let holder = self.generator.below(self.system.threads.len());
        if let Some(holder) = self.system.threads.get(holder)
            && !memory.is_empty()
        {
            let contended = u32::from(self.generator.one_in(2));
            store(memory.start, holder.stack_range().end as u32 | contended);
        }
    }

    fn time(&mut self) -> (u32, u32) {
        let generator = &mut self.generator;
        let times = [(0, 0), (1, 0), (5000, 0), (0, 1), (FOR_EVER, 0)];
        if generator.one_in(2) {
            return (FOR_EVER, FOR_EVER);
        }
        times[generator.below(5)]
    }
}
