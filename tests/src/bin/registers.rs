//! Registers carry nothing between caller and callee but the words of the call.
#![cfg_attr(target_os = "none", no_std)]
#![no_main]
#![cfg(target_os = "none")]

use core::arch::asm;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Concurrent, Handle, interface};
use crossgate_abi::number;
use system_tests::raw;
use system_tests::report::{expect, pass};
use system_tests::watch::allow_no_fault;

/// The upper half of every secret.
const SECRET: u32 = 0x5ec2_0000;

#[interface]
trait Spy {
    /// Looks for secrets in all registers. Its argument is none.
    fn look(&self, argument: u32);
    /// Leaves with its own secrets in all registers.
    fn leak(&self, argument: u32) -> u32;
    /// In how many registers `look` found secrets.
    fn found(&self) -> u32;
}

struct Listener {
    found: AtomicU32,
}

impl Spy for Listener {
    #[inline(always)]
    fn look(&self, _argument: u32) {
        // Not zeroed before, because that would take registers.
        let mut registers = MaybeUninit::<[u32; 13]>::uninit();
        // SAFETY: the registers are written to the array that r0 points to.
        let registers = unsafe {
            asm!(
                "stmia r0, {{r1-r12}}",
                "str lr, [r0, #48]",
                in("r0") registers.as_mut_ptr(),
                options(nostack),
            );
            registers.assume_init()
        };
        let secrets = registers.iter().filter(|&&word| word & 0xffff_0000 == SECRET).count();
        self.found.fetch_add(secrets as u32, Ordering::Relaxed);
    }

    fn leak(&self, _argument: u32) -> u32 {
        // SAFETY: nothing comes back.
        unsafe {
            asm!(
                "mov r3, r1", "mov r4, r1", "mov r5, r1", "mov r6, r1", "mov r7, r1",
                "mov r8, r1", "mov r9, r1", "mov r10, r1", "mov r11, r1", "mov lr, r1",
                "cmp r1, r1",
                "svc 0",
                "udf #0",
                in("r0") 0,
                in("r1") SECRET,
                in("r2") 0,
                in("r12") number::system_call(number::RETURN),
                options(noreturn),
            )
        }
    }

    fn found(&self) -> u32 {
        self.found.load(Ordering::Relaxed)
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        faults FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process spy {
        object listener: Concurrent<Listener> = Listener { found: AtomicU32::new(0) } => [SPY: dyn Spy];
    }
    process client { thread main (priority = 5, stack = 2048) = client(SPY); }
}
crossgate_cortex_m::start!(SYSTEM, clock_hz = mps2_an385::CLOCK_HZ);

fn client(spy: Handle<dyn Spy>) -> ! {
    let service = raw::service(&SYSTEM, "SPY");
    let registers = call_with_secrets(number::call(service, 0));
    expect("the call", registers[0], 0);
    // Mutation: `Context::enter` gives r4 to r11 (then r12, then lr) another value than 0.
    // Mutation: `used` gives back all words.
    expect("secrets that the callee saw", spy.found(), Ok(0));
    // Mutation: the entry leaves without loading r4 to r11.
    for (number, register) in (4..).zip(&registers[4..12]) {
        expect("a register of the caller after a call", *register, SECRET | number);
    }

    let registers = call_with_secrets(number::call(service, 1));
    expect("the call", registers[0], 0);
    expect("its result", registers[1], SECRET);
    expect("its second word", registers[2], 0);
    // Mutation: as above; `handler::leave` sets r12 in the caller's context.
    for (number, register) in (0..).zip(&registers).skip(3) {
        expect("the callee's secret in a register", *register == SECRET, false);
        if (4..12).contains(&number) {
            expect("a register of the caller after a call", *register, SECRET | number);
        }
    }
    pass()
}

/// Calls with a secret in every register but the first argument's. Gives back all registers, r0 to
/// r12 and lr, as they are after it.
#[inline(never)]
fn call_with_secrets(selector: usize) -> [u32; 14] {
    let mut registers = [0; 14];
    // SAFETY: r7 and r11 may be reserved by the compiler, so all that is preserved is saved by hand.
    // The array is written to through its pointer, which is kept on the stack during the call.
    unsafe {
        asm!(
            "push {{r0, r4-r11, lr}}",
            "movw r3, #0x5ec2", "lsl r3, #16",
            "orr r4, r3, #4", "orr r5, r3, #5", "orr r6, r3, #6", "orr r7, r3, #7",
            "orr r8, r3, #8", "orr r9, r3, #9", "orr r10, r3, #10", "orr r11, r3, #11",
            "orr lr, r3, #14", "orr r1, r3, #1", "orr r2, r3, #2", "orr r3, r3, #3",
            "mov r0, #1",
            "svc 0",
            "push {{r0}}",
            "ldr r0, [sp, #4]",
            "stmia r0, {{r0-r12}}",
            "str lr, [r0, #52]",
            "pop {{r1}}",
            "str r1, [r0]",
            "pop {{r0, r4-r11, lr}}",
            in("r0") registers.as_mut_ptr(),
            in("r12") selector,
            clobber_abi("C"),
        );
    }
    registers
}
