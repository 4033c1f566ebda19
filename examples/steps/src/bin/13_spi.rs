// SPDX-License-Identifier: MIT OR Apache-2.0
//! A display in a process of its own. The process `bus` owns an SPI bus, and gives each client one chip. `panel` has
//! the display and two of its lines, and draws with the unchanged crates `ssd1306` and `embedded-graphics`. The process
//! of the bus crashes once. `panel` then gets an error, and starts the display again. Another thread prints the upper
//! left part of the display.
//!
//! ```text
//! info  bus: .   .        ..    ..
//! info  bus: :   :  ...    :     :    ...
//! info  bus: :''': :...:   :     :   :   :
//! info  bus: :   : '...   .:.   .:.  '...'
//! info  bus:
//! info  bus:     .   .                ..
//! info  bus:  .. :  ..    ...  . ..    :    ...  .   .
//! info  bus: :  ':   :   '...  :'  :   :    ...: :  .:
//! info  bus: '..':  .:.  ....' :'..'  .:.  '...:  '' :
//! info  bus:                   :                 '...'
//! fault process bus: panic at examples/steps/src/bin/13_spi.rs:97, thread main of panel, in call DISPLAY
//! info  panel: BusWriteError
//! info  bus:                     .
//! info  bus:  ...   ....  ...   ..   . ..
//! info  bus:  ...: :   :  ...:   :   :'  :
//! info  bus: '...:  ''': '...:  .:.  :   :
//! info  bus:       '...'
//! ```
//!
//! ```sh
//! cargo run -p steps --bin 13_spi -- --until 1
//! cargo run -p steps --bin 13_spi --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{UART0, Uart};
use console::Console;
use core::fmt::{self, Write as _};
use core::time::Duration;
use crossgate::sync::Mutex;
use crossgate::time::Delay;
use crossgate::{Concurrent, Exclusive, Handle, thread, time};
use crossgate_gpio::{OutputHandle, OutputLine, Outputs};
use crossgate_log::{Levels, Log, Logger, info};
use crossgate_spi::{SpiChip, SpiDevice};
use crossgate_spi_bus::SpiBus;
use display_interface::DisplayError;
use embedded_graphics::Drawable;
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::FONT_6X10;
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::Point;
use embedded_graphics::text::{Baseline, Text};
use embedded_hal::spi::{self, ErrorKind, ErrorType};
use simulated_chips::{FourWires, Lines, Picture, SimulatedPin, SimulatedSpi};
use ssd1306::mode::{BufferedGraphicsMode, DisplayConfig};
use ssd1306::prelude::{DisplayRotation, SPIInterface};
use ssd1306::size::DisplaySize128x64;

/// The lines of the board: one selects the display, one says if bytes are data or commands, and one resets the display.
static LINES: Lines<3> = Lines::new(|| time::now().as_micros());

/// The picture on the display.
static SHOWN: Mutex<Picture> = Mutex::new(Picture::DARK);

/// The driver of the bus. Any `SpiBus` of `embedded-hal` can be the driver. This example has to run on every board, so
/// it simulates a bus with a display, according to the data sheet of the display. Later it panics, to show a crash.
struct Bus {
    chips: SimulatedSpi<simulated_chips::Ssd1306<FourWires>, 1, 3>,
    transactions: u32,
}

impl Bus {
    const fn new() -> Bus {
        let display = simulated_chips::Ssd1306::on_spi(0, 1, 2);
        let chips = SimulatedSpi::new([display], &LINES);
        Bus { chips, transactions: 0 }
    }
}

impl ErrorType for Bus {
    type Error = ErrorKind;
}

impl spi::SpiBus for Bus {
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        self.chips.read(bytes)
    }
    fn write(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        self.chips.write(bytes)
    }
    fn transfer(&mut self, to: &mut [u8], from: &[u8]) -> Result<(), ErrorKind> {
        self.chips.transfer(to, from)
    }
    fn transfer_in_place(&mut self, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        self.chips.transfer_in_place(bytes)
    }
    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.transactions += 1;
        assert!(self.transactions < 40, "a mistake in the driver of the bus");
        let [display] = self.chips.chips();
        *SHOWN.lock() = display.picture(time::now().as_micros());
        Ok(())
    }
}

/// Prints the picture on the display each time that it has changed.
fn look(log: Logger) -> ! {
    let mut seen = Picture::DARK;
    loop {
        time::sleep(Duration::from_millis(50));
        let shown = *SHOWN.lock();
        if shown != seen {
            seen = shown;
            for row in (0..10).step_by(2) {
                info!(log, "{}", Rows(&shown, row));
            }
        }
    }
}

/// The left part of two rows of a picture.
struct Rows<'a>(&'a Picture, usize);

impl fmt::Display for Rows<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rows(picture, row) = *self;
        (0..48).try_for_each(|x| {
            formatter.write_char(match (picture.is_lit(x, row), picture.is_lit(x, row + 1)) {
                (false, false) => ' ',
                (true, false) => '\'',
                (false, true) => '.',
                (true, true) => ':',
            })
        })
    }
}

type Display = ssd1306::Ssd1306<
    SPIInterface<SpiChip<0>, OutputHandle<0>>,
    DisplaySize128x64,
    BufferedGraphicsMode<DisplaySize128x64>,
>;

/// Resets and configures the display.
fn begin(display: &mut Display, reset: &mut OutputHandle<1>) -> Result<(), DisplayError> {
    display.reset(reset, &mut Delay).map_err(|_| DisplayError::RSError)?;
    display.init()?;
    // The display needs this time until it shows something.
    time::sleep(Duration::from_millis(100));
    Ok(())
}

fn show(display: &mut Display, text: &str) -> Result<(), DisplayError> {
    display.clear_buffer();
    let style = MonoTextStyle::new(&FONT_6X10, BinaryColor::On);
    Text::with_baseline(text, Point::new(0, 0), style, Baseline::Top).draw(display)?;
    display.flush()
}

fn panel(
    chip: Handle<dyn SpiDevice<0>>,
    data: Handle<dyn OutputLine<0>>,
    reset: Handle<dyn OutputLine<1>>,
    log: Logger,
) -> ! {
    let interface = SPIInterface::new(SpiChip::new(chip), OutputHandle::new(data));
    let mut reset = OutputHandle::new(reset);
    let mut display: Display =
        ssd1306::Ssd1306::new(interface, DisplaySize128x64, DisplayRotation::Rotate0)
            .into_buffered_graphics_mode();
    let mut begun = begin(&mut display, &mut reset);
    for text in ["Hello", "display", "again"] {
        while let Err(error) = begun.and_then(|()| show(&mut display, text)) {
            info!(log, "{error:?}");
            time::sleep(Duration::from_millis(20));
            begun = begin(&mut display, &mut reset);
        }
        begun = Ok(());
        time::sleep(Duration::from_millis(200));
    }
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process bus {
        object bus (stack = 1536): Exclusive<SpiBus<Bus, SimulatedPin, Delay, 1, 64>> =
            SpiBus::new(Bus::new(), [LINES.pin(0)], Delay, 2048) => [DISPLAY: dyn SpiDevice<0>];
        object pins (stack = 256): Exclusive<Outputs<SimulatedPin, 2>> =
            Outputs::new([LINES.pin(1), LINES.pin(2)]) =>
            [DATA: dyn OutputLine<0>, RESET: dyn OutputLine<1>];
        thread person (priority = 1, stack = 4096) = look(Logger::new(LOG, LEVELS));
    }
    process panel {
        thread main (priority = 2, stack = 8192) =
            panel(DISPLAY, DATA, RESET, Logger::new(LOG, LEVELS));
    }
    process console {
        mmio UART0;
        notification FAULTED;
        supervisor FAULTED;
        object terminal (stack = 512): Concurrent<Console<Uart>> =
            Console::new(Uart::new(UART0, 115_200)) => [LOG: dyn Log, LEVELS: dyn Levels];
        thread reporter (priority = 4, stack = 2048) = console::report(&terminal, &SYSTEM, FAULTED);
    }
}
board::start!(SYSTEM);
