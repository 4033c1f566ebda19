// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attacks on a barrier, a stream of bytes, timers and the log, and on their users: wild words, floods, ever less
//! stack, a client that crashes while it waits, and a server that crashes. Only the attacker loses anything, and no
//! line can be taken for a line of another process.
//!
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use console::Console;
use core::convert::Infallible;
use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crossgate::{
    CallError, Concurrent, Handle, LeaseBuf, Notification, Signal, interface, thread, time,
};
use crossgate_abi::Cause;
use crossgate_barrier::{Barrier, Rendezvous};
use crossgate_bytes::{ByteReader, ByteWriter, StreamBuffer};
use crossgate_log::{Level, Log};
use crossgate_timer::{SHORTEST, Timer, TimerError};
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;
use system_tests::{probe, raw};
use timers::{Alarms, Expire};

const MILLISECOND: Duration = Duration::from_millis(1);
/// True on boards, where time does not jump. On Linux it may.
const IN_TIME: bool = cfg!(target_os = "none");
/// The size of a stack, which is larger without optimisation.
const STACK: usize = if cfg!(target_os = "none") { 2048 } else { 16_384 };

/// The paper to which the console writes.
#[interface]
trait Paper {
    /// Returns the number of lines of the attacker, and the number of lines of the client.
    fn lines(&self) -> (u32, u32);
}

struct Lines {
    attacker: AtomicU32,
    client: AtomicU32,
}

impl Paper for Lines {
    fn lines(&self) -> (u32, u32) {
        (self.attacker.load(Relaxed), self.client.load(Relaxed))
    }
}

/// Checks each line.
struct Sheet {
    lines: &'static Concurrent<Lines>,
    line: [u8; 192],
    length: usize,
}

impl Sheet {
    /// Checks the start of the line. The console writes numbers there, because no process has given it the names.
    fn look(&mut self) {
        let line = self.line.get(..self.length).and_then(|line| line.strip_suffix(b"\r"));
        let line = str::from_utf8(line.unwrap_or(b"?")).unwrap_or("?");
        expect_that("a line is printable", line.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        let said = line.get(21..).unwrap_or("?");
        if said.starts_with("process 1: ") {
            self.lines.attacker.fetch_add(1, Relaxed);
        } else {
            expect("a line", said, "process 2: all is well");
            self.lines.client.fetch_add(1, Relaxed);
        }
        self.length = 0;
    }
}

impl embedded_io::ErrorType for Sheet {
    type Error = Infallible;
}
impl embedded_io::Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        for &byte in bytes {
            if byte == b'\n' {
                self.look();
                continue;
            }
            expect_that("a line ends", self.length < self.line.len());
            if let Some(place) = self.line.get_mut(self.length) {
                *place = byte;
                self.length += 1;
            }
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

type Bytes = (Handle<dyn ByteWriter>, Handle<dyn ByteReader>);

crossgate::system! {
    static SYSTEM;
    process server {
        notification MEET0;
        notification MEET1;
        notification MEET2;
        notification FILLED;
        notification FREED;
        notification CHANGED;
        notification BREAK;
        object barrier (stack = 256): Concurrent<Barrier<3>> = Barrier::new([MEET0, MEET1, MEET2]) =>
            [MEET: dyn Rendezvous];
        object bytes (stack = 384): Concurrent<StreamBuffer<8>> = StreamBuffer::new(FILLED, FREED) =>
            [BYTES_IN: dyn ByteWriter, BYTES_OUT: dyn ByteReader];
        object own (stack = 512): Concurrent<Alarms<2>> = Alarms::new(ALARM, CHANGED) => [TIMER: dyn Timer];
        object hostile (stack = 512): Concurrent<Alarms<2>> = Alarms::new(HOSTILE_ALARM, CHANGED) =>
            [HOSTILE_TIMER: dyn Timer];
        object lines: Concurrent<Lines> = Lines { attacker: AtomicU32::new(0), client: AtomicU32::new(0) } =>
            [PAPER: dyn Paper];
        object terminal (stack = 768): Concurrent<Console<Sheet>> =
            Console::new(Sheet { lines: &lines, line: [0; 192], length: 0 }) => [LOG: dyn Log];
        thread timers (priority = 20, stack = STACK) =
            timers::serve([&*own as &dyn Expire, &*hostile as &dyn Expire], CHANGED);
        thread main (priority = 21, stack = 512) = break_down(BREAK);
    }
    process attacker {
        on_fault = stop;
        notification HOSTILE_ALARM;
        notification STARVED;
        // These threads wait in the server for an event that never comes. Their process crashes meanwhile.
        thread waiter (priority = 7, stack = 2048) = meet_for_ever(MEET);
        thread starved (priority = 8, stack = 1024) =
            starve(MEET, (BYTES_IN, BYTES_OUT), HOSTILE_TIMER, LOG, STARVED.as_signal());
        thread main (priority = 6, stack = 8192) =
            attack(MEET, (BYTES_IN, BYTES_OUT), HOSTILE_TIMER, LOG, STARVED);
    }
    process client {
        notification ALARM;
        notification GO;
        notification READ;
        thread main (priority = 5, stack = 4096) =
            client(GO, MEET, (BYTES_IN, BYTES_OUT), (TIMER, ALARM), (LOG, PAPER), DONE);
        thread other (priority = 4, stack = 2048) = meet(MEET);
        thread third (priority = 3, stack = 2048) = meet(MEET);
        thread reader (priority = 2, stack = 2048) = read(READ, BYTES_OUT, DONE);
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        counting notification DONE;
        thread main (priority = 31, stack = 2048) = witness(FAULTED, DONE, [GO, READ], BREAK);
    }
}
board::start!(SYSTEM);

fn break_down(now: Notification) -> ! {
    now.wait();
    panic!("the services break down")
}

/// Waits until its process crashes.
fn meet_for_ever(barrier: Handle<dyn Rendezvous>) -> ! {
    loop {
        expect_that("nobody comes", barrier.meet() == Err(CallError::ServerFaulted));
    }
}

/// Makes calls with ever less stack left.
fn starve(
    barrier: Handle<dyn Rendezvous>,
    (writer, reader): Bytes,
    timer: Handle<dyn Timer>,
    log: Handle<dyn Log>,
    done: Signal,
) -> ! {
    let moment = Duration::from_micros(1);
    let mut bytes = LeaseBuf::<32>::new();
    probe::call_with_ever_less_stack(&mut || barrier.meet_timeout(moment).map(drop));
    probe::call_with_ever_less_stack(&mut || reader.read_timeout(&mut bytes, moment).map(drop));
    probe::call_with_ever_less_stack(&mut || writer.try_write(bytes.first(0)).map(drop));
    probe::call_with_ever_less_stack(&mut || timer.start(0, moment).map(drop));
    probe::call_with_ever_less_stack(&mut || log.write(Level::Info, bytes.first(32)));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

const FORGED: [&[u8]; 6] = [
    b"process 2: all is well",
    b"x\r\n[    0.000001] info  process 2: all is well\r\n",
    b"\x1b[1A\x1b[2K[    0.000001] info  process 2: all is well",
    b"\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08process 2: all is well",
    b"\0\r\nprocess 2: all is well",
    b"\xe2\x80\xae\xc2\x85\x85\x9b2Jprocess 2: all is well",
];

fn attack(
    barrier: Handle<dyn Rendezvous>,
    (writer, reader): Bytes,
    timer: Handle<dyn Timer>,
    log: Handle<dyn Log>,
    starved: Notification,
) -> ! {
    starved.wait();
    let call = |name, method, words| raw::call(raw::service(&SYSTEM, name), method, words).error();
    let server = probe::memory_of(&SYSTEM, "server");
    for memory in [server.start, server.end - 32, usize::MAX - 31, probe::kernel_memory()] {
        for (name, words) in [
            ("BYTES_IN", [memory, 32, 0, 0]),
            ("BYTES_OUT", [memory, 32, 0, 0]),
            ("LOG", [0, memory, 32, 0]),
        ] {
            expect("the memory of others", call(name, 0, words), Some(CallError::BadLease));
        }
    }
    for level in [4, 255, usize::MAX] {
        let status = call("LOG", 0, [level, FORGED.as_ptr().addr(), 0, 0]);
        expect("a word that is not a level", status, Some(CallError::BadArgument));
    }
    expect("the timers of others", call("TIMER", 3, [0; 4]), Some(CallError::NotPermitted));
    expect("the service of others", call("PAPER", 0, [0; 4]), Some(CallError::NotPermitted));

    // A flood of lines.
    for text in FORGED.into_iter().cycle().take(60) {
        expect("a line", log.write(Level::Error, text), Ok(()));
    }
    expect("a long line", log.write(Level::Info, &[b'x'; 4096][..]), Ok(()));
    for number in [0, 1, 2, u16::MAX] {
        let is_its_own = if number < 2 { Ok(()) } else { Err(TimerError::NoSuchTimer) };
        for time in [Duration::ZERO, Duration::MAX, Duration::from_micros(u64::MAX)] {
            expect("a timer", timer.start(number, time), Ok(is_its_own));
        }
        for time in [Duration::ZERO, SHORTEST - Duration::from_nanos(1000)] {
            let refused = Ok(Err(TimerError::TooShort));
            expect("a period", timer.start_periodic(number, time), refused);
        }
        expect("a period", timer.start_periodic(number, SHORTEST), Ok(is_its_own));
    }
    while writer.try_write(b"attack").is_ok_and(|count| count > 0) {}
    let mut bytes = [0; 4];
    expect("the attacker may read", reader.try_read(&mut bytes), Ok(4));
    expect("the attacker may write", writer.try_write(b"attacked"), Ok(4));
    for _ in 0..200 {
        expect("the attacker never meets anybody", barrier.try_meet(), Ok(false));
        expect(
            "the attacker never meets anybody",
            barrier.meet_timeout(Duration::ZERO),
            Ok(Err(TimedOut)),
        );
    }
    panic!("the attacker crashes")
}

/// Meets at the barrier in a loop, also in the next life of the server.
fn meet(barrier: Handle<dyn Rendezvous>) -> ! {
    // From here on, the attacker is gone.
    time::sleep(100 * MILLISECOND);
    loop {
        let met = barrier.meet();
        expect_that("it waits", matches!(met, Ok(Ok(())) | Err(CallError::ServerFaulted)));
    }
}

fn client(
    go: Notification,
    barrier: Handle<dyn Rendezvous>,
    (writer, reader): Bytes,
    (timer, alarm): (Handle<dyn Timer>, Notification),
    (log, paper): (Handle<dyn Log>, Handle<dyn Paper>),
    done: Signal,
) -> ! {
    go.wait();
    let mut bytes = [0; 16];
    expect("the bytes that the attacker has left", reader.try_read(&mut bytes), Ok(8));
    for life in 0..2 {
        for _ in 0..3 {
            let met = barrier.meet_timeout(2000 * MILLISECOND);
            expect("all others meet without the crashed client", met, Ok(Ok(())));
        }
        expect("bytes", writer.write(b"abc"), Ok(Ok(3)));
        expect("the same bytes", reader.read(&mut bytes), Ok(Ok(3)));
        expect("the bytes", &bytes[..3], b"abc");

        let begun = time::now();
        expect("a timer", timer.start(1, 20 * MILLISECOND), Ok(Ok(())));
        alarm.wait();
        let late = time::now() - begun - 20 * MILLISECOND;
        expect("which", timer.next_expired(), Ok(Some(1)));
        expect("no other", timer.next_expired(), Ok(None));
        expect_that("the timer is punctual during a flood", !IN_TIME || late < 50 * MILLISECOND);

        let (attackers, _) = paper.lines().unwrap_or_default();
        expect("a line", log.write(Level::Info, b"all is well"), Ok(()));
        // Lines with forged names count as lines of the attacker, too.
        let wanted = if life == 0 { attackers } else { 0 };
        expect("lines", paper.lines(), Ok((wanted, 1)));
        expect_that("the lines of the flood", life == 1 || attackers >= 61);
        expect("signal", done.signal(), Ok(()));
        if life == 0 {
            // No thread writes bytes any more.
            let crashed = reader.read(&mut bytes);
            expect("a wait in a process that crashes", crashed, Err(CallError::ServerFaulted));
        }
    }
    thread::exit()
}

/// Reads, and waits while the server crashes.
fn read(go: Notification, reader: Handle<dyn ByteReader>, done: Signal) -> ! {
    go.wait();
    let mut bytes = [0; 4];
    expect(
        "a wait in a process that crashes",
        reader.read(&mut bytes),
        Err(CallError::ServerFaulted),
    );
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn witness(faulted: Notification, done: Notification, go: [Signal; 2], breaks: Signal) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("attacker", Cause::Panic);
    expect("signal", go[0].signal(), Ok(()));
    expect_that("the services continue to work", done.wait_timeout(4000 * MILLISECOND).is_ok());
    expect("signal", go[1].signal(), Ok(()));
    time::sleep(5 * MILLISECOND);
    expect("signal", breaks.signal(), Ok(()));
    watch.expect("server", Cause::Panic);
    for _ in 0..2 {
        expect_that(
            "all threads come home, and the process restarts",
            done.wait_timeout(4000 * MILLISECOND).is_ok(),
        );
    }
    watch.expect_no_more();
    pass()
}
