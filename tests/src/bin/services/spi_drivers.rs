// SPDX-License-Identifier: MIT OR Apache-2.0
//! The unchanged driver crate of a display, in a process without a bus. The process has one chip, a line that separates
//! data from commands, and a line for the reset, and the display shows its pictures. Another process has another chip
//! on the same bus, and its transactions are not interrupted. A crash of the process of the bus costs each of them one
//! error and a retry.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::sync::Mutex;
use crossgate::time::Delay;
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, Notification, Signal, interface, thread, time,
};
use crossgate_abi::Cause;
use crossgate_gpio::{OutputHandle, OutputLine, Outputs};
use crossgate_spi::{Error, Fault, SpiChip, SpiDevice};
use crossgate_spi_bus::SpiBus;
use embedded_graphics::Drawable;
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::{Point, Primitive, Size};
use embedded_graphics::primitives::{PrimitiveStyle, Rectangle};
use embedded_hal::spi::{self, ErrorKind, ErrorType, Operation, SpiDevice as _};
use simulated_chips::{
    FourWires, Lines, Picture, SimulatedPin, SimulatedSpi, SpiChip as Chip, Ssd1306,
};
use ssd1306::mode::DisplayConfig;
use ssd1306::prelude::{DisplayRotation, SPIInterface};
use ssd1306::size::DisplaySize128x64;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;

/// The lines of the board that select the chips, and the lines of the display.
static LINES: Lines<4> = Lines::new(|| time::now().as_micros());
const DISPLAY_SELECT: usize = 0;
const COUNTER_SELECT: usize = 1;
const DISPLAY_DATA: usize = 2;
const DISPLAY_RESET: usize = 3;

/// A chip that sends the number of bytes since it was selected.
struct Counter {
    is_selected: bool,
    count: u8,
}

impl Chip for Counter {
    fn line(&mut self, line: usize, high: bool, _: u64) {
        if line == COUNTER_SELECT {
            *self = Counter { is_selected: !high, count: 0 };
        }
    }
    fn exchange(&mut self, _: u8, _: u64) -> Option<u8> {
        let before = self.count;
        self.count = before.wrapping_add(u8::from(self.is_selected));
        self.is_selected.then_some(before)
    }
}

#[expect(clippy::large_enum_variant, reason = "there is one of each")]
enum Either {
    Display(Ssd1306<FourWires>),
    Counter(Counter),
}

impl Chip for Either {
    fn line(&mut self, line: usize, high: bool, now: u64) {
        match self {
            Either::Display(chip) => chip.line(line, high, now),
            Either::Counter(chip) => chip.line(line, high, now),
        }
    }
    fn exchange(&mut self, byte: u8, now: u64) -> Option<u8> {
        match self {
            Either::Display(chip) => chip.exchange(byte, now),
            Either::Counter(chip) => chip.exchange(byte, now),
        }
    }
}

/// The points that the display shows: the process of the bus updates them after each transaction.
static SHOWN: Mutex<Picture> = Mutex::new(Picture::DARK);

struct Wires(SimulatedSpi<Either, 2, 4>);

impl Wires {
    const fn new() -> Wires {
        let display = Ssd1306::on_spi(DISPLAY_SELECT, DISPLAY_DATA, DISPLAY_RESET);
        let counter = Counter { is_selected: false, count: 0 };
        let chips = [Either::Display(display), Either::Counter(counter)];
        Wires(SimulatedSpi::new(chips, &LINES))
    }
}

impl ErrorType for Wires {
    type Error = ErrorKind;
}

impl spi::SpiBus for Wires {
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        self.0.read(bytes)
    }
    fn write(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        self.0.write(bytes)
    }
    fn transfer(&mut self, to: &mut [u8], from: &[u8]) -> Result<(), ErrorKind> {
        self.0.transfer(to, from)
    }
    fn transfer_in_place(&mut self, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        self.0.transfer_in_place(bytes)
    }
    fn flush(&mut self) -> Result<(), ErrorKind> {
        if let [Either::Display(display), _] = self.0.chips() {
            *SHOWN.lock() = display.picture(u64::MAX);
        }
        self.0.flush()
    }
}

/// The display as a person sees it.
#[interface]
trait Look {
    fn is_lit(&self, x: u8, y: u8) -> bool;
    /// Returns the number of lit points.
    fn lit(&self) -> u32;
}
struct Person;

impl Look for Person {
    fn is_lit(&self, x: u8, y: u8) -> bool {
        SHOWN.lock().is_lit(x.into(), y.into())
    }
    fn lit(&self) -> u32 {
        let picture = SHOWN.lock();
        (0..64).map(|y| (0..128).filter(|&x| picture.is_lit(x, y)).count() as u32).sum()
    }
}

crossgate::system! {
    static SYSTEM;
    process bus {
        notification BREAK;
        object bus (stack = 1536): Exclusive<SpiBus<Wires, SimulatedPin, Delay, 2, 64>> =
            SpiBus::new(Wires::new(), [LINES.pin(DISPLAY_SELECT), LINES.pin(COUNTER_SELECT)], Delay, 2048) =>
            [DISPLAY: dyn SpiDevice<0>, COUNTER: dyn SpiDevice<1>];
        object pins: Exclusive<Outputs<SimulatedPin, 2>> =
            Outputs::new([LINES.pin(DISPLAY_DATA), LINES.pin(DISPLAY_RESET)]) =>
            [DATA: dyn OutputLine<0>, RESET: dyn OutputLine<1>];
        object person (stack = 1536): Concurrent<Person> = Person => [LOOK: dyn Look];
        thread main (priority = 20, stack = 1024) = break_down(BREAK);
    }
    process panel {
        notification AGAIN;
        thread main (priority = 5, stack = 8192) = panel(DISPLAY, DATA, RESET, LOOK, AGAIN, DONE);
    }
    process other {
        notification OTHER_AGAIN;
        thread main (priority = 6, stack = 4096) = other(COUNTER, OTHER_AGAIN, DONE);
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        counting notification DONE;
        thread main (priority = 31, stack = 2048) = witness(FAULTED, DONE, [AGAIN, OTHER_AGAIN], BREAK);
    }
}
board::start!(SYSTEM);

fn break_down(now: Notification) -> ! {
    now.wait();
    panic!("the bus breaks down")
}

fn panel(
    chip: Handle<dyn SpiDevice<0>>,
    data: Handle<dyn OutputLine<0>>,
    reset: Handle<dyn OutputLine<1>>,
    look: Handle<dyn Look>,
    again: Notification,
    done: Signal,
) -> ! {
    let (spi, data) = (SpiChip::<0>::new(chip), OutputHandle::new(data));
    let mut reset = OutputHandle::new(reset);
    let interface = SPIInterface::new(spi, data);
    let mut driver = ssd1306::Ssd1306::new(interface, DisplaySize128x64, DisplayRotation::Rotate0)
        .into_buffered_graphics_mode();
    expect_that("without a reset", driver.init().is_ok());
    expect("the display shows nothing", look.lit(), Ok(0));
    for life in 0..2 {
        expect_that("a reset", driver.reset(&mut reset, &mut Delay).is_ok());
        expect("the display without its initialisation", look.lit(), Ok(0));
        expect_that("the driver starts", driver.init().is_ok());
        driver.clear_buffer();
        expect_that("a dark picture", driver.flush().is_ok());
        expect("the picture is dark", look.lit(), Ok(0));
        for step in 0..4 {
            let corner = Point::new(10 + 20 * step, 3 + 11 * step);
            let style = PrimitiveStyle::with_fill(BinaryColor::On);
            let figure = Rectangle::new(corner, Size::new(7, 10)).into_styled(style);
            expect_that("a figure", figure.draw(&mut driver).is_ok());
            expect_that("a picture", driver.flush().is_ok());
            expect("the number of lit points", look.lit(), Ok(70 * (1 + step as u32)));
            let (x, y) = (corner.x as u8, corner.y as u8);
            let ends = [(x, y), (x + 6, y + 9)].map(|(x, y)| look.is_lit(x, y));
            expect("the ends of the figure", ends, [Ok(true), Ok(true)]);
            let beside = [(x - 1, y), (x + 6, y + 10)].map(|(x, y)| look.is_lit(x, y));
            expect("and beside", beside, [Ok(false), Ok(false)]);
        }
        expect("signal", done.signal(), Ok(()));
        again.wait();
        if life == 0 {
            // The process of the bus has crashed and restarted, and so have the simulated chips.
            expect("a display that is not initialised", look.lit(), Ok(0));
        }
    }
    thread::exit()
}

/// Uses the other chip while the panel draws, and while the process of the bus crashes.
fn other(chip: Handle<dyn SpiDevice<1>>, again: Notification, done: Signal) -> ! {
    let mut chip = SpiChip::<1>::new(chip);
    for _ in 0..30 {
        let (mut first, mut both, mut third) = ([0; 2], [0; 2], [0; 3]);
        let mut operations = [
            Operation::Read(&mut first),
            Operation::DelayNs(300_000),
            Operation::Write(&[1; 5]),
            Operation::TransferInPlace(&mut both),
            Operation::DelayNs(300_000),
            Operation::Transfer(&mut third, &[1]),
        ];
        expect("operations", chip.transaction(&mut operations), Ok(()));
        expect("one transaction", (first, both, third), ([0, 1], [7, 8], [9, 10, 11]));
    }
    let mut long = [0; 100];
    expect("many bytes", chip.transfer_in_place(&mut long), Ok(()));
    expect("one transaction", (long[63], long[64], long[99]), (63, 64, 99));
    expect("too many", chip.write(&[0; 2049]), Err(Error::Bus(Fault::TooLong)));
    let mut pause = [Operation::DelayNs(1_000_001)];
    expect("too long", chip.transaction(&mut pause), Err(Error::Bus(Fault::TooLong)));
    expect("signal", done.signal(), Ok(()));
    again.wait();
    expect("signal", done.signal(), Ok(()));
    let mut errors = 0;
    for _ in 0..1000 {
        let mut bytes = [0; 3];
        match chip.read(&mut bytes) {
            Ok(()) => expect("whole ones", bytes, [0, 1, 2]),
            Err(error) => {
                let crashed = error == Error::Call(CallError::ServerFaulted);
                let restarts = error == Error::Call(CallError::ServerDown);
                expect_that("an error of the call", crashed || restarts);
                errors += 1;
            }
        }
        time::sleep(Duration::from_micros(100));
    }
    expect_that("a retry suffices", errors <= 1);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn witness(faulted: Notification, done: Notification, again: [Signal; 2], breaks: Signal) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for _ in 0..2 {
        expect_that("both work", done.wait_timeout(Duration::from_secs(10)).is_ok());
    }
    expect("signal", again[1].signal(), Ok(()));
    expect_that(
        "the other client uses its chip",
        done.wait_timeout(Duration::from_secs(10)).is_ok(),
    );
    time::sleep(Duration::from_millis(20));
    expect("signal", breaks.signal(), Ok(()));
    watch.expect("bus", Cause::Panic);
    expect_that("the other client continues", done.wait_timeout(Duration::from_secs(10)).is_ok());
    expect("signal", again[0].signal(), Ok(()));
    expect_that("the driver draws again", done.wait_timeout(Duration::from_secs(10)).is_ok());
    watch.expect_no_more();
    pass()
}
