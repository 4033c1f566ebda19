// SPDX-License-Identifier: MIT OR Apache-2.0
//! The limits of numbers and of counted things in the wiring.

use super::counts::sum;
use crossgate_abi::PRIORITIES;
use crossgate_abi::message::{Number, fail};
use crossgate_abi::table::{NO_LOCK, OnFault};
use crossgate_protection::{Native, Shape, Unit};

/// The number of bytes of stack for a service's methods if the wiring gives no number.
pub const DEFAULT_SERVICE_STACK: usize = 256;

/// The smallest stack of a thread in bytes.
const SMALLEST_STACK: usize = 256;

/// The smallest heap in bytes. Heaps are multiples of it.
const HEAP_STEP: usize = 64;

/// The largest number of services of a firmware: a gate has eight bits for them.
const MAX_SERVICES: usize = 256;
/// The largest number of methods of all services: a service has 16 bits for the index of its first gate. If it has no
/// methods, this is the index after the last gate.
const MAX_GATES: usize = (1 << 16) - 1;

/// Returns the number of services.
#[must_use]
#[track_caller]
pub const fn service_count(counts: &[usize]) -> usize {
    let count = sum(counts, counts.len());
    if count > MAX_SERVICES {
        fail(&["a firmware has at most 256 services, not ", Number::decimal(count).text()]);
    }
    count
}

/// Returns the number of locks.
#[must_use]
#[track_caller]
pub const fn lock_count(counts: &[usize]) -> usize {
    let count = sum(counts, counts.len());
    if count > NO_LOCK.index() {
        fail(&[
            "a firmware has at most 255 exclusive objects, not ",
            Number::decimal(count).text(),
        ]);
    }
    count
}

/// Returns the number of gates.
#[must_use]
#[track_caller]
pub const fn gate_count(counts: &[usize]) -> usize {
    let count = sum(counts, counts.len());
    if count > MAX_GATES {
        let count = Number::decimal(count);
        fail(&["the services of a firmware have at most 65535 methods, not ", count.text()]);
    }
    count
}

/// Refuses interrupt `index` if an interrupt before it has the same line. Each entry of `lines` has the line, and the
/// notification to which it is bound.
#[track_caller]
pub const fn check_line(lines: &[(u16, &str)], index: usize) {
    let (line, bound) = lines[index];
    let mut other = 0;
    while other < index {
        let (other_line, other_bound) = lines[other];
        if line == other_line {
            fail(&[
                "interrupt line ",
                Number::decimal(line as usize).text(),
                " is bound to `",
                other_bound,
                "` already, so it can't signal `",
                bound,
                "`: an interrupt has one notification",
            ]);
        }
        other += 1;
    }
}

/// Checks the priority of a thread, and returns it.
#[must_use]
#[track_caller]
pub const fn priority(priority: usize) -> u8 {
    if priority < 1 || priority >= PRIORITIES {
        fail(&[
            "the priority of a thread is 1 (least urgent) to 31, not ",
            Number::decimal(priority).text(),
        ]);
    }
    priority as u8
}

/// Returns the policy of a process that restarts after a crash, unless it has crashed more than `limit` times in a row.
#[must_use]
#[track_caller]
pub const fn restart(limit: usize) -> OnFault {
    if limit < 1 || limit > 255 {
        fail(&[
            "the `limit` of restarts in a row is 1 to 255, not ",
            Number::decimal(limit).text(),
        ]);
    }
    OnFault::Restart { limit: limit as u8 }
}

/// Checks the size of the stack that a service's methods need, and returns it.
#[must_use]
#[track_caller]
pub const fn service_stack(bytes: usize) -> u16 {
    if bytes > u16::MAX as usize {
        fail(&["the stack of a service is 0 to 65535 bytes, not ", Number::decimal(bytes).text()]);
    }
    bytes as u16
}

/// Returns the size of a heap, rounded up to a multiple of 64 bytes.
#[must_use]
#[track_caller]
pub const fn heap_size(bytes: usize) -> usize {
    if bytes < HEAP_STEP || bytes > 1 << 24 {
        fail(&["the heap of a process is 64 bytes to 16 MiB, not ", Number::decimal(bytes).text()]);
    }
    bytes.next_multiple_of(HEAP_STEP)
}

/// Returns the size of a thread's stack, rounded up so that the memory protection unit can open parts of the stack; at
/// least 256 bytes.
#[must_use]
#[track_caller]
pub const fn stack_size(bytes: usize) -> usize {
    stack_size_for(Native::SHAPE, bytes)
}

#[track_caller]
const fn stack_size_for(shape: Shape, bytes: usize) -> usize {
    if bytes < 1 || bytes > 1 << 24 {
        fail(&["the stack of a thread is 1 byte to 16 MiB, not ", Number::decimal(bytes).text()]);
    }
    shape.stack(if bytes < SMALLEST_STACK { SMALLEST_STACK } else { bytes }).size
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::wiring::testing::refused;
    use std::format;

    /// Asserts that `check` accepts `least` and `most`, but not the numbers beyond; its message names the number and
    /// the limits.
    fn limits<T>(check: fn(usize) -> T, least: usize, most: usize, told: &str) {
        for allowed in [least, least + 1, most - 1, most] {
            assert_eq!(refused(|| check(allowed)), None);
        }
        let past = [least.checked_sub(1), most.checked_add(1), Some(usize::MAX)];
        for number in past.into_iter().flatten() {
            let text = refused(|| check(number)).unwrap();
            assert!(text.contains(told) && text.ends_with(&format!(", not {number}")), "{text}");
        }
    }

    #[test]
    fn numbers_at_their_limits() {
        limits(priority, 1, 31, "1 (least urgent) to 31");
        limits(restart, 1, 255, "1 to 255");
        limits(service_stack, 0, 65535, "0 to 65535 bytes");
        limits(stack_size, 1, 1 << 24, "1 byte to 16 MiB");
        limits(heap_size, 64, 1 << 24, "64 bytes to 16 MiB");
        limits(|count| service_count(&[0, count]), 0, 256, "at most 256 services");
        limits(|count| lock_count(&[0, count]), 0, 255, "at most 255 exclusive objects");
        limits(|count| gate_count(&[0, count]), 0, 65535, "at most 65535 methods");
    }

    #[test]
    fn a_line_has_one_notification() {
        let lines = [(0, "A"), (1, "A"), (65535, "B"), (0, "C")];
        let said = |index| refused(move || check_line(&lines, index)).unwrap_or_default();
        assert_eq!([said(0), said(1), said(2)], ["", "", ""]);
        let expected = "interrupt line 0 is bound to `A` already, so it can't signal `C`";
        assert!(said(3).starts_with(expected), "{}", said(3));
    }

    #[test]
    fn stacks_are_divisible() {
        let exact = Shape::Run { granule: 4, stack_granule: 16 };
        let power_of_two = Shape::PowersOfTwo { smallest: 32 };
        for (declared, eighths, granules, less_a_power_of_two) in [
            (1, 256, 256, 256),
            (256, 256, 256, 256),
            (257, 320, 272, 384),
            (600, 640, 608, 768),
            (1024, 1024, 1024, 1024),
            (1025, 1280, 1040, 1536),
            (1985, 2048, 2000, 2016),
        ] {
            assert_eq!(stack_size_for(Shape::Eighths, declared), eighths);
            assert_eq!(stack_size_for(exact, declared), granules);
            assert_eq!(stack_size_for(power_of_two, declared), less_a_power_of_two);
        }
    }
}
