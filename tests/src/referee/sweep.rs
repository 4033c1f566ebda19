// SPDX-License-Identifier: MIT OR Apache-2.0
//! Comparisons with every value of the stack pointer, of the selector, and of arguments, in some states at each depth
//! of calls.

mod notifications;

use super::arena::arena;
use super::cpu::moment::{Moment, open_stack};
use super::cpu::notes::LINES;
use super::cpu::registers::{CONTEXT_SIZE, SAVED};
use super::cpu::run::LENDING;
use super::kernel::kernel;
use super::operation::Operation;
use super::puppet::{Referee, Turn};
use super::slots::FREE_SLOT;
use crate::arch::{further_memory, load, store};
use crate::report::expect_that;
use board::port::kernel::notification::Notification as State;
use board::port::kernel::port::Port;
use board::port::kernel::thread;
use board::port::machine::Machine;
use core::ops::Range;
use crossgate_abi::table::{Gate, NotificationRow, ProcessRow, System};
use crossgate_abi::{CallError, ProcessId, SystemCall, number};
use crossgate_protection::{Span, Unit as _};

const FOR_EVER: u32 = u32::MAX;
/// The slot of the state from which everything is tried.
const HERE: usize = FREE_SLOT + 1;
/// The values that a puppet has in the registers that a system call preserves.
const VALUES: [u32; SAVED] = {
    let mut values = [0; SAVED];
    let mut index = 0;
    while index < SAVED {
        values[index] = 0x11 * (index as u32 + 4);
        index += 1;
    }
    values
};
const WORDS: [u32; 4] = [0x1111, 0x2222, 0x3333, 0x4444];
const SELECTOR: u32 = 0xcccc;
/// The size of the memory to enter a method, and to save registers, in bytes.
const ENTRY_SIZE: usize = <Machine as Port>::ENTRY_SIZE;
type Unit = <Machine as Port>::Unit;
type Offset = thread::Offset<Unit>;
/// Memory of the emulated board that the linker gives to no process, for a stack that is larger than the greatest room
/// that a gate can demand. Its contents are not compared.
const LARGE_STACK: Span = Span { start: further_memory::RAM, end: further_memory::RAM + 0x2_0000 };
/// A distance in bytes: every stack pointer within this distance is tried for calls, ...
const NEAR: usize = 8;
const LOW: usize = 512;
/// ... and within this distance for other system calls.
const SYSTEM_CALL: usize = 2 * CONTEXT_SIZE;
/// The number of bytes of stack that a puppet uses.
const USED: usize = 16;
/// The same number for a puppet that lends a part of its stack.
const LENT: usize = 128;

/// A state from which many operations are tried.
struct Here<'a> {
    referee: &'a mut Referee,
    system: &'static System,
    moment: Moment,
    window: Span,
}

/// Tries all operations in each of these threads: at home, and at each depth of calls. Leaves out the depths in
/// `skipped`. Starts and ends with the state in which the idle thread is about to look for work.
pub fn sweep(
    referee: &mut Referee,
    system: &'static System,
    threads: impl IntoIterator<Item = usize>,
    skipped: Range<u8>,
) {
    arena().world().save(FREE_SLOT);
    let start = referee.take();
    for thread in threads {
        for waited_for in [all_of, first_of] {
            arena().world().restore(FREE_SLOT);
            referee.restore(&start);
            let is_there = come_to(referee, system, thread, waited_for);
            expect_that("each thread comes to run", is_there);
            try_wakes(referee, system);
        }
        while try_all(referee, system, &skipped) {}
    }
    arena().world().restore(FREE_SLOT);
    referee.restore(&start);
}

/// Lets all more urgent threads wait until a thread is about to start its work. They wait for the notifications that
/// `waited_for` selects among those that they can wait for, so that there are waiters.
fn come_to(
    referee: &mut Referee,
    system: &System,
    thread: usize,
    waited_for: fn(u32) -> u32,
) -> bool {
    for _ in 0..1000 {
        match referee.turn() {
            Turn::Idle(operation) | Turn::Only(operation) => {
                referee.compare(&operation);
            }
            Turn::Free if kernel().thread_id() == thread => return true,
            Turn::Free => {
                let stack_pointer = referee.stack_pointer();
                let (number, words) = match owned(system) {
                    0 => (number::SLEEP, [0, 1 << 16, 0, 0]),
                    set => (number::WAIT, [waited_for(set), FOR_EVER, FOR_EVER, 0]),
                };
                referee.compare(&operation(number, words, stack_pointer));
            }
        }
    }
    false
}

/// Returns the notifications of the current process.
fn owned(system: &System) -> u32 {
    let process = kernel().current_thread().rights().process.index();
    system.processes.get(process).map_or(0, |it| it.notifications)
}

/// Returns the set of all these notifications.
fn all_of(owned: u32) -> u32 {
    owned
}

/// Returns the set with only the first notification of a process' own set.
fn first_of(owned: u32) -> u32 {
    owned & ProcessRow::notification(0)
}

/// Returns a system call with this selector.
fn selected(selector: u32, words: [u32; 4], stack_pointer: usize) -> Operation {
    Operation { line: None, selector, words, stack_pointer, saved: VALUES, floats: None }
}

/// Returns system call `number`.
fn operation(number: usize, words: [u32; 4], stack_pointer: usize) -> Operation {
    selected(number::system_call(number) as u32, words, stack_pointer)
}

/// From this state, tries all operations that wake other threads. Returns to the state each time.
fn try_wakes(referee: &mut Referee, system: &'static System) {
    arena().world().save(HERE);
    let (moment, window) = (referee.take(), referee.window());
    let mut here = Here { referee, system, moment, window };
    here.try_signals();
    here.try_interrupts();
    here.come_back();
}

/// Tries all operations from this state, unless its depth is skipped. Then makes the first call that is possible. Returns
/// whether there was one.
fn try_all(referee: &mut Referee, system: &'static System, skipped: &Range<u8>) -> bool {
    arena().world().save(HERE);
    let (moment, window) = (referee.take(), referee.window());
    let depth = kernel().current_thread().depth();
    let mut here = Here { referee, system, moment, window };
    if !skipped.contains(&depth) {
        here.try_all(depth);
    }
    let selectors = 0..system.gates.len() as u32;
    let stack_pointer = here.usual();
    for selector in selectors {
        here.come_back();
        here.referee.perform(&selected(selector, [0; 4], stack_pointer));
        if kernel().current_thread().depth() > depth {
            return true;
        }
    }
    here.come_back();
    false
}

impl Here<'_> {
    /// Tries all operations at this depth of calls.
    fn try_all(&mut self, depth: u8) {
        self.try_stack_pointers();
        self.try_gates();
        self.try_numbers();
        self.try_signals();
        self.try_waits();
        self.try_waits_in_vain();
        self.try_interrupts();
        self.try_ends_of_tables();
        self.try_lent_priorities();
        self.try_woken();
        self.try_full_counters();
        if (0..LENDING).contains(&depth) {
            self.try_leases();
        }
        if depth <= 1 {
            self.try_two_leases();
            self.try_switches_with_leases();
        }
        if depth == 0 {
            self.try_large_stack();
        }
    }

    fn usual(&self) -> usize {
        self.window.end - USED
    }

    fn come_back(&mut self) {
        arena().world().restore(HERE);
        self.referee.restore(&self.moment);
    }

    /// Compares both paths of this operation, in this state, if the operation is possible.
    fn compare(&mut self, selector: u32, words: [u32; 4], stack_pointer: usize) {
        self.compare_operation(selected(selector, words, stack_pointer));
    }

    fn compare_operation(&mut self, operation: Operation) {
        if operation.is_possible(&self.moment) {
            self.come_back();
            self.referee.compare(&operation);
        }
    }

    fn compare_number(&mut self, number: usize, words: [u32; 4], stack_pointer: usize) {
        self.compare(number::system_call(number) as u32, words, stack_pointer);
    }

    fn compare_interrupt(&mut self, line: u16, stack_pointer: usize) {
        self.compare_operation(selected(SELECTOR, WORDS, stack_pointer).interrupted(line));
    }

    /// Tries each stack pointer in the thread's stack, and a little outside of it: with a system call of every kind
    /// that has a fast path, a call of each sort of gate, and each interrupt.
    fn try_stack_pointers(&mut self) {
        let stack = kernel().current_thread().stack();
        let process = kernel().current_thread().rights().process;
        let owned = owned(self.system);
        let may = |it: &NotificationRow| it.signallers.contains(process);
        let notification = self.system.notifications.iter().position(may).unwrap_or(0) as u32;
        // One gate for each room that a gate needs.
        let mut rooms = [0; 4];
        let mut sorts = [u32::MAX; 4];
        for (index, gate) in (0..).zip(self.system.gates) {
            let is_new = gate.callers.contains(process) && !rooms.contains(&gate.room);
            if is_new && let Some(place) = sorts.iter().position(|&sort| sort == u32::MAX) {
                (rooms[place], sorts[place]) = (gate.room, index);
            }
        }
        // Places where something may change: near to the bottom, and to the edges of eighths.
        let eighth = self.window.length().next_power_of_two() / 8;
        let near = |it: usize| (it + NEAR) % eighth <= 2 * NEAR;
        for stack_pointer in (stack.start..=stack.end + 8).step_by(4) {
            let left = stack_pointer - stack.start;
            if left > LOW && !near(left) {
                continue;
            }
            for selector in sorts {
                self.compare(selector, WORDS, stack_pointer);
            }
            if left > SYSTEM_CALL && stack_pointer < self.window.end {
                continue;
            }
            self.compare_number(number::RETURN, [0; 4], stack_pointer);
            self.compare_number(number::YIELD, WORDS, stack_pointer);
            self.compare_number(number::THREAD_ID, WORDS, stack_pointer);
            self.compare_number(number::NOW, WORDS, stack_pointer);
            self.compare_number(number::SIGNAL, [notification, 0, 0, 0], stack_pointer);
            let for_ever = [first_of(owned), FOR_EVER, FOR_EVER, 0];
            self.compare_number(number::WAIT, for_ever, stack_pointer);
            for interrupt in self.system.interrupts {
                self.compare_interrupt(interrupt.line, stack_pointer);
            }
        }
    }

    /// Tries each gate, and numbers without a gate: with much room on the stack, with just enough, and with too little.
    fn try_gates(&mut self) {
        let past = self.system.gates.len() as u32;
        let others =
            [past, past + 1, 0xff, 0x100, 0xffff, 0x1_0000, 1 << 28, 1 << 30, i32::MAX as u32];
        for selector in (0..past).chain(others) {
            self.compare(selector, WORDS, self.usual());
            self.compare(selector, [0; 4], self.usual());
            let stack = self.system.gates.get(selector as usize).map_or(0, |gate| {
                let service = self.system.services.get(gate.service.index());
                service.map_or(0, |it| usize::from(it.stack))
            });
            let enough = self.window.start + ENTRY_SIZE + stack + CONTEXT_SIZE;
            for stack_pointer in [enough - 8, enough - 4, enough, enough + 4, enough + 8] {
                self.compare(selector, WORDS, stack_pointer);
            }
        }
    }

    /// Tries the number of each system call, and numbers without a system call.
    fn try_numbers(&mut self) {
        for number in
            (0..SystemCall::ALL.len() + 16).chain([0xff, 0x100, 0xffff, i32::MAX as usize])
        {
            self.compare_number(number, [0; 4], self.usual());
            self.compare_number(number, WORDS, self.usual());
        }
        let refused = CallError::BadArgument as u32;
        for status in [0, 1, refused - 1, refused, refused + 1, 1 << 31, u32::MAX] {
            self.compare_number(number::RETURN, [status, 7, 8, 9], self.usual());
        }
    }

    /// Tries each line.
    fn try_interrupts(&mut self) {
        for line in 0..LINES as u16 {
            self.compare_interrupt(line, self.usual());
        }
    }

    /// Tries each notification.
    fn try_signals(&mut self) {
        for notification in (0..40).chain([0xff, 0x100, 1 << 28, 1 << 31, u32::MAX]) {
            self.compare_number(number::SIGNAL, [notification, 1, 2, 3], self.usual());
        }
    }

    /// Tries each set of up to two notifications, and each kind of time.
    fn try_waits(&mut self) {
        let times = [0, 1, 1 << 31, FOR_EVER - 1, FOR_EVER];
        for bit in 0..32 {
            let sets = [1 << bit, 3 << bit, !(1 << bit), 1 << bit | 1];
            for set in sets {
                self.compare_number(number::WAIT, [set, FOR_EVER, FOR_EVER, 0], self.usual());
            }
        }
        let owned = owned(self.system);
        for low in times {
            for high in times {
                for set in [owned, first_of(owned), 0] {
                    self.compare_number(number::WAIT, [set, low, high, 0], self.usual());
                }
            }
        }
    }

    /// Tries waits in a call for which no caller waits any more, and in a call that may be late.
    fn try_waits_in_vain(&mut self) {
        self.come_back();
        let id = kernel().thread_id();
        let marks = [("thread.orphaned", 1), ("thread.orphaned", 8), ("thread.may_be_late", 1)];
        for (mark, value) in marks {
            for set in (0..u32::BITS).map(|bit| 1 << bit) {
                self.come_back();
                kernel().parts(&mut |name, index, place| {
                    if index == id && name == mark {
                        let (word, shift) = (place.start & !3, 8 * (place.start & 3));
                        store(word, load(word) & !(0xff << shift) | value << shift);
                    }
                });
                let words = [set, FOR_EVER, FOR_EVER, 0];
                self.referee.compare(&operation(number::WAIT, words, self.usual()));
            }
        }
        self.come_back();
    }

    /// Tries leases for reading and writing. The memory starts near an edge of the used part of the stack, or elsewhere
    /// in the address space. It has many lengths, among them those up to the end of the stack and of the address space,
    /// and a little more.
    fn try_leases(&mut self) {
        let stack_pointer = self.window.end - LENT;
        let process = kernel().current_thread().rights().process;
        let edges = [stack_pointer, self.window.end];
        let near = edges
            .map(|edge| [-36, -32, -16, -4, 0, 4, 16, 32].map(|it| edge.wrapping_add_signed(it)));
        let far = [1, 2, 3, 4, 5, 6, 7].map(|top| top << 29);
        for (selector, gate) in (0..).zip(self.system.gates) {
            let lends = [Gate::LEASE_TO_READ, Gate::LEASE_TO_WRITE].contains(&gate.room);
            if !lends || !gate.callers.contains(process) {
                continue;
            }
            for start in near.into_iter().flatten().chain(far) {
                let rest = self.window.end.wrapping_sub(start);
                let (upper_half, all) = (1_usize << 31, 0_usize);
                let ends = [upper_half, all].map(|end| end.wrapping_sub(start));
                let [past, further] = [1, 32].map(|more| rest.wrapping_add(more));
                let lengths = [0, 1, 31, 32, 33, 64, 256, 1 << 29, 1 << 30, rest, past, further];
                for length in lengths.into_iter().chain(ends).chain([usize::MAX, 1 << 31 | 20]) {
                    let words = [start as u32, length as u32, 7, 8];
                    self.compare(selector, words, stack_pointer);
                }
            }
        }
    }

    /// Tries the first gate and the first notification past the end of the tables, for each length of the tables. The
    /// memory there looks like an existing entry.
    fn try_ends_of_tables(&mut self) {
        let (mut gates, mut system, mut states) = (Span::EMPTY, Span::EMPTY, Span::EMPTY);
        kernel().parts(&mut |name, _, span| match name {
            "kernel.gates" => gates = span,
            "kernel.system" => system = span,
            "kernel.notifications" => states = span,
            _ => {}
        });
        for selector in 0..self.system.gates.len() as u32 {
            self.come_back();
            // (A slice is its address, then its length.)
            store(gates.start + size_of::<usize>(), selector);
            let stack_pointer = self.usual();
            self.referee.compare(&selected(selector, WORDS, stack_pointer));
        }
        for index in 0..self.system.notifications.len() {
            let notifications = &self.system.notifications[..index];
            // (No process crashes by a signal.)
            let shorter = System { notifications, supervisor: None, ..*self.system };
            self.come_back();
            store(system.start, core::ptr::from_ref(&shorter).expose_provenance() as u32);
            store(states.start + size_of::<usize>(), index as u32);
            let words = [index as u32, 0, 0, 0];
            self.referee.compare(&operation(number::SIGNAL, words, self.usual()));
        }
        self.come_back();
    }

    /// Tries each gate with more stack left than any gate can demand, including gates whose return has duties.
    fn try_large_stack(&mut self) {
        let id = kernel().thread_id();
        let stack = LARGE_STACK;
        let window = Unit::window(stack, stack.end);
        let bounds = Machine::bounds(stack);
        let edges = [1 << 15, 1 << 16, 5 << 14, stack.length()];
        let lefts = edges.into_iter().flat_map(|edge| [edge - 64, edge + CONTEXT_SIZE]);
        for left in lefts.filter(|&left| left < stack.length()) {
            for selector in 0..self.system.gates.len() as u32 {
                self.come_back();
                let set = |place: Span, words: [usize; 2]| {
                    for (index, word) in words.into_iter().take(place.length() / 4).enumerate() {
                        store(place.start + 4 * index, word as u32);
                    }
                };
                kernel().parts(&mut |name, index, place| match name {
                    _ if index != id => {}
                    "thread.stack_register" => {
                        set(place, [Machine::stack_register(stack.start), 0])
                    }
                    "thread.stack" => set(place, [stack.start, stack.end]),
                    "thread.bounds" => set(place, bounds),
                    "thread.rights" => {
                        let process = load(place.start) & 0xff;
                        set(place, [(process | u32::from(window.registers) << 16) as usize, 0]);
                    }
                    _ => {}
                });
                set(Span { start: arena().main_stack, end: arena().main_stack + 8 }, bounds);
                open_stack(stack);
                let stack_pointer = stack.start + left;
                self.referee.compare(&selected(selector, WORDS, stack_pointer));
            }
        }
        self.come_back();
    }

    /// Tries returns from a call that holds two leases.
    fn try_two_leases(&mut self) {
        let stack_pointer = self.window.end - LENT;
        let memory = (self.window.end - 32) as u32;
        let words = [memory, 32, memory - 32, 32];
        for selector in 0..self.system.gates.len() as u32 {
            self.come_back();
            let lend = selected(selector, words, stack_pointer);
            self.referee.perform(&lend);
            if kernel().current_thread().leases().count() == 2 {
                let inside = self.referee.window().end - USED;
                self.referee.compare(&operation(number::RETURN, [0, 7, 8, 9], inside));
            }
        }
        self.come_back();
    }

    /// Tries signals for one waiting thread with an inherited priority: below that of the signalling thread, equal to
    /// it, or above it. The signalling thread has an inherited priority as well, and yields and waits with it.
    fn try_lent_priorities(&mut self) {
        let mut mine = 0;
        let id = kernel().thread_id();
        kernel().parts(&mut |name, index, place| {
            if name == "thread.priority" && index == id {
                mine = load(place.start & !3) >> (8 * (place.start & 3)) & 0xff;
            }
        });
        // A path that used the threads' base priorities instead of the present ones would behave differently here.
        let own = if mine > 1 { 1 } else { 31 };
        let mut any = None;
        for (signalled, wiring) in self.system.notifications.iter().enumerate() {
            self.come_back();
            let Some(waiter) = self.other_thread_in(wiring.owner) else { continue };
            any = Some((waiter, signalled));
            for priority in [mine.saturating_sub(1).max(1), mine, (mine + 1).min(31)] {
                self.come_back();
                self.lend_priorities(waiter, signalled, priority as u8, own);
                let words = [signalled as u32, 0, 0, 0];
                self.referee.compare(&operation(number::SIGNAL, words, self.usual()));
            }
        }
        let Some((waiter, notification)) = any else { return };
        let for_ever = [first_of(owned(self.system)), FOR_EVER, FOR_EVER, 0];
        for (number, words) in [(number::YIELD, WORDS), (number::WAIT, for_ever)] {
            self.come_back();
            self.lend_priorities(waiter, notification, mine as u8, own);
            self.referee.compare(&operation(number, words, self.usual()));
        }
        self.come_back();
    }

    /// Returns a thread in a process, other than the current one.
    fn other_thread_in(&mut self, process: ProcessId) -> Option<usize> {
        let (id, mut found) = (kernel().thread_id(), None);
        kernel().parts(&mut |name, index, place| {
            if name == "thread.rights"
                && index != 0
                && index != id
                && load(place.start) as u8 == process.number()
            {
                found = Some(index);
            }
        });
        found
    }

    /// Gives all threads inherited priorities, and the base priority `own`. If the thread `waiter` waits for
    /// notifications, it waits for only this one from now on, with this priority.
    fn lend_priorities(&mut self, waiter: usize, notification: usize, priority: u8, own: u8) {
        let Some(NotificationRow { owner, .. }) = self.system.notifications.get(notification)
        else {
            return;
        };
        let Some(owner) = self.system.processes.get(owner.index()) else { return };
        let set = ProcessRow::notification(notification - owner.first_notification.index());
        let set_byte = |place: Span, byte: u8| {
            let pointer = core::ptr::with_exposed_provenance_mut::<u8>(place.start);
            // SAFETY: the byte belongs to the kernel, of which nothing runs.
            unsafe { pointer.write_volatile(byte) };
        };
        kernel().parts(&mut |name, index, place| match name {
            "thread.base_priority" => set_byte(place, own),
            "thread.priority" if index == waiter => set_byte(place, priority),
            "thread.wait" if index == waiter => {
                store(place.start + Offset::WAIT_VALUE - Offset::WAIT, set)
            }
            "notification" => {
                let waiters = u32::from(index == notification) << waiter;
                store(place.start, 0);
                store(place.start + State::WAITERS, waiters);
            }
            _ => {}
        });
    }
}
