// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process drives four devices with the registers of a crate that `svd2rust` made (a PAC): two serial lines, one of
//! them by an interrupt, and two GPIO ports. Two regions of the protection unit open these devices. The devices next to
//! them and between them are closed, although the crate gives access to all devices. The kernel stops a process that
//! accesses a closed device, and names it.
//!
//! The TM4C123 has the same devices as its predecessor, the LM3S6965, for which there is no such crate.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::time::Duration;
    use crossgate::{CallError, Concurrent, Handle, Mmio, Notification, Signal, interface, time};
    use crossgate_abi::Cause;
    use crossgate_protection::{Native, Shape, Unit};
    use system_tests::report::{expect, pass};
    use system_tests::watch::Watch;
    use tm4c123x::gpio_porta::RegisterBlock as Port;
    use tm4c123x::uart0::RegisterBlock as Line;
    use tm4c123x::{GPIO_PORTA, GPIO_PORTB, GPIO_PORTC, GPIO_PORTD, UART0, UART1, UART2, UART3};

    /// Returns the registers of a device of that chip.
    const fn device(start: usize) -> Mmio {
        Mmio { start, size: 0x1000 }
    }

    /// The other port. The port between the two stays closed, if the CPU can do that. (On others, this program compiles,
    /// but does not run.)
    const OTHER_PORT: usize =
        if matches!(Native::SHAPE, Shape::Eighths) { 0x4000_6000 } else { 0x4000_5000 };

    /// The offset of the direction register of a port.
    const DIRECTION: usize = 0x400;
    /// The offset of the control register of a serial line.
    const CONTROL: usize = 0x30;

    /// The devices that the crate contains and the driver does not own, each with the first register that the driver
    /// would use.
    const OTHERS: [(&str, usize); 4] = [
        ("the line below its lines", 0x4000_c000 + CONTROL),
        ("the line above its lines", 0x4000_f000 + CONTROL),
        ("the port between its ports", 0x4000_5000 + DIRECTION),
        ("the port above its ports", 0x4000_7000 + DIRECTION),
    ];

    /// Uses registers.
    #[interface]
    trait Devices {
        /// Sends a byte on both lines. Returns the raw interrupt state of the second line.
        fn send(&self, byte: u8) -> u32;
        /// Sets the pins of both ports. Returns what the ports read, the first in the lowest byte.
        fn set(&self, first: u8, second: u8) -> u32;
        /// Uses a device that the driver does not own.
        fn trespass(&self, number: u32);
    }

    struct Driver;

    /// Returns the lines of this process, and its ports.
    fn own() -> ([&'static Line; 2], [&'static Port; 2]) {
        // SAFETY: the addresses are those of registers, and only this process has access to them.
        unsafe { ([&*UART1::ptr(), &*UART2::ptr()], [&*GPIO_PORTA::ptr(), &*GPIO_PORTC::ptr()]) }
    }

    impl Devices for Driver {
        fn send(&self, byte: u8) -> u32 {
            let (lines, _) = own();
            for line in lines {
                write(line, byte);
            }
            lines[1].ris.read().bits()
        }
        fn set(&self, first: u8, second: u8) -> u32 {
            let (_, [a, c]) = own();
            drive(a, first);
            drive(c, second);
            a.data.read().bits() | c.data.read().bits() << 8
        }
        fn trespass(&self, number: u32) {
            // SAFETY: the addresses are those of registers; the test shows that the registers of other devices are
            // closed.
            unsafe {
                match number {
                    0 => write(&*UART0::ptr(), b'x'),
                    1 => write(&*UART3::ptr(), b'x'),
                    2 => drive(&*GPIO_PORTB::ptr(), 1),
                    _ => drive(&*GPIO_PORTD::ptr(), 1),
                }
            }
        }
    }

    fn write(line: &Line, byte: u8) {
        line.ctl.write(|w| w.uarten().set_bit().txe().set_bit());
        // SAFETY: every byte can be sent.
        line.dr.write(|w| unsafe { w.data().bits(byte) });
    }

    fn drive(port: &Port, pins: u8) {
        // SAFETY: all pins can be outputs.
        port.dir.write(|w| unsafe { w.bits(0xff) });
        // SAFETY: the pins can have all levels.
        port.data.write(|w| unsafe { w.bits(pins.into()) });
    }

    fn serve(sent: Notification, seen: Signal) -> ! {
        let ([line, _], _) = own();
        line.im.write(|w| w.txim().set_bit());
        loop {
            sent.acknowledge();
            sent.wait();
            line.icr.write(|w| w.txic().set_bit());
            expect("a signal", seen.signal(), Ok(()));
        }
    }

    crossgate::system! {
        static SYSTEM;
        process driver {
            mmio device(0x4000_d000);
            mmio device(OTHER_PORT);
            mmio device(0x4000_e000);
            mmio device(0x4000_4000);
            notification SENT;
            interrupt board::interrupt::UART1_RX => SENT;
            object devices (stack = 256): Concurrent<Driver> = Driver => [DEVICES: dyn Devices];
            thread server (priority = 3, stack = 512) = serve(SENT, SEEN);
        }
        process owner { mmio device(0x4000_c000); thread main (priority = 1, stack = 256) = wait(); }
        process witness {
            notification SEEN;
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 2, stack = 2048) = witness(DEVICES, SEEN, FAULTED);
        }
    }
    board::start!(SYSTEM);

    fn wait() -> ! {
        crossgate::thread::exit()
    }

    fn witness(devices: Handle<dyn Devices>, seen: Notification, faulted: Notification) -> ! {
        const SENT: u32 = 1 << 5;
        let mut watch = Watch::new(&SYSTEM, faulted);
        let use_all = || {
            for byte in *b"PAC" {
                expect("its lines", devices.send(byte).map(|state| state & SENT), Ok(SENT));
                seen.wait();
            }
            expect("its ports", devices.set(0x5a, 0xc3), Ok(0xc35a));
        };
        use_all();
        for (number, (whose, address)) in (0..).zip(OTHERS) {
            expect(whose, devices.trespass(number), Err(CallError::ServerFaulted));
            watch.expect_at("driver", Cause::Access, address);
            // Longer than the pause before the process restarts.
            time::sleep(Duration::from_millis(200));
            use_all();
        }
        watch.expect_no_more();
        pass()
    }
}
