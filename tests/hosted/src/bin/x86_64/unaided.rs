// SPDX-License-Identifier: MIT OR Apache-2.0
//! With protection keys neither calls nor switches of threads need Linux: a filter in Linux would end the program if
//! they called Linux. Without keys the same operations change pages with the help of Linux.
//!
//! Without seeds: a thread that is stepped needs Linux.
//! Without blocking: with it, no process could set the filter.

use board::port::inside;
use core::arch::asm;
use crossgate::{Concurrent, Exclusive, Handle, Notification, Signal, interface, thread};
use system_tests::report::expect;

/// Returns the next number.
#[interface]
trait Next {
    fn next(&self, number: u32) -> u32;
}

/// Returns the next number, one call at a time.
#[interface]
trait Alone {
    fn next(&mut self, number: u32) -> u32;
}

struct Server;

impl Next for Server {
    fn next(&self, number: u32) -> u32 {
        number + 1
    }
}

impl Alone for Server {
    fn next(&mut self, number: u32) -> u32 {
        number + 1
    }
}

/// Makes a further call, which divides the rest of the stack once more.
struct Between(Handle<dyn Next>);

impl Next for Between {
    fn next(&self, number: u32) -> u32 {
        self.0.next(number).map_or(0, |number| number + 1)
    }
}

type Servers = (Handle<dyn Next>, Handle<dyn Next>, Handle<dyn Alone>);

crossgate::system! {
    static SYSTEM;
    process client {
        notification PING;
        notification PARTNER;
        thread main (priority = 8, stack = 2048) = run((NEXT, BETWEEN, ALONE), [PONG, HIGH], [PING, PARTNER]);
        thread partner (priority = 8, stack = 1024) = partner(PARTNER, BETWEEN);
    }
    process server {
        notification PONG;
        notification HIGH;
        object next: Concurrent<Server> = Server => [NEXT: dyn Next];
        object alone: Exclusive<Server> = Server => [ALONE: dyn Alone];
        thread pong (priority = 8, stack = 1024) = pong(PONG, PING);
        thread high (priority = 9, stack = 1024) = high(HIGH);
    }
    process between { object between: Concurrent<Between> = Between(NEXT) => [BETWEEN: dyn Next]; }
}
board::start!(SYSTEM);

fn run(
    (next, between, alone): Servers,
    [pong, high]: [Signal; 2],
    [ping, partner]: [Notification; 2],
) -> ! {
    let round = |number| {
        expect("a call", next.next(number), Ok(number + 1));
        expect("a call that makes a call", between.next(number), Ok(number + 2));
        expect("a call to the exclusive object", alone.next(number), Ok(number + 1));
        expect("a more urgent thread is woken", high.signal(), Ok(()));
        expect("the other process is woken", pong.signal(), Ok(()));
        ping.wait();
        thread::yield_now();
    };
    partner.signal();
    (0..10).for_each(round);
    if inside::has_keys() {
        forbid_linux();
    }
    (0..1000).for_each(round);
    linux(EXIT_GROUP, [0; 3]);
    unreachable!()
}

/// Runs whenever the client yields.
fn partner(start: Notification, between: Handle<dyn Next>) -> ! {
    start.wait();
    loop {
        expect("the partner's call", between.next(1), Ok(3));
        thread::yield_now();
    }
}

fn pong(pong: Notification, ping: Signal) -> ! {
    loop {
        pong.wait();
        expect("the client is woken", ping.signal(), Ok(()));
    }
}

fn high(high: Notification) -> ! {
    loop {
        high.wait();
    }
}

/// Numbers of Linux' system calls.
const RT_SIGRETURN: u32 = 15;
const PRCTL: u32 = 157;
const EXIT_GROUP: u32 = 231;

/// An instruction of a filter (`struct sock_filter` of linux/filter.h).
#[repr(C)]
struct Instruction {
    code: u16,
    if_equal: u8,
    if_not: u8,
    operand: u32,
}

const fn instruction(code: u16, if_equal: u8, if_not: u8, operand: u32) -> Instruction {
    Instruction { code, if_equal, if_not, operand }
}

/// Ends the program at any call of Linux, except those that end a signal handler or the program.
static FILTER: [Instruction; 5] = {
    const LOAD: u16 = 0x20;
    const IS_EQUAL: u16 = 0x15;
    const RESULT: u16 = 0x06;
    const ALLOW: u32 = 0x7fff_0000;
    const KILL_PROCESS: u32 = 0x8000_0000;
    [
        instruction(LOAD, 0, 0, 0),
        instruction(IS_EQUAL, 2, 0, RT_SIGRETURN),
        instruction(IS_EQUAL, 1, 0, EXIT_GROUP),
        instruction(RESULT, 0, 0, KILL_PROCESS),
        instruction(RESULT, 0, 0, ALLOW),
    ]
};

/// Forbids calls of Linux from now on (`seccomp`, linux/seccomp.h).
fn forbid_linux() {
    const NO_NEW_PRIVILEGES: usize = 38;
    const SECCOMP: usize = 22;
    const BY_FILTER: usize = 2;
    /// `struct sock_fprog`.
    #[repr(C)]
    struct Program {
        length: u16,
        filter: *const Instruction,
    }
    let program = Program { length: FILTER.len() as u16, filter: FILTER.as_ptr() };
    expect("no privileges", linux(PRCTL, [NO_NEW_PRIVILEGES, 1, 0]), 0);
    let program = (&raw const program).expose_provenance();
    expect("the filter", linux(PRCTL, [SECCOMP, BY_FILTER, program]), 0);
}

/// Makes a call of Linux.
fn linux(number: u32, [first, second, third]: [usize; 3]) -> isize {
    let result;
    // SAFETY: the calls that are made here change no memory of the program.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as usize => result,
            in("rdi") first,
            in("rsi") second,
            in("rdx") third,
            in("r10") 0,
            in("r8") 0,
            out("rcx") _,
            out("r11") _,
        );
    }
    result
}
