// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state outside of memory that the kernel may change: registers, the protection unit, the timer, masks of
//! interrupts.

use super::super::kernel::who;
use super::notes::{LINES, notes};
use super::registers::{Registers, SP};
use crate::arch::{load, store};
use crate::report::say;
use core::arch::asm;
use crossgate_protection::Span;

/// The memory that plays the timer, ...
pub const CLINT: usize = 0x8300_0000;
const COMPARE: usize = CLINT + 0x4000;
const COUNT: usize = CLINT + 0xbff8;
/// ... and the interrupt controller.
pub const PLIC: usize = 0x8400_0000;
const CLAIM: usize = PLIC + 0x20_0004;

/// The state outside of memory.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The registers with which a thread would continue.
    pub registers: Registers,
    /// The bounds of the stack pointer that the kernel has recorded.
    bounds: [u32; 2],
    addresses: [u32; 12],
    other_addresses: [u32; 4],
    configurations: [u32; 4],
    timer: [u32; 2],
    /// The interrupt lines that are enabled.
    pub interrupts: u32,
    /// The current thread, the process in which it executes, and the number of calls that it is in.
    pub who: [usize; 3],
}

/// Reads registers.
macro_rules! read {
    ($($register:literal)*) => { [$({
        let value: u32;
        // SAFETY: this only reads.
        unsafe { asm!(concat!("csrr {}, ", $register), out(reg) value, options(nomem, nostack)) };
        value
    }),*] };
}

/// Writes registers, from the first of these values on.
macro_rules! write {
    ($values:expr, $($register:literal)*) => {
        let mut values = $values.into_iter();
        $(
            let value: u32 = values.next().unwrap_or(0);
            // SAFETY: the unit belongs to the kernel, of which nothing runs.
            unsafe { asm!(concat!("csrw ", $register, ", {}"), in(reg) value, options(nostack)) };
        )*
    };
}

impl Moment {
    /// Returns the present state, with these registers.
    pub fn take(registers: &Registers) -> Moment {
        let bounds = (&raw const _stack_start).addr() - 16;
        Moment {
            registers: *registers,
            bounds: [load(bounds), load(bounds + 4)],
            addresses: notes().addresses,
            other_addresses: read!("pmpaddr12" "pmpaddr13" "pmpaddr14" "pmpaddr15"),
            configurations: read!("pmpcfg0" "pmpcfg1" "pmpcfg2" "pmpcfg3"),
            timer: [load(COMPARE), load(COMPARE + 4)],
            interrupts: enabled(),
            who: who(),
        }
    }

    /// Restores this state, except for the registers.
    pub fn restore(&self) {
        notes().addresses = self.addresses;
        // A write of a configuration takes the emulator long.
        if read!("pmpcfg0" "pmpcfg1" "pmpcfg2") != self.configurations[..3] {
            write!(self.configurations, "pmpcfg0" "pmpcfg1" "pmpcfg2");
        }
        store(COMPARE, self.timer[0]);
        store(COMPARE + 4, self.timer[1]);
        for line in 1..LINES {
            store(priority(line), self.interrupts >> line & 1);
        }
    }

    /// Returns the part of the stack that is open to the current thread.
    pub fn window(&self) -> Span {
        let [start, end, ..] = self.addresses.map(|address| (address << 2) as usize);
        Span { start, end }
    }

    /// Returns `true` if the stack pointer of the current thread is out of the bounds that the kernel has recorded.
    pub fn is_wild(&self) -> bool {
        let [lowest, highest] = self.bounds.map(|bound| bound as usize);
        !(lowest..=highest).contains(&(self.registers.words[SP] as usize))
    }

    /// Reports the differences. Returns their number.
    pub fn differences(&self, other: &Moment) -> usize {
        let mut count = 0;
        let mut compare = |what: &str, one: &[u32], other: &[u32]| {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                if one != other {
                    count += 1;
                    say(format_args!("{what} {index}: {one:#010x} {other:#010x}"));
                }
            }
        };
        let (one, two) = (&self.registers, &other.registers);
        compare("register x", &one.words, &two.words);
        compare("register mscratch", &[one.scratch], &[two.scratch]);
        compare("register mstatus", &[one.status], &[two.status]);
        compare("register pmpaddr", &self.addresses, &other.addresses);
        compare("register pmpaddr after 12:", &self.other_addresses, &other.other_addresses);
        compare("register pmpcfg", &self.configurations, &other.configurations);
        compare("timer", &self.timer, &other.timer);
        compare("interrupts", &[self.interrupts], &[other.interrupts]);
        count
    }
}

unsafe extern "C" {
    static _stack_start: [u32; 0];
}

/// Returns the part of the stack that is open to the current thread.
pub fn window() -> Span {
    let [start, end, ..] = notes().addresses.map(|address| (address << 2) as usize);
    Span { start, end }
}

/// Opens this stack, which becomes that of the current thread, as far as a call does not open it.
pub fn open_stack(stack: Span) {
    let [start, end, ..] = &mut notes().addresses;
    (*start, *end) = ((stack.start >> 2) as u32, (stack.end >> 2) as u32);
}

/// Lets the protection unit open the regions of the current thread.
pub fn protect() {
    set_addresses(notes().addresses);
}

/// Lets the unit open nothing, because the emulator is slow if regions are smaller than its pages.
pub fn unprotect() {
    notes().addresses = read!(
        "pmpaddr0" "pmpaddr1" "pmpaddr2" "pmpaddr3" "pmpaddr4" "pmpaddr5" "pmpaddr6" "pmpaddr7" "pmpaddr8" "pmpaddr9"
        "pmpaddr10" "pmpaddr11"
    );
    set_addresses([1; 12]);
}

fn set_addresses(addresses: [u32; 12]) {
    write!(addresses, "pmpaddr0" "pmpaddr1" "pmpaddr2" "pmpaddr3" "pmpaddr4" "pmpaddr5" "pmpaddr6" "pmpaddr7"
        "pmpaddr8" "pmpaddr9" "pmpaddr10" "pmpaddr11");
}

/// Closes flash to threads. (The kernel opens it only at the start.)
pub fn close_flash() {
    write!([0], "pmpcfg3");
}

/// Lets the kernel read this time, in µs, from its timer.
pub fn set_time(time: u32) {
    store(COUNT, time);
}

/// Lets the kernel claim an interrupt of this line.
pub fn set_claim(line: u16) {
    store(CLAIM, line.into());
}

/// Enables a line.
pub fn enable(line: u16) {
    if line != 0 {
        store(priority(line.into()), 1);
    }
}

/// Returns `true` if this line is enabled.
pub fn is_enabled(line: u16) -> bool {
    enabled() >> line & 1 != 0
}

fn enabled() -> u32 {
    (1..LINES).map(|line| u32::from(load(priority(line)) != 0) << line).sum()
}

fn priority(line: usize) -> usize {
    PLIC + 4 * line
}
