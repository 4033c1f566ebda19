// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stacks that overflow, and stack pointers that point outside the stack. The kernel saves registers at the stack
//! pointer, so it must not trust the stack pointer.
//!
//! Without seeds: they shorten sleeps, but a sleep here has to last until other threads have run.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::hint::black_box;
use core::time::Duration;
use crossgate::{CallError, Concurrent, Handle, Notification, interface, time};
use crossgate_abi::table::ThreadRow;
use crossgate_abi::{Cause, Status, number};
use system_tests::fake::FakeStack;
use system_tests::report::{broken, expect, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;
use system_tests::{arch, probe};

/// A server that damages its stack.
#[interface]
trait Bad {
    fn act(&self);
}

/// A server that needs more stack than there is.
struct Deep;

impl Bad for Deep {
    fn act(&self) {
        recurse(own_stack("client"));
    }
}

/// Makes a system call on the stack of its caller, which is closed.
struct Climber;

impl Bad for Climber {
    fn act(&self) {
        trap_on(probe::stack_of(&SYSTEM, "client", 3).end)
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
    }
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process overflows { on_fault = stop; thread overflow (priority = 5, stack = 1024) = overflow(); }
    process jumps_over { on_fault = stop; thread jump (priority = 5, stack = 1024) = jump_over(); }
    process traps_on_kernel { on_fault = stop; thread attack (priority = 5, stack = 1024) = trap_on(probe::kernel_memory()); }
    process traps_on_victim { on_fault = stop; thread attack (priority = 5, stack = 1024) = trap_on_victim(VAULT); }
    process traps_on_flash { on_fault = stop; thread attack (priority = 5, stack = 1024) = trap_on((&raw const SYSTEM).addr() & !7); }
    process traps_on_own_memory {
        on_fault = stop;
        object fake: Concurrent<FakeStack<64>> = FakeStack::new() => [];
        thread attack (priority = 5, stack = 1024) = trap_on(fake.top());
    }
    process traps_at_the_bottom { on_fault = stop; thread bottom (priority = 5, stack = 1024) = trap_on(own_stack("bottom") + 32); }
    process traps_below { on_fault = stop; thread below (priority = 5, stack = 1024) = trap_on(own_stack("below")); }
    process traps_near_the_bottom { on_fault = stop; thread near (priority = 5, stack = 1024) = trap_on(own_stack("near") + arch::SYSTEM_CALL_STACK - 8); }
    process traps_at_zero { on_fault = stop; thread attack (priority = 5, stack = 1024) = trap_on(0); }
    process traps_at_the_end { on_fault = stop; thread attack (priority = 5, stack = 1024) = trap_on(usize::MAX & !7); }
    process spins_on_own_memory {
        on_fault = stop;
        object fake_to_spin_on: Concurrent<FakeStack<64>> = FakeStack::new() => [];
        thread attack (priority = 4, stack = 1024) = spin_on(fake_to_spin_on.top());
    }
    process spins_on_kernel { on_fault = stop; thread attack (priority = 4, stack = 1024) = spin_on(probe::kernel_memory()); }
    process deep { on_fault = stop; object deep_server: Concurrent<Deep> = Deep => [DEEP: dyn Bad]; }
    process climber { on_fault = stop; object climber_server: Concurrent<Climber> = Climber => [CLIMBER: dyn Bad]; }
    process client { on_fault = stop; thread client (priority = 3, stack = 2048) = client(DEEP, CLIMBER); }
    process nearly_empty { on_fault = stop; thread scarce (priority = 5, stack = 512) = call_with_little_stack(VAULT); }
    process last { on_fault = stop; thread last (priority = 2, stack = 2048) = odd_but_right(VAULT); }
}
board::start!(SYSTEM);

/// Returns the start of the stack of this thread.
fn own_stack(thread: &str) -> usize {
    let of = |other: &&ThreadRow| other.name == thread;
    arch::placed(&SYSTEM).threads.iter().find(of).map_or(0, |thread| thread.stack.addr())
}

/// Calls itself until the stack, which ends at `floor`, is used up. Reports this, if it still can.
#[inline(never)]
fn recurse(floor: usize) -> u32 {
    let frame = black_box([1_u32; 8]);
    if frame.as_ptr().addr() < floor {
        broken("has had more stack than there is")
    }
    recurse(floor) + black_box(frame)[1]
}

fn overflow() -> ! {
    black_box(recurse(own_stack("overflow")));
    broken("has used up its stack")
}

/// Moves the stack pointer far below the stack without touching the memory in between.
fn jump_over() -> ! {
    probe::store(own_stack("jump").wrapping_sub(0x2_0000), 1);
    broken("has written far below its stack")
}

fn trap_on_victim(vault: Handle<dyn Vault>) -> ! {
    trap_on(vault.address().unwrap_or(0).next_multiple_of(8))
}

/// Makes a system call with this stack pointer.
fn trap_on(stack_pointer: usize) -> ! {
    let _ = arch::trap_at(stack_pointer, number::system_call(number::THREAD_ID));
    broken("has made a system call with a wild stack pointer")
}

/// Waits with this stack pointer until it is interrupted.
fn spin_on(stack_pointer: usize) -> ! {
    arch::spin_at(stack_pointer)
}

/// Calls servers that damage their stack, which is a part of this thread's stack.
fn client(deep: Handle<dyn Bad>, climber: Handle<dyn Bad>) -> ! {
    let secret = black_box([0x1234_5678_u32; 8]);
    expect("a server overflows the stack", deep.act(), Err(CallError::ServerFaulted));
    expect("a server traps on its caller's stack", climber.act(), Err(CallError::ServerFaulted));
    expect("the caller's frame", black_box(secret), [0x1234_5678; 8]);
    crossgate::thread::exit()
}

/// Calls with just enough stack left for the kernel to save its registers, but not for a method.
fn call_with_little_stack(_vault: Handle<dyn Vault>) -> ! {
    let service = system_tests::raw::service(&SYSTEM, "VAULT");
    for left in arch::TOO_LITTLE_STACK.step_by(arch::STACK_UNIT.max(8)) {
        let (status, _) = arch::trap_at(own_stack("scarce") + left, number::call(service, 1));
        expect("a call with little stack", status, CallError::StackTooSmall.into());
    }
    crossgate::thread::exit()
}

/// Uses a stack pointer that is aligned only as it has to be. This is unusual, but allowed: the call has to work, and
/// to return to the same stack pointer.
fn odd_but_right(vault: Handle<dyn Vault>) -> ! {
    let service = system_tests::raw::service(&SYSTEM, "VAULT");
    let stack = probe::stack_of(&SYSTEM, "last", 2);
    let odd = stack.start + stack.len() / 2 + arch::STACK_UNIT;
    let (status, after) = arch::trap_at(odd, number::call(service, 1));
    expect("the status of a call with an odd stack pointer", status, Status::OK);
    expect("the stack pointer after the call", after, odd);
    expect("the victim's secret", vault.is_intact(), Ok(true));
    pass()
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let goes_on = || expect("the victim continues", vault.is_intact(), Ok(true));
    watch.expect("overflows", Cause::Stack);
    goes_on();
    watch.expect("jumps_over", Cause::Access);
    goes_on();
    for process in [
        "traps_on_kernel",
        "traps_on_victim",
        "traps_on_flash",
        "traps_on_own_memory",
        "traps_at_the_bottom",
        "traps_below",
        "traps_near_the_bottom",
        "traps_at_zero",
        "traps_at_the_end",
    ] {
        watch.expect(process, Cause::Stack);
        goes_on();
    }
    // A timer has to interrupt these threads, and its interrupt must not be lost.
    for process in ["spins_on_own_memory", "spins_on_kernel"] {
        let start = time::now();
        time::sleep(Duration::from_millis(5));
        watch.expect(process, Cause::Stack);
        expect("the sleep was short", time::now() - start < Duration::from_millis(50), true);
        goes_on();
    }
    watch.expect("deep", Cause::Stack);
    goes_on();
    watch.expect("climber", Cause::Stack);
    goes_on();
    watch.expect_no_more();
    loop {
        faulted.wait();
        watch.expect_no_more();
    }
}
