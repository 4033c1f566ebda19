// SPDX-License-Identifier: MIT OR Apache-2.0
//! A board whose functions a test defines. They run with the kernel's rights, in the middle of the kernel, and receive
//! the kernel's last words.

use board::Hardware;
use board::port::zero_latency::Line;
use board::port::{Board, Counter, SysTick};
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use core::time::Duration;
use crossgate::time;
use system_tests::arch;

/// The counter of the real board.
pub type RealCounter = <Hardware as Board>::Counter;

/// The real board, but with SysTick as its only counter.
pub struct SysTickBoard;

impl Board for SysTickBoard {
    const CLOCK_HZ: u32 = Hardware::CLOCK_HZ;
    type Counter = SysTick<{ Hardware::CLOCK_HZ }>;

    fn prepare() {
        Hardware::prepare();
    }

    fn tell(byte: u8) {
        Hardware::tell(byte);
    }
}

/// The actions of a test in the kernel.
pub trait Test: 'static {
    /// The handlers above the kernel.
    const ZERO_LATENCY: &'static [Line] = &[];

    /// Called whenever the kernel reads the time, also in a system call.
    fn in_kernel() {}

    /// Receives a line that the kernel sends.
    fn told(line: &[u8]);
}

/// The board of a test.
pub struct TestBoard<T>(T);
/// The counter of the board.
pub struct TestCounter<T>(T);

impl<T: Test> Board for TestBoard<T> {
    const CLOCK_HZ: u32 = Hardware::CLOCK_HZ;
    const ZERO_LATENCY: &'static [Line] = T::ZERO_LATENCY;
    type Counter = TestCounter<T>;

    fn prepare() {
        Hardware::prepare();
    }

    fn tell(byte: u8) {
        static LINE: [AtomicU8; 128] = [const { AtomicU8::new(0) }; 128];
        static LENGTH: AtomicUsize = AtomicUsize::new(0);
        arch::write_byte(byte);
        if byte == b'\r' {
            return;
        }
        let length = LENGTH.load(Ordering::Relaxed);
        if byte != b'\n' {
            if let Some(place) = LINE.get(length) {
                place.store(byte, Ordering::Relaxed);
                LENGTH.store(length + 1, Ordering::Relaxed);
            }
        } else if length > 0 {
            LENGTH.store(0, Ordering::Relaxed);
            // SAFETY: nothing changes the line before the next byte.
            T::told(unsafe { core::slice::from_raw_parts(LINE.as_ptr().cast(), length) });
        }
    }
}

impl<T: Test> Counter for TestCounter<T> {
    const HZ: u32 = RealCounter::HZ;

    fn start() {
        RealCounter::start();
    }

    fn count() -> u32 {
        T::in_kernel();
        RealCounter::count()
    }

    fn alarm(cycles: u32) {
        RealCounter::alarm(cycles);
    }
}

/// Ends the test. It has passed if the line that the kernel has sent starts with this text.
pub fn expect_start(line: &[u8], wanted: &[u8]) -> ! {
    arch::end((!line.starts_with(wanted)).into())
}

/// Counts its calls. Returns whether this is call number `wanted`.
pub fn is_time(counter: &AtomicUsize, wanted: usize) -> bool {
    let time = counter.load(Ordering::Relaxed);
    counter.store(time.wrapping_add(1), Ordering::Relaxed);
    time == wanted
}

/// A thread that makes the kernel read the time in a loop.
pub fn keep_sleeping() -> ! {
    loop {
        time::sleep(Duration::from_millis(1));
    }
}
