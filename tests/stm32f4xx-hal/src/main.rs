// SPDX-License-Identifier: MIT OR Apache-2.0
//! The crate `stm32f4xx-hal`, unchanged, in processes of an STM32F405: a pin by its driver, and a serial line by the
//! registers that it exports. Three more processes use it as programs without processes do, and are stopped where it
//! accesses hardware that belongs to the board or to the kernel.
//!
//! ```text
//! sent by a process
//! stopped: serial, at 0x42470844
//! stopped: port, at 0x42470600
//! stopped: greedy, at 0xe000e104
//! ```
#![no_std]
#![no_main]

use core::mem::transmute;
use crossgate::fault::{FaultRecord, Faults};
use crossgate::{Notification, Signal, thread};
use semihosting::process::exit;
use stm32f4xx_hal::gpio::{Alternate, Output, PA2, PA10};
use stm32f4xx_hal::pac::{GPIOA, Interrupt, RCC, USART1, USART2};
use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::serial::{Config, Serial, Tx};

crossgate::system! {
    static SYSTEM;
    process judge {
        notification FAULTED;
        notification DONE;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = judge(FAULTED, DONE);
    }
    process line {
        on_fault = stop;
        mmio board::UART0;
        thread main (priority = 6, stack = 1024) = send(DONE);
    }
    process light {
        on_fault = stop;
        mmio board::LAMPS;
        thread main (priority = 5, stack = 1024) = shine(DONE);
    }
    process serial {
        on_fault = stop;
        mmio board::UART1;
        thread main (priority = 4, stack = 1024) = construct();
    }
    process port { on_fault = stop; thread main (priority = 3, stack = 1024) = split(); }
    process greedy { on_fault = stop; thread main (priority = 2, stack = 1024) = unmask(); }
}
board::start!(SYSTEM);

/// Sends on a serial line, by its registers. The board has switched the device on, and connected its pin.
fn send(done: Signal) -> ! {
    // SAFETY: only this process has access to the device.
    let line = unsafe { USART1::steal() };
    // 84 MHz / 115,200.
    // SAFETY: the device divides its clock by any value of 16 or more.
    line.brr().write(|w| unsafe { w.bits(729) });
    line.cr1().write(|w| w.ue().enabled().te().enabled());
    for byte in b"sent by a process\n" {
        while line.sr().read().txe().bit_is_clear() {}
        line.dr().write(|w| w.dr().set((*byte).into()));
    }
    if done.signal().is_err() {
        exit(2);
    }
    thread::exit()
}

/// Switches a lamp. The board has made its pin an output.
fn shine(done: Signal) -> ! {
    // SAFETY: the type has one value, of no bytes. Only this process has access to the port, and the board has set the pin
    // as the type says, and locked it.
    let mut lamp: PA10<Output> = unsafe { transmute(()) };
    lamp.set_high();
    lamp.toggle();
    if done.signal().is_err() {
        exit(3);
    }
    thread::exit()
}

/// Constructs the driver of a serial line that the process owns. This switches the device on, by the clock control.
fn construct() -> ! {
    // SAFETY: only this process has access to the device, and it has none to the clock control.
    let (clocks, device) = unsafe { (RCC::steal(), USART2::steal()) };
    // SAFETY: as for the lamp.
    let pin: PA2<Alternate<7>> = unsafe { transmute(()) };
    let line: Result<Tx<USART2>, _> =
        Serial::tx(device, pin, Config::default(), &mut clocks.constrain());
    exit(if line.is_ok() { 4 } else { 5 })
}

/// Takes a whole port. This resets the port, by the clock control.
fn split() -> ! {
    // SAFETY: the process has access to neither, and is stopped.
    let (clocks, port) = unsafe { (RCC::steal(), GPIOA::steal()) };
    let _ = port.split(&mut clocks.constrain());
    exit(6)
}

/// Unmasks an interrupt. Here, the kernel does this.
fn unmask() -> ! {
    // SAFETY: the process has no access to the interrupt controller, and is stopped.
    unsafe { cortex_m::peripheral::NVIC::unmask(Interrupt::USART1) };
    exit(7)
}

/// Reports which processes are stopped, one by one: the kernel keeps only the last records.
fn judge(faulted: Notification, done: Notification) -> ! {
    let mut faults = Faults::new();
    done.wait();
    for _ in 0..3 {
        faulted.wait();
        let Some(FaultRecord { process, address, .. }) = faults.next() else { exit(8) };
        let name = SYSTEM.processes[usize::from(process)].name;
        semihosting::println!("stopped: {name}, at {address:#x}");
    }
    exit(0)
}
