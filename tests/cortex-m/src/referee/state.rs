// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything that the kernel may change: the memory of the firmware, registers, the protection unit, masks of
//! interrupts.
//!
//! Dead bytes are not compared: bytes that are not read before they are written. Those of the kernel's own memory are
//! listed by [`Kernel::dead`](board::port::kernel::Kernel::dead). The others are:
//!
//! | dead | because |
//! |---|---|
//! | the memory below the stack pointer of a thread, in its window | a thread that is interrupted loses it at any time
//! |
//! | the last word of the window when a method is entered | it keeps the stack pointer a multiple of 8 |
//! | the main stack below the place where exceptions start | it is empty between them |
//! | the address and the other attributes of a region that is disabled | its enable bit comes with them |
//! | the number of the region that was written last | code that writes a region names it |

use super::arena::{SLOT, slot};
use super::processor::Registers;
use super::{BEFORE, arena};
use board::port::{linker, machine};
use core::arch::asm;
use crossgate_abi::number;
use crossgate_abi::table::{Gate, System};
use crossgate_protection::Span;
use system_tests::arch::{load, store};
use system_tests::report::{expect_that, fail, say};

/// The number of pieces of memory that a firmware may have.
const PIECES: usize = 32;
/// The number of differences that are reported.
const TOLD: usize = 16;

/// The memory of the firmware.
#[derive(Clone, Copy)]
pub struct World {
    pieces: [Span; PIECES],
    count: usize,
    main_stack_bottom: usize,
    system: &'static System,
}

unsafe extern "C" {
    static __sdata: u8;
    static __edata: u8;
    static __sbss: u8;
    static __ebss: u8;
    static _stack_start: u8;
}

const MPU_CONTROL: usize = 0xe000_ed94;
/// The unit is on, and the kernel uses the default map of memory.
const PROTECTED: u32 = 0b101;
const MPU_NUMBER: usize = 0xe000_ed98;
const MPU_ADDRESS: usize = 0xe000_ed9c;
const MPU_ATTRIBUTES: usize = 0xe000_eda0;
const MPU_REGIONS: usize = 8;
/// The bit of the attributes of a region that enables it.
const ENABLED: u32 = 1;
/// The bit of its address, as it is written, that makes the lower bits the number of the region.
const NUMBERED: u32 = 1 << 4;
/// The region of the stack's window.
const STACK_REGION: usize = 1;
pub const INTERRUPTS_ENABLED: usize = 0xe000_e100;
const INTERRUPTS_DISABLED: usize = 0xe000_e180;
pub const INTERRUPTS_PENDING: usize = 0xe000_e200;
const INTERRUPTS_FORGOTTEN: usize = 0xe000_e280;

/// Forgets interrupts that are pending: one that takes the thread down which it interrupts becomes pending again, and is
/// another operation here.
pub fn forget_interrupts() {
    const INTERRUPT_CONTROL: usize = 0xe000_ed04;
    const FORGET_SYSTICK: u32 = 1 << 25;
    store(INTERRUPTS_FORGOTTEN, u32::MAX);
    store(INTERRUPT_CONTROL, FORGET_SYSTICK);
}

/// The offset of the program counter in the frame of the CPU.
const PROGRAM_COUNTER: usize = 24;
/// The length of the guard of the main stack.
const GUARD: usize = 32;

/// The state outside of memory.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The registers with which a thread would continue.
    pub registers: Registers,
    control: u32,
    masks: [u32; 3],
    regions: [[u32; 2]; MPU_REGIONS],
    last_region: u32,
    interrupts: u32,
    pending: u32,
    /// The current thread, the process in which it executes, and the number of calls that it is in.
    pub who: [usize; 3],
}

/// The state that has to be unchanged when the slow path starts.
pub struct Watch {
    pub before: Moment,
    /// The memory that the fast path may have written even so.
    pub dead: Span,
    /// `true` if the stack pointer is out of bounds. Then the interrupt comes after a fault, which is the core's.
    pub is_wild: bool,
}

fn kernel() -> &'static board::port::kernel::Kernel<machine::Machine> {
    let kernel = &raw const machine::__crossgate_kernel;
    // SAFETY: this is an exception of the one priority that all exceptions have.
    unsafe { &*kernel }
}

impl Moment {
    /// Returns the present state, with these registers.
    pub fn take(registers: &Registers) -> Moment {
        let (control, first, second, third): (u32, u32, u32, u32);
        // SAFETY: this only reads.
        unsafe {
            asm!(
                "mrs {0}, control", "mrs {1}, primask", "mrs {2}, basepri", "mrs {3}, faultmask",
                out(reg) control, out(reg) first, out(reg) second, out(reg) third,
                options(nomem, nostack, preserves_flags),
            );
        }
        let last_region = load(MPU_NUMBER);
        let mut regions = [[0; 2]; MPU_REGIONS];
        for (number, region) in regions.iter_mut().enumerate() {
            store(MPU_NUMBER, number as u32);
            *region = [load(MPU_ADDRESS), load(MPU_ATTRIBUTES)];
        }
        store(MPU_NUMBER, last_region);
        let thread = kernel().current_thread();
        Moment {
            registers: *registers,
            control,
            masks: [first, second, third],
            regions,
            last_region,
            interrupts: load(INTERRUPTS_ENABLED),
            pending: load(INTERRUPTS_PENDING),
            who: [kernel().thread_id(), thread.rights().process.index(), thread.depth().into()],
        }
    }

    /// Restores this state, except for the registers.
    pub fn restore(&self) {
        // Only differing registers are written, because writing takes the emulator long.
        for (number, [address, attributes]) in (0..).zip(self.regions) {
            store(MPU_NUMBER, number);
            if load(MPU_ADDRESS) != address {
                store(MPU_ADDRESS, address & !0x1f | NUMBERED | number);
            }
            if load(MPU_ATTRIBUTES) != attributes {
                store(MPU_ATTRIBUTES, attributes);
            }
        }
        store(MPU_NUMBER, self.last_region);
        store(INTERRUPTS_DISABLED, !self.interrupts);
        store(INTERRUPTS_ENABLED, self.interrupts);
    }

    /// Returns the part of the stack that is open to the current thread.
    pub fn window(&self) -> Span {
        open(self.regions[STACK_REGION]).unwrap_or(Span::EMPTY)
    }

    /// Returns whether the current thread may write all of `memory`, which is in at most two granules of the unit.
    pub fn is_writable(&self, memory: Span) -> bool {
        let may = |address: usize| {
            let regions = self.regions.iter().rev();
            let mut in_force = regions.filter(|&&region| covers(region, address));
            in_force.next().is_some_and(|region| region[1] >> 24 & 7 == 0b011)
        };
        may(memory.start) && may(memory.end - 1)
    }

    /// Reports the differences. Returns their number.
    pub fn differences(&self, other: &Moment) -> usize {
        let mut count = 0;
        let mut compare = |what: &str, index: usize, one: usize, other: usize| {
            if one != other {
                count += 1;
                say(format_args!("{what} {index}: {one:#010x} {other:#010x}"));
            }
        };
        let (one, two) = (&self.registers, &other.registers);
        for (index, (one, two)) in one.saved.iter().zip(two.saved).enumerate() {
            compare("register r", 4 + index, *one as usize, two as usize);
        }
        compare("register psp", 0, one.process_stack, two.process_stack);
        compare("register msp", 0, one.main_stack, two.main_stack);
        compare("register lr", 0, one.link, two.link);
        compare("register control", 0, self.control as usize, other.control as usize);
        for (index, (one, two)) in self.masks.iter().zip(other.masks).enumerate() {
            compare("mask", index, *one as usize, two as usize);
        }
        for (index, (one, two)) in self.regions.iter().zip(other.regions).enumerate() {
            if (one[1] | two[1]) & ENABLED != 0 {
                compare("address of region", index, one[0] as usize, two[0] as usize);
                compare("attributes of region", index, one[1] as usize, two[1] as usize);
            }
        }
        compare("interrupts", 0, self.interrupts as usize, other.interrupts as usize);
        compare("pending interrupts", 0, self.pending as usize, other.pending as usize);
        count
    }
}

/// Enables the protection unit, for the kernel.
pub fn protect() {
    store(MPU_CONTROL, PROTECTED);
    barrier();
}

/// Disables the unit, because the emulator is slow where regions are smaller than its pages. The kernel has to have
/// left the unit enabled.
pub fn unprotect() {
    if load(MPU_CONTROL) != PROTECTED {
        fail(format_args!("the protection unit is off"));
    }
    store(MPU_CONTROL, 0);
    barrier();
}

/// Makes written settings take effect.
pub fn barrier() {
    // SAFETY: barriers change nothing.
    unsafe { asm!("dsb", "isb", options(nostack, preserves_flags)) };
}

/// Returns the part of the stack that is open to the current thread.
pub fn window() -> Span {
    let last_region = load(MPU_NUMBER);
    store(MPU_NUMBER, STACK_REGION as u32);
    let region = [load(MPU_ADDRESS), load(MPU_ATTRIBUTES)];
    store(MPU_NUMBER, last_region);
    open(region).unwrap_or(Span::EMPTY)
}

/// Returns the memory that a region opens, whose first subregions are enabled.
fn open([address, attributes]: [u32; 2]) -> Option<Span> {
    if attributes & ENABLED == 0 {
        return None;
    }
    let eighths = (!(attributes >> 8) & 0xff).count_ones() as usize;
    let eighth = 1 << ((attributes >> 1 & 0x1f) - 2);
    let start = (address & !0x1f) as usize;
    Some(Span { start, end: start + eighths * eighth })
}

/// Returns whether a region is in force at an address.
fn covers([base, attributes]: [u32; 2], address: usize) -> bool {
    if attributes & ENABLED == 0 {
        return false;
    }
    let log2 = (attributes >> 1 & 0x1f) + 1;
    let distance = (address as u32).wrapping_sub(base & !0x1f);
    let inside = u64::from(distance) < 1_u64 << log2;
    inside && (log2 < 8 || attributes >> 8 >> (distance >> (log2 - 3)) & 1 == 0)
}

impl World {
    /// Returns the memory of this firmware.
    pub fn of(system: &'static System) -> World {
        let address = |symbol: *const u8| symbol.addr();
        let main_stack = arena().main_stack;
        let kernel = [
            (address(&raw const __sdata), address(&raw const __edata)),
            (address(&raw const __sbss), address(&raw const __ebss)),
            (main_stack, address(&raw const _stack_start)),
        ];
        let processes = system.processes.iter().map(|it| (it.memory.start, it.memory.end));
        let stacks = system.threads.iter().map(|thread| {
            let stack = thread.stack_range();
            (stack.start, stack.end)
        });
        let mut world = World {
            pieces: [Span::EMPTY; PIECES],
            count: 0,
            main_stack_bottom: linker::symbol(&raw const linker::__crossgate_kernel_stack_bottom),
            system,
        };
        let all =
            kernel.into_iter().chain(processes).chain(stacks).filter(|(start, end)| start < end);
        let mut size = 0;
        for (start, end) in all {
            expect_that("memory is of words", (start | end) & 3 == 0);
            let Some(place) = world.pieces.get_mut(world.count) else {
                fail(format_args!("there are too many pieces of memory"));
            };
            *place = Span { start, end };
            world.count += 1;
            size += end - start;
        }
        expect_that("a slot holds the memory", size <= SLOT);
        let it = core::ptr::from_ref(self::kernel()).addr();
        expect_that(
            "the kernel is in the memory",
            world.pieces().any(|piece| piece.contains(Span { start: it, end: it + 4 })),
        );
        say(format_args!("a state is {size} bytes"));
        world
    }

    fn pieces(&self) -> impl Iterator<Item = &Span> {
        self.pieces.iter().take(self.count)
    }

    /// Saves the memory in a slot.
    pub fn save(&self, index: usize) {
        let mut place = slot(index);
        for piece in self.pieces() {
            let words = piece.length() / 4;
            // SAFETY: the pieces fit the slot, which belongs to the referee; no other code runs.
            unsafe {
                copy(piece.start as *const u32, place, words);
                place = place.add(words);
            }
        }
    }

    /// Restores the memory from a slot.
    pub fn restore(&self, index: usize) {
        let mut place = slot(index).cast_const();
        for piece in self.pieces() {
            let words = piece.length() / 4;
            // SAFETY: the memory is that of the firmware, of which nothing runs, in an earlier state.
            unsafe {
                copy(place, piece.start as *mut u32, words);
                place = place.add(words);
            }
        }
    }

    /// Returns `true` if the stack pointer of the current thread is out of the bounds that the kernel has recorded.
    pub fn is_wild(&self, moment: &Moment) -> bool {
        let [lowest, range] = [0, 4].map(|offset| load(arena().main_stack + offset));
        (moment.registers.process_stack as u32).wrapping_sub(lowest) > range
    }

    /// Returns the dead memory below the stack pointer of the current thread: none, if that is out of bounds.
    pub fn below_stack_pointer(&self, moment: &Moment) -> Span {
        let (window, pointer) = (moment.window(), moment.registers.process_stack);
        let is_inside = window.contains(Span { start: pointer, end: pointer + 32 });
        if is_inside { Span { start: window.start, end: pointer } } else { Span::EMPTY }
    }

    /// Passes all dead memory to `tell`.
    fn dead(&self, moment: &Moment, mut tell: impl FnMut(Span)) {
        let below = self.below_stack_pointer(moment);
        kernel().dead(if below.is_empty() { usize::MAX } else { below.end }, &mut tell);
        // Of the two words above the first frame of a method only the first is an argument.
        let counter = load(moment.registers.process_stack + PROGRAM_COUNTER);
        let is_entry = |gate: &Gate| gate.entry as usize as u32 & !1 == counter;
        if self.system.gates.iter().any(is_entry) {
            tell(Span { start: moment.window().end - 4, end: moment.window().end });
        }
    }

    /// Writes the same byte into all dead memory.
    pub fn fill_dead(&self, moment: &Moment, byte: u8) {
        let fill = |dead: Span| {
            let place = core::ptr::with_exposed_provenance_mut::<u8>(dead.start);
            // SAFETY: the memory is dead.
            unsafe { place.write_bytes(byte, dead.length()) };
        };
        self.dead(moment, fill);
        // The main stack is empty.
        fill(Span { start: self.main_stack_bottom + GUARD, end: arena().main_stack });
    }

    /// Reports the words of the memory that differ from a slot, except in `dead`. Returns their number.
    pub fn differences(&self, index: usize, dead: Span) -> usize {
        let mut count = 0;
        let mut place = slot(index).cast_const();
        for piece in self.pieces() {
            for address in (piece.start..piece.end).step_by(4) {
                // SAFETY: the slot has as many words, and so have the pieces.
                let (one, other) = unsafe { (place.read(), (address as *const u32).read()) };
                place = place.wrapping_add(1);
                if one != other && !dead.contains(Span { start: address, end: address + 4 }) {
                    count += 1;
                    if count <= TOLD {
                        self.tell(address, one, other);
                    }
                }
            }
        }
        count
    }

    /// Reports a difference.
    fn tell(&self, address: usize, one: u32, other: u32) {
        let word = Span { start: address, end: address + 4 };
        say(format_args!("{address:#x}: {one:#010x} {other:#010x}"));
        let overlaps = |it: Span| it.start < word.end && word.start < it.end;
        kernel().parts(&mut |name, index, part| {
            if overlaps(part) {
                say(format_args!("  {name} of number {index}, which is at {:#x}", part.start));
            }
        });
        for (index, thread) in self.system.threads.iter().enumerate() {
            let stack = Span::from(thread.stack_range());
            if overlaps(stack) {
                say(format_args!("  the stack of thread {index}, from {:#x}", stack.start));
            }
        }
        for process in self.system.processes {
            if overlaps(Span { start: process.memory.start, end: process.memory.end }) {
                say(format_args!("  the memory of process {}", process.name));
            }
        }
        if address >= arena().main_stack && address < (&raw const _stack_start).addr() {
            say(format_args!("  the bounds of the current stack"));
        }
    }

    /// Returns a number that is equal for equal memory, provided that dead memory has been filled.
    pub fn hash(&self, moment: &Moment, ignored: &[Span]) -> u64 {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let mut add = |word: u32| {
            hash = (hash ^ u64::from(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            hash ^= hash >> 29;
        };
        for piece in self.pieces() {
            for address in (piece.start..piece.end).step_by(4) {
                if !ignored.iter().any(|it| it.start <= address && address < it.end) {
                    add(load(address));
                }
            }
        }
        moment.registers.saved.iter().for_each(|&word| add(word));
        add(moment.registers.process_stack as u32);
        add(moment.interrupts);
        hash
    }
}

/// Copies words: eight at a time, as long as possible.
///
/// # Safety
/// As for [`core::ptr::copy_nonoverlapping`].
unsafe fn copy(from: *const u32, to: *mut u32, words: usize) {
    let rest = words % 8;
    let blocks = words / 8;
    // SAFETY: as the caller promises; the loop copies all words but the rest.
    unsafe {
        if blocks > 0 {
            asm!(
                "2: ldmia {from}!, {{r3, r4, r5, r8, r9, r10, r11, r12}}",
                "stmia {to}!, {{r3, r4, r5, r8, r9, r10, r11, r12}}",
                "subs {blocks}, #1",
                "bne 2b",
                from = inout(reg) from => _,
                to = inout(reg) to => _,
                blocks = inout(reg) blocks => _,
                out("r3") _, out("r4") _, out("r5") _, out("r8") _, out("r9") _, out("r10") _,
                out("r11") _, out("r12") _,
                options(nostack),
            );
        }
        to.add(8 * blocks).copy_from_nonoverlapping(from.add(8 * blocks), rest);
    }
}

/// Runs at the start of the slow path of a system call: everything must be as it was before the fast one, which gave
/// up.
pub extern "C" fn look() {
    let Some(Watch { before, dead, .. }) = arena().watch.take() else { return };
    unprotect();
    let mut now = Moment::take(&arena().at_slow);
    now.registers.link = before.registers.link;
    // A return has its words in registers; other system calls find them in their frame. The other registers of a return
    // belong to no thread.
    let is_return = before.registers.scratch[4] == number::system_call(number::RETURN) as u32;
    if is_return {
        now.registers.saved = before.registers.saved;
    }
    let mut differences = before.differences(&now);
    for index in [0, 1, 2, 4] {
        let (one, other) = (before.registers.scratch[index], now.registers.scratch[index]);
        if one != other && (is_return || index == 4) {
            differences += 1;
            say(format_args!("scratch register {index}: {one:#010x} {other:#010x}"));
        }
    }
    expect_unchanged(differences, dead);
}

/// Runs at the start of that of an interrupt: everything must be as it was before, except for the mask of the line. The
/// registers of the thread are saved.
pub extern "C" fn look_at_interrupt() {
    let Some(Watch { before, dead, is_wild }) = arena().watch.take() else { return };
    if is_wild {
        return;
    }
    unprotect();
    let mut now = Moment::take(&arena().at_slow);
    now.registers.link = before.registers.link;
    now.interrupts |= arena().operation.and_then(|it| it.line).map_or(0, |line| 1 << line);
    let context = now.registers.scratch[0] as usize;
    if context != before.registers.process_stack - size_of_val(&now.registers.saved) {
        say(format_args!("the registers of the thread are saved at {context:#x}"));
        arena().tell();
        fail(format_args!("the fast path does not tell where it has saved the registers"));
    }
    now.registers.saved = core::array::from_fn(|index| load(context + 4 * index));
    expect_unchanged(before.differences(&now), dead);
}

/// Ends the test if there are differences, or differences in the memory.
fn expect_unchanged(differences: usize, dead: Span) {
    if differences + arena().world().differences(BEFORE, dead) > 0 {
        say(format_args!("the fast path gave up, and has changed this"));
        arena().tell();
        fail(format_args!("the fast path does not fall through with nothing changed"));
    }
    protect();
}
