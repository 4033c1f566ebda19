// SPDX-License-Identifier: MIT OR Apache-2.0
//! The lines of a GPIO port as services. One process owns the GPIO port and all of its pins. Each client gets one line,
//! in one direction.
//!
//! | object | over | interface | client's pin |
//! |---|---|---|---|
//! | [`Outputs`] | several `StatefulOutputPin`s | [`OutputLine`] | [`OutputHandle`]: `OutputPin`, `StatefulOutputPin` |
//! | [`Inputs`] | several `InputPin`s | [`InputLine`] | [`InputHandle`]: `InputPin` |
//!
//! ```ignore
//! process pins {
//!     mmio LAMPS;
//!     object lamps (stack = 256): Exclusive<Outputs<Lamp, 2>> = Outputs::new([Lamp::new(0), Lamp::new(1)]) =>
//!         [ALARM: dyn OutputLine<0>, FAN: dyn OutputLine<1>];
//! }
//! process control { thread main (priority = 2, stack = 1024) = control::main(ALARM); }
//! ```
//!
//! ```
//! use crossgate::Handle;
//! use crossgate_gpio::{Error, OutputHandle, OutputLine};
//! use embedded_hal::digital::OutputPin;
//!
//! /// A driver that knows nothing of calls.
//! fn pulse<P: OutputPin>(pin: &mut P) -> Result<(), P::Error> {
//!     pin.set_high()?;
//!     pin.set_low()
//! }
//! fn ring(alarm: Handle<dyn OutputLine<0>>) -> Result<(), Error> {
//!     pulse(&mut OutputHandle::new(alarm))
//! }
//! ```
//!
//! One object serves all lines of a GPIO port, because most GPIO ports have one register for all lines. To change a
//! line, a driver reads this register, and writes it with the bit of the line changed. If two threads did that at the
//! same time, one change could be lost.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::fmt;
use crossgate::{CallError, Handle, Wire, interface};
use embedded_hal::digital::{self, ErrorKind, ErrorType, InputPin, OutputPin, StatefulOutputPin};

/// An error of the pin's driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub struct Fault;

/// The interface of the process that may set a line. `LINE` is the line's place in [`Outputs`].
#[interface]
pub trait OutputLine<const LINE: usize> {
    /// Sets the line high (`true`) or low (`false`).
    fn set(&mut self, high: bool) -> Result<(), Fault>;
    /// Returns whether the line is set high.
    fn is_set_high(&mut self) -> Result<bool, Fault>;
}

/// The interface of processes that may read a line. `LINE` is the line's place in [`Inputs`].
#[interface]
pub trait InputLine<const LINE: usize> {
    /// Returns whether the line is high.
    fn is_high(&mut self) -> Result<bool, Fault>;
}

/// Output lines: the service object of the process that owns the GPIO port. It serves [`OutputLine`] for each place in
/// the array. An interface whose place is past the end of the array does not compile.
#[derive(Debug)]
pub struct Outputs<P, const N: usize>([P; N]);

impl<P: StatefulOutputPin, const N: usize> Outputs<P, N> {
    /// Creates the object of these pins.
    #[must_use]
    pub const fn new(pins: [P; N]) -> Self {
        Outputs(pins)
    }
}

impl<P: StatefulOutputPin, const N: usize, const LINE: usize> OutputLine<LINE> for Outputs<P, N> {
    fn set(&mut self, high: bool) -> Result<(), Fault> {
        pin::<P, N, LINE>(&mut self.0).set_state(high.into()).map_err(|_| Fault)
    }

    fn is_set_high(&mut self) -> Result<bool, Fault> {
        pin::<P, N, LINE>(&mut self.0).is_set_high().map_err(|_| Fault)
    }
}

/// Input lines: the service object of the process that owns the GPIO port. It serves [`InputLine`] for each place in
/// the array. An interface whose place is past the end of the array does not compile.
#[derive(Debug)]
pub struct Inputs<P, const N: usize>([P; N]);

impl<P: InputPin, const N: usize> Inputs<P, N> {
    /// Creates the object of these pins.
    #[must_use]
    pub const fn new(pins: [P; N]) -> Self {
        Inputs(pins)
    }
}

impl<P: InputPin, const N: usize, const LINE: usize> InputLine<LINE> for Inputs<P, N> {
    fn is_high(&mut self) -> Result<bool, Fault> {
        pin::<P, N, LINE>(&mut self.0).is_high().map_err(|_| Fault)
    }
}

/// Returns a pin of the GPIO port. The compiler checks that it exists.
fn pin<P, const N: usize, const LINE: usize>(pins: &mut [P; N]) -> &mut P {
    const { assert!(LINE < N, "the port has no such line") };
    &mut pins[LINE]
}

/// The reason why a line could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The driver of the pin reports an error.
    Pin,
    /// The call failed. After [`CallError::ServerFaulted`] the process of the pins restarts, so the driver may try again.
    Call(CallError),
}

impl From<Fault> for Error {
    fn from(_: Fault) -> Error {
        Error::Pin
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Error {
        Error::Call(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Pin => formatter.write_str("the driver of the pin had an error"),
            Error::Call(error) => write!(formatter, "the call to the port failed: {error}"),
        }
    }
}

impl core::error::Error for Error {}

impl digital::Error for Error {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// A line of a GPIO port that another process owns, as an `OutputPin` for a driver crate.
#[derive(Clone, Copy, Debug)]
pub struct OutputHandle<const LINE: usize>(Handle<dyn OutputLine<LINE>>);

impl<const LINE: usize> OutputHandle<LINE> {
    /// Creates the pin of the line behind the handle.
    #[must_use]
    pub const fn new(line: Handle<dyn OutputLine<LINE>>) -> Self {
        OutputHandle(line)
    }
}

impl<const LINE: usize> ErrorType for OutputHandle<LINE> {
    type Error = Error;
}

impl<const LINE: usize> OutputPin for OutputHandle<LINE> {
    fn set_low(&mut self) -> Result<(), Error> {
        Ok(self.0.set(false)??)
    }

    fn set_high(&mut self) -> Result<(), Error> {
        Ok(self.0.set(true)??)
    }
}

impl<const LINE: usize> StatefulOutputPin for OutputHandle<LINE> {
    fn is_set_high(&mut self) -> Result<bool, Error> {
        Ok(self.0.is_set_high()??)
    }

    fn is_set_low(&mut self) -> Result<bool, Error> {
        Ok(!self.0.is_set_high()??)
    }
}

/// A line of a GPIO port that another process owns, as an `InputPin` for a driver crate.
#[derive(Clone, Copy, Debug)]
pub struct InputHandle<const LINE: usize>(Handle<dyn InputLine<LINE>>);

impl<const LINE: usize> InputHandle<LINE> {
    /// Creates the pin of the line behind the handle.
    #[must_use]
    pub const fn new(line: Handle<dyn InputLine<LINE>>) -> Self {
        InputHandle(line)
    }
}

impl<const LINE: usize> ErrorType for InputHandle<LINE> {
    type Error = Error;
}

impl<const LINE: usize> InputPin for InputHandle<LINE> {
    fn is_high(&mut self) -> Result<bool, Error> {
        Ok(self.0.is_high()??)
    }

    fn is_low(&mut self) -> Result<bool, Error> {
        Ok(!self.0.is_high()??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    /// A pin. The test sees its level, and can make it fail.
    struct Pin(&'static AtomicBool, bool);

    impl ErrorType for Pin {
        type Error = ErrorKind;
    }
    impl Pin {
        fn checked<T>(&self, value: T) -> Result<T, ErrorKind> {
            if self.1 { Err(ErrorKind::Other) } else { Ok(value) }
        }
    }
    impl OutputPin for Pin {
        fn set_low(&mut self) -> Result<(), ErrorKind> {
            self.checked(())?;
            self.0.store(false, Relaxed);
            Ok(())
        }
        fn set_high(&mut self) -> Result<(), ErrorKind> {
            self.checked(())?;
            self.0.store(true, Relaxed);
            Ok(())
        }
    }
    impl StatefulOutputPin for Pin {
        fn is_set_high(&mut self) -> Result<bool, ErrorKind> {
            self.checked(self.0.load(Relaxed))
        }
        fn is_set_low(&mut self) -> Result<bool, ErrorKind> {
            self.checked(!self.0.load(Relaxed))
        }
    }
    impl InputPin for Pin {
        fn is_high(&mut self) -> Result<bool, ErrorKind> {
            self.is_set_high()
        }
        fn is_low(&mut self) -> Result<bool, ErrorKind> {
            self.is_set_low()
        }
    }

    fn check(high: bool, [level, other]: [&AtomicBool; 2]) {
        assert_eq!((level.load(Relaxed), other.load(Relaxed)), (high, false));
    }

    #[test]
    fn a_line_is_set_and_read() {
        static LEVELS: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];
        let [other, level] = &LEVELS;
        let wiring = Wiring::new();
        let pins = || [Pin(other, false), Pin(level, false)];
        let output: Handle<dyn OutputLine<1>> = wiring.serve(Outputs::new(pins()));
        let input: Handle<dyn InputLine<1>> = wiring.serve(Inputs::new(pins()));
        wiring.run(|| {
            let (mut output, mut input) = (OutputHandle::new(output), InputHandle::new(input));
            for high in [true, false, true] {
                assert_eq!(output.set_state(high.into()), Ok(()));
                assert_eq!((output.is_set_high(), output.is_set_low()), (Ok(high), Ok(!high)));
                assert_eq!((input.is_high(), input.is_low()), (Ok(high), Ok(!high)));
                check(high, [level, other]);
            }
            assert_eq!(output.toggle(), Ok(()));
            check(false, [level, other]);
        });
    }

    #[test]
    fn a_broken_pin_is_an_error() {
        static LEVEL: AtomicBool = AtomicBool::new(false);
        let wiring = Wiring::new();
        let output: Handle<dyn OutputLine<0>> = wiring.serve(Outputs::new([Pin(&LEVEL, true)]));
        let input: Handle<dyn InputLine<0>> = wiring.serve(Inputs::new([Pin(&LEVEL, true)]));
        wiring.run(|| {
            assert_eq!(OutputHandle::new(output).set_high(), Err(Error::Pin));
            assert_eq!(OutputHandle::new(output).is_set_low(), Err(Error::Pin));
            assert_eq!(InputHandle::new(input).is_low(), Err(Error::Pin));
        });
    }
}
