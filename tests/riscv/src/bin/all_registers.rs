// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread that is interrupted at any instruction, and preempted by another thread with other values in its registers,
//! continues with all of its 31 registers, gp and tp too. A system call preserves gp, tp, and the registers that a
//! function preserves.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_riscv::main_elsewhere!();

#[cfg(target_arch = "riscv32")]
mod firmware {
    use core::arch::naked_asm;
    use core::time::Duration;
    use crossgate::{Notification, Signal, thread, time};
    use crossgate_abi::number;
    use system_tests::arch::registers;
    use system_tests::report::{expect, pass};
    use system_tests::watch::allow_no_fault;

    /// The registers whose values are held: all but sp, and a0, which counts.
    const HELD: usize = 29;
    /// The distance between the values of two registers.
    const STEP: u32 = 0x0001_0000;

    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
        }
        process patient { thread main (priority = 5, stack = 2048) = be_preempted(DONE); }
        process hasty { thread main (priority = 6, stack = 2048) = preempt(); }
        process judge {
            counting notification DONE;
            thread main (priority = 7, stack = 2048) = judge(DONE);
        }
    }
    board::start!(SYSTEM);

    /// Gives all registers values from `first` on, counts down, and then writes the values of the registers to memory.
    #[unsafe(naked)]
    unsafe extern "C" fn hold(count: u32, first: u32, after: *mut [u32; HELD]) {
        naked_asm!(
            "addi sp, sp, -64",
            "sw ra, 0(sp)",
            "sw gp, 4(sp)",
            "sw tp, 8(sp)",
            "sw s0, 12(sp)",
            "sw s1, 16(sp)",
            "sw s2, 20(sp)",
            "sw s3, 24(sp)",
            "sw s4, 28(sp)",
            "sw s5, 32(sp)",
            "sw s6, 36(sp)",
            "sw s7, 40(sp)",
            "sw s8, 44(sp)",
            "sw s9, 48(sp)",
            "sw s10, 52(sp)",
            "sw s11, 56(sp)",
            "sw a2, 60(sp)",
            "lui a2, {step}",
            "mv ra, a1",
            "add gp, ra, a2",
            "add tp, gp, a2",
            "add t0, tp, a2",
            "add t1, t0, a2",
            "add t2, t1, a2",
            "add s0, t2, a2",
            "add s1, s0, a2",
            "add a1, s1, a2",
            "add a3, a1, a2",
            "add a4, a3, a2",
            "add a5, a4, a2",
            "add a6, a5, a2",
            "add a7, a6, a2",
            "add s2, a7, a2",
            "add s3, s2, a2",
            "add s4, s3, a2",
            "add s5, s4, a2",
            "add s6, s5, a2",
            "add s7, s6, a2",
            "add s8, s7, a2",
            "add s9, s8, a2",
            "add s10, s9, a2",
            "add s11, s10, a2",
            "add t3, s11, a2",
            "add t4, t3, a2",
            "add t5, t4, a2",
            "add t6, t5, a2",
            "add a2, t6, a2",
            "2: addi a0, a0, -1",
            "bnez a0, 2b",
            "lw a0, 60(sp)",
            "sw ra, 0(a0)",
            "sw gp, 4(a0)",
            "sw tp, 8(a0)",
            "sw t0, 12(a0)",
            "sw t1, 16(a0)",
            "sw t2, 20(a0)",
            "sw s0, 24(a0)",
            "sw s1, 28(a0)",
            "sw a1, 32(a0)",
            "sw a3, 36(a0)",
            "sw a4, 40(a0)",
            "sw a5, 44(a0)",
            "sw a6, 48(a0)",
            "sw a7, 52(a0)",
            "sw s2, 56(a0)",
            "sw s3, 60(a0)",
            "sw s4, 64(a0)",
            "sw s5, 68(a0)",
            "sw s6, 72(a0)",
            "sw s7, 76(a0)",
            "sw s8, 80(a0)",
            "sw s9, 84(a0)",
            "sw s10, 88(a0)",
            "sw s11, 92(a0)",
            "sw t3, 96(a0)",
            "sw t4, 100(a0)",
            "sw t5, 104(a0)",
            "sw t6, 108(a0)",
            "sw a2, 112(a0)",
            "lw ra, 0(sp)",
            "lw gp, 4(sp)",
            "lw tp, 8(sp)",
            "lw s0, 12(sp)",
            "lw s1, 16(sp)",
            "lw s2, 20(sp)",
            "lw s3, 24(sp)",
            "lw s4, 28(sp)",
            "lw s5, 32(sp)",
            "lw s6, 36(sp)",
            "lw s7, 40(sp)",
            "lw s8, 44(sp)",
            "lw s9, 48(sp)",
            "lw s10, 52(sp)",
            "lw s11, 56(sp)",
            "addi sp, sp, 64",
            "ret",
            step = const STEP >> 12,
        )
    }

    /// Holds values from `first` on for a while, and checks that they are the same afterwards.
    fn hold_for(count: u32, first: u32) {
        let mut after = [0; HELD];
        // SAFETY: the function writes the array, and preserves what a function preserves.
        unsafe { hold(count, first, &mut after) };
        for (place, value) in (0..).zip(after) {
            expect("a register that was held", value, first.wrapping_add(place * STEP));
        }
    }

    fn be_preempted(done: Signal) -> ! {
        for round in 0..200 {
            hold_for(2000 + round, 0x4000_0000 + round);
        }
        // A system call.
        let after = registers::call_with_secrets(number::system_call(number::THREAD_ID));
        for (place, value) in after.preserved.iter().enumerate() {
            expect("a register after a system call", *value, registers::SECRET + place);
        }
        expect("signal", done.signal(), Ok(()));
        thread::exit()
    }

    fn preempt() -> ! {
        for round in 0.. {
            // Different lengths of time let the interrupts come at all instructions of the other thread.
            time::sleep(Duration::from_micros(5 + round % 7));
            hold_for(200, 0x8000_0000 + round as u32);
        }
        thread::exit()
    }

    fn judge(done: Notification) -> ! {
        done.wait();
        pass()
    }
}
