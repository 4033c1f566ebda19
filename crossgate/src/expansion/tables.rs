// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tables of a wiring, which the kernel reads.

/// Defines all tables, under the name that the wiring gives.
#[doc(hidden)]
#[macro_export]
macro_rules! __tables {
    (
        attributes: [$($attribute:tt)*]
        visibility: [$($visibility:tt)*]
        name: [$system:ident]
        cpu_time: [$cpu_time:ident]
        processes: [$($processes:tt)*]
        services: [$($services:tt)*]
        threads: [$($threads:tt)*]
        notifications: [$($notifications:tt)*]
        interrupts: [$($interrupts:tt)*]
        homes: [$($homes:tt)*]
        budgets: [$($budgets:tt)*]
        time_slice: [$($slice:expr)?]
        deadlines: [$deadlines:literal]
        inspectors: [$inspectors:literal]
        dumpers: [$dumpers:literal]
        pooled: [$pooled:literal]
        lost_clients: [$({ process: [$server:literal] notification: [$($lost:literal)?] })*]
        supervisor: [$({ process: [$supervisor:literal] notification: [$told:literal] })?]
        deep_sleep: [$($awake:literal)?]
    ) => {
        $($attribute)*
        $($visibility)* static $system: $crate::abi::table::System = {
            use $crate::abi::table as __table;
            $crate::__service_tables! { cpu_time: [$cpu_time] services: [$($services)*] }
            $crate::__process_table! { processes: [$($processes)*] }
            $crate::__thread_table! { deep_sleep: [$($awake)?] threads: [$($threads)*] }
            $crate::__notification_table! { notifications: [$($notifications)*] }
            $crate::__interrupt_table! { interrupts: [$($interrupts)*] }
            $crate::__budget_table! {
                homes: [$($homes)*] budgets: [$($budgets)*] time_slice: [$($slice)?] cpu_time: [$cpu_time]
            }
            __table::System {
                processes: __PROCESSES,
                services: &__SERVICES,
                gates: &__GATES,
                threads: __THREADS,
                notifications: __NOTIFICATIONS,
                interrupts: __INTERRUPTS,
                lines: &__table::Interrupt::lines::<{ __table::Interrupt::line_count(__INTERRUPTS) }>(__INTERRUPTS),
                locks: $crate::wiring::lock_count(__wiring::__LOCKS),
                deadlines: $crate::abi::Set::of_bits($deadlines),
                inspectors: $crate::abi::Set::of_bits($inspectors),
                dumpers: $crate::abi::Set::of_bits($dumpers),
                pooled: $crate::abi::Set::of_bits($pooled),
                lost_clients: &[$(__table::LostClients {
                    process: $crate::abi::ProcessId::new($server),
                    notification: $crate::wiring::first(&[$($crate::abi::NotificationId::new($lost))?]),
                    clients: $crate::wiring::clients(&__SERVICES, $server),
                },)*],
                passes_handles: $crate::wiring::passes_handles(&__SERVICES),
                supervisor: $crate::wiring::first(&[$(__table::Supervisor { process: $crate::abi::ProcessId::new($supervisor), notification: $crate::abi::NotificationId::new($told) })?]),
                budgets: $crate::wiring::if_any(&__BUDGETS),
                deep_sleep: $crate::wiring::first(&[$($crate::abi::Set::of_bits($awake))?]),
            }
        };
    };
}

/// Defines the services, and the gates of their methods.
#[doc(hidden)]
#[macro_export]
macro_rules! __service_tables {
    (
        cpu_time: [$cpu_time:ident]
        services: [$({
            name: [$service:ident] number: [$number:literal] interface: [$interface:ty] written: [$written:literal]
            process: [$process:ident] owner: [$owner:literal]
            object: [$object:ident] place: [$place:literal] type: [$type:ty] stack: [$stack:expr]
            callers: [$callers:literal]
        })*]
    ) => {
        const __SERVICE_COUNT: usize = $crate::wiring::service_count(__wiring::__COUNTS);
        static __SERVICES: [__table::Service; __SERVICE_COUNT] = {
            #[allow(unused_mut, reason = "there may be no services")]
            let mut table = [$crate::wiring::EMPTY; __SERVICE_COUNT];
            $(
                $crate::wiring::publish::<$interface, $type>(
                    &__processes::$process::$object,
                    &$crate::wiring::Publication {
                        name: stringify!($service),
                        index: $crate::wiring::sum(__wiring::__COUNTS, $number),
                        gate: $crate::wiring::sum(__wiring::__GATES, $number),
                        owner: $owner,
                        lock: $crate::wiring::sum(__wiring::__LOCKS, $place),
                        stack: $stack,
                        callers: $callers,
                        methods: {
                            const __COUNT: usize = <$interface as $crate::Interface>::SHAPES.len();
                            const __METHODS: &[__table::Method] = &$crate::wiring::methods::<$interface, $type, __COUNT>();
                            __METHODS
                        },
                    },
                    &mut table,
                );
            )*
            table
        };
        const __GATE_COUNT: usize = $crate::wiring::gate_count(__wiring::__GATES);
        static __GATES: [__table::Gate; __GATE_COUNT] = $crate::wiring::gates(&__SERVICES, $cpu_time);
        const __DESCRIBED: &$crate::wiring::Wired = &$crate::wiring::Wired {
            services: &[$($crate::wiring::Described {
                name: stringify!($service),
                process: stringify!($process),
                objects: <$type as $crate::wiring::ServiceObject>::COUNT,
                gate: $crate::wiring::sum(__wiring::__GATES, $number),
                interface: <$interface as $crate::Interface>::NAME,
                ty: $written,
                methods: <$interface as $crate::Interface>::METHODS,
                shapes: <$interface as $crate::Interface>::SHAPES,
            },)*],
            interrupts: __INTERRUPTS,
            lines: __LINES,
            processes: __PROCESS_NAMES,
        };
        // The firmware itself does not use this description. The linker puts it into a section that is not loaded.
        #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = ".crossgate.interfaces"))]
        #[used]
        static __DESCRIPTION: [u8; $crate::wiring::description_length(__DESCRIBED)] =
            $crate::wiring::description(__DESCRIBED);
        // The stubs of servers look up the interfaces of the handles that they receive.
        #[cfg(target_os = "none")]
        const _: () = {
            #[unsafe(no_mangle)]
            static __crossgate_gates: &[__table::Gate] = &__GATES;
            #[unsafe(no_mangle)]
            static __crossgate_services: &[__table::Service] = &__SERVICES;
        };
    };
}

/// Defines the processes.
#[doc(hidden)]
#[macro_export]
macro_rules! __process_table {
    (processes: [$({
        name: [$process:ident] mmio: [$({ $range:literal })*] notifications: [$({ $notification:literal })*]
        first_notification: [$first_notification:literal] has_interrupts: [$has_interrupts:ident] on_fault: [$on_fault:expr]
    })*]) => {
        // This puts the names of the processes into the memory map.
        #[cfg(target_os = "none")]
        const _: () = {
            #[unsafe(no_mangle)]
            static __crossgate_processes: &[__table::ProcessRow] = __PROCESSES;
        };
        const __PROCESS_NAMES: &[&str] = &[$(stringify!($process)),*];
        static __PROCESSES: &[__table::ProcessRow] = &[$(__table::ProcessRow {
            name: stringify!($process),
            memory: {
                #[cfg(target_os = "none")]
                {
                    unsafe extern "C" {
                        #[link_name = concat!("__crossgate_memory_", stringify!($process))]
                        static __MEMORY: __table::ProcessMemory;
                    }
                    // SAFETY: the linker wrapper defines this symbol, in flash.
                    unsafe { &__MEMORY }
                }
                #[cfg(not(target_os = "none"))]
                { &__table::ProcessMemory::NONE }
            },
            mmio: {
                const __RANGES: &[$crate::Mmio] = &[$(__wiring::__MMIO[$range].range),*];
                const __COUNT: usize = $crate::wiring::region_count(__RANGES);
                const { &$crate::wiring::regions::<__COUNT>(__RANGES) }
            },
            notifications: 0 $(| __table::ProcessRow::notification($notification))*,
            on_fault: $on_fault,
            first_notification: $crate::abi::NotificationId::new($first_notification),
            pieces: __table::ProcessRow::pieces(
                if $has_interrupts { __INTERRUPTS.len() } else { 0 },
                if $crate::wiring::passes_handles(&__SERVICES) { __SERVICES.len() } else { 0 },
            ),
        },)*];
    };
}

/// Defines the threads. The first one is the kernel's own.
#[doc(hidden)]
#[macro_export]
macro_rules! __thread_table {
    (deep_sleep: [$($awake:literal)?] threads: [$({
        name: [$thread:ident] number: [$number:literal] process: [$process:ident] owner: [$owner:literal]
        priority: [$priority:expr]
    })*]) => {
        #[cfg(target_os = "none")]
        unsafe extern "C" {
            safe fn __crossgate_idle() -> !;
            safe fn __crossgate_sleeper() -> !;
        }
        #[cfg(target_os = "none")]
        extern "C" fn __idle() -> ! {
            if $crate::wiring::is_some(&[$($awake)?]) { __crossgate_sleeper() } else { __crossgate_idle() }
        }
        #[cfg(not(target_os = "none"))]
        use $crate::testing::idle as __idle;
        #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = ".crossgate.stack.kernel.idle"))]
        static __IDLE: $crate::wiring::Stack<128> = $crate::wiring::Stack::new();
        static __THREADS: &[__table::ThreadRow] = &[
            __table::ThreadRow { name: "idle", entry: __idle, stack: __IDLE.start(), stack_size: 128, process: $crate::abi::ProcessId::FIRST, priority: 0 },
            $(__table::ThreadRow {
                name: stringify!($thread),
                entry: __processes::$process::__threads::$thread,
                stack: __stacks::$process::$thread.start(),
                stack_size: __wiring::__STACKS[$number],
                process: $crate::abi::ProcessId::new($owner),
                priority: $priority,
            },)*
        ];
    };
}

/// Defines the notifications.
#[doc(hidden)]
#[macro_export]
macro_rules! __notification_table {
    (notifications: [$({
        number: [$number:literal] name: [$notification:ident] owner: [$owner:literal] signallers: [$signallers:literal]
        counting: [$counting:ident]
    })*]) => {
        static __NOTIFICATIONS: &[__table::NotificationRow] = &[$(__table::NotificationRow {
            name: stringify!($notification),
            owner: $crate::abi::ProcessId::new($owner),
            signallers: $crate::abi::Set::of_bits($signallers),
            counting: $counting,
            first_interrupt: __table::Interrupt::first_of(__INTERRUPTS, $crate::abi::NotificationId::new($number)),
        },)*];
    };
}

/// Defines the interrupts, each with the notification that it signals.
#[doc(hidden)]
#[macro_export]
macro_rules! __interrupt_table {
    (interrupts: [$({
        line: [$line:expr] bound: [$bound:ident] notification: [$notification:literal] owner: [$owner:literal]
        check: [$($check:tt)*]
    })*]) => {
        const __LINES: &[(u16, &str)] = &[$(($line, stringify!($bound)),)*];
        $($($check)*)*
        const __INTERRUPTS: &[__table::Interrupt] =
            &[$(__table::Interrupt {
                line: $line,
                notification: $crate::abi::NotificationId::new($notification),
                owner: $crate::abi::ProcessId::new($owner),
            },)*];
    };
}
