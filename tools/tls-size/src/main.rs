// SPDX-License-Identifier: MIT OR Apache-2.0
//! A minimal TLS client, whose size is measured. It opens a connection with a pre-shared key, and sends and receives
//! bytes.
//!
//! `cargo xtask bench --tls` links it and prints the bytes of code, constants and buffers. The program is never run:
//! the line to the server and the random bytes are only accesses to a dummy register.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU8, Ordering};
use cortex_m_rt::entry;
use embedded_io::{ErrorKind, ErrorType, Read, Write};
use embedded_tls::blocking::{TlsConfig, TlsConnection, TlsContext};
use embedded_tls::{Aes128GcmSha256, CryptoRng, UnsecureProvider};
use rand_core::{Error, RngCore};
use static_cell::ConstStaticCell;

/// The longest record that a server may send, including its header and trailer.
const RECORD: usize = 16_640;
/// The longest record of the client. The message that opens a connection has to fit.
const OWN_RECORD: usize = 1024;

static RECEIVED: ConstStaticCell<[u8; RECORD]> = ConstStaticCell::new([0; RECORD]);
static SENT: ConstStaticCell<[u8; OWN_RECORD]> = ConstStaticCell::new([0; OWN_RECORD]);

/// A dummy register. The compiler does not know its value.
static REGISTER: AtomicU8 = AtomicU8::new(0);

/// A line to the server.
struct Line;

impl ErrorType for Line {
    type Error = ErrorKind;
}

impl Read for Line {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, ErrorKind> {
        bytes.fill_with(|| REGISTER.load(Ordering::Relaxed));
        Ok(bytes.len())
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        bytes.iter().for_each(|&byte| REGISTER.store(byte, Ordering::Relaxed));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// Bytes in place of random ones.
struct Source;

impl CryptoRng for Source {}

impl RngCore for Source {
    fn next_u32(&mut self) -> u32 {
        u32::from(REGISTER.load(Ordering::Relaxed))
    }

    fn next_u64(&mut self) -> u64 {
        u64::from(self.next_u32())
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| REGISTER.load(Ordering::Relaxed));
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

#[entry]
fn main() -> ! {
    let config = TlsConfig::new().with_server_name("server").with_psk(&[0x5a; 32], &[b"client"]);
    let mut tls = TlsConnection::new(Line, RECEIVED.take(), SENT.take());
    let context = TlsContext::new(&config, UnsecureProvider::new::<Aes128GcmSha256>(Source));
    if tls.open(context).is_ok() {
        let mut bytes = [0; 64];
        while let Ok(length) = tls.read(&mut bytes)
            && tls.write(&bytes[..length]).is_ok()
            && tls.flush().is_ok()
        {}
    }
    loop {
        core::hint::spin_loop();
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
