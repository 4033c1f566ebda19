// SPDX-License-Identifier: MIT OR Apache-2.0
//! Devices behind handles, with the traits of `embedded-hal` and `embedded-io`. A call that fails becomes an error of
//! the driver.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicU32, Ordering};
use crossgate::{CallError, Concurrent, Handle, Lease, interface, server};
use embedded_hal::digital::{self, OutputPin};
use embedded_io::{Error as _, ErrorKind, Write};
use system_tests::report::{broken, expect, pass};

#[interface]
trait Line {
    /// Sends as many bytes as there is room for. Returns their number.
    fn send(&self, bytes: Lease<'_, [u8]>) -> u32;
    /// Sets a pin.
    fn set(&self, high: bool);
}

/// The number of bytes that the device takes before it refuses more.
const ROOM: u32 = 10;

struct Device(AtomicU32);

impl Line for Device {
    fn send(&self, bytes: Lease<'_, [u8]>) -> u32 {
        let sent = self.0.load(Ordering::Relaxed);
        if sent == ROOM {
            server::refuse();
        }
        let count = (ROOM - sent).min(bytes.len() as u32);
        self.0.store(sent + count, Ordering::Relaxed);
        count
    }
    fn set(&self, high: bool) {
        if !high {
            server::refuse();
        }
    }
}

/// The stand-in for the device, in the process of the client.
struct Remote(Handle<dyn Line>);

impl embedded_io::ErrorType for Remote {
    type Error = CallError;
}
impl Write for Remote {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, CallError> {
        Ok(self.0.send(bytes)? as usize)
    }
    fn flush(&mut self) -> Result<(), CallError> {
        Ok(())
    }
}

impl digital::ErrorType for Remote {
    type Error = CallError;
}
impl OutputPin for Remote {
    fn set_low(&mut self) -> Result<(), CallError> {
        self.0.set(false)
    }
    fn set_high(&mut self) -> Result<(), CallError> {
        self.0.set(true)
    }
}

crossgate::system! {
    static SYSTEM;
    process device { object device: Concurrent<Device> = Device(AtomicU32::new(0)) => [DEVICE: dyn Line]; }
    process client { thread main (priority = 5, stack = 4096) = client(DEVICE); }
}
board::start!(SYSTEM);

/// A driver that knows nothing of calls. The error of any device can be converted into the error of this driver.
fn twice<W: Write>(output: &mut W, bytes: &[u8]) -> Result<(), ErrorKind> {
    for _ in 0..2 {
        output.write_all(bytes).map_err(|error| error.kind())?;
    }
    Ok(())
}

/// Returns the kind of a call's error, converted by `?`.
fn kind_of<K: From<CallError>>(call: Result<(), CallError>) -> Result<(), K> {
    Ok(call?)
}

fn client(device: Handle<dyn Line>) -> ! {
    let mut remote = Remote(device);
    expect("there is room", twice(&mut remote, b"12345"), Ok(()));
    expect("there is no room", twice(&mut remote, b"1"), Err(ErrorKind::PermissionDenied));
    expect("the pin", remote.set_high(), Ok(()));
    let Err(refused) = remote.set_low() else { broken("the pin can't be low") };
    expect("the error of a pin", digital::Error::kind(&refused), digital::ErrorKind::Other);
    let other: Result<(), digital::ErrorKind> = kind_of(Err(refused));
    expect("the same by `?`", other, Err(digital::ErrorKind::Other));
    for error in CallError::ALL {
        let bytes: Result<(), ErrorKind> = kind_of(Err(error));
        expect("the same kind in both ways", bytes, Err(embedded_io::Error::kind(&error)));
    }
    expect("in time", embedded_io::Error::kind(&CallError::DeadlineExceeded), ErrorKind::TimedOut);
    pass()
}
