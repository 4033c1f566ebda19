// SPDX-License-Identifier: MIT OR Apache-2.0
//! A test for a board that nobody has tried yet. It prints one line for each property of the book's chapter on security,
//! and then a table of costs, on the first serial line (115,200 bits a second).
//!
//! Build it for your board, write it to the flash, and send in what it prints. As an example, for the Raspberry Pi Pico 2:
//!
//! ```sh
//! cargo build --release -p system-tests --bin selftest --target thumbv8m.main-none-eabi --features board/pico-2
//! ```
//!
//! Each line stands for checks that fail if the mechanism is missing: most are attacks by a hostile process, which have
//! to end in a crash of this process, at the right address, while a victim's secret stays as it was. A line `FAIL` says
//! which check has failed.
//!
//! Prints: P1  pass  isolation
//! Prints: P2  pass  calls enter only at methods
//! Prints: P3  pass  revocation
//! Prints: P4  pass  the caller's frames
//! Prints: P5  pass  registers
//! Prints: P6  pass  values
//! Prints: P7  pass  leases
//! Prints: P8  pass  a crash stays home
//! Prints: P9  pass  enough stack
//! Prints: P10 pass  no deadlock hangs
//! Prints: P11 pass  bounded
//! Prints: P12 pass  time
//! Prints: 12 of 12 properties pass
//! Prints: end of the self-test
//! Without seeds: it measures how much time passes.
//! Without measuring: the other system tests measure the same paths of the kernel.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{CLOCK_HZ, TIMER0, Timer, UART0, Uart};
use core::cell::UnsafeCell;
use core::fmt::{self, Write as _};
use core::hint::black_box;
use core::time::Duration;
use crossgate::fault::Faults;
use crossgate::supervise::restart;
use crossgate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crossgate::time::with_deadline;
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, Lease, Notification, Signal, interface, shared,
    thread, time,
};
use crossgate_abi::{Cause, FaultRecord, MAX_CALL_DEPTH, Status, Word, number};
use embedded_io::Write;
use system_tests::arch::registers::{self, SECRET};
use system_tests::hostile::{Attack, DECIDE, Hostile, SUM};
use system_tests::report::{fail, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::{probe, raw};

/// The result of checks: what was found instead.
type Check = Result<(), &'static str>;

/// The time that a fault may take to be reported.
const PATIENCE: Duration = Duration::from_millis(500);
const MILLISECOND: Duration = Duration::from_millis(1);
/// The time for which a callee may compute on after its deadline, and a little more.
const GRACE: Duration = Duration::from_millis(12);
/// The number of times that an operation is repeated.
const ROUNDS: u32 = 1000;

/// A server that looks for the secrets of its caller in registers.
#[interface]
trait Spy {
    fn look(&self, argument: u32);
    fn leak(&self, argument: u32) -> usize;
    fn found(&self) -> u32;
}

struct Listener(AtomicU32);

impl Spy for Listener {
    #[inline(always)]
    fn look(&self, _argument: u32) {
        self.0.fetch_add(secrets(&registers::now()), Relaxed);
    }
    fn leak(&self, _argument: u32) -> usize {
        registers::leave_secrets()
    }
    fn found(&self) -> u32 {
        self.0.load(Relaxed)
    }
}

/// Returns the number of registers with secrets.
#[inline(never)]
fn secrets(registers: &[Word]) -> u32 {
    registers.iter().map(|word| u32::from(word & !0xffff == SECRET)).sum()
}

/// Objects that call themselves.
#[interface]
trait Ring {
    /// Returns the status of a call of itself.
    fn turn(&self) -> usize;
    /// Returns the number of calls that could be made, one in the other, and the status of the next one.
    fn descend(&self, depth: usize) -> usize;
}

/// An object for one call at a time.
#[interface]
trait Alone {
    fn turn(&mut self) -> usize;
}

struct Snake;

impl Ring for Snake {
    fn turn(&self) -> usize {
        0
    }
    fn descend(&self, depth: usize) -> usize {
        if depth > MAX_CALL_DEPTH {
            return depth;
        }
        let next = raw::call(raw::service(&SYSTEM, "RING"), 1, [depth + 1, 0, 0, 0]);
        match next.error() {
            None => next.words[0],
            Some(CallError::TooDeep) => depth,
            Some(_) => usize::MAX,
        }
    }
}

impl Alone for Snake {
    fn turn(&mut self) -> usize {
        raw::call(raw::service(&SYSTEM, "ALONE"), 0, [0; 4]).status.0
    }
}

/// A server that needs more stack than its caller has.
#[interface]
trait Large {
    fn enter(&self) -> u32;
}

impl Large for Listener {
    fn enter(&self) -> u32 {
        self.0.fetch_add(1, Relaxed)
    }
}

/// Methods whose cost is measured.
#[interface]
trait Measured {
    fn four(&self, first: u32, second: u32, third: u32, fourth: u32);
    fn sum(&self, numbers: Lease<'_, [u32]>) -> u32;
}

struct Server;

impl Measured for Server {
    fn four(&self, first: u32, second: u32, third: u32, fourth: u32) {
        black_box((first, second, third, fourth));
    }
    fn sum(&self, numbers: Lease<'_, [u32]>) -> u32 {
        numbers.iter().sum()
    }
}

shared! {
    static LENT: [u8; 64] = [1; 64];
}

crossgate::system! {
    static SYSTEM;
    process reporter {
        deadlines;
        mmio UART0;
        mmio TIMER0;
        notification FAULTED;
        notification PING;
        supervisor FAULTED;
        thread main (priority = 9, stack = 8192) =
            report(FAULTED, PING, PONG, (ATTACK, VAULT, SPY, RING, ALONE, LARGE, MEASURED, FRAGILE));
    }
    process victim { object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process attacker {
        on_fault = stop;
        object hostile (stack = 512): Concurrent<Hostile> = Hostile::new() => [ATTACK: dyn Attack];
    }
    process fragile {
        object fragile (stack = 512): Concurrent<Hostile> = Hostile::new() => [FRAGILE: dyn Attack];
    }
    process spy {
        object listener: Concurrent<Listener> = Listener(AtomicU32::new(0)) => [SPY: dyn Spy];
        object large (stack = 65280): Concurrent<Listener> = Listener(AtomicU32::new(0)) => [LARGE: dyn Large];
    }
    process snake {
        object ring: Concurrent<Snake> = Snake => [RING: dyn Ring];
        object alone: Exclusive<Snake> = Snake => [ALONE: dyn Alone];
        thread known (priority = 1, stack = 512) = known(RING, ALONE);
    }
    process server {
        notification PONG;
        object server: Concurrent<Server> = Server => [MEASURED: dyn Measured];
        thread pong (priority = 9, stack = 512) = pong(PONG, PING);
    }
}
board::start!(SYSTEM);

type Servers = (
    Handle<dyn Attack>,
    Handle<dyn Vault>,
    Handle<dyn Spy>,
    Handle<dyn Ring>,
    Handle<dyn Alone>,
    Handle<dyn Large>,
    Handle<dyn Measured>,
    Handle<dyn Attack>,
);

/// Gives its process the right to call its own objects.
fn known(ring: Handle<dyn Ring>, alone: Handle<dyn Alone>) -> ! {
    let _ = (ring, alone);
    thread::exit()
}

fn pong(pong: Notification, ping: Signal) -> ! {
    loop {
        pong.wait();
        let _ = ping.signal();
    }
}

/// A property, and its checks.
type Property = (&'static str, fn(&mut Tester) -> Check);

const PROPERTIES: [Property; 12] = [
    ("isolation", Tester::isolation),
    ("calls enter only at methods", Tester::entries),
    ("revocation", Tester::revocation),
    ("the caller's frames", Tester::frames),
    ("registers", Tester::registers),
    ("values", Tester::values),
    ("leases", Tester::leases),
    ("a crash stays home", Tester::crash),
    ("enough stack", Tester::stack),
    ("no deadlock hangs", Tester::deadlock),
    ("bounded", Tester::depth),
    ("time", Tester::time),
];

fn report(faulted: Notification, ping: Notification, pong: Signal, servers: Servers) -> ! {
    let mut line = Line(Uart::new(UART0, 115_200));
    // The lines have to arrive, and nothing can be done if they do not.
    let _ = writeln!(line, "\r\nCrossgate self-test\r");
    let Some(lent) = LENT.take() else { panic!("only this thread takes it") };
    let (faults, timer) = (Faults::new(), Timer::new(TIMER0));
    let mut tester = Tester { faulted, faults, timer, servers, lent };
    let mut passed = 0;
    for (index, (name, check)) in PROPERTIES.into_iter().enumerate() {
        let number = index + 1;
        let _ = match check(&mut tester).and_then(|()| tester.is_quiet()) {
            Ok(()) => {
                passed += 1;
                writeln!(line, "P{number:<2} pass  {name}\r")
            }
            Err(why) => writeln!(line, "P{number:<2} FAIL  {name}: {why}\r"),
        };
    }
    let _ = writeln!(line, "{passed} of {} properties pass\r", PROPERTIES.len());
    tester.costs(&mut line, ping, pong);
    let _ = writeln!(line, "end of the self-test\r");
    let _ = line.0.flush();
    // On the emulated boards this ends the emulator. On a real one it is a crash of this process, and nothing follows.
    if passed == PROPERTIES.len() { pass() } else { fail(format_args!("{passed} properties pass")) }
}

struct Line(Uart);

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_all(text.as_bytes()).map_err(|_| fmt::Error)
    }
}

struct Tester {
    faulted: Notification,
    faults: Faults,
    timer: Timer,
    servers: Servers,
    /// Memory that is lent.
    lent: &'static [u8; 64],
}

/// Returns the error unless the fact is true.
fn check(fact: bool, otherwise: &'static str) -> Check {
    if fact { Ok(()) } else { Err(otherwise) }
}

impl Tester {
    /// Checks that a call of the attacker has ended with a crash of its process with this cause, at this address if one
    /// is given, and that the victim is as before.
    fn stopped<T: PartialEq>(
        &mut self,
        attack: Result<T, CallError>,
        cause: Cause,
        address: Option<usize>,
    ) -> Check {
        check(attack.is_err(), "the attack has gone through")?;
        check(attack.err() == Some(CallError::ServerFaulted), "the attack has another error")?;
        let record = self.crashed()?;
        check(record.cause == cause, "the crash has another cause")?;
        check(address.is_none_or(|it| it == record.address), "the crash is at another address")?;
        check(self.servers.1.is_intact() == Ok(true), "the victim's secret has changed")
    }

    /// Returns the record of the crash of the attacker that has just happened, and restarts it.
    fn crashed(&mut self) -> Result<FaultRecord, &'static str> {
        let record = self.crash_of("attacker")?;
        check(restart(record.process) == Ok(()), "the crashed process does not restart")?;
        Ok(record)
    }

    /// Returns the record of the crash of a process that has just happened.
    fn crash_of(&mut self, name: &str) -> Result<FaultRecord, &'static str> {
        check(self.faulted.wait_timeout(PATIENCE).is_ok(), "no crash was reported")?;
        let record = self.faults.next().ok_or("the crash has no record")?;
        let process = SYSTEM.processes.get(usize::from(record.process));
        check(process.is_some_and(|it| it.name == name), "another process has crashed")?;
        Ok(record)
    }

    /// Checks that no process has crashed besides those that were meant to.
    fn is_quiet(&mut self) -> Check {
        check(self.faults.next().is_none(), "a process has crashed that was not attacked")
    }

    /// P1: memory of others, the kernel's memory and a device of others can't be read or written, and data does not run.
    fn isolation(&mut self) -> Check {
        let (attack, vault, ..) = self.servers;
        let secret = vault.address().map_err(|_| "the victim has no address")?;
        let own = self.lent.as_ptr().addr();
        let on_chips = [probe::kernel_memory(), UART0.start];
        let on_chips = if cfg!(target_os = "none") { &on_chips[..] } else { &[] };
        for &address in [secret, own].iter().chain(on_chips) {
            let read = attack.read(address);
            self.stopped(read, Cause::Access, Some(address))?;
            let written = attack.write(address);
            self.stopped(written, Cause::Access, Some(address))?;
        }
        let run = attack.run_data();
        check(run == Err(CallError::ServerFaulted), "data has run")?;
        self.crashed().map(|_| ())
    }

    /// P2: a process without the right calls the victim by its number, and by numbers of no service.
    fn entries(&mut self) -> Check {
        let (attack, vault, ..) = self.servers;
        let before = vault.visit().map_err(|_| "the victim does not answer")?;
        let gate = raw::service(&SYSTEM, "VAULT");
        for (gate, error) in [
            (gate, CallError::NotPermitted),
            (gate + 1, CallError::NotPermitted),
            (gate + 2, CallError::NotPermitted),
            (0x7fff, CallError::NoSuchService),
        ] {
            check(attack.call(gate) == Ok(error as usize), "a forged call was not refused")?;
        }
        check(vault.visit() == Ok(before + 1), "a forged call has entered the victim")
    }

    /// P3: what was lent to a call can't be read after its return.
    fn revocation(&mut self) -> Check {
        let attack = self.servers.0;
        check(attack.sum(&self.lent[..]) == Ok(64), "memory was not lent")?;
        let address = self.lent.as_ptr().addr();
        let read = attack.read(address);
        self.stopped(read, Cause::Access, Some(address))
    }

    /// P4: a callee writes to a variable of its caller's function.
    fn frames(&mut self) -> Check {
        let variable = UnsafeCell::new(0x600d_600d_u32);
        let written = self.servers.0.write(variable.get().addr());
        self.stopped(written, Cause::Access, Some(variable.get().addr()))?;
        check(probe::load(variable.get().addr()) == 0x600d_600d, "the variable has changed")
    }

    /// P5: secrets in registers, of the caller and of the callee.
    fn registers(&mut self) -> Check {
        let spy = self.servers.2;
        let preserved = |registers: &[Word]| {
            let is_own = registers.iter().enumerate().all(|(place, it)| *it == SECRET + place);
            check(is_own, "a register of the caller has changed")
        };
        let service = raw::service(&SYSTEM, "SPY");
        let after = registers::call_with_secrets(number::call(service, 0));
        check(after.status == Status::OK, "the call has failed")?;
        check(spy.found() == Ok(0), "the callee has seen a register of its caller")?;
        preserved(&after.preserved)?;
        let after = registers::call_with_secrets(number::call(service, 1));
        check(after.words == [SECRET, 0], "the callee's result is wrong")?;
        check(!after.others.contains(&SECRET), "the caller has seen a register of its callee")?;
        preserved(&after.preserved)
    }

    /// P6: words that are no values of their types, as an argument and as a result.
    fn values(&mut self) -> Check {
        let attack = self.servers.0;
        let before = attack.entered().map_err(|_| "the server does not answer")?;
        let service = raw::service(&SYSTEM, "ATTACK");
        let reply = raw::call(service, DECIDE, [2, 0, 0, 0]);
        check(reply.error() == Some(CallError::BadArgument), "a wrong argument was accepted")?;
        check(attack.entered() == Ok(before + 1), "a method got a wrong argument")?;
        check(attack.decide(true) == Ok(false), "a right argument was refused")?;
        check(attack.lie() == Err(CallError::BadReply), "a wrong result was accepted")
    }

    /// P7: memory that the caller may not lend; what is lent for reading is not written, and nothing behind it is read.
    fn leases(&mut self) -> Check {
        let (attack, vault, ..) = self.servers;
        let before = attack.entered().map_err(|_| "the server does not answer")?;
        let service = raw::service(&SYSTEM, "ATTACK");
        let secret = vault.address().map_err(|_| "the victim has no address")?;
        for address in [secret, probe::kernel_memory()] {
            // Every protection unit could open this memory, so nothing else is wrong with it.
            let reply = raw::call(service, SUM, [address & !31, 32, 0, 0]);
            check(reply.error() == Some(CallError::BadLease), "memory of others was lent")?;
        }
        check(attack.entered() == Ok(before + 1), "a method got memory of others")?;
        let address = self.lent.as_ptr().addr();
        if cfg!(target_os = "none") {
            let written = attack.write_lent(&self.lent[..], address);
            self.stopped(written, Cause::Access, Some(address))?;
            check(self.lent[..4] == [1; 4], "memory that was lent for reading was written")?;
            let read = attack.read_behind(&self.lent[..], address);
            self.stopped(read, Cause::Access, Some(address + 64))?;
        }
        Ok(())
    }

    /// P8: a panic takes down one process, which starts again with its memory as at first.
    fn crash(&mut self) -> Check {
        let (_, vault, .., fragile) = self.servers;
        let visits = vault.visit().map_err(|_| "the victim does not answer")?;
        check(fragile.decide(false).is_ok(), "the server does not answer")?;
        let panic = fragile.panic();
        check(panic == Err(CallError::ServerFaulted), "the panic has another error")?;
        check(self.crash_of("fragile")?.cause == Cause::Panic, "the crash has another cause")?;
        check(fragile.entered() == Ok(1), "its memory was not reset")?;
        check(vault.visit() == Ok(visits + 1), "another process was reset")
    }

    /// P9: a call without enough stack.
    fn stack(&mut self) -> Check {
        let large = self.servers.5;
        // On Linux every thread has more stack than a service can ask for.
        let is_refused =
            !cfg!(target_os = "none") || large.enter() == Err(CallError::StackTooSmall);
        check(is_refused, "the call was not refused")
    }

    /// P10: an exclusive object calls itself.
    fn deadlock(&mut self) -> Check {
        let alone = self.servers.4;
        for _ in 0..2 {
            let status = with_deadline(20 * MILLISECOND, || alone.turn());
            check(status == Ok(CallError::Deadlock as usize), "the call was not refused")?;
        }
        Ok(())
    }

    /// P11: calls in calls, as deep as it goes.
    fn depth(&mut self) -> Check {
        let ring = self.servers.3;
        check(ring.descend(1) == Ok(MAX_CALL_DEPTH), "calls go to another depth")?;
        check(ring.turn() == Ok(0), "no call is left")
    }

    /// P12: a call that computes for ever ends in time, and sleep takes its time, by the kernel's clock and by a timer.
    fn time(&mut self) -> Check {
        let attack = self.servers.0;
        let start = time::now();
        let result = with_deadline(5 * MILLISECOND, || attack.spin());
        let taken = time::now() - start;
        check(result == Err(CallError::DeadlineExceeded), "the call has another error")?;
        check(taken >= 5 * MILLISECOND, "the call has ended too early")?;
        check(taken <= 5 * MILLISECOND + GRACE, "the call has ended too late")?;
        check(self.crashed()?.cause == Cause::Deadline, "the crash has another cause")?;
        self.timer.start();
        let start = time::now();
        time::sleep(50 * MILLISECOND);
        let ticks = u64::from(self.timer.elapsed());
        let taken = time::now() - start;
        check(taken >= 50 * MILLISECOND, "sleep was too short")?;
        check(taken <= 51 * MILLISECOND, "sleep was too long")?;
        // 49 ms to 52 ms: a clock that is not set up as the board says differs by more.
        let millisecond = u64::from(CLOCK_HZ / 1000);
        check(ticks >= 49 * millisecond, "by the timer, sleep was too short")?;
        check(ticks <= 52 * millisecond, "by the timer, sleep was too long")
    }

    /// Prints what operations cost.
    fn costs(&mut self, line: &mut Line, ping: Notification, pong: Signal) {
        let (attack, _, _, _, _, _, measured, _) = self.servers;
        let _ = writeln!(line, "\r\noperation                      ns    cycles\r");
        self.cost(line, "system call", ROUNDS, || {
            black_box(thread::id());
        });
        self.cost(line, "call, 4 words", ROUNDS, || {
            let _ = black_box(measured.four(1, 2, 3, 4));
        });
        let numbers = Numbers([1; 16]);
        self.cost(line, "call, 64 bytes lent", ROUNDS, || {
            let _ = black_box(measured.sum(&numbers.0));
        });
        self.cost(line, "yield, nobody waits", ROUNDS, thread::yield_now);
        self.cost(line, "notify, there and back", ROUNDS, || {
            let _ = pong.signal();
            ping.wait();
        });
        let attacker = SYSTEM.processes.iter().position(|it| it.name == "attacker").unwrap_or(0);
        self.cost(line, "crash, restart, call", ROUNDS / 20, || {
            let _ = black_box(attack.panic());
            let _ = black_box(restart(attacker as u8));
            let _ = black_box(attack.entered());
        });
    }

    /// Prints what an operation costs, in ns and in cycles of the CPU, without the loop around it.
    fn cost(&mut self, line: &mut Line, name: &str, rounds: u32, mut operation: impl FnMut()) {
        // The first time may have to fill a cache.
        operation();
        self.timer.start();
        for round in 0..rounds {
            black_box(round);
        }
        let empty = self.timer.elapsed();
        self.timer.start();
        for round in 0..rounds {
            black_box(round);
            operation();
        }
        let ticks = u64::from(self.timer.elapsed().saturating_sub(empty));
        let each = |hz: u32| ticks * u64::from(hz) / u64::from(CLOCK_HZ) / u64::from(rounds);
        let _ = write!(line, "{name:<24} {:>8}", each(1_000_000_000));
        let _ = match CPU_HZ {
            Some(hz) => writeln!(line, " {:>9}\r", each(hz)),
            None => writeln!(line, "\r"),
        };
    }
}

/// Memory that can be lent exactly.
#[repr(C, align(64))]
struct Numbers([u32; 16]);

/// The frequency of the CPU, if the board says it.
#[cfg(all(target_os = "none", target_arch = "arm"))]
const CPU_HZ: Option<u32> = Some(<board::Hardware as board::port::Board>::CLOCK_HZ);
#[cfg(not(all(target_os = "none", target_arch = "arm")))]
const CPU_HZ: Option<u32> = None;
