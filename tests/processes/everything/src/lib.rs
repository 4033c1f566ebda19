// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process that uses `log`, `defmt`, Embassy, `critical-section` and a heap at once. It may be wired several times.
#![no_std]

extern crate alloc;

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use crossgate::sync::Mutex;
use crossgate::{Handle, Notification};
use crossgate_embassy::Executor;
use crossgate_log::{Levels, Log};
use crossgate_trace::Trace;
use embassy_time::Timer;

/// The number of texts that are kept.
const KEPT: usize = 8;

static EXECUTOR: Executor = Executor::new();
static BEATS: AtomicU32 = AtomicU32::new(0);
static TEXTS: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// In each beat, the process writes a line of the log and a frame of the trace, and puts a text into the heap.
///
/// The time until the next beat begins at the end of this beat. So even a process that is late waits, and lets less
/// urgent threads run. (A `Ticker` would make up for missed beats. With a seed, time passes faster than the process can
/// beat.)
#[embassy_executor::task]
async fn beat() {
    loop {
        Timer::after_millis(10).await;
        let number = BEATS.load(SeqCst) + 1;
        let mut texts = TEXTS.lock();
        let text = format!("beat {number} after {}", texts.back().map_or("none", String::as_str));
        log::info!("{number}");
        defmt::error!("beat {=u32}", number);
        texts.push_back(text.chars().take(40).collect());
        if texts.len() > KEPT {
            texts.pop_front();
        }
        BEATS.store(number, SeqCst);
    }
}

/// Runs the process.
pub fn run(
    bell: Notification,
    log: Handle<dyn Log>,
    levels: Handle<dyn Levels>,
    trace: Handle<dyn Trace>,
) -> ! {
    crossgate_logger::init(log, levels);
    crossgate_defmt::init(trace);
    EXECUTOR.run(bell, |spawner| spawner.spawn(beat().unwrap()))
}

/// Returns the number of beats in this life.
pub fn beats() -> u32 {
    BEATS.load(SeqCst)
}

/// Returns whether the texts are those of the last beats.
pub fn is_intact() -> bool {
    let texts = TEXTS.lock();
    let last = BEATS.load(SeqCst);
    let numbers = (1..=last).rev();
    let is_right =
        |(text, number): (&String, u32)| text.starts_with(&format!("beat {number} after "));
    texts.len() == KEPT.min(last as usize) && texts.iter().rev().zip(numbers).all(is_right)
}

/// Crashes while it is in a critical section, and holds the lock of the texts and a block of the heap.
pub fn crash() {
    let _texts = TEXTS.lock();
    let text = format!("{} beats were enough", beats());
    critical_section::with(|_| {
        log::error!("{text}");
        panic!("a server panics on request")
    })
}
