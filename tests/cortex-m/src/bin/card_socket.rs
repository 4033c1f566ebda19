// SPDX-License-Identifier: MIT OR Apache-2.0
//! An SD card in the socket of the emulated board. An unchanged driver crate has a FAT file system on the card, in a
//! process that owns neither the bus nor its registers. The card refuses to read before it is initialised. The process
//! crashes in the middle of a block that it writes, and in the middle of a block that it reads. The driver starts again
//! each time, and the file has not changed.
//!
//! The emulator's card checks no CRC.
//!
//! Emulator: -drive if=sd,driver=null-co,size=4G,read-zeroes=on,snapshot=on
//! Emulator: -drive if=sd,driver=null-co,size=64M,read-zeroes=on,snapshot=on
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::cell::Cell;
    use core::convert::Infallible;
    use crossgate::time::Delay;
    use crossgate::{Exclusive, Handle, Signal, thread};
    use crossgate_spi::{SpiChip, SpiDevice};
    use crossgate_spi_bus::SpiBus;
    use embedded_hal::digital::{ErrorType, OutputPin};
    use embedded_hal::spi::{self, Operation, SpiDevice as _};
    use lm3s6965evb::{CARD_SELECT, CardSelect, SSI0, Spi};
    use system_tests::card::{Crashing, Then, end_of_block, use_in_life, witness};
    use system_tests::report::{expect, expect_that};
    use system_tests::restarts::{Count, Lives};

    /// A line that selects the card, or no chip, for clocks while no chip is selected.
    enum Line {
        Card(CardSelect),
        None,
    }

    impl ErrorType for Line {
        type Error = Infallible;
    }

    impl OutputPin for Line {
        fn set_low(&mut self) -> Result<(), Infallible> {
            if let Line::Card(line) = self { line.set_low() } else { Ok(()) }
        }
        fn set_high(&mut self) -> Result<(), Infallible> {
            if let Line::Card(line) = self { line.set_high() } else { Ok(()) }
        }
    }

    /// A block is lent in one piece.
    type Chip = SpiChip<0, 512>;

    /// The chip, with corrections where the driver crate and the emulator disagree. Before a block, the emulator
    /// insists on a pause of one byte, as the specification does (N_WR), but the driver leaves it out. And the emulator
    /// answers CMD58 as if the card were idle, even if it no longer is.
    struct Mediated {
        chip: Chip,
        /// The answer to a CMD58 has not come yet.
        is_next: bool,
    }

    impl spi::ErrorType for Mediated {
        type Error = crossgate_spi::Error;
    }

    impl spi::SpiDevice for Mediated {
        fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Self::Error> {
            if let [Operation::Transfer(_, [0xfe])] = operations {
                self.chip.write(&[0xff])?;
            }
            self.chip.transaction(operations)?;
            match operations {
                [Operation::Write([0x7a, ..])] => self.is_next = true,
                [Operation::Transfer([answer @ 1], _)] if self.is_next => {
                    *answer = 0;
                    self.is_next = false;
                }
                _ => {}
            }
            Ok(())
        }
    }

    crossgate::system! {
        static SYSTEM;
        process bus {
            mmio SSI0;
            mmio CARD_SELECT;
            object bus (stack = 1536): Exclusive<SpiBus<Spi, Line, Delay, 2, 64>> =
                SpiBus::new(Spi::new(SSI0, 400_000), [Line::Card(CardSelect::new()), Line::None], Delay, 1024) =>
                [CARD: dyn SpiDevice<0>, CLOCKS: dyn SpiDevice<1>];
        }
        process store { thread main (priority = 5, stack = 8192) = store(CARD, CLOCKS, LIVES, DONE); }
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            notification DONE;
            object lives: Exclusive<Count> = Count(0) => [LIVES: dyn Lives];
            thread main (priority = 31, stack = 2048) = witness(&SYSTEM, FAULTED, DONE);
        }
    }
    board::start!(SYSTEM);

    fn store(
        card: Handle<dyn SpiDevice<0>>,
        clocks: Handle<dyn SpiDevice<1>>,
        lives: Handle<dyn Lives>,
        done: Signal,
    ) -> ! {
        let mut chip = Chip::new(card);
        expect("clocks", SpiChip::<1>::new(clocks).write(&[0xff; 10]), Ok(()));
        let life = lives.next().unwrap_or(u32::MAX);
        if life == 0 {
            // CMD0 and CMD17: the card is idle, and refuses CMD17.
            let mut bytes = [0x40, 0, 0, 0, 0, 0x95, 0xff, 0xff, 0xff];
            expect("a command", chip.transfer_in_place(&mut bytes), Ok(()));
            expect_that("it is idle", bytes[7..].contains(&1));
            let mut bytes = [0x51, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
            expect("a command", chip.transfer_in_place(&mut bytes), Ok(()));
            expect_that("a wrong order", bytes[6..].iter().any(|byte| byte & 0x84 == 4));
        }
        end_of_block(&mut chip);
        let then = Cell::new(Then::Go);
        use_in_life(
            life,
            false,
            embedded_sdmmc::SdCard::new(Crashing(Mediated { chip, is_next: false }, &then), Delay),
            &then,
        );
        expect("signal", done.signal(), Ok(()));
        thread::exit()
    }
}
