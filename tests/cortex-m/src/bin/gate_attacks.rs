// SPDX-License-Identifier: MIT OR Apache-2.0
//! Forged system calls at every limit that the fast paths check: numbers of gates and notifications that overflow when
//! they are multiplied, memory that wraps around the address space or does not belong to the caller, statuses of every
//! kind. Each forged system call is refused, and enters no method. Permitted system calls leave all registers and flags
//! of the thread unchanged.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::arch::asm;
    use crossgate::sync::atomic::{AtomicU32, Ordering};
    use crossgate::{
        CallError, Concurrent, Exclusive, Handle, Lease, LeaseMut, Notification, Signal, interface,
        thread,
    };
    use crossgate_abi::table::ProcessRow;
    use crossgate_abi::{Status, SystemCall, Word, number};
    use system_tests::report::{expect, pass};
    use system_tests::watch::allow_no_fault;
    use system_tests::{probe, raw};

    #[interface]
    trait Target {
        fn plain(&self, word: u32) -> u32;
        fn read(&self, memory: Lease<'_, [u8]>);
        fn write(&self, memory: LeaseMut<'_, [u8]>);
        /// Ends with this status.
        fn end(&self, status: u32);
        /// Returns the number of times that the other methods have been entered.
        fn entered(&self) -> u32;
    }
    const READ: usize = 1;
    const WRITE: usize = 2;
    const END: usize = 3;

    struct Server(AtomicU32);

    impl Server {
        fn enter(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Target for Server {
        fn plain(&self, word: u32) -> u32 {
            self.enter();
            word
        }
        fn read(&self, _: Lease<'_, [u8]>) {
            self.enter();
        }
        fn write(&self, _: LeaseMut<'_, [u8]>) {
            self.enter();
        }
        fn end(&self, status: u32) {
            raw::leave(status as Word, [7, 7])
        }
        fn entered(&self) -> u32 {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[interface]
    trait Alone {
        fn work(&mut self);
    }
    struct Worker;
    impl Alone for Worker {
        fn work(&mut self) {}
    }

    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
        }
        process server {
            notification FOREIGN;
            object server: Concurrent<Server> = Server(AtomicU32::new(0)) => [TARGET: dyn Target];
            object private: Concurrent<Server> = Server(AtomicU32::new(0)) => [PRIVATE: dyn Target];
            object alone: Exclusive<Worker> = Worker => [ALONE: dyn Alone];
            thread waits (priority = 9, stack = 1024) = wait(FOREIGN);
        }
        process attacker {
            notification OWN;
            notification BACK;
            thread main (priority = 5, stack = 8192) = attack(TARGET, ALONE, BACK, DONE);
            thread equal (priority = 5, stack = 1024) = answer(OWN, BACK);
            thread urgent (priority = 6, stack = 1024) = doze(BACK);
        }
        process judge {
            notification DONE;
            thread main (priority = 1, stack = 1024) = judge(PRIVATE, DONE);
        }
    }
    board::start!(SYSTEM);

    fn wait(foreign: Notification) -> ! {
        foreign.wait();
        system_tests::report::broken("has signalled a notification of another process")
    }

    fn doze(_: Notification) -> ! {
        thread::exit()
    }

    /// Is signalled, and signals back.
    fn answer(own: Notification, back: Notification) -> ! {
        loop {
            own.wait();
            back.signal();
        }
    }

    fn attack(
        target: Handle<dyn Target>,
        _: Handle<dyn Alone>,
        _: Notification,
        done: Signal,
    ) -> ! {
        selectors();
        notifications();
        statuses();
        leases(target);
        for flags in [0, 0xf800_0000, 0xa800_0000, 0x5000_0000] {
            registers(flags);
        }
        expect("the end", done.signal(), Ok(()));
        thread::exit()
    }

    /// Tests numbers that become numbers of existing gates if they are multiplied, or if upper bits are cut off.
    fn selectors() {
        let (gates, allowed) = (SYSTEM.gates.len(), raw::service(&SYSTEM, "TARGET"));
        let wraps = [1 << 8, 1 << 16, 1 << 24, 1 << 27, 1 << 28, 1 << 29, 1 << 30];
        for selector in (gates..gates + 300)
            .chain(wraps.into_iter().flat_map(|wrap| (0..gates).map(move |gate| gate + wrap)))
            .chain(wraps.into_iter().map(|wrap| wrap - 1).filter(|&it| it >= gates))
            .chain([0x7fff_ffff, 0x7fff_fff0, 0x5555_5555])
        {
            let reply = raw::trap(selector, [1; 4]);
            expect("a forged gate", reply.error(), Some(CallError::NoSuchService));
        }
        expect("a real gate", raw::trap(allowed, [5, 0, 0, 0]).status, Status::OK);
        for number in (SystemCall::ALL.len()..600).chain(wraps).chain([
            0x7fff_ffff,
            0x7fff_fffe,
            0x4000_0001,
            0x1_0001,
            0x101,
            0x104,
        ]) {
            let reply = raw::system_call(number, [1; 4]);
            expect("a forged number", reply.status, Status::NO_SUCH_SYSTEM_CALL);
        }
        let private = raw::service(&SYSTEM, "PRIVATE");
        for gate in private..private + 5 {
            let reply = raw::trap(gate, [1; 4]);
            expect("a gate of others", reply.error(), Some(CallError::NotPermitted));
        }
    }

    /// Returns the set of a notification, as its owner waits for it.
    fn set_of(notification: usize) -> Word {
        let owner = SYSTEM.notifications.get(notification).map_or(0, |it| it.owner.index());
        let first = SYSTEM.processes.get(owner).map_or(0, |it| it.first_notification.index());
        ProcessRow::notification(notification - first) as Word
    }

    fn notifications() {
        let index = |name: &str| SYSTEM.notifications.iter().position(|it| it.name == name);
        let (Some(own), Some(foreign)) = (index("OWN"), index("FOREIGN")) else { thread::exit() };
        for forged in (SYSTEM.notifications.len()..300)
            .chain([foreign])
            .chain([8, 16, 24, 27, 28, 29, 30, 31].map(|wrap| own + (1 << wrap)))
            .chain([usize::MAX, 0x7fff_ffff, usize::MAX - 31 + own])
        {
            let reply = raw::system_call(number::SIGNAL, [forged, 0, 0, 0]);
            expect("a signal to others", reply.error(), Some(CallError::NotPermitted));
        }
        // Sets with notifications of others, with and without a pending signal of a notification of the attacker.
        for bit in 0..32 {
            let all = [own, own + 1].map(set_of);
            if all.contains(&(1 << bit)) {
                continue;
            }
            for own in [0, all[0], all[1], all[0] | all[1]] {
                for [low, high] in [[usize::MAX; 2], [0; 2], [1, 0], [0, 1]] {
                    let reply = raw::system_call(number::WAIT, [1 << bit | own, low, high, 0]);
                    expect(
                        "a wait for a notification of others",
                        reply.error(),
                        Some(CallError::NotPermitted),
                    );
                }
            }
        }
        for times in [[0, 0], [1, 0]] {
            let reply = raw::system_call(number::WAIT, [set_of(own), times[0], times[1], 0]);
            expect("a wait that ends", reply.status, Status::TIMED_OUT);
        }
        let reply = raw::system_call(number::WAIT, [0, 1, 0, 0]);
        expect("a wait for nothing", reply.status, Status::TIMED_OUT);
    }

    /// Tests that a method can't end with a status that is no error, or with that of a refusal, which has a record.
    fn statuses() {
        let target = raw::service(&SYSTEM, "TARGET");
        let refused = CallError::Refused as usize;
        for status in (0..300).chain([0x100, 0x1_0000, 1 << 31, usize::MAX, refused + 255]) {
            let reply = raw::call(target, END, [status, 0, 0, 0]);
            let wanted = match status {
                0 => (None, [7, 7]),
                _ if status < refused => (CallError::from_number(status), [0; 2]),
                _ => (Some(CallError::BadReply), [0; 2]),
            };
            expect("a forged status", (reply.error(), reply.words), wanted);
        }
    }

    /// Tests memory at every edge of the stack, and all over the address space.
    fn leases(target: Handle<dyn Target>) {
        let stack = probe::stack_of(&SYSTEM, "main", 5);
        let gate = raw::service(&SYSTEM, "TARGET");
        let lengths =
            [1, 2, 4, 31, 32, 33, 63, 64, 65, 96, 128, 160, 255, 256, 512, 1024, 2048, 4096];
        let huge = [1 << 16, 1 << 20, 1 << 28, 1 << 29, 1 << 30, 0x7fff_ffe0, 0x7fff_ffff];
        // Far below the end of the stack, so that there is stack memory above this stack pointer and below it.
        let stack_pointer = stack.end - 1024;
        let starts = (stack_pointer - 256..stack.end + 96).step_by(16);
        let far = (0..32).map(|top| top << 27).filter(|&it| it >= 0x2000_0000);
        let odd =
            [stack.end - 31, stack.end - 33, stack.end - 1, stack_pointer + 63, usize::MAX - 31];
        for start in starts.chain(far).chain(odd) {
            for length in lengths.into_iter().chain(huge) {
                for method in [READ, WRITE] {
                    let before = target.entered();
                    let (status, _) = system_tests::arch::trap_at_with(
                        stack_pointer,
                        number::call(gate, method),
                        [start, length, 0, 0],
                    );
                    let end = start as u64 + length as u64;
                    let is_own = start >= stack_pointer && end <= stack.end as u64;
                    let entered = target.entered() != before;
                    if entered && !is_own {
                        system_tests::report::fail(format_args!("lent: {start:#x} {length:#x}"));
                    }
                    expect(
                        "the method was entered if the status says so",
                        status == Status::OK,
                        entered,
                    );
                    if !entered {
                        expect("why not", status, CallError::BadLease.into());
                    }
                }
            }
        }
        // Memory that may be lent.
        for (start, length) in
            [(stack.end - 32, 32), (stack.end - 256, 256), (stack.end - 512, 512), (0x8000_0001, 0)]
        {
            let (status, _) = system_tests::arch::trap_at_with(
                stack_pointer,
                number::call(gate, WRITE),
                [start, length, 0, 0],
            );
            expect("memory of the caller, or none", status, Status::OK);
        }
    }

    /// Tests each path through a system call: its registers and flags are unchanged.
    fn registers(flags: u32) {
        let target = raw::service(&SYSTEM, "TARGET");
        let alone = raw::service(&SYSTEM, "ALONE");
        let index =
            |name: &str| SYSTEM.notifications.iter().position(|it| it.name == name).unwrap_or(0);
        let (own, back) = (index("OWN"), index("BACK"));
        let stack = probe::stack_of(&SYSTEM, "main", 5);
        let call = |gate| number::call(gate, 0);
        let system = number::system_call;
        let for_ever = usize::MAX;
        for (selector, words) in [
            (call(target), [1, 2, 3, 4]),
            (call(target + READ), [stack.end - 32, 32, 3, 4]),
            (call(target + WRITE), [stack.end - 32, 32, 3, 4]),
            (call(target + END), [0, 1, 2, 3]),
            (call(target + END), [1, 1, 2, 3]),
            (call(alone), [1, 2, 3, 4]),
            (0x7fff_ffff, [1, 2, 3, 4]),
            (system(number::THREAD_ID), [1, 2, 3, 4]),
            (system(number::YIELD), [1, 2, 3, 4]),
            (system(number::SIGNAL), [own, 2, 3, 4]),
            (system(number::WAIT), [set_of(back), for_ever, for_ever, 4]),
            (system(number::SIGNAL), [back, 2, 3, 4]),
            (system(number::WAIT), [set_of(back), for_ever, for_ever, 4]),
            (system(number::SLEEP), [50, 0, 3, 4]),
            (system(0x100), [1, 2, 3, 4]),
        ] {
            check_registers(selector, words, flags);
        }
    }

    /// Makes a system call with these flags, and a value in each register that the system call must not change.
    fn check_registers(selector: Word, words: [Word; 4], flags: u32) {
        let mut after = [0_u32; 11];
        let [first, second, third, fourth] = words;
        let more = [flags, selector as u32, after.as_mut_ptr().addr() as u32];
        // SAFETY: the registers that the compiler needs are saved by hand.
        unsafe {
            asm!(
                "push {{r4-r7, lr}}",
                "mov r5, r8", "mov r6, r9", "mov r7, r10",
                "push {{r5-r7}}",
                "mov r5, r11",
                "push {{r5}}",
                "ldr r5, [r4, #8]",
                "push {{r5}}",
                "ldr r5, [r4, #4]", "mov r12, r5",
                "movs r5, #0x88", "mov r8, r5",
                "movs r5, #0x99", "mov r9, r5",
                "movs r5, #0xaa", "mov r10, r5",
                "movs r5, #0xbb", "mov r11, r5",
                "movs r5, #0xee", "mov lr, r5",
                "movs r7, #0x77",
                "push {{r7}}",
                "ldr r7, [r4]",
                "movs r4, #0x44", "movs r5, #0x55", "movs r6, #0x66",
                "msr apsr_nzcvq, r7",
                "pop {{r7}}",
                "svc 0",
                "mrs r0, apsr",
                "mov r1, lr",
                "ldr r2, [sp]",
                "stmia r2!, {{r0, r1, r3-r7}}",
                "mov r0, r8", "mov r1, r9", "mov r3, r10", "mov r4, r11",
                "stmia r2!, {{r0, r1, r3, r4}}",
                "pop {{r0, r5}}",
                "mov r11, r5",
                "pop {{r5-r7}}",
                "mov r8, r5", "mov r9, r6", "mov r10, r7",
                "pop {{r4-r7}}",
                "pop {{r1}}",
                "mov lr, r1",
                inlateout("r0") first => _,
                inlateout("r1") second => _,
                inlateout("r2") third => _,
                inlateout("r3") fourth => _,
                in("r4") more.as_ptr(),
                out("r12") _,
            );
        }
        let wanted = [flags, 0xee, fourth as u32, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb];
        if after != wanted {
            system_tests::report::say(format_args!("selector {selector:#x} {words:x?}"));
        }
        expect("registers and flags", after, wanted);
    }

    fn judge(private: Handle<dyn Target>, done: Notification) -> ! {
        done.wait();
        expect("nobody else has entered the private service", private.entered(), Ok(0));
        pass()
    }
}
