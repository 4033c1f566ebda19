// SPDX-License-Identifier: MIT OR Apache-2.0
//! The time from a fault in a server to the error at its caller.
//!
//! In this firmware the kernel stops a process that has faulted. So there are eight servers, and each faults once.
#![cfg_attr(target_os = "none", no_std, no_main)]

use bench::Crash;
use bench::report::Bench;
use board::{TIMER0, Timer, UART0, Uart};
use crossgate::{CallError, Concurrent, Handle};

struct Crasher;

impl Crash for Crasher {
    fn ready(&self) {}
    fn crash(&self) -> u32 {
        // SAFETY: this memory does not belong to the process, so the access faults, which is measured.
        unsafe { core::ptr::without_provenance::<u32>(0x2000_0000).read_volatile() }
    }
}

crossgate::system! {
    static SYSTEM;
    process client {
        mmio UART0;
        mmio TIMER0;
        thread main (priority = 1, stack = 2048) = run([A, B, C, D, E, F, G, H]);
    }
    process first { on_fault = stop; object a: Concurrent<Crasher> = Crasher => [A: dyn Crash]; }
    process second { on_fault = stop; object b: Concurrent<Crasher> = Crasher => [B: dyn Crash]; }
    process third { on_fault = stop; object c: Concurrent<Crasher> = Crasher => [C: dyn Crash]; }
    process fourth { on_fault = stop; object d: Concurrent<Crasher> = Crasher => [D: dyn Crash]; }
    process fifth { on_fault = stop; object e: Concurrent<Crasher> = Crasher => [E: dyn Crash]; }
    process sixth { on_fault = stop; object f: Concurrent<Crasher> = Crasher => [F: dyn Crash]; }
    process seventh { on_fault = stop; object g: Concurrent<Crasher> = Crasher => [G: dyn Crash]; }
    process eighth { on_fault = stop; object h: Concurrent<Crasher> = Crasher => [H: dyn Crash]; }
}
board::start!(SYSTEM);

fn run(crashers: [Handle<dyn Crash>; 8]) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    assert!(crashers.iter().all(|crasher| crasher.ready().is_ok()));
    let mut faulted = 0;
    bench.measure_whole("fault_to_caller", 8, || {
        for crasher in crashers {
            faulted += u32::from(crasher.crash() == Err(CallError::ServerFaulted));
        }
    });
    assert!(faulted == 8);
    bench.end()
}
