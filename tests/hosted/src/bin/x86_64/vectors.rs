// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts preserve the vector registers of AVX and the numbers in the x87, and the next process finds these
//! registers empty.

use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use crossgate::{Concurrent, Handle, Notification, Signal, interface, thread, time};
use crossgate_abi::{Word, number};
use system_tests::raw;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

/// All vector registers, 256 bits each.
type Vectors = [[u64; 4]; 16];

/// Returns the same number in all of them.
const fn all(number: u64) -> Vectors {
    [[number; 4]; 16]
}

/// Expands to loads of the registers from rdi, 32 bytes each.
macro_rules! load {
    () => {
        "vmovdqu ymm0, [rdi]
         vmovdqu ymm1, [rdi + 32]
         vmovdqu ymm2, [rdi + 64]
         vmovdqu ymm3, [rdi + 96]
         vmovdqu ymm4, [rdi + 128]
         vmovdqu ymm5, [rdi + 160]
         vmovdqu ymm6, [rdi + 192]
         vmovdqu ymm7, [rdi + 224]
         vmovdqu ymm8, [rdi + 256]
         vmovdqu ymm9, [rdi + 288]
         vmovdqu ymm10, [rdi + 320]
         vmovdqu ymm11, [rdi + 352]
         vmovdqu ymm12, [rdi + 384]
         vmovdqu ymm13, [rdi + 416]
         vmovdqu ymm14, [rdi + 448]
         vmovdqu ymm15, [rdi + 480]"
    };
}

/// Expands to stores of the registers to r12.
macro_rules! store {
    () => {
        "vmovdqu [r12], ymm0
         vmovdqu [r12 + 32], ymm1
         vmovdqu [r12 + 64], ymm2
         vmovdqu [r12 + 96], ymm3
         vmovdqu [r12 + 128], ymm4
         vmovdqu [r12 + 160], ymm5
         vmovdqu [r12 + 192], ymm6
         vmovdqu [r12 + 224], ymm7
         vmovdqu [r12 + 256], ymm8
         vmovdqu [r12 + 288], ymm9
         vmovdqu [r12 + 320], ymm10
         vmovdqu [r12 + 352], ymm11
         vmovdqu [r12 + 384], ymm12
         vmovdqu [r12 + 416], ymm13
         vmovdqu [r12 + 448], ymm14
         vmovdqu [r12 + 480], ymm15"
    };
}

/// Returns the contents of the registers.
#[inline(never)]
fn now() -> Vectors {
    let mut vectors = all(1);
    // SAFETY: the instructions store registers to this array.
    unsafe { asm!(store!(), in("r12") &raw mut vectors, options(nostack)) };
    vectors
}

/// Loads the registers, waits for `rounds` rounds, and returns the registers' contents then.
fn keep_for(vectors: &Vectors, rounds: usize) -> Vectors {
    let mut after = all(1);
    // SAFETY: the instructions load and store registers from and to these arrays.
    unsafe {
        asm!(
            load!(),
            "2: dec r13",
            "jnz 2b",
            store!(),
            "vzeroupper",
            in("rdi") vectors,
            in("r12") &raw mut after,
            inout("r13") rounds => _,
            clobber_abi("C"),
            options(nostack),
        );
    }
    after
}

/// Fills the x87, waits for `rounds` rounds, and returns the x87's contents then.
fn keep_numbers_for(numbers: &[f64; 8], rounds: usize) -> [f64; 8] {
    let mut after = [0.0; 8];
    // SAFETY: the instructions load and store numbers from and to these arrays, and leave none behind.
    unsafe {
        asm!(
            "fld qword ptr [rdi + 56]", "fld qword ptr [rdi + 48]",
            "fld qword ptr [rdi + 40]", "fld qword ptr [rdi + 32]",
            "fld qword ptr [rdi + 24]", "fld qword ptr [rdi + 16]",
            "fld qword ptr [rdi + 8]", "fld qword ptr [rdi]",
            "2: dec r13",
            "jnz 2b",
            "fstp qword ptr [r12]", "fstp qword ptr [r12 + 8]",
            "fstp qword ptr [r12 + 16]", "fstp qword ptr [r12 + 24]",
            "fstp qword ptr [r12 + 32]", "fstp qword ptr [r12 + 40]",
            "fstp qword ptr [r12 + 48]", "fstp qword ptr [r12 + 56]",
            in("rdi") numbers,
            in("r12") &raw mut after,
            inout("r13") rounds => _,
            clobber_abi("C"),
            options(nostack),
        );
    }
    after
}

/// Calls a method without arguments, with these vectors in the registers. Returns the registers' contents then.
fn call_with(vectors: &Vectors, selector: Word) -> Vectors {
    let mut after = all(1);
    // SAFETY: the gate preserves the registers that a function preserves.
    unsafe {
        asm!(
            load!(),
            "call __crossgate_gate",
            store!(),
            "vzeroupper",
            inout("rdi") vectors => _,
            in("r12") &raw mut after,
            inout("rax") selector => _,
            clobber_abi("C"),
        );
    }
    after
}

/// Returns from the current call, with these vectors in the registers.
fn leave_with(vectors: &Vectors) -> ! {
    // SAFETY: the call does not return.
    unsafe {
        asm!(
            load!(),
            "xor edi, edi",
            "xor esi, esi",
            "xor edx, edx",
            "call __crossgate_gate",
            "ud2",
            in("rdi") vectors,
            in("rax") number::system_call(number::RETURN),
            options(noreturn),
        )
    }
}

/// The secrets of a caller and of a server.
const SECRETS: [Vectors; 2] = [all(0x5ec2_e7a5_5ec2_e7a5), all(0x0dd5_ec2e_7a50_dd5e)];

#[interface]
trait Spy {
    /// Checks the registers for secrets.
    fn look(&self);
    /// Returns with the server's secret in the registers.
    fn leak(&self);
    /// Returns the number of registers that were not empty.
    fn found(&self) -> u32;
}

struct Listener(AtomicU32);

impl Spy for Listener {
    #[inline(always)]
    fn look(&self) {
        let strange = now().iter().filter(|&&it| it[2..] != [0; 2] || it == SECRETS[0][0]).count();
        self.0.fetch_add(strange as u32, Ordering::Relaxed);
    }
    fn leak(&self) {
        leave_with(&SECRETS[1])
    }
    fn found(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The number of rounds of a loop that is interrupted several times.
const ROUNDS: usize = 300_000_000;

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process spy { object listener: Concurrent<Listener> = Listener(AtomicU32::new(0)) => [SPY: dyn Spy]; }
    process other {
        notification ENOUGH;
        thread main (priority = 9, stack = 1024) = disturb(ENOUGH);
    }
    process client { thread main (priority = 5, stack = 2048) = client(SPY, ENOUGH); }
}
board::start!(SYSTEM);

fn client(spy: Handle<dyn Spy>, enough: Signal) -> ! {
    if !is_x86_feature_detected!("avx") {
        pass();
    }
    let service = raw::service(&SYSTEM, "SPY");
    let is_clear = |vectors: Vectors, secret: &Vectors| {
        vectors.iter().all(|it| it[2..] == [0; 2] && it[..2] != secret[0][..2])
    };
    let after = call_with(&SECRETS[0], number::call(service, 0));
    expect("registers that were not empty at the server", spy.found(), Ok(0));
    expect_that("the caller finds nothing of an earlier secret", is_clear(after, &SECRETS[0]));
    let after = call_with(&SECRETS[0], number::call(service, 1));
    expect_that("the caller finds nothing of the server's secret", is_clear(after, &SECRETS[1]));
    let kept = keep_for(&SECRETS[0], ROUNDS);
    expect_that("an interrupted thread keeps its vectors", kept == SECRETS[0]);
    let numbers = [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5];
    expect("numbers of an interrupted thread", keep_numbers_for(&numbers, ROUNDS), numbers);
    expect("signal", enough.signal(), Ok(()));
    thread::exit()
}

/// Interrupts the client, and loads other numbers into the registers.
fn disturb(enough: Notification) -> ! {
    let mut rounds = 0;
    while enough.wait_timeout(Duration::from_millis(1)).is_err() {
        keep_for(&SECRETS[1], 1);
        keep_numbers_for(&[9.5; 8], 1);
        rounds += 1;
    }
    expect_that("the client was interrupted", rounds >= 1);
    time::sleep(Duration::from_millis(1));
    pass()
}
