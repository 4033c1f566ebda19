// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts that are served above the kernel.
//!
//! The kernel holds interrupts off while it runs. That is too long for some devices: a motor's bridge, a radio. So a
//! board may have [`Handler`]s for their lines. The kernel never masks these lines and never holds them off, not even
//! during a system call or the crash of a process. Between the line and the handler there are only the CPU's entry and
//! two instructions.
//!
//! In exchange a handler can do only one thing with the kernel: it [signals](Signal::signal) by pending *another* line,
//! one that no device uses. The kernel serves this line like every other interrupt: when it can, at the same priority,
//! by the same bounded path. The wiring binds the line to a notification like a device's line, and the process uses the
//! notification in the same way: it acknowledges, and waits. Two signals before an acknowledgement count as one. No
//! signal after an acknowledgement is lost. A process that does not acknowledge takes no more of the kernel's time,
//! however often the handler signals.
//!
//! ```text
//! line 9 ──> handler, at once ──> pends line 20 ──> kernel, later ──> notification ──> thread
//! ```
//!
//! **A handler is trusted like the kernel.** It has the kernel's rights, its memory and its stack, and runs in the
//! middle of the kernel. So a handler:
//! - never touches the kernel, and calls nothing but [`Signal::signal`], [`ring_alarm`] and its own code;
//! - shares memory with other handlers only, or by atomic accesses;
//! - does not call itself, and does not call through pointers, because `crossgate-link` adds the stack that the handler
//!   needs to the kernel's stack;
//! - does not panic;
//! - is short, because its time is taken from all processes. If a process owns the device's registers, that process
//!   decides how often the handler runs. Then that process, too, is trusted with the time of all processes.
//!
//! A board without handlers pays nothing for this. A board with handlers needs a second vector table, of 1 KiB.
//!
//! On an ARMv6-M and an ARMv8-M Baseline, there are no such handlers: there, all faults have a fixed priority above all
//! interrupts, so a crash of a process would hold the handlers off.

#[cfg(test)]
mod tests;

#[cfg(all(target_os = "none", not(baseline)))]
use crate::floats::branch_if_saved;
use core::marker::PhantomData;
use crossgate_abi::message::{Number, fail};
use crossgate_abi::table::System;

/// A handler above the kernel.
///
/// ```
/// use crossgate_cortex_m::zero_latency::{Handler, Line, Signal};
/// # use crossgate_cortex_m::{Board, Counter};
/// # struct Timer;
/// # impl Counter for Timer {
/// #     const HZ: u32 = 48_000_000;
/// #     fn start() {}
/// #     fn count() -> u32 { 0 }
/// # }
///
/// /// Switches the bridge off when its current is too high.
/// struct OverCurrent;
///
/// impl Handler for OverCurrent {
///     const LINE: u16 = 9;
///     const SIGNALS: u16 = 20; // no device uses it
///
///     fn serve(signal: Signal<Self>) {
///         /* write the bridge's register, and clear the device's interrupt */
///         signal.signal();
///     }
/// }
///
/// struct Mine;
///
/// impl Board for Mine {
///     const ZERO_LATENCY: &'static [Line] = &[Line::of::<OverCurrent>()];
///     // ...
/// #   const CLOCK_HZ: u32 = 48_000_000;
/// #   type Counter = Timer;
/// #   fn tell(_: u8) {}
/// }
/// ```
///
/// In the wiring, the process that handles the signal says `interrupt 20 => OVER_CURRENT;`.
pub trait Handler: Sized + 'static {
    /// The interrupt line that the handler serves. No wiring can bind this line.
    const LINE: u16;

    /// The interrupt line that the handler pends to signal: a line that the CPU has and no device uses. If the wiring
    /// does not bind the line, the signals are dropped.
    const SIGNALS: u16;

    /// The urgency of the handler: 0 is the most urgent, 5 the least urgent. A handler preempts less urgent ones.
    const PRIORITY: u8 = 0;

    /// Serves an interrupt. Some devices hold their line until the interrupt is cleared in the device. Then the handler
    /// has to clear it, because otherwise the interrupt comes again at once.
    fn serve(signal: Signal<Self>);
}

/// The only part of the kernel that a [`Handler`] may use.
#[derive(Debug)]
pub struct Signal<H>(PhantomData<H>);

#[cfg(target_os = "none")]
impl<H: Handler> Signal<H> {
    /// Signals the notification that is bound to [`Handler::SIGNALS`], later.
    ///
    /// The signal is one store, so no interrupt can come in the middle. (Nothing has to be read first, because bits
    /// that are written as 0 change nothing.)
    #[inline]
    pub fn signal(&self) {
        let (word, bit) = (usize::from(H::SIGNALS / 32), 1 << (H::SIGNALS % 32));
        // SAFETY: this pends a line that the kernel serves, and no other. `check` has made sure that the line exists.
        unsafe { (*cortex_m::peripheral::NVIC::PTR).ispr.get_unchecked(word).write(bit) };
    }
}

#[cfg(not(target_os = "none"))]
impl<H: Handler> Signal<H> {
    /// Signals the notification that is bound to [`Handler::SIGNALS`], later, on a Cortex-M. Does nothing here.
    #[inline]
    pub fn signal(&self) {}
}

/// Makes SysTick's exception pending, as SysTick does itself when an alarm is due. The handler of a timer calls this if
/// the timer takes the place of SysTick ([`Counter::alarm`](crate::Counter::alarm)).
#[cfg(target_os = "none")]
#[inline]
pub fn ring_alarm() {
    const SYSTICK: u32 = 1 << 26;
    // SAFETY: the register has no effect where a bit is 0, and the kernel serves the exception whenever it comes.
    unsafe { (*cortex_m::peripheral::SCB::PTR).icsr.write(SYSTICK) };
}

/// Does nothing here.
#[cfg(not(target_os = "none"))]
#[inline]
pub fn ring_alarm() {}

/// A [`Handler`] in the list of a [`Board`](crate::Board).
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub(crate) line: u16,
    signals: u16,
    pub(crate) priority: u8,
    #[cfg(target_os = "none")]
    pub(crate) enter: unsafe extern "C" fn(),
}

impl Line {
    /// Returns the line of a handler.
    #[must_use]
    pub const fn of<H: Handler>() -> Line {
        Line {
            line: H::LINE,
            signals: H::SIGNALS,
            priority: H::PRIORITY,
            #[cfg(target_os = "none")]
            enter: enter::<H>,
        }
    }
}

/// The entry of a handler.
///
/// The interrupt may come between an `svc` instruction and the entry of `SVCall`. Then the CPU continues with the
/// system call without loading any register. So the entry leaves all registers unchanged.
#[cfg(all(target_os = "none", not(baseline)))]
#[unsafe(naked)]
unsafe extern "C" fn enter<H: Handler>() {
    core::arch::naked_asm!(
        "push {{r0-r3, r12, lr}}",
        "bl {serve}",
        // If the handler has used floats, s0 to s15 have its values. If the CPU has pushed none of them, nothing
        // restores them.
        branch_if_saved!("r0", "{clear}"),
        "pop {{r0-r3, r12, pc}}",
        serve = sym serve::<H>,
        #[cfg(target_abi = "eabihf")]
        clear = sym clear_and_leave,
    )
}

/// Is never entered, because [`check`] refuses all handlers.
#[cfg(all(target_os = "none", baseline))]
unsafe extern "C" fn enter<H: Handler>() {
    H::serve(Signal(PhantomData));
}

/// The end of a handler that has used floats: s0 to s15 have its values. (It has restored the others.)
#[cfg(all(target_os = "none", target_abi = "eabihf"))]
#[unsafe(naked)]
unsafe extern "C" fn clear_and_leave() {
    core::arch::naked_asm!(
        "ldr r0, 1f",
        "vldmia r0, {{d0-d7}}",
        "pop {{r0-r3, r12, pc}}",
        ".balign 4",
        "1: .word {zeros}",
        zeros = sym crate::floats::ZEROS,
    )
}

#[cfg(all(target_os = "none", not(baseline)))]
extern "C" fn serve<H: Handler>() {
    H::serve(Signal(PhantomData));
}

/// The number of priorities of handlers. Of the 8 priorities that every ARMv7-M has, faults and the kernel take the
/// last two.
pub(crate) const PRIORITIES: u8 = 6;

/// Refuses handlers that are not possible on a board with this number of lines, or with this wiring. `start!` calls
/// this function at compile time.
///
/// # Panics
/// If there is such a handler. The message names the line of the handler.
#[doc(hidden)]
#[track_caller]
pub const fn check(handlers: &[Line], lines: u16, system: &System) {
    let mut index = 0;
    while index < handlers.len() {
        let Line { line, signals, priority, .. } = handlers[index];
        if cfg!(baseline) {
            refuse(line, &["can't preempt a fault: on this architecture, all faults come first"]);
        }
        if line >= lines || signals >= lines {
            let missing = if line >= lines { line } else { signals };
            refuse(
                line,
                &[
                    "needs line ",
                    Number::decimal(missing as usize).text(),
                    ", which does not exist: the lines of this board are those below ",
                    Number::decimal(lines as usize).text(),
                ],
            );
        }
        if priority >= PRIORITIES {
            refuse(line, &["has a PRIORITY past 5: 0 to 5 come before the kernel"]);
        }
        let mut other = 0;
        while other < handlers.len() {
            if other != index && handlers[other].line == line {
                refuse(line, &["is one of two. A line has one handler: merge the two"]);
            }
            if handlers[other].signals == line {
                refuse(
                    line,
                    &[
                        "serves a line that a handler signals. The kernel alone serves such a line: let the handler signal a line that no device uses",
                    ],
                );
            }
            other += 1;
        }
        let mut bound = 0;
        while bound < system.interrupts.len() {
            let interrupt = &system.interrupts[bound];
            if interrupt.line == line {
                refuse(
                    line,
                    &[
                        "never lets the kernel see it, so `",
                        system.notifications[interrupt.notification.index()].name,
                        "` would never be signalled. Bind the line that the handler signals: ",
                        Number::decimal(signals as usize).text(),
                    ],
                );
            }
            bound += 1;
        }
        index += 1;
    }
}

/// Panics with an error message about the handler of a line. `why` has at most four pieces.
#[track_caller]
const fn refuse(line: u16, why: &[&str]) -> ! {
    let mut parts = [""; 7];
    (parts[0], parts[2]) = ("the zero-latency handler of interrupt line ", " ");
    let number = Number::decimal(line as usize);
    parts[1] = number.text();
    let mut index = 0;
    while index < why.len() {
        parts[3 + index] = why[index];
        index += 1;
    }
    fail(&parts)
}
