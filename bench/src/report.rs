//! Measuring, and telling the result.

use core::fmt::Write as _;
use core::hint::black_box;
use embedded_io::Write;
use mps2_an385::{Timer, Uart};

/// How often an operation is repeated.
pub const ROUNDS: u32 = 10_000;
/// Instructions in a tick of the timer: at 25 MHz it is 40 ns long, an instruction 1 ns.
const INSTRUCTIONS_PER_TICK: u32 = 40;

/// The clock and the serial line that a benchmark's main thread owns.
#[derive(Debug)]
pub struct Bench {
    timer: Timer,
    line: Line,
}

#[derive(Debug)]
struct Line(Uart);

impl core::fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.write_all(text.as_bytes()).map_err(|_| core::fmt::Error)
    }
}

impl Bench {
    /// Starts the clock.
    #[must_use]
    pub fn new(timer: Timer, uart: Uart) -> Bench {
        let mut bench = Bench { timer, line: Line(uart) };
        bench.timer.start();
        bench
    }

    /// The ticks that `work` takes.
    fn ticks(&mut self, work: impl FnOnce()) -> u32 {
        let start = self.timer.elapsed();
        work();
        self.timer.elapsed().wrapping_sub(start)
    }

    /// Prints what one `operation` costs.
    pub fn measure(&mut self, name: &str, mut operation: impl FnMut()) {
        let empty = self.ticks(|| {
            for round in 0..ROUNDS {
                black_box(round);
            }
        });
        let ticks = self.ticks(|| {
            for round in 0..ROUNDS {
                black_box(round);
                operation();
            }
        });
        self.print(name, ticks - empty, ROUNDS);
    }

    /// Prints what one of `rounds` operations costs, all of which `work` does, loop and all.
    pub fn measure_whole(&mut self, name: &str, rounds: u32, work: impl FnOnce()) {
        let ticks = self.ticks(work);
        self.print(name, ticks, rounds);
    }

    fn print(&mut self, name: &str, ticks: u32, rounds: u32) {
        let instructions = (ticks * INSTRUCTIONS_PER_TICK + rounds / 2) / rounds;
        let printed = writeln!(self.line, "result {name} {instructions}");
        assert!(printed.is_ok());
    }

    /// Ends the emulation.
    pub fn end(self) -> ! {
        semihosting::process::exit(0)
    }
}
