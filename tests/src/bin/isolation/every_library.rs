// SPDX-License-Identifier: MIT OR Apache-2.0
//! Three processes use the same libraries at once: `log`, `defmt`, Embassy, `critical-section` and a heap. One process
//! crashes again and again while it uses all of them. The other processes continue.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, Lease, Notification, interface, server, time,
};
use crossgate_abi::Cause;
use crossgate_critical_section as _;
use crossgate_log::{Level, Levels, Log};
use crossgate_trace::Trace;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;

/// The number of processes that use everything.
const USERS: usize = 3;
/// The number of crashes.
const CRASHES: u32 = 3;
/// The size of a stack, which is larger without optimisation.
const STACK: usize = if cfg!(target_os = "none") { 3072 } else { 32_768 };

#[interface]
trait Life {
    fn beats(&self) -> u32;
    fn is_intact(&self) -> bool;
    fn crash(&self);
}

struct Everything;

impl Life for Everything {
    fn beats(&self) -> u32 {
        everything::beats()
    }
    fn is_intact(&self) -> bool {
        everything::is_intact()
    }
    fn crash(&self) {
        everything::crash();
    }
}

/// Reports how much has been written.
#[interface]
trait Counts {
    /// Returns the number of complete lines of a process.
    fn lines(&self, process: u8) -> u32;
    /// Returns the number of frames of all processes.
    fn frames(&self) -> u32;
}

struct Sinks {
    lines: [AtomicU32; USERS],
    frames: AtomicU32,
}

impl Sinks {
    const fn new() -> Sinks {
        Sinks { lines: [const { AtomicU32::new(0) }; USERS], frames: AtomicU32::new(0) }
    }
}

impl Log for Sinks {
    fn write(&self, _: Level, text: Lease<'_, [u8]>) {
        let mut line = [0; 128];
        text.copy_to(&mut line);
        let is_whole = line.starts_with(b"everything: ");
        // The processes are wired after this one, in this order.
        let process = usize::from(server::caller().unwrap_or(0)).wrapping_sub(1);
        if let Some(lines) = self.lines.get(process).filter(|_| is_whole) {
            lines.fetch_add(1, Relaxed);
        }
    }
}

impl Levels for Sinks {
    fn level(&self) -> Level {
        Level::Info
    }
}

impl Counts for Sinks {
    fn lines(&self, process: u8) -> u32 {
        self.lines[usize::from(process)].load(Relaxed)
    }
    fn frames(&self) -> u32 {
        self.frames.load(Relaxed)
    }
}

/// The end of the trace.
struct Frames(&'static Concurrent<Sinks>);

impl Trace for Frames {
    fn write(&mut self, frame: Lease<'_, [u8]>) -> bool {
        self.0.frames.fetch_add(u32::from(!frame.is_empty()), Relaxed);
        true
    }
}

crossgate::system! {
    static SYSTEM;
    process sinks {
        object sinks (stack = 512): Concurrent<Sinks> = Sinks::new() =>
            [LOG: dyn Log, LEVELS: dyn Levels, COUNTS: dyn Counts];
        object frames: Exclusive<Frames> = Frames(&sinks) => [TRACE: dyn Trace];
    }
    process first {
        heap = 2048;
        object one (stack = 1024): Concurrent<Everything> = Everything => [FIRST: dyn Life];
        notification FIRST_BELL;
        thread main (priority = 5, stack = STACK) = everything::run(FIRST_BELL, LOG, LEVELS, TRACE);
    }
    process second {
        heap = 2048;
        object two (stack = 1024): Concurrent<Everything> = Everything => [SECOND: dyn Life];
        notification SECOND_BELL;
        thread main (priority = 6, stack = STACK) = everything::run(SECOND_BELL, LOG, LEVELS, TRACE);
    }
    process third {
        heap = 2048;
        object three (stack = 1024): Concurrent<Everything> = Everything => [THIRD: dyn Life];
        notification THIRD_BELL;
        thread main (priority = 5, stack = STACK) = everything::run(THIRD_BELL, LOG, LEVELS, TRACE);
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 9, stack = 4096) =
            witness(FAULTED, [FIRST, SECOND, THIRD], COUNTS);
    }
}
board::start!(SYSTEM);

/// Waits until a process has had this number of beats in this life.
fn wait_for(life: Handle<dyn Life>, beats: u32) {
    for _ in 0..500 {
        // (With a seed, less time than this passes at once, so the processes get turns to beat in between.)
        if life.beats().is_ok_and(|now| now >= beats) {
            return;
        }
        time::sleep(Duration::from_millis(20));
    }
    expect("beats", life.beats(), Ok(beats));
}

fn witness(faulted: Notification, lives: [Handle<dyn Life>; 3], counts: Handle<dyn Counts>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let [first, second, third] = lives;
    let mut beats_of_second = 0;
    for number in 1..=CRASHES {
        lives.iter().for_each(|life| wait_for(*life, 10));
        let before = [first, third].map(|life| life.beats().unwrap_or(0));
        beats_of_second += second.beats().unwrap_or(0);
        expect("a crash", second.crash(), Err(CallError::ServerFaulted));
        watch.expect("second", Cause::Panic);
        expect("the next life begins with nothing", second.beats().unwrap_or(0), 0);
        wait_for(first, before[0] + 10);
        wait_for(third, before[1] + 10);
        for life in [first, third] {
            expect("the heaps of the others are intact", life.is_intact(), Ok(true));
        }
        let lines = counts.lines(1).unwrap_or(0);
        expect_that("no line before a crash is lost", lines >= beats_of_second + number);
    }
    wait_for(second, 10);
    expect("the data of the last life is intact", second.is_intact(), Ok(true));
    let all: u32 = lives.iter().map(|life| life.beats().unwrap_or(0)).sum();
    let frames = counts.frames().unwrap_or(0);
    expect_that("no frame before a crash is lost", frames >= all + beats_of_second);
    for (process, life) in (0..).zip([first, second, third]) {
        let lines = counts.lines(process).unwrap_or(0);
        expect_that("each process has its own logger", lines >= life.beats().unwrap_or(u32::MAX));
    }
    watch.expect_no_more();
    pass()
}
