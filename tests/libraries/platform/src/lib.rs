// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts of a platform that `log`, `embassy-time` and an allocator need. None of these crates is made for more than
//! one process.
#![no_std]

use core::alloc::Layout;
use core::cell::RefCell;
use core::mem::MaybeUninit;
use core::pin::pin;
use core::ptr::NonNull;
use core::task::{Context, Waker};
use critical_section::Mutex;
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::time;
use crossgate_critical_section as _;
use embassy_time::Timer;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;
use linked_list_allocator::Heap;

/// Counts lines.
struct Logger {
    lines: AtomicU32,
}

static LOGGER: Logger = Logger { lines: AtomicU32::new(0) };

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, _: &log::Record<'_>) {
        self.lines.fetch_add(1, Ordering::Relaxed);
    }
    fn flush(&self) {}
}

/// Sets the level up to which lines are counted. Returns whether no level had been set before.
pub fn log_up_to(level: log::LevelFilter) -> bool {
    #[cfg(target_has_atomic = "ptr")]
    {
        let is_first = log::set_logger(&LOGGER).is_ok();
        log::set_max_level(level);
        is_first
    }
    // SAFETY: each process that uses this crate calls the function on only one thread.
    #[cfg(not(target_has_atomic = "ptr"))]
    unsafe {
        let is_first = log::set_logger_racy(&LOGGER).is_ok();
        log::set_max_level_racy(level);
        is_first
    }
}

/// Returns the number of lines that have been written.
#[must_use]
pub fn lines() -> u32 {
    LOGGER.lines.load(Ordering::Relaxed)
}

struct Time {
    queue: Mutex<RefCell<Queue>>,
}

embassy_time_driver::time_driver_impl!(static DRIVER: Time = Time {
    queue: Mutex::new(RefCell::new(Queue::new())),
});

impl Driver for Time {
    fn now(&self) -> u64 {
        time::now().as_micros()
    }
    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|section| {
            self.queue.borrow_ref_mut(section).schedule_wake(at, waker)
        });
    }
}

/// Starts to wait for a time: ends as soon as the time is in the queue.
pub fn schedule(milliseconds: u32) {
    let timer = pin!(Timer::after_millis(milliseconds.into()));
    let _ = timer.poll(&mut Context::from_waker(Waker::noop()));
}

/// Returns the number of milliseconds until the next time that a task waits for; `None` if none waits.
#[must_use]
pub fn next_time() -> Option<u32> {
    let now = DRIVER.now();
    let next =
        critical_section::with(|section| DRIVER.queue.borrow_ref_mut(section).next_expiration(now));
    (next != u64::MAX).then(|| next.saturating_sub(now).div_ceil(1000) as u32)
}

/// The length of the heap, in bytes.
pub const HEAP: usize = 512;

static ALLOCATOR: Mutex<RefCell<Option<Heap>>> = Mutex::new(RefCell::new(None));
static mut ARENA: [MaybeUninit<u8>; HEAP] = [MaybeUninit::uninit(); HEAP];

/// Allocates a number of bytes of the heap, for ever. Returns their address.
#[must_use]
pub fn allocate(size: usize) -> Option<usize> {
    critical_section::with(|section| {
        let mut heap = ALLOCATOR.borrow_ref_mut(section);
        // SAFETY: no other code uses the arena, and it is given to the heap once.
        let heap = heap.get_or_insert_with(|| unsafe {
            let mut heap = Heap::empty();
            heap.init((&raw mut ARENA).cast(), HEAP);
            heap
        });
        let layout = Layout::from_size_align(size, 8).ok()?;
        heap.allocate_first_fit(layout).ok().map(NonNull::addr).map(usize::from)
    })
}
