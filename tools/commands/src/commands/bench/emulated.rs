// SPDX-License-Identifier: MIT OR Apache-2.0
//! The costs on the emulated board: instructions and cycles of the operations, and the kernel's size.

use super::cycles::{self, Cost, Costs};
use super::{Figures, PACKAGE, PATIENCE, Results, expect_all, parse};
use crate::plugin::Plugin;
use crate::size::{self, Size};
use crate::symbols::Symbols;
use crate::workspace::{self, Firmware, Profile};
use crate::{progress, setup};
use anyhow::{Result, ensure};
use serde_json::{Map, json};
use workbench::board::Board;
use workbench::emulator;

/// The limit of the cost of an operation.
pub enum Limit {
    /// At most so many instructions.
    Most(u32),
    /// As many as another operation, plus or minus the difference.
    About { other: &'static str, difference: u32 },
    /// At most a multiple of another operation, in hundredths.
    Times { other: &'static str, hundredths: u32 },
}

/// An operation that is measured, with its limits, and the cost of the same operation in CMRX on the same emulated
/// machine when CMRX is compiled with -Os, -O2 and -O3.
pub struct Operation {
    pub name: &'static str,
    pub text: &'static str,
    pub must: Limit,
    pub stretch: Option<u32>,
    pub cmrx: Option<[u32; 3]>,
}

/// The operation that is a system call and nothing else.
const SYSTEM_CALL: &str = "syscall_null";
/// The name of the kernel's size in flash, in bytes, among the figures.
pub const FLASH: &str = "kernel_flash_bytes";
/// The name of the kernel's size in RAM.
pub const RAM: &str = "kernel_ram_bytes";

pub const OPERATIONS: [Operation; 61] = [
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
        must: Limit::Most(480),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "restart_process",
        text: "restart of a process of 256 bytes, and a call",
        must: Limit::Most(805),
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
        must: Limit::Most(64_000),
        stretch: None,
        cmrx: None,
    },
    Operation {
        name: "file_write",
        text: "32 bytes added to a file, pages of flash erased and written",
        must: Limit::Most(292_000),
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

/// The results of a measurement.
pub struct Measured {
    pub results: Results,
    pub costs: Costs,
    pub size: Size,
}

/// Measures the instructions of the operations, and the [flash](FLASH) of the kernel.
///
/// # Errors
/// If something can't be measured.
pub fn figures() -> Result<Figures> {
    setup::target()?;
    setup::emulator_for_tests()?;
    let Measured { results, size, .. } = measure(Board::reference())?;
    let mut figures = results;
    figures.insert(FLASH.to_owned(), u32::try_from(size.flash)?);
    Ok(figures)
}

/// Runs the benchmarks as a test.
///
/// # Errors
/// If a limit is missed.
pub fn check() -> Result<()> {
    measure(Board::reference())?.check()
}

/// Measures the operations on a board, and the kernel's size.
///
/// # Errors
/// If something can't be measured.
pub fn measure(board: Board) -> Result<Measured> {
    let plugin = progress::step("building the emulator's plugin", Plugin::build)?;
    let programs = progress::step("building the benchmarks", || {
        workspace::build(PACKAGE, board, Profile::Release)
    })?;
    let (mut results, mut costs) = (Results::new(), Costs::new());
    for program in programs {
        let name = format!("running the benchmarks: {}", program.name);
        let (output, recording) = progress::step(&name, || run_one(&plugin, &program))?;
        results.append(&mut parse(&output));
        costs.append(&mut cycles::costs(&output, &recording)?);
    }
    expect_all(&results, OPERATIONS.iter().map(|operation| operation.name))?;
    let thermostat =
        progress::step("building the thermostat", || workspace::build_one("thermostat", board))?;
    Ok(Measured { results, costs, size: Size::of_kernel(&thermostat)? })
}

/// Runs a benchmark. Returns its output, and the plugin's recording.
fn run_one(plugin: &Plugin, program: &Firmware) -> Result<(String, String)> {
    let symbols = Symbols::of(program)?;
    let recording = plugin.record_cycles(&symbols, symbols.address(cycles::MARK)?)?;
    let options: Vec<_> = recording.options().iter().map(String::as_str).collect();
    let finished = emulator::run(&program.file, &options, PATIENCE)?;
    ensure!(finished.success, "{} failed:\n{}", program.name, finished.output);
    Ok((finished.output, recording.text()?))
}

impl Measured {
    /// Returns the names of the operations that are over their limits.
    pub fn missed(&self) -> Vec<String> {
        missed(&self.results, self.size)
    }

    /// Checks the limits.
    ///
    /// # Errors
    /// If one is missed.
    pub fn check(&self) -> Result<()> {
        self.costs.get(SYSTEM_CALL).map_or(Ok(()), cycles::check_system_call)?;
        let missed = self.missed();
        ensure!(missed.is_empty(), "over the limit: {}", missed.join(", "));
        Ok(())
    }
}

impl Limit {
    fn is_met(&self, measured: u32, results: &Results) -> bool {
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

    pub fn text(&self, results: &Results) -> String {
        let of = |other| results.get(other).copied().unwrap_or_default();
        match *self {
            Limit::Most(most) => format!("<= {most}"),
            Limit::About { other, difference } => format!("{} +-{difference}", of(other)),
            Limit::Times { other, hundredths } => format!("<= {}", hundredths * of(other) / 100),
        }
    }
}

fn missed(results: &Results, size: Size) -> Vec<String> {
    let mut missed: Vec<String> = OPERATIONS
        .iter()
        .filter(|operation| {
            !results.get(operation.name).is_some_and(|&m| operation.must.is_met(m, results))
        })
        .map(|operation| operation.name.to_owned())
        .collect();
    if size.flash > size::FLASH_LIMIT {
        missed.push(FLASH.to_owned());
    }
    if size.ram > size.ram_limit {
        missed.push(RAM.to_owned());
    }
    missed
}

/// Prints the figures as JSON.
pub fn print_json(board: Board, Measured { results, costs, size }: &Measured) {
    let figures: Map<_, _> =
        OPERATIONS.iter().map(|o| (o.name.to_owned(), json!(results.get(o.name)))).collect();
    let cycles = |range: fn(&Cost) -> cycles::Range| -> Map<_, _> {
        costs.iter().map(|(name, cost)| (name.clone(), json!(range(cost)))).collect()
    };
    let all = json!({
        "board": board.row().map(|row| &row.name),
        "profile": "release",
        "unit": "instructions",
        "results": figures,
        "cycles_m3": cycles(|cost| cost.m3),
        "cycles_m4": cycles(|cost| cost.m4),
        FLASH: size.flash,
        RAM: size.ram,
    });
    println!("{all}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the highest figure that an operation may have, if others have their highest.
    fn most(operation: &Operation) -> u32 {
        let of = |name: &str| most(OPERATIONS.iter().find(|it| it.name == name).unwrap());
        match operation.must {
            Limit::Most(most) => most,
            Limit::About { other, difference } => of(other) + difference,
            Limit::Times { other, hundredths } => of(other) * hundredths / 100,
        }
    }

    fn good() -> Results {
        OPERATIONS.iter().map(|o| (o.name.to_owned(), most(o))).collect()
    }

    const SIZE: Size = Size { flash: size::FLASH_LIMIT, ram: 1, ram_limit: 1 };

    #[test]
    fn the_limits_themselves_are_met() {
        assert_eq!(missed(&good(), SIZE), [""; 0]);
    }

    #[test]
    fn every_figure_over_its_limit_is_missed() {
        for operation in &OPERATIONS {
            let mut results = good();
            *results.get_mut(operation.name).unwrap() += 1;
            let missed = missed(&results, SIZE);
            assert!(missed.iter().any(|name| name == operation.name), "{}", operation.name);
        }
        let large = Size { flash: size::FLASH_LIMIT + 1, ram: 2, ram_limit: 1 };
        assert_eq!(missed(&good(), large), ["kernel_flash_bytes", "kernel_ram_bytes"]);
    }
}
