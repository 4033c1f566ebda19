// SPDX-License-Identifier: MIT OR Apache-2.0
//! The time from an interrupt to the task that waits for it, in Embassy's executor for thread mode, and to a bare
//! handler: for comparison with `interrupt_to_thread` of Crossgate's benchmark. There is no protection: all tasks share
//! all memory.
//!
//! ```sh
//! cd bench/embassy && cargo run --release
//! ```
//!
//! The executor waits for events, as it does when all tasks wait. Its loop is written out here, so that the interrupt
//! comes at a known time.
#![no_std]
#![no_main]

use core::future::poll_fn;
use core::hint::black_box;
use core::panic::PanicInfo;
use crossgate::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use core::task::Poll;
use cortex_m::asm;
use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use cortex_m_rt::entry;
use embassy_executor::raw::{Executor, TaskStorage};
use embassy_sync::waitqueue::AtomicWaker;

/// The number of times that each time span is measured.
const ROUNDS: u32 = 2_000;
/// The length of a tick of the timer, in ns; an instruction takes 1 ns.
const TICK: u32 = 40;

/// The first timer of the board (CMSDK APB): control, value, reload.
const TIMER: *mut u32 = 0x4000_0000 as *mut u32;

/// A line of the interrupt controller.
#[derive(Clone, Copy)]
struct Line(u16);

// SAFETY: the controller has these lines, and each number is one of them.
unsafe impl InterruptNumber for Line {
    fn number(self) -> u16 {
        self.0
    }
}

/// The line whose handler wakes the task.
const TASK: Line = Line(8);
/// The line whose handler does nothing else.
const BARE: Line = Line(9);
/// A masked line.
const QUIET: Line = Line(10);
const LINES: usize = 32;

/// One handler, or none.
#[derive(Clone, Copy)]
#[repr(C)]
union Vector {
    handler: unsafe extern "C" fn(),
    none: usize,
}

#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [Vector; LINES] = {
    let mut vectors = [Vector { none: 0 }; LINES];
    vectors[TASK.0 as usize] = Vector { handler: wake };
    vectors[BARE.0 as usize] = Vector { handler: bare };
    vectors
};

static WAKER: AtomicWaker = AtomicWaker::new();
static HAS_COME: AtomicBool = AtomicBool::new(false);
static ARRIVED: AtomicU32 = AtomicU32::new(0);

/// The minimal handler of a driver: it notes the interrupt, and wakes the task.
unsafe extern "C" fn wake() {
    HAS_COME.store(true, Relaxed);
    WAKER.wake();
}

unsafe extern "C" fn bare() {
    ARRIVED.store(now(), Relaxed);
}

async fn task() {
    loop {
        poll_fn(|context| {
            WAKER.register(context.waker());
            if HAS_COME.swap(false, Relaxed) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        ARRIVED.store(now(), Relaxed);
    }
}

#[inline(always)]
fn now() -> u32 {
    // SAFETY: the address is that of a register of a timer that no other code uses.
    unsafe { !TIMER.add(1).read_volatile() }
}

#[entry]
fn main() -> ! {
    // SAFETY: as above; and these interrupts disturb no other code, because their handlers exist.
    unsafe {
        TIMER.add(2).write_volatile(u32::MAX);
        TIMER.add(1).write_volatile(u32::MAX);
        TIMER.write_volatile(1);
        NVIC::unmask(TASK);
        NVIC::unmask(BARE);
    }
    let storage = TaskStorage::new();
    // The context of the executor for thread mode, which is woken by `SEV`.
    let executor = Executor::new(usize::MAX as *mut ());
    // SAFETY: this function does not return.
    let (storage, executor): (&'static TaskStorage<_>, &'static Executor) =
        unsafe { (&*&raw const storage, &*&raw const executor) };
    executor.spawner().spawn(storage.spawn(task).unwrap());
    // SAFETY: no other code polls, here and below. The executor runs until the task waits.
    unsafe { executor.poll() };

    measure("interrupt_to_handler", || NVIC::pend(BARE));
    measure("interrupt_to_embassy_task", || {
        NVIC::pend(TASK);
        asm::wfe();
        // SAFETY: as above.
        unsafe { executor.poll() };
    });
    semihosting::process::exit(0)
}

/// Prints how much later the arrival is noted if the pended interrupt is not masked.
fn measure(name: &str, interrupt: impl Fn()) {
    let (mut without, mut with) = (0, 0);
    for round in 0..ROUNDS {
        let start = now();
        NVIC::pend(QUIET);
        ARRIVED.store(now(), Relaxed);
        without += ARRIVED.load(Relaxed).wrapping_sub(start);
        let start = now();
        interrupt();
        with += ARRIVED.load(Relaxed).wrapping_sub(start);
        // The next round starts at another moment between two ticks.
        for step in 0..round % TICK {
            black_box(step);
        }
    }
    let each = (with.saturating_sub(without) * TICK + ROUNDS / 2) / ROUNDS;
    semihosting::println!("result {name} {each}");
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    semihosting::println!("{info}");
    semihosting::process::exit(1)
}
