// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state outside of memory that the kernel may change: registers, the protection unit, masks of interrupts.

use super::super::kernel::who;
use super::registers::Registers;
use crate::arch::{load, store};
use crate::report::{fail, say};
use board::port::protection;
use core::arch::asm;
use crossgate_protection::Span;

const MPU_CONTROL: usize = 0xe000_ed94;
/// The unit is on, and the kernel uses the default map of memory.
const PROTECTED: u32 = 0b101;
const MPU_NUMBER: usize = 0xe000_ed98;
const MPU_ADDRESS: usize = 0xe000_ed9c;
/// On ARMv8-M this is the limit of the region.
const MPU_ATTRIBUTES: usize = 0xe000_eda0;
const MPU_REGIONS: usize = 8;
/// The bit of the attributes of a region that enables it.
const ENABLED: u32 = 1;
/// The bit of a written address by which the lower bits are the number of the region.
const NUMBERED: u32 = 1 << 4;
/// The bit of `CONTROL` that says that the running code uses floats. Here it describes the referee.
const FLOATS_IN_USE: u32 = 1 << 2;
/// The region of the stack's window.
const STACK_REGION: usize = if IS_ARMV8M { 4 } else { 1 };
/// True for ARMv8-M: only that architecture has limits of stacks.
const IS_ARMV8M: bool = protection::is_below_limit(u32::MAX);
const INTERRUPTS_ENABLED: usize = 0xe000_e100;
const INTERRUPTS_DISABLED: usize = 0xe000_e180;
const INTERRUPTS_PENDING: usize = 0xe000_e200;
const INTERRUPTS_FORGOTTEN: usize = 0xe000_e280;

/// Clears pending interrupts. An interrupt that takes down the interrupted thread becomes pending again, and counts as
/// another operation here.
pub fn forget_interrupts() {
    const INTERRUPT_CONTROL: usize = 0xe000_ed04;
    const FORGET_SYSTICK: u32 = 1 << 25;
    store(INTERRUPTS_FORGOTTEN, u32::MAX);
    store(INTERRUPT_CONTROL, FORGET_SYSTICK);
}

/// Enables a line.
pub fn enable(line: u16) {
    store(INTERRUPTS_ENABLED, 1 << line);
}

/// Returns `true` if this line is enabled.
pub fn is_enabled(line: u16) -> bool {
    load(INTERRUPTS_ENABLED) >> line & 1 != 0
}

/// Makes an interrupt pending.
pub fn pend(line: u16) {
    store(INTERRUPTS_PENDING, 1 << line);
}

/// The state outside of memory.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The registers with which a thread would continue.
    pub registers: Registers,
    control: u32,
    masks: [u32; 3],
    regions: [[u32; 2]; MPU_REGIONS],
    last_region: u32,
    stack_limit: u32,
    /// The interrupt lines that are enabled.
    pub interrupts: u32,
    pending: u32,
    /// The current thread, the process in which it executes, and the number of calls that it is in.
    pub who: [usize; 3],
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
        Moment {
            registers: *registers,
            control: control & !FLOATS_IN_USE,
            masks: [first, second, third],
            regions,
            last_region,
            stack_limit: stack_limit(),
            interrupts: load(INTERRUPTS_ENABLED),
            pending: load(INTERRUPTS_PENDING),
            who: who(),
        }
    }

    /// Restores this state, except for the registers.
    pub fn restore(&self) {
        // Only registers that differ are written, because each write takes the emulator long.
        for (number, [address, attributes]) in (0..).zip(self.regions) {
            store(MPU_NUMBER, number);
            if load(MPU_ADDRESS) != address {
                let number = address & !0x1f | NUMBERED | number;
                store(MPU_ADDRESS, if IS_ARMV8M { address } else { number });
            }
            if load(MPU_ATTRIBUTES) != attributes {
                store(MPU_ATTRIBUTES, attributes);
            }
        }
        store(MPU_NUMBER, self.last_region);
        set_stack_limit(self.stack_limit);
        store(INTERRUPTS_DISABLED, !self.interrupts);
        store(INTERRUPTS_ENABLED, self.interrupts);
    }

    /// Returns the part of the stack that is open to the current thread.
    pub fn window(&self) -> Span {
        open(self.regions[STACK_REGION]).unwrap_or(Span::EMPTY)
    }

    /// Returns the distance of a stack pointer from the lowest one that is in bounds, and the greatest distance. The
    /// kernel keeps the bounds at the top of its stack.
    pub fn room(&self, stack_pointer: usize) -> [usize; 2] {
        room(self.registers.main_stack, stack_pointer)
    }

    /// Returns `true` if the stack pointer of the current thread is out of the bounds that the kernel has recorded.
    pub fn is_wild(&self) -> bool {
        let [below, range] = self.room(self.registers.process_stack);
        below > range
    }

    /// Returns whether the current thread may write all of `memory`, which is in at most two granules of the unit.
    pub fn is_writable(&self, memory: Span) -> bool {
        let may = |address: usize| {
            let regions = self.regions.iter().rev();
            let mut in_force = regions.filter(|&&region| covers(region, address));
            in_force.next().is_some_and(|&region| is_for_writing(region))
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
        for (index, (one, two)) in one.floats.iter().zip(two.floats).enumerate() {
            compare("register s", index, *one as usize, two as usize);
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
        if IS_ARMV8M {
            compare("region", 0, self.last_region as usize, other.last_region as usize);
            compare("limit of the stack", 0, self.stack_limit as usize, other.stack_limit as usize);
        }
        compare("interrupts", 0, self.interrupts as usize, other.interrupts as usize);
        compare("pending interrupts", 0, self.pending as usize, other.pending as usize);
        count
    }
}

/// Returns the same, with the bounds at this address.
pub fn room(bounds: usize, stack_pointer: usize) -> [usize; 2] {
    let [lowest, range] = [load(bounds), load(bounds + 4)];
    [(stack_pointer as u32).wrapping_sub(lowest) as usize, range as usize]
}

/// Enables the protection unit, for the kernel.
pub fn protect() {
    store(MPU_CONTROL, PROTECTED);
    barrier();
}

/// Disables the unit, because the emulator is slow if regions are smaller than its pages. The kernel must have left the
/// unit enabled.
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

/// Returns the memory that a region opens. Its first subregions are enabled.
fn open([address, attributes]: [u32; 2]) -> Option<Span> {
    if attributes & ENABLED == 0 {
        return None;
    }
    if IS_ARMV8M {
        let start = (address & !0x1f) as usize;
        return Some(Span { start, end: (attributes | 0x1f) as usize + 1 });
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
    if IS_ARMV8M {
        return (base & !0x1f..=attributes | 0x1f).contains(&(address as u32));
    }
    let log2 = (attributes >> 1 & 0x1f) + 1;
    let distance = (address as u32).wrapping_sub(base & !0x1f);
    let inside = u64::from(distance) < 1_u64 << log2;
    inside && (log2 < 8 || attributes >> 8 >> (distance >> (log2 - 3)) & 1 == 0)
}

/// Returns whether threads may write to a region.
fn is_for_writing([base, attributes]: [u32; 2]) -> bool {
    if IS_ARMV8M { base >> 1 & 3 == 0b01 } else { attributes >> 24 & 7 == 0b011 }
}

/// Returns the limit of the process stack, if the CPU has one.
fn stack_limit() -> u32 {
    let mut limit = 0;
    if IS_ARMV8M {
        // SAFETY: this only reads: `mrs r0, psplim`, which the assembler of other targets does not know.
        unsafe { asm!(".inst.w 0xf3ef800b", out("r0") limit, options(nomem, nostack)) };
    }
    limit
}

/// Opens this stack, which becomes that of the current thread, as far as a call does not open it.
pub fn open_stack(stack: Span) {
    set_stack_limit(stack.start as u32);
}

/// Sets the limit of the process stack, if the CPU has one.
fn set_stack_limit(limit: u32) {
    if IS_ARMV8M {
        // SAFETY: no thread runs: `msr psplim, r0`.
        unsafe { asm!(".inst.w 0xf380880b", in("r0") limit, options(nomem, nostack)) };
    }
}
