// SPDX-License-Identifier: MIT OR Apache-2.0
//! The STM32U5: the CPU at 160 MHz, from the chip's own oscillator.
//!
//! # TrustZone
//!
//! A firmware for such a chip assumes that TrustZone is off: the option bit `TZEN` is 0, as from the factory (RM0456,
//! "FLASH option register"). Then the CPU has no Secure state, all memory and all devices have one address each, and
//! the chip starts at the start of the flash. With `TZEN` = 1, flash and RAM belong to the Secure state until option
//! bytes and registers say otherwise, so the kernel refuses to start.
//!
//! The chip can also close memory and devices to unprivileged code (GTZC). SRAM1 to SRAM3 and all devices of the first
//! controller are opened before the first process runs, so that the CPU's protection unit alone decides. SRAM4 and the
//! devices of the second controller stay as after a reset.

mod clock;
mod registers;
pub(crate) mod sleep;

use crate::family::{Bus, Family, Internal, Slow, Time};
use crate::registers::registers;
use crate::serial::Usart;
use crate::wait::comes;
use clock::{APB1_HZ, CPU_HZ};
use crossgate_cortex_m::sleep::{Depth, Slept};
use registers::{
    Cache, CacheState, Devices, FLASH, Flash, InstructionCache, Memory, Options, RCC, Rcc,
};
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};
use tock_registers::registers::ReadWrite;

/// The STM32U5 with up to 768 KiB of RAM: the STM32U575, the STM32U585.
#[derive(Debug)]
pub struct Stm32U5;

impl Family for Stm32U5 {
    const CPU_HZ: u32 = CPU_HZ;
    const TIMERS_HZ: u32 = CPU_HZ;
    const APB1_HZ: u32 = APB1_HZ;
    const APB2_HZ: u32 = CPU_HZ;
    const PORT_A: usize = 0x4202_0000;
    const PORTS: usize = 9;
    type Source = Internal;
    type Usart = Usart;
    type Counter = Time<CPU_HZ>;

    fn prepare(_: Internal) -> u32 {
        let rcc = registers(RCC);
        open_to_threads(rcc, registers(registers::DEVICES), registers::MEMORIES.map(registers));
        cache_instructions(registers(registers::INSTRUCTION_CACHE));
        clock::set(rcc, registers(registers::POWER), registers(FLASH))
    }

    fn sleep(_: Internal, depth: Depth, left: u64) -> Result<Slept, Slow> {
        crate::sleep::sleep(&sleep::chip(), depth, left)
    }

    fn enables(bus: Bus) -> &'static ReadWrite<u32> {
        let rcc = registers::<Rcc>(RCC);
        match bus {
            Bus::Apb1 => &rcc.apb1_enable,
            Bus::Apb2 => &rcc.apb2_enable,
            Bus::Ports => &rcc.ahb2_enable,
        }
    }

    fn obstacle() -> Option<&'static str> {
        obstacle_in(registers(FLASH))
    }
}

/// The clock of the control of access, in its register.
const ACCESS_CONTROL: u32 = 1 << 24;
/// The numbers of registers with a bit for each 512 bytes, of the three RAMs of the firmware.
const REGISTERS: [usize; 3] = [192 / 16, 64 / 16, 512 / 16];

/// Lets unprivileged code access the devices and the RAMs, as far as the protection unit does.
fn open_to_threads(rcc: &Rcc, devices: &Devices, memories: [&Memory; 3]) {
    rcc.ahb1_enable.set(rcc.ahb1_enable.get() | ACCESS_CONTROL);
    // A device can be accessed two cycles after its clock is switched on. Each read takes one.
    let _ = [rcc.ahb1_enable.get(), rcc.ahb1_enable.get()];
    for register in &devices.privileged {
        register.set(0);
    }
    for (memory, count) in memories.into_iter().zip(REGISTERS) {
        for register in &memory.privileged[..count] {
            register.set(0);
        }
    }
}

/// Switches the cache of instructions and constants on. It has emptied itself since the reset.
fn cache_instructions(cache: &InstructionCache) {
    if comes(|| !cache.state.is_set(CacheState::BUSY)) {
        cache.control.modify(Cache::ON::SET);
    }
}

/// Returns whether the settings of the chip keep the kernel from running.
fn obstacle_in(flash: &Flash) -> Option<&'static str> {
    flash
        .options
        .is_set(Options::TRUSTZONE)
        .then_some("TrustZone is on (option bit TZEN), and has to be off")
}

#[cfg(test)]
mod tests {
    use super::clock::set;
    use super::registers::Power;
    use super::*;
    use core::mem::zeroed;

    const INTERNAL: u32 = 1 << 10;
    const LOCKED: u32 = 1 << 25;
    const SCALE: u32 = 1 << 15;
    const BOOSTED: u32 = 1 << 14;

    /// Sets the clocks of a chip whose bits are in memory: the given ones are set from the start. Returns the frequency
    /// of the timers, and the registers.
    fn set_up(ready: u32, power_ready: u32, in_use: u32) -> (u32, Rcc, Power, Flash) {
        // SAFETY: registers are words, and zero is one of their values.
        let (rcc, power, flash): (Rcc, Power, Flash) = unsafe { (zeroed(), zeroed(), zeroed()) };
        rcc.control.set(0x35 | ready);
        rcc.configuration.set(in_use << 2);
        power.voltage.set(power_ready);
        let timers = set(&rcc, &power, &flash);
        (timers, rcc, power, flash)
    }

    #[test]
    fn from_the_internal_oscillator() {
        let (timers, rcc, power, flash) = set_up(INTERNAL | LOCKED, SCALE | BOOSTED, 3);
        assert_eq!(timers, 160_000_000);
        // 16 MHz / 1 * 20 / 2 is 160 MHz.
        assert_eq!(rcc.pll.get(), 1 << 18 | 0b11 << 2 | 2);
        assert_eq!(rcc.pll_outputs.get(), 1 << 24 | 19);
        assert_eq!(rcc.configuration.get(), 3 << 2 | 3);
        assert_eq!(power.voltage.get(), 1 << 18 | 3 << 16 | SCALE | BOOSTED);
        assert_eq!(flash.access.get(), 4);
        assert_eq!(rcc.ahb3_enable.get(), 1 << 2);
        assert_eq!(rcc.control.get(), 0x35 | INTERNAL | LOCKED | 1 << 8 | 1 << 24);
    }

    #[test]
    fn without_oscillator_pll_voltage_or_booster_the_clock_stays_slow() {
        for (ready, power_ready) in [
            (LOCKED, SCALE | BOOSTED),
            (INTERNAL, SCALE | BOOSTED),
            (INTERNAL | LOCKED, BOOSTED),
            (INTERNAL | LOCKED, SCALE),
        ] {
            let (timers, rcc, _, flash) = set_up(ready, power_ready, 0);
            assert_eq!(timers, 4_000_000);
            assert_eq!((rcc.configuration.get(), flash.access.get()), (0, 0));
        }
    }

    #[test]
    fn devices_and_memory_are_open_to_unprivileged_code() {
        // SAFETY: as above.
        let (rcc, devices, memories): (Rcc, Devices, [Memory; 3]) =
            unsafe { (zeroed(), zeroed(), zeroed()) };
        devices.privileged.iter().for_each(|register| register.set(u32::MAX));
        memories.iter().flat_map(|it| &it.privileged).for_each(|register| register.set(u32::MAX));
        let [one, two, three] = &memories;
        open_to_threads(&rcc, &devices, [one, two, three]);
        assert_eq!(rcc.ahb1_enable.get(), 1 << 24);
        assert!(devices.privileged.iter().all(|register| register.get() == 0));
        for (memory, size) in memories.iter().zip([192, 64, 512]) {
            let open = memory.privileged.iter().filter(|register| register.get() == 0).count();
            assert_eq!(open * 32 * 512, size * 1024);
        }
    }

    #[test]
    fn the_cache_is_switched_on_when_it_is_empty() {
        // SAFETY: as above.
        let cache: InstructionCache = unsafe { zeroed() };
        cache.control.set(0b100);
        cache_instructions(&cache);
        assert_eq!(cache.control.get(), 0b101);
        // SAFETY: as above. The state can only be read through its type.
        let busy: InstructionCache = unsafe { core::mem::transmute([0b100_u32, 1]) };
        cache_instructions(&busy);
        assert_eq!(busy.control.get(), 0b100);
    }

    #[test]
    fn trustzone_is_refused() {
        let set = |options: u32| {
            let mut words = [0_u32; 17];
            words[16] = options;
            // SAFETY: as above. The options can only be read through their type.
            obstacle_in(&unsafe { core::mem::transmute::<[u32; 17], Flash>(words) })
        };
        assert_eq!(set(0x1fef_f8aa), None);
        assert!(set(0x9fef_f8aa).is_some_and(|text| text.contains("TZEN")));
    }
}
