// SPDX-License-Identifier: MIT OR Apache-2.0
//! Inspection of threads and processes, by processes that have the right to inspect.
//!
//! One system call reads one item, in a short time that does not depend on the size of the system. So a call that
//! inspects a stack looks at only a few of its words. The reader sees no memory of other processes, and changes
//! nothing. If some process has this right, the kernel keeps notes for each process: the number of its crashes, and the
//! record of its last crash.
//!
//! The right to read the crash dump is a separate one, because the dump contains memory of other processes: registers
//! of the thread that crashed last, and the part of its stack that belongs to the process that crashed. The port keeps
//! the dump in memory that no reset clears.

use crate::Kernel;
use crate::note::Inspection;
use crate::port::Port;
use crate::wait::Wait;
use crate::work::TELL;
use crossgate_abi::inspect::{
    CALLS, CRASHES, DUMP, FAULT, PROCESS, STACK, THREAD, TIME_OF_PROCESS, TIME_OF_THREAD, dump,
    state, wait,
};
use crossgate_abi::{
    ARGUMENT_WORDS, CallError, DEADLINE_UNIT, NOBODY, ProcessId, Status, ThreadId, Word,
};
use crossgate_protection::Span;

impl<P: Port> Kernel<P> {
    /// Handles an inspection by the current process.
    #[inline]
    pub(crate) fn inspect(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let process = self.current().rights.process;
        let [subject, index, from, _] = *words;
        let permitted = if subject == DUMP { self.system.dumpers } else { self.system.inspectors };
        if !permitted.contains(process) {
            return CallError::NotPermitted.into();
        }
        let seen = match subject {
            THREAD => self.thread_of(index).map(|id| self.look_at_thread(id)),
            CALLS => self.thread_of(index).map(|id| self.look_at_calls(id)),
            STACK => self.thread_of(index).map(|id| {
                let stack = self.threads.get(id).stack;
                self.port.stack_use(stack, from)
            }),
            PROCESS => self.look_at_process(index),
            TIME_OF_THREAD => self.time_of_thread(index).map(halves),
            TIME_OF_PROCESS => self.time_of_process(index).map(halves),
            CRASHES => self.look_at_crashes(index, from),
            DUMP => self.look_at_dump(index),
            FAULT => {
                (words[0], words[1]) = (index, from);
                return self.copy_fault(words);
            }
            _ => None,
        };
        match seen {
            Some([first, second]) => {
                (words[1], words[2]) = (first, second);
                Status::OK
            }
            None => Status::NO_SUCH_RECORD,
        }
    }

    #[inline]
    fn thread_of(&self, index: Word) -> Option<ThreadId> {
        (index < self.system.threads.len()).then_some(ThreadId::new(index))
    }

    #[inline]
    fn look_at_thread(&self, id: ThreadId) -> [Word; 2] {
        let thread = self.threads.get(id);
        let holder = thread.blocked_on.map_or(NOBODY.into(), ThreadId::index);
        let (kind, what) = match thread.wait {
            Wait::Nothing => (wait::NOTHING, 0),
            Wait::Time => (wait::TIME, 0),
            Wait::Notifications(set) => (wait::NOTIFICATIONS, set as Word),
            Wait::Lock(lock) => (wait::LOCK, holder | lock.index() << 8),
            Wait::Mutex(_) => (wait::MUTEX, holder),
            Wait::Memory => (wait::MEMORY, holder),
            Wait::Ended => (wait::ENDED, 0),
        };
        let who = [kind, thread.rights.process.number(), thread.priority, thread.depth()];
        [u32::from_le_bytes(who) as Word, what]
    }

    #[inline]
    fn look_at_calls(&self, id: ThreadId) -> [Word; 2] {
        let thread = self.threads.get(id);
        let mut chain = 0;
        for frame in thread.frames.get(..thread.depth().into()).unwrap_or(&[]).iter().rev() {
            chain = chain << 8 | u64::from(frame.service.number());
        }
        halves(chain)
    }

    #[inline]
    pub(crate) fn look_at_process(&self, index: Word) -> Option<[Word; 2]> {
        let process = self.states.get(index)?;
        let state = match (process.stopped, self.is_running(ProcessId::new(index))) {
            (true, _) => state::STOPPED,
            (false, true) => state::RUNNING,
            (false, false) => state::RESETTING,
        };
        let crashed_at = (process.crashed_at / DEADLINE_UNIT) as u32;
        Some([Word::from(state) | Word::from(process.crashes) << 8, crashed_at as Word])
    }

    #[inline]
    pub(crate) fn look_at_crashes(&self, process: Word, word: Word) -> Option<[Word; 2]> {
        let crashes = self.inspection()?.crashes.get(process)?;
        Some([crashes.count as Word, *crashes.record.get(word)?])
    }

    #[inline]
    pub(crate) fn look_at_dump(&self, word: Word) -> Option<[Word; 2]> {
        let inspection = self.inspection()?;
        Some([*inspection.dump.as_ref()?.get(word)?, inspection.is_dumped.into()])
    }

    #[inline]
    fn inspection(&self) -> Option<&Inspection> {
        self.optional.as_ref()?.inspection.as_deref()
    }

    #[inline]
    fn inspection_mut(&mut self) -> Option<&mut Inspection> {
        self.optional.as_mut()?.inspection.as_deref_mut()
    }

    /// Notes a crash of a process. The newest record is the one of this crash.
    #[inline]
    pub(crate) fn note(&mut self, process: ProcessId) {
        let record = self.faults[0].newest();
        let optional = self.optional.as_mut();
        if let Some(inspection) = optional.and_then(|it| it.inspection.as_mut())
            && let Some(crashes) = inspection.crashes.get_mut(process.index())
        {
            crashes.count = crashes.count.saturating_add(1);
            // (Word by word, because a call of `memcpy` takes longer.)
            let [a, b, c, d, e, f, g, h] = *record;
            crashes.record = [a, b, c, d, e, f, g, h];
        }
    }

    /// Notes the crash. The next pieces of the worker write its dump.
    #[inline]
    pub(crate) fn note_and_dump(&mut self, process: ProcessId) {
        self.note(process);
        let has_dump = self.work.has_dump();
        // While the dump of an earlier crash is incomplete, a further crash gets no dump. (No thread runs meanwhile, so
        // the further crash is not a fault, and the port has no registers of it.) A further crash gets no dump either
        // until the worker has taken down the process of the earlier crash: this may reset the system, and then the
        // earlier dump has to be there.
        if !has_dump
            && self.work.crashed.is_empty()
            && let Some(inspection) = self.inspection_mut()
        {
            inspection.dumped = process;
            self.work.unchecked |= REGISTERS;
        }
    }

    /// Begins a dump: writes the registers to it.
    #[inline]
    fn dump_registers(&mut self) {
        let optional = self.optional.as_mut();
        let Some(inspection) = optional.and_then(|it| it.inspection.as_mut()) else { return };
        let Some(crashes) = inspection.crashes.get(inspection.dumped.index()) else { return };
        let Some(dump) = &mut inspection.dump else { return };
        inspection.is_dumped = true;
        let [_, id, ..] = (crashes.record[0] as u32).to_le_bytes();
        let thread = self.threads.get(ThreadId::new(id.into()));
        let window = Span { start: thread.stack.start, end: thread.window_top() };
        // (A checksum of 0 means that the dump is incomplete. The checksum of a complete dump is never 0.)
        dump[dump::CHECK] = 0;
        let registers = dump.get_mut(dump::REGISTERS..).and_then(|rest| rest.first_chunk_mut());
        let start = registers.map_or(0, |registers| self.port.dump(thread, window, registers));
        // The thread may have set its stack pointer to any value.
        let is_inside = start.is_multiple_of(WORD) && start >= window.start && start < window.end;
        dump[dump::LENGTH] =
            if is_inside { ((window.end - start) / WORD).min(dump::STACK_WORDS) } else { 0 };
        (inspection.check, inspection.stack) = (dump::FIRST_CHECK, start);
        self.work.unchecked |= HEAD;
    }

    /// Writes the head of a dump: the time and the record of the crash.
    #[inline]
    fn head_dump(&mut self) {
        let now = self.port.now();
        let Some(inspection) = self.inspection_mut() else { return };
        let Some(crashes) = inspection.crashes.get(inspection.dumped.index()) else { return };
        let Some(dump) = &mut inspection.dump else { return };
        let [_, time, a, b, c, d, e, f, g, h, ..] = &mut **dump;
        *time = (now / 1_000) as u32 as Word;
        [*a, *b, *c, *d, *e, *f, *g, *h] = crashes.record;
        self.work.unchecked |= dump::CHECK as u8 + 1;
    }

    /// Does the next piece of a dump: writes its registers or its head, or adds the next words to the checksum, after
    /// copying those that come from the stack. When the stack has no words left, the rest of the dump becomes 0. The
    /// stack does not change meanwhile: until the dump is complete, no thread runs, and the crashed thread is not
    /// swept.
    #[inline]
    pub(crate) fn check_dump(&mut self) {
        let unchecked = self.work.unchecked & !TELL;
        self.work.unchecked &= TELL;
        match unchecked {
            REGISTERS => return self.dump_registers(),
            HEAD => return self.head_dump(),
            _ => {}
        }
        let from = usize::from(unchecked);
        let optional = self.optional.as_mut();
        let Some(inspection) = optional.and_then(|it| it.inspection.as_mut()) else { return };
        let Some(dump) = &mut inspection.dump else { return };
        let length = dump[dump::LENGTH];
        let [_, id, ..] = (dump[dump::RECORD] as u32).to_le_bytes();
        let stack = self.threads.get(ThreadId::new(id.into())).stack;
        let mut check = inspection.check;
        for (index, word) in dump.iter_mut().enumerate().skip(from).take(CHECKED) {
            if let Some(place) = index.checked_sub(dump::STACK) {
                *word = if place < length {
                    self.port.stack_word(stack, inspection.stack + place * WORD)
                } else {
                    0
                };
            }
            check = dump::add(check, *word);
        }
        inspection.check = check;
        if from + CHECKED < dump::WORDS {
            self.work.unchecked |= (from + CHECKED) as u8;
        } else {
            dump[dump::CHECK] = dump::last(check);
        }
    }
}

/// The value of `Work::unchecked` while a dump has no head yet.
const HEAD: u8 = dump::WORDS as u8;
/// The value of `Work::unchecked` while a dump has no registers yet.
const REGISTERS: u8 = HEAD + 1;
const _: () = assert!(REGISTERS < TELL, "the bit of `TELL` is free");

/// The number of words that one piece adds to the checksum of a dump.
const CHECKED: usize = 10;

/// The size of a word in bytes.
const WORD: Word = size_of::<Word>();

/// Returns a 64-bit number as two words.
#[inline]
fn halves(number: u64) -> [Word; 2] {
    [number as u32 as Word, (number >> 32) as Word]
}
