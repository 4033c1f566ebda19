// SPDX-License-Identifier: MIT OR Apache-2.0
//! The crate `stm32f4xx-hal`, unchanged, in processes of an STM32F405: its drivers of serial lines and of pins.
//! Processes that use it for a device of another process, or as programs without processes do, are stopped.
//!
//! `line` sends, and restarts after it has accessed the device of another process. `cable` receives, by interrupts,
//! what it sends: the test connects its two serial lines. `light` drives a pin. The other processes only misbehave.
//!
//! ```text
//! sent by a process
//! stopped: line, at 0x40004400
//! sent by a process
//! stopped: light, at 0x40020418
//! stopped: serial, at 0x42470894
//! stopped: port, at 0x42470604
//! stopped: greedy, at 0xe000e104
//! received: across a cable
//! ```
//!
//! The emulator has no GPIO ports, but reports accesses to them. `light` writes these words to GPIOA, after those that
//! the board writes:
//!
//! ```text
//! GPIOA: unimplemented device write (size 4, offset 0x018, value 0x00000400)
//! GPIOA: unimplemented device write (size 4, offset 0x018, value 0x04000000)
//! GPIOA: unimplemented device write (size 4, offset 0x018, value 0x00000400)
//! ```
#![no_std]
#![no_main]

use core::fmt::Write;
use core::mem::transmute;
use crossgate::fault::{FaultRecord, Faults};
use crossgate::{Notification, Signal, thread};
use semihosting::println;
use semihosting::process::exit;
use stm32f4xx_hal::gpio::alt::{usart1, usart2, usart3};
use stm32f4xx_hal::gpio::{Alternate, Output, PA10, PB6, PC6};
use stm32f4xx_hal::nb::block;
use stm32f4xx_hal::pac::{GPIOB, Interrupt, RCC, USART1, USART2, USART3, USART6};
use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::serial::{Config, Rx, RxListen, Serial, Tx};

crossgate::system! {
    static SYSTEM;
    process judge {
        notification FAULTED;
        notification SENT;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = judge(FAULTED, SENT, CRASH);
    }
    process line {
        notification CRASH;
        mmio board::UART0;
        thread main (priority = 8, stack = 1024) = send(SENT, CRASH);
    }
    process light {
        on_fault = stop;
        mmio board::LAMPS;
        thread main (priority = 5, stack = 1024) = shine();
    }
    process serial { on_fault = stop; thread main (priority = 4, stack = 1024) = construct(); }
    process port { on_fault = stop; thread main (priority = 3, stack = 1024) = split(); }
    process greedy { on_fault = stop; thread main (priority = 2, stack = 1024) = unmask(); }
    process cable {
        on_fault = stop;
        notification ARRIVED;
        mmio board::UART1;
        mmio board::UART2;
        interrupt board::interrupt::UART2_RX => ARRIVED;
        thread main (priority = 1, stack = 2048) = connect(ARRIVED);
    }
}
board::start!(SYSTEM);

/// Makes the HAL's value for a driver of a serial line, without its constructor: from its pin.
macro_rules! driver {
    ($pin:ty => $driver:ty) => {{
        let pin: Option<$pin> = None;
        // SAFETY: the only field of the driver that has bytes is the `Option` of its pin. So both types have the same
        // bytes; if they had not the same size, this would not compile. A process can only reach the registers of
        // devices that it owns, whatever drivers it has.
        unsafe { transmute::<Option<$pin>, $driver>(pin) }
    }};
}

/// Sends on a serial line, twice in all: the process is crashed, and begins anew.
fn send(sent: Signal, crash: Notification) -> ! {
    // SAFETY: only this process has access to the device, and it makes one driver.
    let registers = unsafe { USART1::steal() };
    // 84 MHz / 115,200.
    // SAFETY: the device divides its clock by any value of 16 or more.
    registers.brr().write(|w| unsafe { w.bits(729) });
    registers.cr1().write(|w| w.ue().enabled().te().enabled());
    let mut line = driver!(usart1::Tx => Tx<USART1>);
    if line.write_str("sent by a process\n").is_err() || sent.signal().is_err() {
        exit(2);
    }
    crash.wait();
    let mut other = driver!(usart2::Tx => Tx<USART2>);
    let _ = other.write_str("sent by another process than the owner\n");
    exit(3)
}

/// Switches a lamp. The board has made its pin an output. Then it tries a pin of a port that it does not own.
fn shine() -> ! {
    // SAFETY: the type has one value, of no bytes. Only this process has access to the port, and the board has set the
    // pin as the type says, and locked it.
    let mut lamp: PA10<Output> = unsafe { transmute(()) };
    lamp.set_high();
    lamp.set_low();
    lamp.toggle();
    // SAFETY: as above, except that the process has no access to this port, and is stopped.
    let mut other: PB6<Output> = unsafe { transmute(()) };
    other.set_high();
    exit(4)
}

/// Constructs the driver of a serial line. This switches the device on, by the clock control.
fn construct() -> ! {
    // SAFETY: the process has access to neither, and is stopped.
    let (clocks, device) = unsafe { (RCC::steal(), USART6::steal()) };
    // SAFETY: as for the lamp.
    let pin: PC6<Alternate<8>> = unsafe { transmute(()) };
    let line: Result<Tx<USART6>, _> =
        Serial::tx(device, pin, Config::default(), &mut clocks.constrain());
    exit(if line.is_ok() { 5 } else { 6 })
}

/// Takes a whole port. This switches the port on and resets it, by the clock control.
fn split() -> ! {
    // SAFETY: the process has access to neither, and is stopped.
    let (clocks, port) = unsafe { (RCC::steal(), GPIOB::steal()) };
    let _ = port.split(&mut clocks.constrain());
    exit(7)
}

/// Unmasks an interrupt. Here, the kernel does this.
fn unmask() -> ! {
    // SAFETY: the process has no access to the interrupt controller, and is stopped.
    unsafe { cortex_m::peripheral::NVIC::unmask(Interrupt::USART1) };
    exit(8)
}

/// Receives what it sends. A byte is sent when the one before has arrived.
fn connect(arrived: Notification) -> ! {
    const TEXT: &[u8] = b"across a cable";
    // SAFETY: only this process has access to the devices, and it makes one driver of each.
    let (from, to) = unsafe { (USART2::steal(), USART3::steal()) };
    // 42 MHz / 115,200.
    // SAFETY: the device divides its clock by any value of 16 or more.
    from.brr().write(|w| unsafe { w.bits(365) });
    from.cr1().write(|w| w.ue().enabled().te().enabled());
    // SAFETY: as above.
    to.brr().write(|w| unsafe { w.bits(365) });
    to.cr1().write(|w| w.ue().enabled().re().enabled());
    let mut sender = driver!(usart2::Tx => Tx<USART2>);
    let mut receiver = driver!(usart3::Rx => Rx<USART3>);
    receiver.listen();
    let mut text = [0; TEXT.len()];
    for (sent, received) in TEXT.iter().zip(&mut text) {
        let Ok(()) = block!(sender.write(*sent)) else { exit(9) };
        arrived.acknowledge();
        arrived.wait();
        let Ok(byte) = receiver.read() else { exit(10) };
        *received = byte;
    }
    println!("received: {}", str::from_utf8(&text).unwrap_or("other bytes"));
    exit(if text == TEXT { 0 } else { 11 })
}

/// Reports which processes are stopped, one by one: the kernel keeps only the last records.
fn judge(faulted: Notification, sent: Notification, crash: Signal) -> ! {
    let mut faults = Faults::new();
    sent.wait();
    if crash.signal().is_err() {
        exit(12);
    }
    for _ in 0..5 {
        faulted.wait();
        let Some(FaultRecord { process, address, .. }) = faults.next() else { exit(13) };
        let name = SYSTEM.processes[usize::from(process)].name;
        println!("stopped: {name}, at {address:#x}");
    }
    thread::exit()
}
