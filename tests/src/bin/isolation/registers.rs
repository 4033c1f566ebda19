// SPDX-License-Identifier: MIT OR Apache-2.0
//! Registers carry nothing between caller and callee except for the words of the call. The caller's stub clears the
//! registers of words that the method does not use. The kernel clears all other registers.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Concurrent, Handle, Lease, interface};
use crossgate_abi::{Status, Word, number};
use system_tests::arch;
use system_tests::arch::registers::{self, SECRET};
use system_tests::raw;
use system_tests::report::{expect, pass};
use system_tests::watch::allow_no_fault;

/// Returns the number of registers with secrets. (This is a function of its own, so that no register contains the value
/// with which the registers are compared.)
#[inline(never)]
fn secrets(registers: &[Word]) -> u32 {
    registers.iter().map(|word| u32::from(word & !0xffff == SECRET)).sum()
}

#[interface]
trait Spy {
    /// Looks for secrets in all registers. The argument is not a secret.
    fn look(&self, argument: u32);
    /// Looks for secrets after the kernel has checked the kinds of the words.
    fn look_at(&self, argument: u32, lent: Lease<'_, [u8]>);
    /// Leaves with its own secrets in all registers.
    fn leak(&self, argument: u32) -> usize;
    /// Returns the number of registers in which `look` found secrets.
    fn found(&self) -> u32;
}

struct Listener {
    found: AtomicU32,
}

impl Spy for Listener {
    #[inline(always)]
    fn look(&self, _argument: u32) {
        self.found.fetch_add(secrets(&registers::now()), Ordering::Relaxed);
    }

    #[inline(always)]
    fn look_at(&self, _argument: u32, _lent: Lease<'_, [u8]>) {
        self.found.fetch_add(secrets(&registers::now()), Ordering::Relaxed);
    }

    fn leak(&self, _argument: u32) -> usize {
        registers::leave_secrets()
    }

    fn found(&self) -> u32 {
        self.found.load(Ordering::Relaxed)
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process spy {
        object listener: Concurrent<Listener> = Listener { found: AtomicU32::new(0) } => [SPY: dyn Spy];
    }
    process client { thread main (priority = 5, stack = 2048) = client(SPY); }
}
board::start!(SYSTEM);

fn client(spy: Handle<dyn Spy>) -> ! {
    let service = raw::service(&SYSTEM, "SPY");
    let after = registers::call_with_secrets(number::call(service, 0));
    expect("the call", after.status, Status::OK);
    expect("secrets that the callee saw", spy.found(), Ok(0));
    expect_preserved(&after.preserved);

    let words = [1, arch::constants().start, 8, 0];
    let after = registers::call_with_words_and_secrets(number::call(service, 1), words);
    expect("the call with a lease", after.status, Status::OK);
    expect("secrets that the callee saw in a call with a lease", spy.found(), Ok(0));
    expect_preserved(&after.preserved);

    registers::with_secrets(look, &spy);
    expect("secrets that the stub let through", spy.found(), Ok(0));

    let after = registers::call_with_secrets(number::call(service, 2));
    expect("the call", after.status, Status::OK);
    expect("its result", after.words, [SECRET, 0]);
    expect("the callee's secret in a register", after.others.contains(&SECRET), false);
    expect_preserved(&after.preserved);
    pass()
}

/// Makes a call by the stub, with secrets in the registers of words that the method does not use.
extern "C" fn look(spy: &Handle<dyn Spy>) {
    expect("a call by the stub", spy.look(1), Ok(()));
}

fn expect_preserved(registers: &[Word]) {
    for (place, register) in registers.iter().enumerate() {
        expect("a register of the caller after a call", *register, SECRET + place);
    }
}
