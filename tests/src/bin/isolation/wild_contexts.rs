// SPDX-License-Identifier: MIT OR Apache-2.0
//! Wild stack pointers in all memory that a process may touch, at every path into the kernel: no byte changes that the
//! process could not have written itself. The kernel saves registers below a stack pointer, with its own rights. If a
//! caller lends a part of its stack, the memory below that part is closed to the callee.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::hint::black_box;
use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use crossgate::fault::Faults;
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, Lease, LeaseBuf, LeaseMut, Notification, interface,
    shared, supervise, time,
};
use crossgate_abi::number;
use system_tests::fake::FakeStack;
use system_tests::random::Random;
use system_tests::report::{expect, expect_that, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::{arch, probe, raw};

/// The word in memory that the attacker may not write.
const CLOSED: u32 = 0xc105_ed00;

/// The attacker, and the server that passes calls on to it.
#[interface]
trait Act {
    /// Makes an attack. `write` begins with three words: the number of the attack, and the caller's addresses of
    /// `write` and `read`.
    fn act(&self, read: Lease<'_, [u8]>, write: LeaseMut<'_, [u8]>);
}

/// A server that admits one call at a time, so that other threads wait and repeat their calls.
#[interface]
trait Slow {
    fn work(&mut self);
}

struct Worker;

impl Slow for Worker {
    fn work(&mut self) {
        time::sleep(Duration::from_micros(50));
    }
}

/// Calls the attacker, with its own variables on the stack between those of the caller and of the attacker.
struct Relay {
    next: Handle<dyn Act>,
}

impl Act for Relay {
    fn act(&self, read: Lease<'_, [u8]>, mut write: LeaseMut<'_, [u8]>) {
        let own = black_box([CLOSED; 16]);
        let _ = self.next.act(&read, &mut write);
        expect("the variables of the relay", black_box(own), [CLOSED; 16]);
    }
}

shared! {
    static SHARED: [u32; 64] = [0; 64];
}

struct Attacker {
    fake: FakeStack<64>,
    shared: AtomicUsize,
}

impl Act for Attacker {
    fn act(&self, _read: Lease<'_, [u8]>, write: LeaseMut<'_, [u8]>) {
        let mut order = [0; 3 * size_of::<usize>()];
        write.copy_to(&mut order);
        let mut words = order
            .chunks_exact(size_of::<usize>())
            .map(|bytes| usize::from_le_bytes(bytes.try_into().unwrap_or_default()));
        let mut next = || words.next().unwrap_or(0);
        let (mut random, write, read) = (Random(next() as u32), next(), next());
        if self.shared.load(Ordering::Relaxed) == 0
            && let Some(shared) = SHARED.take()
        {
            self.shared.store(shared.as_ptr().addr(), Ordering::Relaxed);
        }
        let shared = self.shared.load(Ordering::Relaxed);
        let place: Range<usize> = match random.below(8) {
            0 => probe::stack_of(&SYSTEM, "main", 2),
            1 => self.fake.words().addr()..self.fake.top(),
            2 => shared..shared + 256,
            3 => read..read + 64,
            4 => board::TIMER0.start..board::TIMER0.start + board::TIMER0.size,
            5 => arch::lent(read, 64)..arch::lent(read, 64) + 64,
            _ => write..write + 64,
        };
        let align = if random.below(4) == 0 { 4 } else { 8 };
        let offset = random.below(place.len() as u32 + 64) as usize / align * align;
        attack(place.start + offset, &mut random);
    }
}

/// Enters the kernel by one of the paths, with this stack pointer.
fn attack(stack_pointer: usize, random: &mut Random) {
    let call = |service| number::call(raw::service(&SYSTEM, service), 0);
    let kept_from = |selector, words| {
        let _ = arch::trap_at_with(stack_pointer, selector, words);
    };
    match random.below(10) {
        0 => kept_from(number::system_call(number::THREAD_ID), [0; 4]),
        1 => kept_from(number::system_call(arch::UNKNOWN_SYSTEM_CALL), [0; 4]),
        2 => kept_from(number::system_call(number::YIELD), [0; 4]),
        3 => kept_from(number::system_call(number::SLEEP), [30, 0, 0, 0]),
        4 => kept_from(call("VAULT"), [0; 4]),
        5 => kept_from(call("ACCOMPLICE"), [0; 4]),
        6 => kept_from(call("SLOW"), [0; 4]),
        7 => arch::undefined_at(stack_pointer),
        8 => arch::breakpoint_at(stack_pointer),
        _ => arch::count_down_at(stack_pointer, arch::INTERRUPTED_LOOP),
    }
}

/// Uses the whole stack of the thread, and some memory more.
struct Accomplice;

impl Act for Accomplice {
    fn act(&self, _read: Lease<'_, [u8]>, _write: LeaseMut<'_, [u8]>) {
        black_box([0xbad0_bad0_u32; 32]);
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread supervisor (priority = 9, stack = 2048) = supervise(FAULTED);
    }
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process slow {
        on_fault = stop;
        object worker: Exclusive<Worker> = Worker => [SLOW: dyn Slow];
    }
    process busy { on_fault = stop; thread busy (priority = 4, stack = 1024) = keep_busy(SLOW); }
    process attacker {
        on_fault = stop;
        mmio board::TIMER0;
        object attacker: Concurrent<Attacker> = Attacker { fake: FakeStack::new(), shared: AtomicUsize::new(0) } => [ATTACKER: dyn Act];
        object helper: Concurrent<Helper> = Helper(ACCOMPLICE, VAULT, SLOW) => [];
    }
    process accomplice { on_fault = stop; object accomplice: Concurrent<Accomplice> = Accomplice => [ACCOMPLICE: dyn Act]; }
    process relay { on_fault = stop; object relay: Concurrent<Relay> = Relay { next: ATTACKER } => [RELAY: dyn Act]; }
    process client { on_fault = stop; thread main (priority = 2, stack = 4096) = client(ATTACKER, RELAY, VAULT); }
}
board::start!(SYSTEM);

/// Gives the attacker the right to call these services.
#[expect(dead_code, reason = "the attacker calls them without the library")]
struct Helper(Handle<dyn Act>, Handle<dyn Vault>, Handle<dyn Slow>);

/// Variables of the caller: two that it lends, and others below, between and above them.
#[repr(C, align(64))]
struct Frame {
    below: [u32; 48],
    write: LeaseBuf<64>,
    between: [u32; 48],
    read: LeaseBuf<64>,
    above: [u32; 48],
}

fn client(attacker: Handle<dyn Act>, relay: Handle<dyn Act>, vault: Handle<dyn Vault>) -> ! {
    let mut random = Random(0x5eed);
    let (mut returned, mut crashed) = (0, 0);
    for _ in 0..arch::RANDOM_ATTACKS {
        let mut frame = Frame {
            below: [CLOSED; 48],
            write: LeaseBuf::new(),
            between: [CLOSED; 48],
            read: LeaseBuf::new(),
            above: [CLOSED; 48],
        };
        let order =
            [random.number() as usize, frame.write.as_ptr().addr(), frame.read.as_ptr().addr()];
        for (bytes, word) in frame.write.chunks_exact_mut(size_of::<usize>()).zip(order) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        black_box(&mut frame);
        let through = if random.below(4) == 0 { relay } else { attacker };
        match through.act(&frame.read[..], &mut frame.write[..]) {
            Ok(()) => returned += 1,
            Err(CallError::ServerFaulted) => crashed += 1,
            Err(error) => expect("the end of an attack", error, CallError::ServerFaulted),
        }
        let frame = black_box(frame);
        expect("the memory below the lent memory", frame.below, [CLOSED; 48]);
        expect("the memory between the lent parts", frame.between, [CLOSED; 48]);
        expect("the memory above the lent memory", frame.above, [CLOSED; 48]);
        expect(
            "the memory that is lent for reading",
            frame.read[..].iter().all(|&byte| byte == 0),
            true,
        );
        expect("the victim's secret", vault.is_intact(), Ok(true));
    }
    expect_that(
        "some stack pointers are valid, and most are wild",
        returned > 9 && crashed > returned,
    );
    pass()
}

/// Keeps the slow server busy most of the time, and interrupts the running thread.
fn keep_busy(slow: Handle<dyn Slow>) -> ! {
    loop {
        expect("the slow server works", slow.work(), Ok(()));
        time::sleep(Duration::from_micros(10));
    }
}

fn supervise(faulted: Notification) -> ! {
    let mut faults = Faults::new();
    loop {
        faulted.wait();
        for record in faults.by_ref() {
            let name = SYSTEM.processes.get(usize::from(record.process)).map_or("?", |it| it.name);
            expect_that("only the attackers crash", matches!(name, "attacker" | "accomplice"));
            expect("a new life", supervise::restart(record.process), Ok(()));
        }
    }
}
