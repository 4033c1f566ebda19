// SPDX-License-Identifier: MIT OR Apache-2.0
//! The statics of a kernel, sized for a wiring.

/// Defines the statics of a kernel: `__crossgate_kernel`, the [`Kernel`](crate::Kernel) itself, and all that it refers to.
/// `start!` of a port calls this macro, once in a firmware.
///
/// It also defines constants that say which optional parts the firmware has: `IS_BUDGETED`, `IS_DUMPED`,
/// `IS_INSPECTED` and `SLEEPS_DEEPLY`.
///
/// # Safety
/// `$port` is an expression in an `unsafe` block, whose conditions the caller has to keep.
#[macro_export]
#[doc(hidden)]
macro_rules! statics {
    ($system:path, $machine:ty, $port:expr) => {
        use $crate::budget::{Account, Budgets, Turn};
        use $crate::lock::Lock;
        use $crate::note::{Crashes, Inspection};
        use $crate::notification::Notification;
        use $crate::optional::{Optional, is_needed};
        use $crate::power::Power;
        use $crate::process::Process;
        use $crate::usage::Usage;
        use $crate::{Kernel, Storage};

        type Unit = <$machine as $crate::port::Port>::Unit;
        type Thread = $crate::thread::Thread<Unit>;
        type Slot = $crate::threads::Slot<Unit>;

        static mut __crossgate_kernel_idle: Thread = Thread::EMPTY;
        static mut __crossgate_kernel_threads: [Thread; $system.threads.len() - 1] =
            [const { Thread::EMPTY }; $system.threads.len() - 1];
        static mut __crossgate_kernel_slots: [Slot; $system.threads.len()] = {
            let mut slots = [const { None }; $system.threads.len()];
            let mut index = 1;
            while index < slots.len() {
                // SAFETY: no other code names this static, and each index occurs once.
                slots[index] =
                    Some(unsafe { &mut *(&raw mut __crossgate_kernel_threads[index - 1]) });
                index += 1;
            }
            slots
        };
        static mut __crossgate_kernel_locks: [Lock; $system.locks] = [Lock::FREE; $system.locks];
        const GRANTED: usize = if $system.passes_handles { $system.services.len() } else { 0 };
        static mut __crossgate_kernel_granted: [$crate::abi::Set<$crate::abi::ProcessId>; GRANTED] =
            [$crate::abi::Set::EMPTY; GRANTED];
        static mut __crossgate_kernel_notifications: [Notification; $system.notifications.len()] =
            [Notification::QUIET; $system.notifications.len()];
        static mut __crossgate_kernel_processes: [Process; $system.processes.len()] =
            [Process::NEW; $system.processes.len()];
        const IS_BUDGETED: bool = $system.budgets.is_some();
        const BUDGETS: usize = $crate::budget::count(&$system);
        const TURNS: usize = if IS_BUDGETED { $system.threads.len() } else { 0 };
        static mut __crossgate_kernel_accounts: [Account; BUDGETS] = [Account::NEW; BUDGETS];
        static mut __crossgate_kernel_turns: [Turn; TURNS] = [Turn::NEW; TURNS];
        const IS_COUNTED: bool = match $system.budgets {
            Some(wiring) => wiring.cpu_time,
            None => false,
        };
        const COUNTED: [usize; 2] =
            if IS_COUNTED { [$system.threads.len(), $system.processes.len()] } else { [0, 0] };
        static mut __crossgate_kernel_times_of_threads: [u64; COUNTED[0]] = [0; COUNTED[0]];
        static mut __crossgate_kernel_times_of_processes: [u64; COUNTED[1]] = [0; COUNTED[1]];
        static mut __crossgate_kernel_usage: [Usage; IS_COUNTED as usize] = {
            let mut usage = [const { Usage::NONE }; IS_COUNTED as usize];
            if let Some(usage) = usage.first_mut() {
                // SAFETY: no other code names these statics.
                *usage = unsafe {
                    Usage::new(
                        &mut *(&raw mut __crossgate_kernel_times_of_threads),
                        &mut *(&raw mut __crossgate_kernel_times_of_processes),
                    )
                };
            }
            usage
        };
        static mut __crossgate_kernel_budgets: [Budgets<$machine>; IS_BUDGETED as usize] = {
            let mut budgets = [const { Budgets::NONE }; IS_BUDGETED as usize];
            if let (Some(wiring), Some(budgets)) = ($system.budgets, budgets.first_mut()) {
                // SAFETY: no other code names these statics.
                *budgets = unsafe {
                    Budgets::new(
                        wiring,
                        &mut *(&raw mut __crossgate_kernel_accounts),
                        &mut *(&raw mut __crossgate_kernel_turns),
                        (&mut *(&raw mut __crossgate_kernel_usage)).first_mut(),
                    )
                };
            }
            budgets
        };
        const IS_DUMPED: bool = !$system.dumpers.is_empty();
        const IS_INSPECTED: bool = $system.is_inspected();
        const NOTED: usize = if IS_INSPECTED { $system.processes.len() } else { 0 };
        static mut __crossgate_kernel_crashes: [Crashes; NOTED] = [Crashes::NONE; NOTED];
        // Nothing resets this memory, so a dump survives resets and stays until the next one.
        #[unsafe(link_section = ".uninit.crossgate_dump")]
        static mut __crossgate_kernel_dump: [[$crate::abi::Word;
            $crate::abi::inspect::dump::WORDS];
            IS_DUMPED as usize] = [[0; $crate::abi::inspect::dump::WORDS]; IS_DUMPED as usize];
        static mut __crossgate_kernel_inspection: [Inspection; IS_INSPECTED as usize] = {
            let mut inspection = [const { Inspection::NONE }; IS_INSPECTED as usize];
            if let Some(inspection) = inspection.first_mut() {
                // SAFETY: no other code names these statics.
                *inspection = unsafe {
                    Inspection::new(
                        &mut *(&raw mut __crossgate_kernel_crashes),
                        (&mut *(&raw mut __crossgate_kernel_dump)).first_mut(),
                    )
                };
            }
            inspection
        };
        const LIVES: usize =
            if $system.lost_clients.is_empty() { 0 } else { $system.processes.len() };
        static mut __crossgate_kernel_ended: [u32; LIVES] = [0; LIVES];
        const SLEEPS_DEEPLY: bool = $system.deep_sleep.is_some();
        static mut __crossgate_kernel_power: [Power<$machine>; SLEEPS_DEEPLY as usize] =
            [const { Power::new(&$system) }; SLEEPS_DEEPLY as usize];
        const HAS_OPTIONAL: bool = is_needed(&$system);
        static mut __crossgate_kernel_optional: [Optional<$machine>; HAS_OPTIONAL as usize] = {
            let mut optional = [const { Optional::NONE }; HAS_OPTIONAL as usize];
            if let Some(optional) = optional.first_mut() {
                // SAFETY: no other code names these statics.
                *optional = unsafe {
                    Optional::new(
                        &$system,
                        &mut *(&raw mut __crossgate_kernel_ended),
                        (&mut *(&raw mut __crossgate_kernel_inspection)).first_mut(),
                        (&mut *(&raw mut __crossgate_kernel_power)).first_mut(),
                    )
                };
            }
            optional
        };
        // SAFETY: no other code names these statics; the port's state is right, as the caller promises.
        #[unsafe(no_mangle)]
        static mut __crossgate_kernel: Kernel<$machine> = unsafe {
            Kernel::new(
                &$system,
                Storage {
                    idle: &mut *(&raw mut __crossgate_kernel_idle),
                    threads: &mut *(&raw mut __crossgate_kernel_slots),
                    locks: &mut *(&raw mut __crossgate_kernel_locks),
                    notifications: &mut *(&raw mut __crossgate_kernel_notifications),
                    granted: &mut *(&raw mut __crossgate_kernel_granted),
                    processes: &mut *(&raw mut __crossgate_kernel_processes),
                    budgets: (&mut *(&raw mut __crossgate_kernel_budgets)).first_mut(),
                    optional: (&mut *(&raw mut __crossgate_kernel_optional)).first_mut(),
                },
                $port,
            )
        };
    };
}
