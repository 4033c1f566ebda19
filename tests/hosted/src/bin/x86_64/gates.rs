// SPDX-License-Identifier: MIT OR Apache-2.0
//! Jumps into the middle of the port's own code, and changes of data that this code is about to load. The port's code
//! on the path into the kernel and back has no more rights than the code that jumps there. (The book lists the
//! exceptions: the kernel's own functions, and the end of signal handlers.)
//!
//! Options: --block-system-calls

use board::port::inside;
use core::arch::asm;
use core::time::Duration;
use crossgate::{Concurrent, Handle, Notification, thread, time};
use crossgate_abi::{Cause, number};
use system_tests::fake::FakeStack;
use system_tests::probe;
use system_tests::report::{broken, expect, expect_that, fail, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
    }
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process enters_late {
        on_fault = stop;
        object stack: Concurrent<FakeStack<512>> = FakeStack::new() => [];
        thread attack (priority = 5, stack = 1024) = enter_late(&stack);
    }
    process enters_at_the_end { on_fault = stop; thread attack (priority = 5, stack = 1024) = enter_at(usize::MAX - 7); }
    process enters_high { on_fault = stop; thread attack (priority = 5, stack = 1024) = enter_at(usize::MAX - 4095); }
    process enters_on_victim {
        on_fault = stop;
        thread attack (priority = 5, stack = 1024) = enter_at(probe::memory_of(&SYSTEM, "victim").start);
    }
    process enters_on_others {
        on_fault = stop;
        thread waits (priority = 5, stack = 1024) = thread::exit();
        thread attack (priority = 5, stack = 1024) = enter_at(probe::stack_of(&SYSTEM, "waits", 5).end - 1024);
    }
    process leaves { on_fault = stop; thread attack (priority = 5, stack = 1024) = leave(); }
    process leaves_by_pages { on_fault = stop; thread attack (priority = 5, stack = 1024) = leave_by_pages(); }
    process enters_as_fault { on_fault = stop; thread attack (priority = 5, stack = 1024) = enter_as_fault(); }
    process enters_with_keys { on_fault = stop; thread attack (priority = 5, stack = 1024) = enter_with_keys(); }
    process comes_back {
        on_fault = stop;
        object forged: Concurrent<FakeStack<512>> = FakeStack::new() => [];
        thread attack (priority = 5, stack = 1024) = come_back(&forged);
    }
    process spoils {
        on_fault = stop;
        thread waits (priority = 6, stack = 1024) = wait();
        thread spoils (priority = 5, stack = 1024) = spoil();
    }
    process last { on_fault = stop; thread last (priority = 1, stack = 1024) = last(VAULT); }
}
board::start!(SYSTEM);

unsafe extern "C" {
    fn __crossgate_gate();
    /// The instruction at which the mode becomes the kernel's. Its handler gets the address of the saved registers in
    /// rdi.
    fn __crossgate_gate_enters();
    /// The instruction at which a thread continues that has faulted.
    fn __crossgate_fault_entry();
}

/// Returns the address of this code, at or behind an address.
fn find(start: usize, code: &[u8]) -> usize {
    const NEAR: usize = 0x100;
    let is_there = |&place: &usize| {
        let place = core::ptr::with_exposed_provenance::<u8>(place);
        // SAFETY: code may be read, and more code than the searched bytes follows all of these addresses.
        code == unsafe { core::slice::from_raw_parts(place, code.len()) }
    };
    match (start..start + NEAR).find(is_there) {
        Some(place) => place,
        None => fail(format_args!("the code of the port is not as expected")),
    }
}

/// Returns the address in the gate at which the registers have been saved.
fn behind_the_pushes() -> usize {
    // `fnstcw [rsp + 4]`, `mov rdi, rsp`
    find(__crossgate_gate as *const () as usize, &[0xd9, 0x7c, 0x24, 0x04, 0x48, 0x89, 0xe7]) + 4
}

/// Returns the address at which the path out of the kernel calls Linux.
fn change_of_protection() -> usize {
    // `mov eax, SYS_mprotect`, `syscall`
    find(inside::way_out(), &[0xb8, 0x0a, 0x00, 0x00, 0x00, 0x0f, 0x05])
}

/// Returns the address at which the path loads the registers with which a thread continues after a call.
fn end_of_answer() -> usize {
    // `ldmxcsr [rsp]`, `fldcw [rsp + 4]`, `add rsp, 48`
    find(
        inside::answer(),
        &[0x0f, 0xae, 0x14, 0x24, 0xd9, 0x6c, 0x24, 0x04, 0x48, 0x83, 0xc4, 0x30],
    )
}

fn steal() -> ! {
    let _ = probe::load(probe::memory_of(&SYSTEM, "victim").start);
    broken("has read the victim's memory")
}

/// Enters the gate behind its pushes, with forged registers in its own memory.
fn enter_late(stack: &FakeStack<512>) -> ! {
    // SAFETY: this is an attack, and no code follows it.
    unsafe {
        *stack.words() = [steal as *const () as usize; 512];
        (*stack.words())[1] = number::system_call(number::THREAD_ID);
        asm!(
            "mov rsp, {stack}",
            "jmp {gate}",
            stack = in(reg) stack.words(),
            gate = in(reg) behind_the_pushes(),
            options(noreturn),
        )
    }
}

/// Jumps to code that only faults should reach.
fn enter_as_fault() -> ! {
    // SAFETY: as above.
    unsafe { asm!("jmp {}", in(reg) __crossgate_fault_entry as *const (), options(noreturn)) }
}

/// Jumps to code that only faults should reach, and that takes all rights if there are protection keys.
fn enter_with_keys() -> ! {
    // SAFETY: as above.
    unsafe { asm!("jmp {}", in(reg) inside::fault_entry_with_keys(), options(noreturn)) }
}

/// Makes the kernel believe that registers are saved at an address.
fn enter_at(address: usize) -> ! {
    // SAFETY: as above.
    unsafe {
        asm!("jmp {}", in(reg) __crossgate_gate_enters as *const (), in("rdi") address, options(noreturn))
    }
}

/// Takes the path out of the kernel without having been in the kernel, so the path makes the changes of protection of
/// the last time.
fn leave() -> ! {
    // SAFETY: as above.
    unsafe {
        asm!("jmp {}", in(reg) inside::way_out(), in("rax") steal as *const (), in("rdx") 0, options(noreturn))
    }
}

/// Takes this path from the call of Linux on, to open the victim's memory.
fn leave_by_pages() -> ! {
    const NO_MORE_CHANGES: [usize; 8] = [0; 8];
    let victim = probe::memory_of(&SYSTEM, "victim").start & !0xfff;
    // SAFETY: as above.
    unsafe {
        asm!(
            "jmp {place}",
            place = in(reg) change_of_protection(),
            in("rdi") victim,
            in("rsi") 4096,
            in("rdx") 3,
            in("r13") &NO_MORE_CHANGES,
            options(noreturn),
        )
    }
}

/// Continues as after a system call, with registers that the kernel has never seen.
fn come_back(forged: &FakeStack<512>) -> ! {
    // SAFETY: as above. The following words are the data to load.
    unsafe {
        *forged.words() = [steal as *const () as usize; 512];
        (*forged.words())[0] = 0x37f_0000_1f80;
        asm!(
            "mov rsp, {forged}",
            "jmp {place}",
            forged = in(reg) forged.words(),
            place = in(reg) end_of_answer(),
            options(noreturn),
        )
    }
}

/// Waits for ever, with its registers saved where its process can write.
fn wait() -> ! {
    loop {
        time::sleep(Duration::from_millis(1));
    }
}

/// Changes that thread's saved MXCSR to a value that the CPU refuses to load.
fn spoil() -> ! {
    let stack = probe::stack_of(&SYSTEM, "waits", 6);
    for address in (stack.end - 0x2000..stack.end).step_by(8) {
        let word = core::ptr::with_exposed_provenance_mut::<u64>(address);
        // SAFETY: this is an attack: the memory is the stack of another thread of this process, which waits.
        unsafe {
            if word.read_volatile() & 0xffff_ffff_ffff == 0x37f_0000_1f80 {
                word.write_volatile(0x37f_ffff_ffff);
            }
        }
    }
    loop {
        time::sleep(Duration::from_millis(1));
    }
}

/// Runs when all others have ended.
fn last(vault: Handle<dyn Vault>) -> ! {
    expect("the victim's secret", vault.is_intact(), Ok(true));
    time::sleep(Duration::from_millis(20));
    pass()
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let goes_on = || expect("the victim goes on", vault.is_intact(), Ok(true));
    watch.expect("enters_late", Cause::Stack);
    goes_on();
    for process in ["enters_at_the_end", "enters_high", "enters_on_victim", "enters_on_others"] {
        // With protection keys the attacker can't change the mode.
        watch.expect_one_of(process, &[Cause::Stack, Cause::Access]);
        goes_on();
    }
    // With protection keys there is no call of Linux on this path.
    watch.expect_one_of("leaves", &[Cause::Access, Cause::Instruction]);
    goes_on();
    watch.expect("leaves_by_pages", Cause::Instruction);
    goes_on();
    // No fault is recorded, and certainly not the last one of another process.
    watch.expect("enters_as_fault", Cause::Unknown);
    goes_on();
    // A CPU without protection keys refuses the instruction that changes rights. A CPU that has them executes it, also
    // for a firmware that does without.
    let causes = [Cause::Unknown, Cause::Instruction];
    watch
        .expect_one_of("enters_with_keys", if inside::has_keys() { &causes[..1] } else { &causes });
    goes_on();
    let record = watch.expect_one_of("comes_back", &[Cause::Access, Cause::Stack]);
    expect("what it wanted", record.address, probe::memory_of(&SYSTEM, "victim").start);
    goes_on();
    let record = watch.expect("spoils", Cause::Access);
    expect_that("the instruction is known", record.instruction != 0);
    goes_on();
    faulted.wait();
    watch.expect_no_more();
    broken("has caused one more fault")
}
