// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bus of the board: its devices, each at an address and with an interrupt line, and the interrupt controller.

use crate::device::Device;
use crate::device::analog;
use crate::device::ethernet::Ethernet;
use crate::device::flash::Flash;
use crate::device::i2c::I2c;
use crate::device::lamps::Lamps;
use crate::device::rtc::Rtc;
use crate::device::screen::Screen;
use crate::device::serial::Serial;
use crate::device::timer::Timer;
use crate::device::trng::Trng;
use crate::device::watchdog::Watchdog;
use crate::linux::program::RESET;
use crate::linux::{output, time};
use crate::options::Options;
use crossgate_abi::Word;
use crossgate_abi::hosted::{
    adc as adc_abi, ethernet as ethernet_abi, flash as flash_abi, i2c as i2c_abi,
    lamps as lamps_abi, pwm as pwm_abi, rtc as rtc_abi, serial as serial_abi, timer as timer_abi,
    trng as trng_abi, watchdog as watchdog_abi,
};
use crossgate_kernel::time::NEVER;

/// A device, the address of its registers, and its interrupt if it has one.
struct Attached {
    mmio: Word,
    line: Option<u16>,
    device: Box<dyn Device>,
}

/// The devices, and the interrupt controller.
pub struct DeviceBus {
    attached: Vec<Attached>,
    /// Bit n: interrupt n is enabled.
    enabled: u32,
    until: u64,
}

impl DeviceBus {
    /// Creates the bus with its devices, connected as the options say.
    ///
    /// # Errors
    /// If something can't be connected.
    pub fn new(options: &Options) -> Result<DeviceBus, String> {
        let mut attached = Vec::new();
        for (index, connection) in options.serial().into_iter().enumerate() {
            attached.push(Attached {
                mmio: serial_abi::MMIO[index].start,
                line: Some(serial_abi::INTERRUPTS[index]),
                device: Box::new(Serial::connect(index, connection)?),
            });
        }
        for (mmio, line) in timer_abi::MMIO.iter().zip(timer_abi::INTERRUPTS) {
            let device = Box::new(Timer::new());
            attached.push(Attached { mmio: mmio.start, line: Some(line), device });
        }
        let device = Box::new(Lamps::new());
        attached.push(Attached { mmio: lamps_abi::MMIO.start, line: None, device });
        let device = Box::new(I2c::new(Screen::open(&options.display)?));
        attached.push(Attached { mmio: i2c_abi::MMIO.start, line: None, device });
        let device = Box::new(Watchdog::new());
        attached.push(Attached { mmio: watchdog_abi::MMIO.start, line: None, device });
        let device = Box::new(Trng);
        attached.push(Attached { mmio: trng_abi::MMIO.start, line: None, device });
        let device = Box::new(Rtc::new(time::since_1970()));
        attached.push(Attached { mmio: rtc_abi::MMIO.start, line: None, device });
        let (pwm, adc) = analog::devices();
        attached.push(Attached { mmio: pwm_abi::MMIO.start, line: None, device: Box::new(pwm) });
        attached.push(Attached { mmio: adc_abi::MMIO.start, line: None, device: Box::new(adc) });
        let device = Box::new(Flash::open(options)?);
        attached.push(Attached { mmio: flash_abi::MMIO.start, line: None, device });
        attached.push(Attached {
            mmio: ethernet_abi::MMIO.start,
            line: Some(ethernet_abi::INTERRUPT_LINE),
            device: Box::new(Ethernet::connect(&options.ethernet)?),
        });
        Ok(DeviceBus { attached, enabled: 0, until: options.until() })
    }

    /// Returns the address of the devices in memory.
    pub fn address(&self) -> usize {
        self.attached.as_ptr().addr()
    }

    fn device(&mut self, mmio: Word) -> Option<&mut Box<dyn Device>> {
        self.attached.iter_mut().find(|device| device.mmio == mmio).map(|device| &mut device.device)
    }

    /// Returns whether the registers of a device start at `mmio`.
    pub fn exists(&self, mmio: Word) -> bool {
        self.attached.iter().any(|device| device.mmio == mmio)
    }

    /// Reads a register of the device whose registers start at `mmio`.
    pub fn read(&mut self, mmio: Word, register: Word, now: u64) -> Word {
        self.device(mmio).map_or(0, |device| device.read(register, now))
    }

    /// Writes a register of the device whose registers start at `mmio`.
    pub fn write(&mut self, mmio: Word, register: Word, value: Word, now: u64) {
        if let Some(device) = self.device(mmio) {
            device.write(register, value, now);
        }
    }

    /// Handles the events that are due. Returns the exit status if the program has to end.
    #[must_use]
    pub fn advance(&mut self, now: u64) -> Option<i32> {
        for device in &mut self.attached {
            device.device.advance(now);
        }
        if let Some(why) = self.attached.iter().find_map(|device| device.device.resets()) {
            output::tell(format_args!("crossgate: {why}, reset"));
            return Some(RESET);
        }
        (now >= self.until).then_some(0)
    }

    /// Writes buffered data when no thread can run. Returns `true` if the program has to end, because there is also no
    /// more input.
    #[must_use]
    pub fn idle(&mut self) -> bool {
        self.flush();
        self.attached.iter().any(|device| device.device.input_has_ended())
    }

    /// Passes buffered data of all devices on to the host.
    pub fn flush(&mut self) {
        for device in &mut self.attached {
            device.device.flush();
        }
    }

    /// Returns the time of the next event, as far as it is known.
    pub fn next(&self) -> u64 {
        let next = self.attached.iter().map(|device| device.device.next());
        next.min().unwrap_or(NEVER).min(self.until)
    }

    /// Masks or unmasks an interrupt.
    pub fn mask(&mut self, line: u16, mask: bool) {
        let bit = 1_u32.checked_shl(line.into()).unwrap_or(0);
        self.enabled = if mask { self.enabled & !bit } else { self.enabled | bit };
    }

    /// Returns an interrupt that is raised and enabled.
    pub fn raised(&self) -> Option<u16> {
        let raised = self.attached.iter().filter(|device| device.device.is_raised());
        raised.filter_map(|device| device.line).find(|line| self.enabled >> line & 1 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use crossgate_abi::hosted::timer::{ELAPSED, INTERRUPT_AFTER, INTERRUPTS, MMIO};

    fn devices() -> DeviceBus {
        let options = ["test", "--serial0=null", "--serial1=null", "--serial2=null"];
        DeviceBus::new(&Options::parse_from(options)).unwrap()
    }

    #[test]
    fn no_two_devices_have_registers_or_a_line_in_common() {
        let devices = devices();
        for (place, device) in devices.attached.iter().enumerate() {
            for other in &devices.attached[..place] {
                assert_ne!(device.mmio, other.mmio, "the registers");
                assert!(device.line.is_none() || device.line != other.line, "{:?}", device.line);
            }
        }
    }

    #[test]
    fn interrupts_start_held_off() {
        let mut devices = devices();
        devices.write(MMIO[1].start, INTERRUPT_AFTER, 10, 5);
        assert_eq!((devices.next(), devices.raised()), (15, None));
        assert_eq!(devices.advance(15), None);
        assert_eq!((devices.next(), devices.raised()), (NEVER, None));
        devices.mask(INTERRUPTS[1], false);
        assert_eq!(devices.raised(), Some(INTERRUPTS[1]));
        devices.mask(INTERRUPTS[1], true);
        assert_eq!(devices.raised(), None);
    }

    #[test]
    fn each_line_is_that_of_a_device() {
        let lines: Vec<_> = devices().attached.iter().filter_map(|device| device.line).collect();
        assert_eq!(lines, (0..crossgate_abi::hosted::LINES).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_not_there_is_zero() {
        let mut devices = devices();
        devices.write(0x77, 0, 5, 0);
        devices.write(MMIO[0].start, 99, 5, 0);
        assert_eq!(devices.read(0x77, 0, 0), 0);
        assert_eq!(devices.read(MMIO[0].start, 99, 0), 0);
        assert_eq!(devices.read(MMIO[0].start, ELAPSED, 3), 3);
    }
}
