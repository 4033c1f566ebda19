// SPDX-License-Identifier: MIT OR Apache-2.0
//! Several processes, and several threads of one process, log by `defmt` at once. One process crashes within a message,
//! and one writes bytes that are not a frame. All bytes go to the first serial line, and `tests/runner/frames.rs`
//! decodes them.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::Uart;
use core::time::Duration;
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Concurrent, Exclusive, Handle, Notification, interface, thread, time};
use crossgate_trace::{Trace, Tracer};
use defmt::{Format, Formatter, intern};
use system_tests::report::{expect, pass};

/// A process whose state survives the crashes of others.
#[interface]
trait Witness {
    /// Counts the lives of the calling process.
    fn begin(&self) -> u32;
    /// Records that the caller's work is done.
    fn finish(&self);
}

/// The number of threads that have to finish.
const THREADS: u32 = 5;
/// The number of messages of each thread that logs at once with others.
const MESSAGES: u32 = 100;

struct Everybody {
    lives: AtomicU32,
    finished: AtomicU32,
    all: Notification,
}

impl Everybody {
    const fn new(all: Notification) -> Everybody {
        Everybody { lives: AtomicU32::new(0), finished: AtomicU32::new(0), all }
    }
}

impl Witness for Everybody {
    fn begin(&self) -> u32 {
        self.lives.fetch_add(1, Ordering::Relaxed) + 1
    }
    fn finish(&self) {
        if self.finished.fetch_add(1, Ordering::Relaxed) + 1 == THREADS {
            self.all.signal();
        }
    }
}

crossgate::system! {
    static SYSTEM;
    process trace {
        mmio board::UART0;
        object tracer: Exclusive<Tracer<Uart>> = Tracer::new(Uart::new(board::UART0, 115_200)) => [TRACE: dyn Trace];
    }
    process witness {
        notification ALL;
        object everybody: Concurrent<Everybody> = Everybody::new(ALL) => [WITNESS: dyn Witness];
        thread main (priority = 5, stack = 1024) = wait_for(ALL);
    }
    process twin {
        thread slow (priority = 1, stack = 2048) = log("twin slow", 12, TRACE, WITNESS);
        thread fast (priority = 3, stack = 2048) = log("twin fast", 16, TRACE, WITNESS);
    }
    process single {
        thread main (priority = 2, stack = 2048) = log("single", 21, TRACE, WITNESS);
    }
    process doomed {
        thread main (priority = 4, stack = 2048) = crash(TRACE, WITNESS);
    }
    process vandal {
        thread main (priority = 4, stack = 2048) = spoil(TRACE, WITNESS);
    }
}
board::start!(SYSTEM);

fn wait_for(all: Notification) -> ! {
    all.wait();
    pass()
}

/// A number whose formatting takes so long that other threads log meanwhile.
struct Slow(u32);

impl Format for Slow {
    fn format(&self, to: Formatter<'_>) {
        time::sleep(Duration::from_micros(5));
        defmt::write!(to, "{=u32}", self.0);
    }
}

fn log(
    name: &'static str,
    pause: u64,
    trace: Handle<dyn Trace>,
    witness: Handle<dyn Witness>,
) -> ! {
    crossgate_defmt::init(trace);
    for number in 0..MESSAGES {
        defmt::info!("{=str}: {} of {=u32}, then {=u64:x}", name, Slow(number), MESSAGES, u64::MAX);
        time::sleep(Duration::from_micros(pause));
    }
    expect("frames that are lost", crossgate_defmt::lost(), 0);
    expect("a call", witness.finish(), Ok(()));
    thread::exit()
}

/// A value that crashes the process when it is formatted.
struct Bomb;

impl Format for Bomb {
    fn format(&self, to: Formatter<'_>) {
        defmt::write!(to, "the beginning");
        panic!("a crash within a frame")
    }
}

fn crash(trace: Handle<dyn Trace>, witness: Handle<dyn Witness>) -> ! {
    crossgate_defmt::init(trace);
    let life = witness.begin().unwrap_or(0);
    defmt::warn!("life {=u32}: {=istr}", life, intern!("interned"));
    if life < 3 {
        defmt::error!("life {=u32} ends in {}", life, Bomb);
    }
    expect("a call", witness.finish(), Ok(()));
    thread::exit()
}

fn spoil(trace: Handle<dyn Trace>, witness: Handle<dyn Witness>) -> ! {
    defmt::info!("before there is a trace");
    crossgate_defmt::init(trace);
    defmt::info!("too long: {=[u8]}", &[7; 300][..]);
    expect("frames that are lost", crossgate_defmt::lost(), 2);
    // A frame without an end.
    expect("a call", trace.write(b"\xff\xff"), Ok(true));
    defmt::debug!("filtered at build time");
    defmt::info!("after what is no frame");
    expect("frames that are lost", crossgate_defmt::lost(), 2);
    expect("a call", witness.finish(), Ok(()));
    thread::exit()
}
