// SPDX-License-Identifier: MIT OR Apache-2.0
//! The operations that are measured on the emulated board, and their limits.

use super::results::Results;

/// The limit of the cost of an operation.
#[derive(Clone, Copy)]
pub enum Limit {
    /// At most this number of instructions.
    Most(u32),
    /// The cost of another operation, plus or minus the difference.
    About { other: &'static str, difference: u32 },
    /// At most a multiple of the cost of another operation, in hundredths.
    Times { other: &'static str, hundredths: u32 },
}

/// A measured operation, with its limits. For comparison, it has the cost of the same operation in CMRX on the same
/// emulated machine, with CMRX compiled with -Os, -O2 and -O3.
pub struct Operation {
    pub name: &'static str,
    pub text: &'static str,
    pub must: Limit,
    pub stretch: Option<u32>,
    pub cmrx: Option<[u32; 3]>,
}

impl Limit {
    /// Returns `true` if a measured cost is within the limit. `results` has the costs of the other operations.
    pub fn is_met(&self, measured: u32, results: &Results) -> bool {
        match *self {
            Limit::Most(most) => measured <= most,
            Limit::About { other, difference } => {
                results.get(other).is_some_and(|&other| measured.abs_diff(other) <= difference)
            }
            Limit::Times { other, hundredths } => {
                results.get(other).is_some_and(|&other| 100 * measured <= hundredths * other)
            }
        }
    }

    /// Returns the limit as text.
    pub fn text(&self, results: &Results) -> String {
        let of = |other| results.get(other).copied().unwrap_or_default();
        match *self {
            Limit::Most(most) => format!("<= {most}"),
            Limit::About { other, difference } => format!("{} +-{difference}", of(other)),
            Limit::Times { other, hundredths } => format!("<= {}", hundredths * of(other) / 100),
        }
    }
}

/// All operations, in the order of the table.
pub const OPERATIONS: [Operation; 65] = [
    Operation {
        name: "rpc_null_4_words",
        text: "call and return, 4 words",
        must: Limit::Most(120),
        stretch: Some(100),
        cmrx: Some([486, 471, 453]),
    },
    Operation {
        name: "rpc_null_0_words",
        text: "call and return, no words",
        must: Limit::Most(120),
        stretch: Some(100),
        cmrx: None,
    },
    Operation {
        name: "rpc_null_many",
        text: "the first, among 8 processes and 32 services",
        must: Limit::About { other: "rpc_null_4_words", difference: 2 },
        stretch: None,
        cmrx: Some([570, 555, 510]),
    },
    Operation {
        name: "exclusive_rpc_null",
        text: "call of an object for one call at a time",
        must: Limit::Most(170),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "deadline_rpc_null",
        text: "call that has to end in time",
        must: Limit::Most(350),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "rpc_nested_2",
        text: "a call that makes a call",
        must: Limit::Times { other: "rpc_null_4_words", hundredths: 205 },
        stretch: None,
        cmrx: Some([981, 953, 914]),
    },
    Operation {
        name: "rpc_lent_64",
        text: "a call that sums up 64 lent bytes",
        must: Limit::Most(380),
        stretch: None,
        cmrx: Some([808, 727, 709]),
    },
    Operation {
        name: "own_16k",
        text: "the sum over 16 KiB of one's own",
        must: Limit::Most(21_000),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "lent_16k",
        text: "a call that sums up 16 KiB of lent memory in place",
        must: Limit::Times { other: "own_16k", hundredths: 130 },
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "syscall_null",
        text: "null system call",
        must: Limit::Most(36),
        stretch: Some(30),
        cmrx: Some([36, 39, 39]),
    },
    Operation {
        name: "now",
        text: "the present time",
        must: Limit::Most(70),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "yield_switch",
        text: "yield to another thread",
        must: Limit::Most(65),
        stretch: Some(58),
        cmrx: Some([327, 341, 309]),
    },
    Operation {
        name: "notify_pingpong",
        text: "notifications there and back, two processes",
        must: Limit::Most(350),
        stretch: Some(328),
        cmrx: Some([1552, 1419, 1299]),
    },
    Operation {
        name: "notify_wake_higher",
        text: "signal wakes a more urgent thread",
        must: Limit::Most(210),
        stretch: Some(190),
        cmrx: Some([1192, 1075, 975]),
    },
    Operation {
        name: "interrupt_to_thread",
        text: "interrupt to the thread that waits for it",
        must: Limit::Most(150),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "interrupt_of_other",
        text: "interrupt for a thread that is less urgent",
        must: Limit::Most(100),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "mutex_uncontended",
        text: "mutex lock and unlock",
        must: Limit::Most(19),
        stretch: None,
        cmrx: Some([171, 151, 152]),
    },
    Operation {
        name: "fault_to_caller",
        text: "fault in the callee to error at the caller",
        must: Limit::Most(400),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "restart_process",
        text: "restart of a process of 256 bytes, and a call",
        must: Limit::Most(780),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "counted_rpc_null",
        text: "call and return, 4 words, if CPU time is counted",
        must: Limit::Most(800),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "counted_yield_switch",
        text: "yield to another thread, if CPU time is counted",
        must: Limit::Most(217),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "queue_send_receive",
        text: "4 bytes into a queue of another process, and out",
        must: Limit::Most(350),
        stretch: None,
        cmrx: Some([1519, 1444, 1384]),
    },
    Operation {
        name: "queue_wake",
        text: "4 bytes to a more urgent thread that waits at a queue",
        must: Limit::Most(670),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "event_flags",
        text: "an event flag set, waited for and cleared",
        must: Limit::Most(330),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "semaphore",
        text: "a semaphore given and taken",
        must: Limit::Most(305),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "semaphore_held",
        text: "a permit taken and given back, with its holder known",
        must: Limit::Most(710),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "watch",
        text: "a latest value set, and read by another",
        must: Limit::Most(315),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "publish",
        text: "a message to two subscribers, one of whom receives it",
        must: Limit::Most(540),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "byte_stream",
        text: "32 bytes into a stream, and out",
        must: Limit::Most(950),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "message",
        text: "a message of 32 bytes into a buffer, and out",
        must: Limit::Most(1250),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "barrier",
        text: "two meet at a barrier, again and again",
        must: Limit::Most(1120),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "timer_set",
        text: "a timer of another process started and stopped",
        must: Limit::Most(1940),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "timer_expiry",
        text: "one that expires, tells its client, and is asked for",
        must: Limit::Most(3090),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "watchdog_feed",
        text: "a guard of the watchdog fed",
        must: Limit::Most(250),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "kv_get",
        text: "a value of 16 bytes read from flash, one of four",
        must: Limit::Most(5900),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "kv_set",
        text: "the same set, pages of flash erased in turn",
        must: Limit::Most(16_300),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "file_read",
        text: "32 bytes of a file read from flash",
        must: Limit::Most(30_400),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "file_write",
        text: "32 bytes added to a file, pages of flash erased and written",
        must: Limit::Most(231_500),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "log_line",
        text: "a line formatted, and logged by another process",
        must: Limit::Most(4400),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "log_level_off",
        text: "a line of a level that is off",
        must: Limit::Most(5),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "i2c_own_bus",
        text: "two bytes of a chip on a bus of one's own read, without the time of the bus",
        must: Limit::Most(70),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "i2c_transaction",
        text: "the same on a bus of another process",
        must: Limit::About { other: "i2c_own_bus", difference: 900 },
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "spi_own_bus",
        text: "two bytes of a chip on an SPI bus of one's own read, without the time of the bus",
        must: Limit::Most(100),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "spi_transaction",
        text: "the same on a bus of another process",
        must: Limit::About { other: "spi_own_bus", difference: 985 },
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "packet_own_driver",
        text: "a frame of 64 bytes sent to oneself and received, by a driver of one's own",
        must: Limit::Most(980),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "packet_receive",
        text: "the same by a driver of another process",
        must: Limit::Most(2760),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "tcp_echo_own_driver",
        text: "64 bytes over TCP to oneself and back, all in one process",
        must: Limit::Most(16_200),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "tcp_echo_64",
        text: "the same between processes: client, echo, protocols, driver",
        must: Limit::Most(46_000),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "gpio_set",
        text: "a GPIO line of another process set, without the time of the pin",
        must: Limit::Most(170),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "sync_condvar",
        text: "a value changed under a lock, and told of",
        must: Limit::Most(40),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "sync_read",
        text: "lock to read, and unlock",
        must: Limit::Most(79),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "sync_write",
        text: "lock to write, and unlock",
        must: Limit::Most(60),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "sync_semaphore",
        text: "a semaphore in a process acquired and released",
        must: Limit::Most(71),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "sync_channel",
        text: "a value into a channel in a process, and out",
        must: Limit::Most(153),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "sync_once",
        text: "a value that was made before",
        must: Limit::Most(10),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "critical_section",
        text: "a critical section of a process, by `critical-section`",
        must: Limit::Most(40),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "critical_section_nested",
        text: "a critical section inside of another",
        must: Limit::Most(60),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "alloc_free",
        text: "32 bytes from the heap of the process, and back",
        must: Limit::Most(400),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "timers_of_1000",
        text: "a timer among 999 others started and stopped",
        must: Limit::Most(760),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "embassy_yield",
        text: "a task lets the others run: yield_now().await",
        must: Limit::Most(140),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "embassy_signal",
        text: "a signal from task to task, and the other goes on",
        must: Limit::Most(250),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "embassy_timer",
        text: "a timer of a task set, and awaited when it is due",
        must: Limit::Most(650),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "embassy_notification",
        text: "a notification signalled by a task, and awaited",
        must: Limit::Most(1040),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "time_now",
        text: "the present time, as embassy_time has it",
        must: Limit::Most(75),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "pool_spawn_join",
        text: "a job begun in a more urgent thread of a pool, done and joined",
        must: Limit::Most(1120),
        stretch: None,
        cmrx: None,
    },
];
