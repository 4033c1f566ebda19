// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{CLOCK_HZ, I2C0, I2C1};
use board_contract::i2c::{Controller, operate};
use crossgate_abi::table::Mmio;
use embedded_hal::i2c::{self, ErrorKind, ErrorType, NoAcknowledgeSource, Operation};
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::{ReadWrite, WriteOnly};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The registers of an ARM SBCon. Software drives the wires of the bus through these registers.
    Registers {
        /// A read returns the levels of the wires. A 1 that is written releases a wire: the wire is then high unless a
        /// chip pulls it low.
        (0x00 => release: ReadWrite<u32, Lines::Register>),
        /// A 1 that is written pulls a wire low.
        (0x04 => pull: WriteOnly<u32, Lines::Register>),
        (0x08 => @END),
    }
}

register_bitfields![u32,
    Lines [
        CLOCK OFFSET(0) NUMBITS(1) [],
        DATA OFFSET(1) NUMBITS(1) [],
    ],
];

/// Driver of an I2C bus (ARM SBCon), for the process that owns its registers. The device controls only the levels of
/// the two wires. So the driver produces each bit in software, with the CPU busy.
///
/// The first access brings the bus to a known state, and so does each access after an error on the wires. If a chip was
/// left in the middle of a byte, for example by a crash of the process, it gets clocks until it releases the data wire,
/// and then a STOP.
///
/// A process that doesn't own the registers can also create a driver, but its first access to the device is a fault.
///
/// ```
/// use mps2_an385::{I2C0, I2c};
/// const BUS: I2c = I2c::new(I2C0, 100_000);
/// ```
#[derive(Debug)]
pub struct I2c {
    start: usize,
    /// The number of reads of a register that take at least the time of half a bit.
    half_bit: u32,
    ready: bool,
}

/// The least number of cycles for one read of a register in a loop: the access to the peripheral bus, and the three
/// instructions of the loop.
const CYCLES_PER_READ: u32 = 6;
/// The longest time for which a chip may hold the clock wire low, in half bits.
const PATIENCE: u32 = 1000;
/// The number of clocks after which any chip has sent the rest of its byte, and has noticed that the byte is not
/// acknowledged.
const CLOCKS_PER_BYTE: u32 = 9;

impl I2c {
    /// Creates the driver of the bus in `mmio`, at `rate` bits a second at most.
    ///
    /// # Panics
    /// If `mmio` is none of the board's buses, or if `rate` is not from 1000 to 400,000. In a constant or in the
    /// wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, rate: u32) -> I2c {
        let start = mmio.start;
        assert!(
            start == I2C0.start || start == I2C1.start,
            "there is no I2C bus at these registers"
        );
        assert!(rate >= 1000 && rate <= 400_000, "the bus has 1000 to 400,000 bits a second");
        I2c { start, half_bit: CLOCK_HZ.div_ceil(2 * rate * CYCLES_PER_READ), ready: false }
    }

    fn registers(&self) -> &Registers {
        let pointer = core::ptr::with_exposed_provenance::<Registers>(self.start);
        // SAFETY: `new` has checked that these are device registers: they are aligned, no Rust object lies there, and any
        // value may be read from them and written to them. The MPU decides which process may access them: a process
        // that doesn't own them is stopped at the access, without an effect on memory.
        unsafe { &*pointer }
    }

    fn wait(&self) {
        for _ in 0..self.half_bit {
            let _ = self.registers().release.get();
        }
    }

    fn set_data(&self, high: bool) {
        if high {
            self.registers().release.write(Lines::DATA::SET);
        } else {
            self.registers().pull.write(Lines::DATA::SET);
        }
    }

    fn data(&self) -> bool {
        self.registers().release.is_set(Lines::DATA)
    }

    fn pull_clock(&self) {
        self.registers().pull.write(Lines::CLOCK::SET);
    }

    /// Releases the clock wire, and waits until no chip holds it low.
    fn release_clock(&self) -> Result<(), ErrorKind> {
        self.registers().release.write(Lines::CLOCK::SET);
        for _ in 0..PATIENCE {
            self.wait();
            if self.registers().release.is_set(Lines::CLOCK) {
                return Ok(());
            }
        }
        Err(ErrorKind::Bus)
    }

    /// Makes one clock with this bit on the data wire. A chip may pull the data wire low. Returns the bit that was on
    /// the wire.
    fn clock(&self, bit: bool) -> Result<bool, ErrorKind> {
        self.set_data(bit);
        self.wait();
        self.release_clock()?;
        let bit = self.data();
        self.pull_clock();
        Ok(bit)
    }

    /// Makes a STOP condition: the data wire rises while the clock is high.
    fn stop(&self) -> Result<(), ErrorKind> {
        self.pull_clock();
        self.set_data(false);
        self.wait();
        self.release_clock()?;
        self.set_data(true);
        self.wait();
        if self.data() { Ok(()) } else { Err(ErrorKind::Bus) }
    }

    /// Frees the bus from a transfer that was left unfinished.
    //
    // A sending chip gets clocks until it releases the data wire. A receiving chip has released the data wire already,
    // so it gets no clocks: it would take them as the rest of its byte, and might carry out a command that was never
    // sent. Then a START ends the byte in both cases, and the STOP ends the transfer.
    fn recover(&self) -> Result<(), ErrorKind> {
        self.set_data(true);
        self.release_clock()?;
        for _ in 0..CLOCKS_PER_BYTE {
            if self.data() {
                break;
            }
            self.pull_clock();
            self.wait();
            self.release_clock()?;
        }
        self.set_data(false);
        self.wait();
        self.set_data(true);
        self.wait();
        if self.data() { Ok(()) } else { Err(ErrorKind::Bus) }
    }
}

impl Controller for I2c {
    /// Makes a START condition: the data wire falls while the clock is high.
    fn start(&mut self) -> Result<(), ErrorKind> {
        self.set_data(true);
        self.wait();
        self.release_clock()?;
        if !self.data() {
            return Err(ErrorKind::ArbitrationLoss);
        }
        self.set_data(false);
        self.wait();
        self.pull_clock();
        Ok(())
    }

    fn send(&mut self, byte: u8, what: NoAcknowledgeSource) -> Result<(), ErrorKind> {
        for place in (0..8).rev() {
            let bit = byte >> place & 1 != 0;
            if self.clock(bit)? != bit {
                return Err(ErrorKind::ArbitrationLoss);
            }
        }
        if self.clock(true)? { Err(ErrorKind::NoAcknowledge(what)) } else { Ok(()) }
    }

    fn receive(&mut self, acknowledge: bool) -> Result<u8, ErrorKind> {
        let mut byte = 0;
        for _ in 0..8 {
            byte = byte << 1 | u8::from(self.clock(true)?);
        }
        self.clock(!acknowledge)?;
        Ok(byte)
    }
}

impl ErrorType for I2c {
    type Error = ErrorKind;
}

impl i2c::I2c for I2c {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        if !self.ready {
            self.recover()?;
            self.ready = true;
        }
        let result = operate(self, address, operations);
        let lines = match result {
            // Another controller uses the bus, or a chip holds the data wire low and needs clocks until it releases it.
            Err(ErrorKind::ArbitrationLoss) => {
                self.registers().release.write(Lines::CLOCK::SET + Lines::DATA::SET);
                Err(ErrorKind::ArbitrationLoss)
            }
            _ => self.stop(),
        };
        self.ready = lines.is_ok();
        result.and(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_bit_is_not_too_short() {
        assert_eq!(I2c::new(I2C0, 400_000).half_bit, 6);
        assert_eq!(I2c::new(I2C1, 100_000).half_bit, 21);
    }

    #[test]
    #[should_panic(expected = "no I2C bus at these registers")]
    fn other_memory_is_refused() {
        let _ = I2c::new(Mmio { start: 0x2000_0000, size: 0x1000 }, 100_000);
    }

    #[test]
    #[should_panic(expected = "bits a second")]
    fn a_rate_out_of_reach_is_refused() {
        let _ = I2c::new(I2C0, 400_001);
    }
}
