// SPDX-License-Identifier: MIT OR Apache-2.0
//! The buses, and the devices on them.

use crate::family::{Bus, Family};
use crossgate_abi::table::Mmio;
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::ReadWrite;

/// The first device on each of the two buses of peripherals. They are the same in all families.
const APB1: usize = 0x4000_0000;
const APB2: usize = 0x4001_0000;
/// The size of a device's registers.
pub(crate) const SIZE: usize = 0x400;
/// The number of devices that one register can switch on.
const DEVICES: usize = 32;

/// Returns the registers of the device whose registers start at this address.
#[must_use]
pub const fn device(start: usize) -> Mmio {
    Mmio { start, size: SIZE }
}

/// Returns the bus of a device, and its number on this bus. This number is also the number of the bit that switches the
/// clock of the device on, in the register of the bus. In all families this is true of the GPIO ports, TIM2 to TIM7,
/// and USART1 to UART5. (The registers of the buses are described in the chapter on reset and clock control.)
///
/// # Panics
/// If no such device has this address.
pub(crate) const fn place<F: Family>(start: usize) -> (Bus, u32) {
    let is_port = start >= F::PORT_A && start < F::PORT_A + F::PORTS * SIZE;
    assert!(
        is_port || start >= APB1 && start < APB2 + DEVICES * SIZE,
        "this is no device on one of the buses"
    );
    let (bus, first) = match start {
        _ if is_port => (Bus::Ports, F::PORT_A),
        APB2.. => (Bus::Apb2, APB2),
        _ => (Bus::Apb1, APB1),
    };
    let number = (start - first) / SIZE;
    assert!(number < DEVICES, "this is no device on one of the buses");
    (bus, number as u32)
}

/// Returns the frequency of the bus of a serial line, in Hz.
pub(crate) const fn hz<F: Family>(start: usize) -> u32 {
    match place::<F>(start).0 {
        Bus::Apb1 => F::APB1_HZ,
        Bus::Apb2 => F::APB2_HZ,
        Bus::Ports => panic!("a GPIO port is no serial line"),
    }
}

/// Switches the clock of a device on.
pub(crate) fn switch_on<F: Family>(start: usize) {
    let (bus, number) = place::<F>(start);
    enable(F::enables(bus), 1 << number, divisor::<F>());
}

/// Returns the divisor of the slowest bus of peripherals.
const fn divisor<F: Family>() -> u32 {
    F::CPU_HZ / F::APB1_HZ
}

/// Sets bits of a register that switches clocks of devices on, and waits until the devices may be accessed. `divisor` is
/// that of the slowest bus.
pub(crate) fn enable(enables: &ReadWrite<u32>, bits: u32, divisor: u32) {
    enables.set(enables.get() | bits);
    (0..enable_cycles(divisor)).for_each(|_| {
        enables.get();
    });
}

/// Returns the number of reads after which a device may be accessed whose clock was switched on. Each takes at least
/// one cycle of the CPU, and the device needs two cycles on the AHB, and one more than the divisor of its bus on an APB
/// (errata sheet ES0182, "Delay after an RCC peripheral clock enabling"; the other families need no more).
const fn enable_cycles(divisor: u32) -> u32 {
    1 + divisor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Stm32F4, Stm32G4, Stm32H7, Stm32U5};

    #[test]
    fn the_bit_of_a_device_is_the_one_in_the_manual() {
        for (start, bit) in [
            (0x4000_0000, (Bus::Apb1, 0)),  // TIM2
            (0x4000_0c00, (Bus::Apb1, 3)),  // TIM5
            (0x4000_4400, (Bus::Apb1, 17)), // USART2
            (0x4000_4800, (Bus::Apb1, 18)), // USART3
            (0x4000_4c00, (Bus::Apb1, 19)), // UART4
        ] {
            assert_eq!(place::<Stm32F4>(start), bit, "{start:x}");
            assert_eq!(place::<Stm32G4>(start), bit, "{start:x}");
            assert_eq!(place::<Stm32H7>(start), bit, "{start:x}");
            assert_eq!(place::<Stm32U5>(start), bit, "{start:x}");
        }
        // USART1
        assert_eq!(place::<Stm32F4>(0x4001_1000), (Bus::Apb2, 4));
        assert_eq!(place::<Stm32G4>(0x4001_3800), (Bus::Apb2, 14));
        assert_eq!(place::<Stm32H7>(0x4001_1000), (Bus::Apb2, 4));
        assert_eq!(place::<Stm32U5>(0x4001_3800), (Bus::Apb2, 14));
        // The first and the last GPIO port.
        assert_eq!(place::<Stm32F4>(0x4002_0000), (Bus::Ports, 0));
        assert_eq!(place::<Stm32F4>(0x4002_2000), (Bus::Ports, 8));
        assert_eq!(place::<Stm32G4>(0x4800_0000), (Bus::Ports, 0));
        assert_eq!(place::<Stm32G4>(0x4800_1800), (Bus::Ports, 6));
        assert_eq!(place::<Stm32H7>(0x5802_0000), (Bus::Ports, 0));
        assert_eq!(place::<Stm32H7>(0x5802_2800), (Bus::Ports, 10));
        assert_eq!(place::<Stm32U5>(0x4202_0000), (Bus::Ports, 0));
        assert_eq!(place::<Stm32U5>(0x4202_2000), (Bus::Ports, 8));
    }

    #[test]
    fn the_buses_are_as_fast_as_the_data_sheet_allows() {
        assert_eq!(
            (hz::<Stm32F4>(0x4000_4400), hz::<Stm32F4>(0x4001_1000)),
            (42_000_000, 84_000_000)
        );
        assert_eq!(hz::<Stm32G4>(0x4000_4400), 170_000_000);
        assert_eq!(hz::<Stm32H7>(0x4001_1000), 100_000_000);
        assert_eq!(hz::<Stm32U5>(0x4001_3800), 160_000_000);
    }

    #[test]
    fn a_device_has_time_to_start() {
        assert_eq!(enable_cycles(divisor::<Stm32F4>()), 5);
        assert_eq!(enable_cycles(divisor::<Stm32G4>()), 2);
        assert_eq!(enable_cycles(divisor::<Stm32H7>()), 5);
        assert_eq!(enable_cycles(divisor::<Stm32U5>()), 2);
    }

    #[test]
    #[should_panic(expected = "no device")]
    fn memory_has_no_bit() {
        let _ = place::<Stm32F4>(0x2000_0000);
    }

    #[test]
    #[should_panic(expected = "no device")]
    fn a_port_that_does_not_exist_has_no_bit() {
        let _ = place::<Stm32G4>(0x4800_1c00);
    }
}
