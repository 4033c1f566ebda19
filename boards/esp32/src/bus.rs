// SPDX-License-Identifier: MIT OR Apache-2.0
//! The access to registers: to those of the chip, or to a model of them in a unit test.

/// A way to registers.
pub trait Bus {
    /// Reads the register at an address.
    fn read(&self, address: usize) -> u32;

    /// Writes the register at an address.
    fn write(&self, address: usize, value: u32);

    /// Clears bits of a register, and sets others.
    fn change(&self, address: usize, clear: u32, set: u32) {
        self.write(address, self.read(address) & !clear | set);
    }

    /// Waits until all these bits of a register are clear, but not for ever.
    fn wait_until_clear(&self, address: usize, bits: u32) {
        /// More reads than any of these waits takes. Most end after some periods of a clock of 16 MHz or more. A full FIFO
        /// is sent in 11 ms at 115,200 bits a second, and a read takes more than 0.1 µs.
        const PATIENCE: u32 = 200_000;
        let _ = (0..PATIENCE).any(|_| self.read(address) & bits == 0);
    }
}

/// The registers of the chip.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device(());

impl Device {
    /// Returns the way to the registers of the chip.
    ///
    /// # Safety The caller reads and writes only registers of devices: addresses that are multiples of 4, at which no
    /// Rust object lies, and that may have any value. If a process runs the code, the protection unit stops it at the
    /// first register that the process does not own, without an effect on memory.
    pub(crate) const unsafe fn new() -> Device {
        Device(())
    }
}

impl Bus for Device {
    #[inline(always)]
    fn read(&self, address: usize) -> u32 {
        // SAFETY: it is the register of a device, as the maker of the value has promised.
        unsafe { core::ptr::with_exposed_provenance::<u32>(address).read_volatile() }
    }

    #[inline(always)]
    fn write(&self, address: usize, value: u32) {
        // SAFETY: as above.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(value) };
    }
}
