// SPDX-License-Identifier: MIT OR Apache-2.0
//! The buses, and the devices on them.

use crossgate_abi::table::Mmio;

/// The first of the devices on each bus (RM0090, 2.3).
const APB1: usize = 0x4000_0000;
const APB2: usize = 0x4001_0000;
const AHB1: usize = 0x4002_0000;
/// The size of a device's registers.
const SIZE: usize = 0x400;

/// Returns the registers of the device whose registers start at this address.
#[must_use]
pub const fn device(start: usize) -> Mmio {
    Mmio { start, size: SIZE }
}

/// A bus of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bus {
    /// The slow peripherals.
    Apb1,
    /// The fast peripherals.
    Apb2,
    /// The GPIO ports.
    Ahb1,
}

/// Returns the bus of a device, and its number on this bus. This number is also the number of the bit that switches the
/// clock of the device on, in the register of the bus (RM0090, 7.3.10, 7.3.13 and 7.3.14). This is true of the GPIO
/// ports, TIM2 to TIM7, and all USARTs and UARTs, I2Cs and SPIs.
///
/// # Panics
/// If no such device has this address.
pub(crate) const fn place(start: usize) -> (Bus, u32) {
    assert!(start >= APB1 && start < AHB1 + 0x2400, "this is no device on one of the buses");
    let (bus, first) = match start {
        AHB1.. => (Bus::Ahb1, AHB1),
        APB2.. => (Bus::Apb2, APB2),
        _ => (Bus::Apb1, APB1),
    };
    let number = (start - first) / SIZE;
    assert!(number < 32, "this is no device on one of the buses");
    (bus, number as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bit_of_a_device_is_the_one_in_the_manual() {
        for (start, bit) in [
            (0x4000_0000, (Bus::Apb1, 0)),  // TIM2
            (0x4000_0c00, (Bus::Apb1, 3)),  // TIM5
            (0x4000_4400, (Bus::Apb1, 17)), // USART2
            (0x4000_4800, (Bus::Apb1, 18)), // USART3
            (0x4000_4c00, (Bus::Apb1, 19)), // UART4
            (0x4001_1000, (Bus::Apb2, 4)),  // USART1
            (0x4001_1400, (Bus::Apb2, 5)),  // USART6
            (0x4002_0000, (Bus::Ahb1, 0)),  // GPIOA
            (0x4002_2000, (Bus::Ahb1, 8)),  // GPIOI
        ] {
            assert_eq!(place(start), bit, "{start:x}");
        }
    }

    #[test]
    #[should_panic(expected = "no device")]
    fn memory_has_no_bit() {
        let _ = place(0x2000_0000);
    }
}
