// SPDX-License-Identifier: MIT OR Apache-2.0
//! The host in the form that the kernel core needs, and the state of the port itself.

use crate::changes::change_protection;
use crate::clock::Clock;
use crate::context::Context;
use crate::device::bus::DeviceBus;
use crate::domain::Domain;
use crate::lending::{Copies, LONGEST_LEASE};
use crate::linux::{self, output, program};
use crate::memory::{self, Region};
use crate::pages::{PAGE, STEP};
use crate::protection::{Opening, Protection};
use crate::start::begin;
use crate::way::{Answer, Start};
use crate::words::{DEVICE, PENDING, RIGHTS};
use crate::{crash, keys, stack_use, strays};
use core::sync::atomic::{AtomicPtr, Ordering};
use crossgate_abi::inspect::dump;
use crossgate_abi::power::Depth;
use crossgate_abi::table::{MmioRegion, ProcessMemory, System};
use crossgate_abi::{ProcessId, Word};
use crossgate_kernel::Kernel;
use crossgate_kernel::frame::Rights;
use crossgate_kernel::port::Port;
use crossgate_kernel::{lease, thread, threads};
use crossgate_protection::{self as protection, Span, Unit};

/// The number of bytes of a process' memory that are reset at a time.
const PIECE: usize = 64 * 1024;

/// The host in the form that the kernel core needs.
pub struct Machine {
    pub(crate) clock: Clock,
    /// The time at which the core wants a timer interrupt.
    pub(crate) timer: u64,
    pub(crate) devices: DeviceBus,
    /// `true` if every process may end the program.
    pub(crate) semihosting: bool,
    pub(crate) system: &'static System,
    /// The original wiring, without the addresses of memory in this program.
    pub(crate) wiring: &'static System,
    pub(crate) regions: Vec<Region>,
    pub(crate) protection: Protection,
    /// The domain that is open, and the means by which it is open.
    pub(crate) opening: Opening,
    /// The domain that has to be open when user code continues.
    pub(crate) next_domain: Domain,
    /// The registers with which the current thread starts, if it starts.
    pub(crate) start: Start,
    /// The words with which the current thread continues, if it does not start.
    pub(crate) answer: Answer,
    /// The registers of the last thread that has faulted, until they are in a dump.
    pub(crate) faulted: Option<[Word; dump::REGISTER_COUNT]>,
}

/// The mark in the stack pointer of a thread that has not started: the thread starts with its first system call.
const BEGINS_WITH_SYSTEM_CALL: Word = 1;
/// The other such mark: the thread starts at its own entry.
const BEGINS_AT_ENTRY: Word = 2;
/// The mask of both marks.
const BEGINS: Word = 3;

/// A thread of this port.
pub type Thread = thread::Thread<Copies>;
/// The place in which the core keeps a thread that is not the current thread.
pub type Slot = threads::Slot<Copies>;
/// Memory that is lent.
pub type Lease = lease::Lease<<Copies as Unit>::Lease>;

/// The point at which a thread continues.
pub enum Resume {
    /// At a saved context.
    Context,
    /// At its start, with nothing on its stack.
    Beginning { stack_pointer: Word, entry: Word },
}

impl Machine {
    /// Returns the point at which a thread of this index with this stack pointer continues.
    pub fn resume(&self, thread: usize, stack_pointer: Word) -> Resume {
        let entry = match stack_pointer & BEGINS {
            BEGINS_WITH_SYSTEM_CALL => begin as *const () as Word,
            BEGINS_AT_ENTRY => self
                .system
                .threads
                .get(thread)
                .map_or(0, |thread| thread.entry as *const () as Word),
            _ => return Resume::Context,
        };
        Resume::Beginning { stack_pointer: stack_pointer & !BEGINS, entry }
    }

    /// Sets the memory that is open when user code continues: the memory that a thread with this stack may use with
    /// these rights. Everything else is closed then.
    pub fn open(&mut self, stack: Span, rights: Rights) {
        self.next_domain = self.domain_of(stack, rights);
    }

    /// Opens the memory of the next domain now, because the kernel itself needs it.
    pub fn open_now(&mut self) {
        let next = self.protection.opening(self.next_domain);
        for (span, open) in self.opening.changes(&next) {
            linux::memory::protect(span, open);
        }
        self.set_opening(next);
        if let Some(rights) = self.protection.kernel_rights(&self.opening) {
            keys::set_rights(rights);
        }
    }

    /// Lets the last action of the kernel open the memory of the next domain.
    pub fn open_at_exit(&mut self) {
        if self.next_domain == self.opening.domain {
            return change_protection(core::iter::empty());
        }
        let next = self.protection.opening(self.next_domain);
        change_protection(self.opening.changes(&next));
        self.set_opening(next);
    }

    fn set_opening(&mut self, opening: Opening) {
        self.opening = opening;
        if let Some(rights) = self.protection.rights(&self.opening) {
            RIGHTS.store(rights, Ordering::Relaxed);
        }
    }

    /// Opens memory of a process while `work` runs.
    pub fn with_open(&self, memory: Span, work: impl FnOnce()) {
        let pages =
            Span { start: memory.start & !(PAGE - 1), end: memory.end.next_multiple_of(PAGE) };
        if self.opening.domain.region.contains(pages) {
            work();
        } else {
            self.protection.with_open(pages, &self.opening, work);
        }
    }

    /// Opens a step of a stack while `work` runs.
    pub fn with_step_open(&self, step: Span, work: impl FnOnce()) {
        if self.opening.domain.stack.contains(step) {
            work();
        } else {
            self.with_open(step, work);
        }
    }

    /// Reads a word of a stack. If the word is in a closed part of the stack, opens one step of the stack for this.
    fn read_stack(&self, stack: Span, address: Word) -> Word {
        let mut word = 0;
        if let Some(step) = stack_use::step_from(stack, address.wrapping_sub(stack.start)) {
            let read = || {
                // SAFETY: the address is that of a word of the stack. This part of the stack is open, and no thread
                // runs at this time.
                word = unsafe { core::ptr::with_exposed_provenance::<Word>(address).read() };
            };
            self.with_step_open(step, read);
        }
        word
    }

    /// Returns whether a device's registers start at this address, and a process owns it. (A region that opens the first
    /// register opens all.)
    pub fn owns(&self, process: ProcessId, start: Word) -> bool {
        let opens = |own: &MmioRegion| {
            let span = Span { start: own.start, end: own.start + own.size };
            protection::Region { span, closed: own.closed }.opens(start)
        };
        let process = self.system.processes.get(process.index());
        process.is_some_and(|process| process.mmio.iter().any(opens)) && self.devices.exists(start)
    }

    /// Reads a register of a device.
    pub fn read_device(&mut self, start: Word, register: Word) -> Word {
        let now = self.clock.now();
        let value = self.devices.read(start, register, now);
        self.set_timer();
        self.want_interrupt();
        value
    }

    /// Writes a register of a device.
    pub fn write_device(&mut self, start: Word, register: Word, value: Word) {
        let now = self.clock.now();
        self.devices.write(start, register, value, now);
        self.set_timer();
        self.want_interrupt();
    }

    /// Makes the devices handle the events that are due.
    pub fn advance_devices(&mut self) {
        let now = self.clock.now();
        if let Some(status) = self.devices.advance(now) {
            self.end(status);
        }
        self.set_timer();
    }

    /// Ends the program.
    pub fn end(&mut self, status: i32) -> ! {
        self.devices.flush();
        stack_use::tell(self.system, self.wiring, |stack| self.protection.open_for_ever(stack));
        strays::tell_strays(true);
        program::end(status)
    }

    /// Makes the clock interrupt when the core or a device needs it.
    fn set_timer(&mut self) {
        self.clock.set_timer(self.timer.min(self.devices.next()));
    }

    /// If a device needs attention, interrupts the thread that continues now.
    fn want_interrupt(&self) {
        if self.devices.raised().is_some() {
            PENDING.fetch_or(DEVICE, Ordering::Relaxed);
        }
    }

    fn domain_of(&self, stack: Span, rights: Rights) -> Domain {
        let region = self.regions.get(rights.process.index());
        let region = region.map_or(Span::EMPTY, |region| region.open);
        let private = memory::private(stack, &self.regions);
        let end = window_top(stack, rights).min(private.end);
        Domain { region, stack: Span { end, ..private } }
    }
}

/// Returns the first address of a thread's stack that is closed with these rights.
pub fn window_top(stack: Span, rights: Rights) -> usize {
    stack.start + usize::from(rights.window) * STEP
}

/// Returns the part of its stack that a thread may use now.
pub fn window_of(thread: &Thread) -> Span {
    let stack = thread.stack();
    Span { start: stack.start, end: window_top(stack, thread.rights()) }
}

/// The kernel, once there is one.
static KERNEL: AtomicPtr<Kernel<Machine>> = AtomicPtr::new(core::ptr::null_mut());

/// Installs the kernel.
pub fn install(kernel: &'static mut Kernel<Machine>) {
    KERNEL.store(kernel, Ordering::Relaxed);
}

/// Uses the kernel, which has been [installed](install).
///
/// This is for the kernel's side of the gate, which is not entered twice, and for handlers of signals that interrupted
/// user code. So no other code uses the kernel at the same time, as long as `work` does not call this function.
pub fn with_kernel<R>(work: impl FnOnce(&mut Kernel<Machine>) -> R) -> R {
    // SAFETY: this is the only reference, as explained above, and it does not outlive `work`.
    work(unsafe { &mut *KERNEL.load(Ordering::Relaxed) })
}

impl Port for Machine {
    type Unit = Copies;

    // This is room for copies of lent memory, and for the execution of a method. Code of a host needs much more stack
    // than the wiring declares, because wirings are written for microcontrollers.
    const ENTRY_SIZE: Word = 2 * LONGEST_LEASE + 16 * 1024;

    fn context_end(stack_pointer: Word) -> Word {
        stack_pointer + Context::SIZE
    }

    fn stack_register(start: Word) -> Word {
        start
    }

    fn bounds(stack: Span) -> [Word; 2] {
        [stack.start, stack.end]
    }

    const BEGIN: extern "C" fn() -> ! = begin;

    fn reset(&mut self, memory: &ProcessMemory, from: Word) -> Option<Word> {
        let size = memory.kept_start - memory.start;
        let to = size.min(from + PIECE);
        if from < to {
            let span = Span { start: memory.start + from, end: memory.start + to };
            // SAFETY: the image is a copy of the whole memory. No thread is in the process, and none has been lent any
            // of its memory.
            let copy = || unsafe {
                let image = core::ptr::with_exposed_provenance::<u8>(memory.image).add(from);
                let place = core::ptr::with_exposed_provenance_mut::<u8>(memory.start).add(from);
                place.copy_from_nonoverlapping(image, to - from);
            };
            self.with_open(span, copy);
        }
        (to < size).then_some(to)
    }

    fn first_context(entry: extern "C" fn() -> !, stack_end: Word) -> Word {
        let begins = if entry as *const () == Self::BEGIN as *const () {
            BEGINS_WITH_SYSTEM_CALL
        } else {
            BEGINS_AT_ENTRY
        };
        stack_end | begins
    }

    fn reset_system(&mut self) {
        output::tell(format_args!("crossgate: the supervisor crashed too often, reset"));
        self.end(program::RESET)
    }

    fn now(&mut self) -> u64 {
        self.clock.now()
    }

    fn set_timer(&mut self, at: u64) {
        self.timer = at;
        self.set_timer();
    }

    /// The kernel never needs to stop early for an interrupt here, because Linux runs other programs in any case.
    fn interrupt_is_pending(&self) -> bool {
        false
    }

    /// Waits for an interrupt. How deep the CPU sleeps meanwhile is a matter of Linux, so the depth is the one that the
    /// processes admit.
    fn sleep(&mut self, depth: Depth, _: u64) -> Depth {
        self.clock.idle();
        depth
    }

    fn read_word(&mut self, address: Word) -> Word {
        // SAFETY: the core checked that the address is that of a word of the current process, whose memory is open; the
        // thread that uses it is not running.
        unsafe { core::ptr::with_exposed_provenance::<Word>(address).read_volatile() }
    }

    fn write_word(&mut self, address: Word, value: Word) {
        // SAFETY: as in `read_word`.
        unsafe { core::ptr::with_exposed_provenance_mut::<Word>(address).write_volatile(value) }
    }

    fn stack_use(&mut self, stack: Span, from: Word) -> [Word; 2] {
        let Some(step) = stack_use::step_from(stack, from) else { return [0, 0] };
        let mut used = 0;
        self.with_step_open(step, || used = stack_use::used_of_step(step));
        [used, if step.end < stack.end { step.end - stack.start } else { 0 }]
    }

    fn dump(
        &mut self,
        thread: &Thread,
        window: Span,
        registers: &mut [Word; dump::REGISTER_COUNT],
    ) -> Word {
        let faulted = self.faulted.take();
        let read = |address| self.read_stack(thread.stack(), address);
        crash::dump(faulted, thread, window, registers, read)
    }

    fn stack_word(&mut self, stack: Span, address: Word) -> Word {
        self.read_stack(stack, address)
    }

    fn mask(&mut self, line: u16, mask: bool) {
        self.devices.mask(line, mask);
        self.want_interrupt();
    }
}
