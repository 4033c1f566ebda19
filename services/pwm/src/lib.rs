// SPDX-License-Identifier: MIT OR Apache-2.0
//! The channels of a PWM generator as services. One process owns the generator. Each client gets one channel.
//!
//! | object | over | interface | client's channel |
//! |---|---|---|---|
//! | [`Channels`] | several `SetDutyCycle` | [`PwmChannel`] | [`PwmHandle`]: `SetDutyCycle` |
//!
//! ```ignore
//! process pwm {
//!     mmio PWM;
//!     object channels (stack = 256): Exclusive<Channels<Pwm, 2>> = Channels::new([Pwm::new(0), Pwm::new(1)]) =>
//!         [FAN: dyn PwmChannel<0>, LIGHT: dyn PwmChannel<1>];
//! }
//! process climate { thread main (priority = 2, stack = 1024) = climate::main(FAN); }
//! ```
//!
//! ```
//! use crossgate::Handle;
//! use crossgate_pwm::{Error, PwmChannel, PwmHandle};
//! use embedded_hal::pwm::SetDutyCycle;
//!
//! /// A driver that knows nothing of calls.
//! fn half<P: SetDutyCycle>(channel: &mut P) -> Result<(), P::Error> {
//!     channel.set_duty_cycle_percent(50)
//! }
//! fn blow(fan: Handle<dyn PwmChannel<0>>) -> Result<(), Error> {
//!     half(&mut PwmHandle::new(fan)?)
//! }
//! ```
//!
//! A channel keeps its duty cycle when its client crashes. The same holds when the process of the generator crashes,
//! because a crash does not reset a device. If this is dangerous in your device, let the driver set all duty cycles to
//! 0 at its start, and let the supervisor restart the process of the generator together with the client.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::fmt;
use crossgate::{CallError, Handle, Wire, interface};
use embedded_hal::pwm::{self, ErrorKind, ErrorType, SetDutyCycle};

/// The reason why the duty cycle was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Fault {
    /// The duty cycle is above the maximum of the channel.
    TooHigh,
    /// The driver of the generator had an error.
    Driver,
}

/// The interface of the process that may set a channel. `CHANNEL` is the channel's place in [`Channels`].
#[interface]
pub trait PwmChannel<const CHANNEL: usize> {
    /// Returns the duty cycle at which the output is always on.
    fn max_duty_cycle(&mut self) -> u16;
    /// Sets the duty cycle. It may be at most the maximum.
    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), Fault>;
}

/// The channels of a generator: the service object of the process that owns the generator. It serves [`PwmChannel`] for
/// each place in the array. An interface whose place is past the end of the array does not compile.
#[derive(Debug)]
pub struct Channels<P, const N: usize>([P; N]);

impl<P: SetDutyCycle, const N: usize> Channels<P, N> {
    /// Creates the object of these channels.
    #[must_use]
    pub const fn new(channels: [P; N]) -> Self {
        Channels(channels)
    }
}

impl<P: SetDutyCycle, const N: usize, const CHANNEL: usize> PwmChannel<CHANNEL> for Channels<P, N> {
    fn max_duty_cycle(&mut self) -> u16 {
        const { assert!(CHANNEL < N, "the generator has no such channel") };
        self.0[CHANNEL].max_duty_cycle()
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), Fault> {
        let channel = &mut self.0[CHANNEL];
        if duty > channel.max_duty_cycle() {
            return Err(Fault::TooHigh);
        }
        channel.set_duty_cycle(duty).map_err(|_| Fault::Driver)
    }
}

/// The reason why a channel could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The process of the generator reports an error.
    Channel(Fault),
    /// The call failed. After [`CallError::ServerFaulted`] the process of the generator restarts, so the driver may try
    /// again.
    Call(CallError),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        Error::Channel(fault)
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
            Error::Channel(Fault::TooHigh) => formatter.write_str("the duty cycle is too high"),
            Error::Channel(Fault::Driver) => formatter.write_str("the driver had an error"),
            Error::Call(error) => write!(formatter, "the call to the generator failed: {error}"),
        }
    }
}

impl core::error::Error for Error {}

impl pwm::Error for Error {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// A channel of a generator that another process owns, as a `SetDutyCycle` for a driver crate.
#[derive(Clone, Copy, Debug)]
pub struct PwmHandle<const CHANNEL: usize> {
    channel: Handle<dyn PwmChannel<CHANNEL>>,
    max_duty_cycle: u16,
}

impl<const CHANNEL: usize> PwmHandle<CHANNEL> {
    /// Creates the channel behind the handle. Asks the service for the maximum of the channel.
    ///
    /// # Errors
    /// If the call fails.
    pub fn new(channel: Handle<dyn PwmChannel<CHANNEL>>) -> Result<Self, CallError> {
        Ok(PwmHandle { channel, max_duty_cycle: channel.max_duty_cycle()? })
    }
}

impl<const CHANNEL: usize> ErrorType for PwmHandle<CHANNEL> {
    type Error = Error;
}

impl<const CHANNEL: usize> SetDutyCycle for PwmHandle<CHANNEL> {
    fn max_duty_cycle(&self) -> u16 {
        self.max_duty_cycle
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), Error> {
        Ok(self.channel.set_duty_cycle(duty)??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;
    use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

    /// A channel. The test sees its duty cycle. At the duty cycle 13 the driver has an error.
    struct Channel(&'static AtomicU16);

    impl ErrorType for Channel {
        type Error = ErrorKind;
    }
    impl SetDutyCycle for Channel {
        fn max_duty_cycle(&self) -> u16 {
            1000
        }
        fn set_duty_cycle(&mut self, duty: u16) -> Result<(), ErrorKind> {
            self.0.store(duty, Relaxed);
            if duty == 13 { Err(ErrorKind::Other) } else { Ok(()) }
        }
    }

    #[test]
    fn a_client_sets_its_channel_and_no_other() {
        static DUTIES: [AtomicU16; 2] = [const { AtomicU16::new(7) }; 2];
        let wiring = Wiring::new();
        let [other, own] = &DUTIES;
        let channel: Handle<dyn PwmChannel<1>> =
            wiring.serve(Channels::new([Channel(other), Channel(own)]));
        wiring.run(|| {
            let mut handle = PwmHandle::new(channel).unwrap();
            assert_eq!(handle.max_duty_cycle(), 1000);
            for (percent, duty) in [(0, 0), (25, 250), (100, 1000)] {
                assert_eq!(handle.set_duty_cycle_percent(percent), Ok(()));
                assert_eq!((own.load(Relaxed), other.load(Relaxed)), (duty, 7));
            }
            let too_high = Err(Error::Channel(Fault::TooHigh));
            assert_eq!((handle.set_duty_cycle(1001), own.load(Relaxed)), (too_high, 1000));
            assert_eq!(handle.set_duty_cycle(13), Err(Error::Channel(Fault::Driver)));
        });
    }
}
