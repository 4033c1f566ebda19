// SPDX-License-Identifier: MIT OR Apache-2.0
//! The possible steps, and the actions of a port and of user code in each.

use super::super::*;
use super::snapshot::{self, Snapshot};
use crate::wait::Wait;
use crossgate_abi::pool;
use crossgate_abi::{Cause, DEADLINE_UNIT, DEADLINE_WITHIN};
use foldhash::quality::FixedState;
use std::format;
use std::hash::{BuildHasher, Hash, Hasher};
use std::string::String;

/// The interrupt line that is bound to notification 0.
pub const LINE: u16 = 5;
/// The address of the word that each process uses for a mutex.
const MUTEX: Word = 0x200;
/// The search signals a notification only while it has fewer signals than this, so that the number of states is
/// bounded.
const SIGNALS: u32 = 2;
const FOR_EVER: Word = u32::MAX as Word;

/// A step that can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// An interrupt arrives.
    Interrupt,
    /// Time passes until the time to which the port's timer is set.
    Time,
    /// The timer interrupts, in time or late.
    Timer,
    /// The interrupt to which the port has given way is no longer pending.
    Vanish,
    /// The current thread asks to start, because its process is not running.
    Begin,
    /// The worker does a piece of the deferred work.
    Work,
    Call(usize, Offer),
    /// The current thread makes a call, gives the callee the handle of a service, and lends it something.
    Pass(usize, Word, Offer),
    Leave(Word),
    /// The current thread waits for the notification of this index, without a timeout.
    Wait(Word),
    /// The current thread waits for the notification of this index, with a timeout.
    WaitFor(Word, Word),
    Signal(Word),
    Acknowledge(Word),
    Sleep(Word),
    Yield,
    Exit,
    Fault,
    /// The current thread takes the mutex of the process that it is in, or waits for it.
    Lock,
    /// The current thread frees that mutex.
    Unlock,
    Restart(Word),
    Stop(Word),
    /// The current thread sets a deadline that is this number of units away, or removes its deadline (0).
    SetDeadline(u64),
    /// The current thread sets a deadline that is this number of µs away, unless the deadline in force is nearer.
    SetDeadlineWithin(Word),
    /// The current thread returns with the handle of this service.
    Give(Word),
    /// The current thread revokes the grants of this service, and looks at threads from this one on.
    Revoke(Word, Word),
    /// A thread of a pool parks if this is the value of a word of its process. (The word is 0.)
    Park(Word),
    /// A thread of a pool is started if it is parked.
    Start(Word),
    /// A thread of a pool is ended: it restarts.
    End(Word),
}

/// The memory that a call is lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Offer {
    Nothing,
    /// Shared memory of the process that calls.
    Shared,
    /// Memory that was lent to the caller itself.
    Held,
    /// Memory that the caller has no right to lend.
    Forged,
}

/// The end of a step.
struct Outcome {
    /// The thread that was current continues where it is.
    answered: bool,
    /// The context of the current thread is loaded.
    switch: bool,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Outcome {
        Outcome { answered: answer.reply.is_some(), switch: answer.switch }
    }
}

/// A kernel, and the next actions of its threads.
pub struct Model {
    pub driver: Driver,
    /// The system call that a thread makes again, when it runs next.
    again: Vec<Option<Step>>,
}

/// A model at some time.
pub struct Moment {
    kernel: Snapshot,
    again: Vec<Option<Step>>,
    gave_way: bool,
}

impl Model {
    pub fn new(mut driver: Driver) -> Model {
        driver.settles = false;
        driver.kernel.port.masked = vec![LINE];
        driver.kernel.account();
        let again = vec![None; driver.kernel.system.threads.len()];
        Model { driver, again }
    }

    pub fn save(&self) -> Moment {
        let Driver { kernel, gave_way, .. } = &self.driver;
        let kernel = Snapshot::save(kernel);
        Moment { kernel, again: self.again.clone(), gave_way: *gave_way }
    }

    pub fn restore(&mut self, moment: &Moment) {
        moment.kernel.restore(&mut self.driver.kernel);
        self.again.copy_from_slice(&moment.again);
        self.driver.gave_way = moment.gave_way;
    }

    /// Returns a key that distinguishes states.
    pub fn key(&self) -> u64 {
        // A good hash of 64 bits, because then it is next to impossible that two of some million states have the same
        // hash.
        let mut hasher = FixedState::default().build_hasher();
        self.again.hash(&mut hasher);
        let driver = &self.driver;
        driver.gave_way.then(|| driver.current()).hash(&mut hasher);
        snapshot::hash(&self.driver.kernel, &mut hasher);
        hasher.finish()
    }

    /// Returns a description of a step that is taken now: the thread, and the processes through which its calls have
    /// led.
    pub fn tell(&self, step: Step) -> String {
        let current = self.driver.current();
        match step {
            Step::Interrupt | Step::Time | Step::Timer | Step::Vanish => format!("{step:?}"),
            _ => format!("thread {current} in {:?}: {step:?}", self.driver.path(current)),
        }
    }

    /// Returns whether this step can happen now.
    pub fn can(&self, step: Step) -> bool {
        let kernel = &self.driver.kernel;
        let few = |index: Word| kernel.notifications[index].signals < SIGNALS;
        let (now, time) = (kernel.port.now, kernel.port.timer);
        let current = self.driver.current();
        let thread = self.driver.thread(current);
        match step {
            Step::Interrupt => !kernel.port.masked.contains(&LINE) && few(0),
            Step::Time => time.is_some_and(|time| time > now),
            Step::Timer => time.is_some_and(|time| time <= now),
            Step::Vanish => self.driver.gave_way,
            _ if self.driver.gave_way => false,
            // The idle thread only does deferred work.
            _ if current == 0 => step == Step::Work && thread.priority != 0,
            Step::Work => false,
            // Code of a process does not run before its memory is reset.
            _ if thread.depth() == 0 && !kernel.is_running(thread.rights.process) => {
                step == Step::Begin
            }
            _ if self.again[current].is_some() => self.again[current] == Some(step),
            Step::Begin => false,
            Step::Call(_, Offer::Held) => thread.leases().next().is_some(),
            Step::Signal(index) => few(index),
            _ => true,
        }
    }

    /// Returns how often the core checked for a pending interrupt in the last step.
    pub fn looks(&self) -> usize {
        self.driver.kernel.port.looks.get()
    }

    /// Does what the port and user code do in this step. If `found` is not 0, the core's check number `found` for a
    /// pending interrupt finds one, and so do all later checks.
    pub fn take(&mut self, step: Step, found: usize) {
        let before = self.driver.current();
        let key = if found == 0 { 0 } else { self.key() };
        let changes = self.changes_without_end(step);
        self.driver.kernel.port.looks.set(0);
        self.driver.kernel.port.found = found;
        let outcome = self.make(step);
        self.driver.kernel.port.found = 0;
        let thread = self.driver.kernel.threads.get_mut(ThreadId::new(before));
        if found != 0
            && !changes
            && !outcome.answered
            && thread.pending == Pending::Retry
            && thread.wait == Wait::Nothing
        {
            thread.pending = Pending::Nothing;
            assert!(self.driver.gave_way, "the port finds the interrupt, too");
            self.driver.gave_way = false;
            assert_eq!(self.key(), key, "a call that stops for an interrupt changes nothing");
            self.driver.gave_way = true;
            self.driver.kernel.current().pending = Pending::Retry;
        }
        let thread = self.driver.thread(before);
        if outcome.answered {
            let waits = (thread.wait, thread.pending);
            assert_eq!(
                waits,
                (Wait::Nothing, Pending::Nothing),
                "a thread that has its answer continues"
            );
        }
        if !matches!(step, Step::Interrupt | Step::Time | Step::Timer | Step::Vanish) {
            assert!(outcome.answered || outcome.switch, "a system call has an end");
            self.again[before] = Some(step).filter(|_| thread.pending == Pending::Retry);
        }
        self.forget();
        if !self.driver.gave_way {
            self.load(before, outcome.switch);
            self.driver.kernel.account();
        }
    }

    /// Returns whether a step may change the state although no system call ends. Some steps are no system calls. In
    /// others the thread has to repeat its system call, and does a piece of the start of a process, or of the end of a
    /// job, each time.
    fn changes_without_end(&self, step: Step) -> bool {
        match step {
            Step::Begin | Step::Interrupt | Step::Time | Step::Timer | Step::Work => true,
            Step::Vanish | Step::Park(_) | Step::End(_) => true,
            Step::Call(service, _) | Step::Pass(service, ..) => {
                let kernel = &self.driver.kernel;
                !kernel.is_running(kernel.services[service].owner)
            }
            _ => false,
        }
    }

    /// Forgets the system call of a thread that was taken out of its call: the thread does not make it again.
    fn forget(&mut self) {
        for (index, again) in self.again.iter_mut().enumerate() {
            let thread = self.driver.thread(index);
            let home = thread.depth() == 0 && !self.driver.kernel.is_running(thread.rights.process);
            if matches!(thread.pending, Pending::Reply { .. })
                || home && *again != Some(Step::Begin)
            {
                *again = None;
            }
        }
    }

    /// Continues with the thread that is current now.
    fn load(&mut self, before: usize, switch: bool) {
        if !switch {
            assert_eq!(self.driver.current(), before, "the CPU is told that another thread runs");
        }
        let pending = self.driver.pending();
        assert!(switch || pending.is_none(), "the CPU is told that the thread continues elsewhere");
        let stack_pointer = self.driver.stack_pointer(128);
        if pending.is_some() {
            let saved = self.driver.kernel.current().stack_pointer;
            assert_eq!(saved, stack_pointer, "a thread continues where its registers are");
        }
    }

    fn make(&mut self, step: Step) -> Outcome {
        let driver = &mut self.driver;
        let process = driver.kernel.current().rights.process;
        let mutex = memory(process.index()) + MUTEX;
        let event = |switch| Outcome { answered: false, switch };
        let (number, words) = match step {
            Step::Interrupt => {
                driver.event(|kernel| kernel.interrupt(LINE));
                return event(true);
            }
            Step::Vanish => {
                driver.event(|_| ());
                return event(true);
            }
            Step::Time => {
                driver.kernel.port.now = driver.kernel.port.timer.unwrap_or(0);
                return event(false);
            }
            Step::Timer => {
                driver.event(Kernel::timer);
                return event(true);
            }
            Step::Call(service, lend) => return self.call(service, lend, 0),
            Step::Pass(service, handle, lend) => return self.call(service, lend, handle),
            Step::Leave(status) => return self.leave([status, 7, 8, 9]),
            Step::Give(service) => return self.leave([0, 0, service, 0]),
            Step::Fault => {
                driver.event(|kernel| kernel.fault(Cause::Access, 0, 0));
                return event(true);
            }
            Step::Lock | Step::Unlock => {
                let me = driver.stack_pointer(128);
                let word = driver.kernel.port.read_word(mutex);
                let write = match step {
                    Step::Lock if word == 0 => Some(me),
                    Step::Unlock if word == me => Some(0),
                    _ => None,
                };
                if let Some(word) = write {
                    driver.kernel.port.write_word(mutex, word);
                    return OK.into();
                }
                let lock = step == Step::Lock;
                (if lock { number::MUTEX_WAIT } else { number::MUTEX_WAKE }, [mutex, 0, 0])
            }
            Step::Begin => (number::BEGIN, [0; 3]),
            Step::Wait(index) => (number::WAIT, [set(driver, index), FOR_EVER, FOR_EVER]),
            Step::WaitFor(index, time) => (number::WAIT, [set(driver, index), time, 0]),
            Step::Signal(index) => (number::SIGNAL, [index, 0, 0]),
            Step::Acknowledge(index) => (number::ACKNOWLEDGE, [index, 0, 0]),
            Step::Sleep(time) => (number::SLEEP, [time, 0, 0]),
            Step::Yield => (number::YIELD, [0; 3]),
            Step::Work => (number::WORK, [0; 3]),
            Step::Exit => (number::EXIT, [0; 3]),
            Step::SetDeadline(0) => (number::SET_DEADLINE, [0; 3]),
            Step::SetDeadline(units) => {
                let end = (driver.kernel.port.now / DEADLINE_UNIT + units) as u16;
                (number::SET_DEADLINE, [end.max(1).into(), 0, 0])
            }
            Step::SetDeadlineWithin(time) => (number::SET_DEADLINE, [DEADLINE_WITHIN | time, 0, 0]),
            Step::Park(expected) => {
                (number::OPTIONAL, [pool::PARK, memory(process.index()) + MUTEX + 8, expected])
            }
            Step::Start(thread) => (number::OPTIONAL, [pool::START, thread, 0]),
            Step::End(thread) => (number::OPTIONAL, [pool::END, thread, 0]),
            Step::Revoke(service, from) => (number::REVOKE, [service, from, 0]),
            Step::Restart(process) => (number::RESTART, [process, 0, 0]),
            Step::Stop(process) => (number::STOP, [process, 0, 0]),
        };
        let [first, second, third] = words;
        driver.ask(number, [first, second, third, 0]).into()
    }

    /// Makes a call. A call that fails must leave everything as it was.
    fn call(&mut self, service: usize, lend: Offer, handle: Word) -> Outcome {
        let before = self.key();
        let driver = &mut self.driver;
        let process = driver.kernel.current().rights.process;
        let address = match lend {
            Offer::Nothing => 0,
            Offer::Shared => memory(process.index()),
            Offer::Held => driver.kernel.current().leases().next().unwrap().memory.start,
            Offer::Forged => memory(3),
        };
        let length = if lend == Offer::Nothing { 0 } else { 32 };
        match driver.call(service, [address, length, handle, 0]) {
            Ok(_) => Outcome { answered: true, switch: false },
            Err(answer) => {
                let failed = answer.reply.is_some() && !answer.switch;
                assert!(!failed || self.key() == before, "a call that fails changes nothing");
                answer.into()
            }
        }
    }

    fn leave(&mut self, words: [Word; 4]) -> Outcome {
        let before = self.driver.current();
        match self.driver.leave_with_words(words) {
            Ok(_) => Outcome { answered: true, switch: self.driver.current() != before },
            Err(answer) => answer.into(),
        }
    }
}

/// Returns the set of one notification, in the numbering of the current process. If the notification belongs to another
/// process, the set names a notification that no process has.
fn set(driver: &mut Driver, index: Word) -> Word {
    let process = driver.kernel.current().rights.process;
    let owner = driver.kernel.system.notifications[index].owner;
    let first = driver.kernel.processes[process.index()].first_notification;
    let number = if owner == process { index - first.index() } else { 31 };
    table::ProcessRow::notification(number) as Word
}
