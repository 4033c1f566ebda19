// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two USB serial lines with the controllers of two real chips: the controller of the nRF52840, and the OTG controller
//! of the STM32F205. Their unchanged driver crates each run in a process with the controller's registers. No emulator
//! has these controllers, so the test is that the firmware builds, links and starts, and that the drivers wait for
//! their chips.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::time::Duration;
    use crossgate::{Concurrent, Handle, Mmio, Notification, time};
    use crossgate_bytes::{ByteReader, ByteWriter};
    use crossgate_critical_section as _;
    use crossgate_usb_serial::{Identity, UsbSerial};
    use system_tests::probe;
    use system_tests::report::{expect, pass};
    use usb_device::bus::UsbBusAllocator;

    const IDENTITY: Identity =
        Identity { vendor: 0x1209, product: 1, strings: ["Crossgate", "A serial line", "1"] };
    /// The time for which the host sees no device.
    const ABSENCE: Duration = Duration::from_millis(10);

    // The memory maps of the reference manuals RM0033, and the product specification
    // of the nRF52840.
    const USB: Mmio = Mmio { start: 0x4002_7000, size: 0x1000 };
    /// The undocumented registers that the workarounds for the errata 171 and 187 need.
    const ERRATA: Mmio = Mmio { start: 0x4006_e000, size: 0x1000 };
    const OTG: Mmio = Mmio { start: 0x5000_0000, size: 0x4_0000 };

    /// The controller of the nRF52840. Its clock runs before the first process runs. The controller moves packets by
    /// its own DMA, so this process is trusted with all memory.
    struct Nrf52840;

    // SAFETY: these are the registers of the controller (product specification, 6.35.13). The process that owns them has one
    // driver for it.
    unsafe impl nrf_usbd::UsbPeripheral for Nrf52840 {
        const REGISTERS: *const () = USB.start as *const ();
    }

    /// The OTG controller of the STM32F205 for full speed. The board enables its clock.
    struct Stm32f205;

    // SAFETY: these are the registers of the controller, by RM0033, 29.16. The process that owns them has one driver for it.
    unsafe impl synopsys_usb_otg::UsbPeripheral for Stm32f205 {
        const REGISTERS: *const () = OTG.start as *const ();
        const HIGH_SPEED: bool = false;
        const FIFO_DEPTH_WORDS: usize = 320;
        const ENDPOINT_COUNT: usize = 4;

        fn enable() {}

        fn ahb_frequency_hz(&self) -> u32 {
            120_000_000
        }
    }

    // On the real chips, an interrupt line is bound to `WORK` as well: 39 on the first chip, 67 on the second. The
    // emulated boards don't have these lines.
    crossgate::system! {
        static SYSTEM;
        process small {
            mmio USB;
            mmio ERRATA;
            notification WORK;
            notification ARRIVED;
            notification DROPPED;
            notification TAKEN;
            notification FREED;
            notification CHIP;
            object serial (stack = 256): Concurrent<UsbSerial<128>> =
                UsbSerial::new(WORK, [ARRIVED, DROPPED], [TAKEN, FREED]) =>
                [SMALL_IN: dyn ByteReader, SMALL_OUT: dyn ByteWriter];
            thread main (priority = 20, stack = 4096) = drive_small(&serial, CHIP);
        }
        process large {
            mmio OTG;
            notification LARGE_WORK;
            notification LARGE_ARRIVED;
            notification LARGE_DROPPED;
            notification LARGE_TAKEN;
            notification LARGE_FREED;
            notification LARGE_CHIP;
            object large_serial (stack = 256): Concurrent<UsbSerial<128>> =
                UsbSerial::new(LARGE_WORK, [LARGE_ARRIVED, LARGE_DROPPED], [LARGE_TAKEN, LARGE_FREED]) =>
                [LARGE_IN: dyn ByteReader, LARGE_OUT: dyn ByteWriter];
            thread main (priority = 20, stack = 4096) = drive_large(&large_serial, LARGE_CHIP);
        }
        process client {
            thread main (priority = 2, stack = 2048) = client([SMALL_IN, LARGE_IN], [SMALL_OUT, LARGE_OUT]);
        }
    }
    board::start!(SYSTEM);

    fn drive_small(serial: &UsbSerial<128>, chip: Notification) -> ! {
        chip.wait();
        // No resistor on D+ (USBPULLUP), until the driver begins.
        probe::store(USB.start + 0x504, 0);
        time::sleep(ABSENCE);
        serial.run(UsbBusAllocator::new(nrf_usbd::Usbd::new(Nrf52840)), &IDENTITY)
    }

    fn drive_large(serial: &UsbSerial<128>, chip: Notification) -> ! {
        chip.wait();
        // Soft disconnect (DCTL, SDIS). The driver resets the controller, which connects it.
        probe::store(OTG.start + 0x804, 2);
        time::sleep(ABSENCE);
        static mut MEMORY: [u32; 320] = [0; 320];
        let memory = &raw mut MEMORY;
        // SAFETY: only this thread uses it, once in each life of the process, which begins with initialised statics.
        let memory = unsafe { &mut *memory };
        serial.run(synopsys_usb_otg::UsbBus::new(Stm32f205, memory), &IDENTITY)
    }

    /// Writes to lines that no host reads, until their buffers are full.
    fn client(from: [Handle<dyn ByteReader>; 2], to: [Handle<dyn ByteWriter>; 2]) -> ! {
        for (from, to) in from.into_iter().zip(to) {
            expect("a buffer", to.try_write(&[b'x'; 100]), Ok(100));
            expect("its end", to.try_write(&[b'x'; 100]), Ok(28));
            expect("no byte has come", from.available(), Ok(0));
        }
        pass()
    }
}
