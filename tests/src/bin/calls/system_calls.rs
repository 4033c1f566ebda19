// SPDX-License-Identifier: MIT OR Apache-2.0
//! System calls with hostile words: first single ones, each of which is refused, then thousands of random ones.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use crossgate::{CallError, Concurrent, Handle, Notification, Signal, thread};
use crossgate_abi::{Status, SystemCall, number};
use system_tests::random::Random;
use system_tests::report::{expect, expect_that, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;
use system_tests::{arch, probe, raw};

const NOT_PERMITTED: Status = Status(CallError::NotPermitted as usize);
const BAD_ARGUMENT: Status = Status(CallError::BadArgument as usize);

/// The time that an attacker may take, at most.
const PATIENCE: Duration = Duration::from_secs(10);

/// Two words of the attackers' memory: mutexes that they forge.
struct Words([AtomicUsize; 2]);

crossgate::system! {
    static SYSTEM;
    process victim {
        notification QUIET;
        object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault];
        thread patient (priority = 8, stack = 512) = patient(QUIET);
    }
    process attacker {
        object words: Concurrent<Words> = Words([const { AtomicUsize::new(0) }; 2]) => [];
        thread attack (priority = 5, stack = 2048) = attack(&words.0, VAULT, DONE);
        thread noise (priority = 4, stack = 1024) = noise(&words.0, 0x9e37_79b9, DONE);
        thread more_noise (priority = 3, stack = 1024) = noise(&words.0, 0x2545_f491, DONE);
    }
    process witness {
        notification FAULTED;
        counting notification DONE;
        supervisor FAULTED;
        thread main (priority = 1, stack = 2048) = witness(FAULTED, DONE, VAULT);
    }
}
board::start!(SYSTEM);

/// A thread that only a signal can wake. No process may send this signal.
fn patient(quiet: Notification) -> ! {
    quiet.wait();
    system_tests::report::broken("has signalled the notification of another process")
}

/// Returns the notification that the attackers may signal when they are done.
fn done() -> usize {
    SYSTEM.notifications.iter().position(|other| other.name == "DONE").unwrap_or(0)
}

fn attack(words: &[AtomicUsize; 2], vault: Handle<dyn Vault>, done: Signal) -> ! {
    unknown_numbers();
    calls_of_others();
    notifications_of_others();
    fault_records_of_others();
    lives_of_others();
    mutexes_elsewhere(vault);
    forged_mutexes(words);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn unknown_numbers() {
    let next = SystemCall::ALL.len();
    let others = [31, 32, 255, arch::UNKNOWN_SYSTEM_CALL, 0xffff, usize::MAX >> 1];
    for number in (next..next + 9).chain(others) {
        let reply = raw::system_call(number, [0; 4]);
        expect("an unknown system call", reply.status, Status::NO_SUCH_SYSTEM_CALL);
    }
}

/// Tests that restricted system calls return the error that the list gives, to processes without the right and for all
/// arguments.
fn calls_of_others() {
    for call in SystemCall::ALL {
        let Some(refusal) = call.signature().right.refusal() else { continue };
        for word in [0, 1, 2, 0x100, 1 << 31, usize::MAX] {
            let reply = raw::system_call(call as usize, [word; 4]);
            expect(call.name(), reply.status, refusal);
        }
    }
}

fn notifications_of_others() {
    let all = SYSTEM.notifications.len();
    for index in (0..all).chain([all, 31, 32, 33, 64, usize::MAX]) {
        if index != done() {
            let reply = raw::system_call(number::SIGNAL, [index, 0, 0, 0]);
            expect("a signal to others", reply.status, NOT_PERMITTED);
        }
        let reply = raw::system_call(number::ACKNOWLEDGE, [index, 0, 0, 0]);
        expect("an acknowledgement for others", reply.status, NOT_PERMITTED);
    }
    for set in [1, 2, 3, 1 << 31, usize::MAX] {
        let reply = raw::system_call(number::WAIT, [set, 0, 0, 0]);
        expect("a wait for others", reply.status, NOT_PERMITTED);
    }
}

fn fault_records_of_others() {
    for sequence in [0, 1, usize::MAX] {
        let reply = raw::system_call(number::READ_FAULT, [sequence, 0, 0, 0]);
        expect("a fault record", reply.status, NOT_PERMITTED);
    }
}

/// Tests that only the supervisor ends or restarts threads and processes. The attacker can end or restart neither its
/// neighbours nor itself.
fn lives_of_others() {
    let all = SYSTEM.processes.len();
    for process in (0..all).chain([all, 31, 32, 0xff, 0x100, usize::MAX]) {
        for number in [number::RESTART, number::STOP] {
            let reply = raw::system_call(number, [process, 0, 0, 0]);
            expect("a decision about a process", reply.status, NOT_PERMITTED);
        }
    }
}

/// Tests words outside of the attacker's memory. The kernel must not even read them.
fn mutexes_elsewhere(vault: Handle<dyn Vault>) {
    let secret = vault.address().unwrap_or(0);
    let local = 0_u32;
    let own_stack = (&raw const local).addr();
    for address in [
        0,
        secret,
        probe::kernel_memory(),
        own_stack,
        board::UART0.start,
        0x6000_0000,
        0xe000_ed94,
        usize::MAX,
        usize::MAX - 3,
    ] {
        for number in [number::MUTEX_WAIT, number::MUTEX_WAKE] {
            let reply = raw::system_call(number, [address, 0, 0, 0]);
            expect("a mutex elsewhere", reply.status, BAD_ARGUMENT);
        }
    }
}

/// Tests mutexes in the attacker's own memory that contain no stack pointer, or the stack pointer of another thread.
fn forged_mutexes(words: &[AtomicUsize; 2]) {
    let word = &words[0];
    let address = word.as_ptr().addr();
    for offset in 1..size_of::<usize>() {
        for number in [number::MUTEX_WAIT, number::MUTEX_WAKE] {
            let reply = raw::system_call(number, [address + offset, 0, 0, 0]);
            expect("an unaligned mutex", reply.status, BAD_ARGUMENT);
        }
    }
    for value in [1, 4, probe::kernel_memory(), usize::MAX] {
        word.store(value, Ordering::Relaxed);
        for number in [number::MUTEX_WAIT, number::MUTEX_WAKE] {
            let reply = raw::system_call(number, [address, 0, 0, 0]);
            expect("a mutex without a holder", reply.status, BAD_ARGUMENT);
        }
        expect("the word", word.load(Ordering::Relaxed), value);
    }
    let own = (&raw const address).addr();
    word.store(own & !7, Ordering::Relaxed);
    let reply = raw::system_call(number::MUTEX_WAIT, [address, 0, 0, 0]);
    expect("a wait for oneself", reply.error(), Some(CallError::Deadlock));
    word.store(stack_pointer_of("patient", 8), Ordering::Relaxed);
    for number in [number::MUTEX_WAIT, number::MUTEX_WAKE] {
        let reply = raw::system_call(number, [address, 0, 0, 0]);
        expect("a mutex held by a thread of another process", reply.status, BAD_ARGUMENT);
    }
    word.store(stack_pointer_of("noise", 4), Ordering::Relaxed);
    let reply = raw::system_call(number::MUTEX_WAKE, [address, 0, 0, 0]);
    expect("a mutex that another thread holds", reply.status, BAD_ARGUMENT);
    word.store(0, Ordering::Relaxed);
}

/// Returns the stack pointer with which the thread of this name might hold a mutex.
fn stack_pointer_of(name: &str, priority: u8) -> usize {
    probe::stack_of(&SYSTEM, name, priority).start + 64
}

/// Makes random system calls. In half of them the words are near something that exists.
///
/// System calls that may end or stop the caller as intended are left out: returns, exits, panics, and long waits.
fn noise(words: &[AtomicUsize; 2], seed: u32, done: Signal) -> ! {
    let mut random = Random(seed);
    for _ in 0..2_500 {
        let mut arguments = core::array::from_fn(|_| word(&mut random, words));
        let number = random.number() as usize % (SystemCall::ALL.len() + 2);
        let selector = match number {
            number::RETURN | number::EXIT | number::PANIC | number::BEGIN => {
                random.number() as usize % (SYSTEM.gates.len() + 2)
            }
            number::SLEEP | number::WAIT => {
                // The wait is at most 15 µs.
                let low = if number == number::SLEEP { 0 } else { 1 };
                arguments[low] &= 15;
                arguments[low + 1] = 0;
                number::system_call(number)
            }
            number::SLEEP_UNTIL => {
                arguments[1] = 0;
                arguments[0] &= 0xfff;
                number::system_call(number)
            }
            number::SIGNAL => {
                arguments[0] |= usize::from(arguments[0] == self::done());
                number::system_call(number)
            }
            number::MUTEX_WAIT => {
                // A wait for a forged mutex may last for ever, so the word here is not the address of a mutex.
                words[0].store(random.number() as usize | 1 << 30, Ordering::Relaxed);
                number::system_call(number)
            }
            _ if random.number().is_multiple_of(2) => {
                random.number() as usize % (SYSTEM.gates.len() + 2)
            }
            _ => number::system_call(number),
        };
        let _ = raw::trap(selector, arguments);
    }
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Returns a word that could do harm: a small number, an address close to one that the kernel may follow, or any word.
fn word(random: &mut Random, words: &[AtomicUsize; 2]) -> usize {
    let number = random.number() as usize;
    let near = |address: usize| address.wrapping_add(number % 64).wrapping_sub(32);
    match random.number() % 8 {
        0 | 1 => number % 40,
        2 => near(words.as_ptr().addr()),
        3 => near(probe::kernel_memory()),
        4 => near((&raw const number).addr()),
        5 => near(usize::MAX),
        _ => number,
    }
}

fn witness(faulted: Notification, done: Notification, vault: Handle<dyn Vault>) -> ! {
    for _ in 0..3 {
        expect("an attacker is done", done.wait_timeout(PATIENCE), Ok(()));
    }
    Watch::new(&SYSTEM, faulted).expect_no_more();
    expect_that("the victim continues", vault.visit().is_ok());
    expect("the victim's secret", vault.is_intact(), Ok(true));
    pass()
}
