// SPDX-License-Identifier: MIT OR Apache-2.0
//! Simulated chips, for firmware that runs without the real chips. They behave as their data sheets describe.
//!
//! The hosted board has such chips on its bus. A firmware for any other board can use a [`SimulatedI2c`] or a
//! [`SimulatedSpi`]: a bus of `embedded-hal` with simulated chips and without wires. A simulated chip refuses the same
//! commands as the real chip, and is busy for the same time.
//!
//! | chip | what | source |
//! |---|---|---|
//! | [`Bme280`] | temperature, pressure and humidity | Bosch Sensortec, BST-BME280-DS002 |
//! | [`SdCard`] | an SD memory card, in SPI mode | SD Association, Physical Layer Simplified Specification |
//! | [`SimulatedFlash`] | a flash memory, whose power may fail | the rules of NOR flash in `embedded-storage` |
//! | [`Ssd1306`] | a display of 128 x 64 points, on an SPI or an I2C bus | Solomon Systech, SSD1306, revision 1.1 |
//! | [`W25q`] | a NOR flash | Winbond, W25Q32JV |
//!
//! ```
//! use embedded_hal::i2c::I2c;
//! use simulated_chips::{Bme280, SimulatedI2c};
//!
//! let mut bus = SimulatedI2c::new([Bme280::new(0x76)], || 0);
//! let mut id = [0];
//! assert_eq!(bus.write_read(0x76, &[0xd0], &mut id), Ok(()));
//! assert_eq!(id, [0x60]);
//! assert!(bus.write_read(0x77, &[0xd0], &mut id).is_err(), "no chip has this address");
//! ```
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod bme280;
mod flash;
mod i2c;
mod lines;
mod picture;
mod sd_card;
mod spi;
mod ssd1306;
mod w25q;

pub use bme280::{Bme280, Climate};
pub use flash::{Error as FlashError, SimulatedFlash};
pub use i2c::{I2cChip, SimulatedI2c};
pub use lines::{Lines, SimulatedPin};
pub use picture::{Picture, Svg};
pub use sd_card::SdCard;
pub use spi::{SimulatedSpi, SpiChip};
pub use ssd1306::{FourWires, Ssd1306, TwoWires};
pub use w25q::W25q;
