// SPDX-License-Identifier: MIT OR Apache-2.0
//! The clocks: CPU, timers and serial lines at 150 MHz, from the crystal.

use crate::CPU_HZ;
use crate::registers::{
    CLOCKS, CRYSTAL_OSCILLATOR, Clocks, Crystal, CrystalOscillator, CrystalState, Devices, Pll,
    PllControl, PllDivisors, PllPower, Reference, SYSTEM_PLL, System, registers,
};
use crate::resets::{self, comes};
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};

/// The frequency of the crystal on the board, in MHz (data sheet of the board, "Crystal").
const CRYSTAL_MHZ: u32 = 12;
/// The time after which the crystal is taken to oscillate: 6 ms, in units of 256 of its periods (8.2). A crystal may
/// start more slowly than the 1 ms that is usual: Raspberry Pi's own SDK waits for six times as long.
const STARTUP: u32 = (CRYSTAL_MHZ * 6000).div_ceil(256);
/// The PLL multiplies the frequency of the crystal to 1500 MHz, which then is divided twice (8.6).
const MULTIPLIER: u32 = 125;
const DIVISORS: [u32; 2] = [5, 2];

const _: () = assert!(
    CPU_HZ == CRYSTAL_MHZ * 1_000_000 / (DIVISORS[0] * DIVISORS[1]) * MULTIPLIER,
    "the PLL makes the clock"
);

/// A divisor of 1, for clocks with 16 bits of a fraction (8.1).
const UNDIVIDED: u32 = 1 << 16;

/// Sets the clocks. If the crystal or the PLL does not start, the chip goes on with a slower clock.
///
/// Only the kernel may call this, before it uses the time.
pub fn set() {
    let reset = |_: &Pll| resets::reset(resets::SYSTEM_PLL);
    set_with(registers(CRYSTAL_OSCILLATOR), registers(SYSTEM_PLL), registers(CLOCKS), reset);
}

fn set_with(crystal: &CrystalOscillator, pll: &Pll, clocks: &Clocks, reset: impl Fn(&Pll)) {
    // Otherwise the chip itself could switch to another clock while this code changes the clock.
    clocks.resuscitation.set(0);
    crystal.startup.set(STARTUP);
    crystal.control.write(Crystal::RANGE::UP_TO_15_MHZ + Crystal::ENABLE::ON);
    // After a reset of the CPU alone, the PLL may still be in use. It may change only while it is not (8.1).
    clocks.system.modify(System::SOURCE::REFERENCE);
    comes(|| clocks.system_selected.get() == 1);
    clocks.devices.write(Devices::SOURCE::SYSTEM);
    clocks.devices_divisor.set(UNDIVIDED);
    clocks.devices.modify(Devices::ENABLE::SET);
    clocks.system_divisor.set(UNDIVIDED);
    if !comes(|| crystal.state.is_set(CrystalState::STABLE)) {
        // There is no way to report the failure yet.
        return;
    }
    clocks.reference.modify(Reference::SOURCE::CRYSTAL);
    comes(|| clocks.reference_selected.get() == 1 << Reference::SOURCE::CRYSTAL.value);
    // Only now: the boot ROM may divide the chip's own oscillator (48 MHz by 5 since stepping A3; appendix C), which
    // is too fast for this clock otherwise.
    clocks.reference_divisor.set(UNDIVIDED);
    reset(pll);
    if !start(pll) {
        return;
    }
    clocks.system.modify(System::OTHER::PLL);
    clocks.system.modify(System::SOURCE::OTHER);
    comes(|| clocks.system_selected.get() == 1 << System::SOURCE::OTHER.value);
}

/// Starts the PLL, which has just been reset, in the order that the data sheet gives (8.6). Returns whether it has locked.
fn start(pll: &Pll) -> bool {
    pll.control.modify(PllControl::REFERENCE_DIVISOR.val(1));
    pll.multiplier.set(MULTIPLIER);
    pll.power.modify(PllPower::OFF::CLEAR + PllPower::OSCILLATOR_OFF::CLEAR);
    if !comes(|| pll.control.is_set(PllControl::LOCKED)) {
        return false;
    }
    pll.divisors.write(PllDivisors::FIRST.val(DIVISORS[0]) + PllDivisors::SECOND.val(DIVISORS[1]));
    pll.power.modify(PllPower::DIVISORS_OFF::CLEAR);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::zeroed;

    /// Sets the clocks of a chip whose bits are in memory: the given ones are set from the start.
    fn set_up(stable: bool, locked: bool) -> (CrystalOscillator, Pll, Clocks) {
        // SAFETY: registers are words, and zero is one of their values.
        let (crystal, pll, clocks): (CrystalOscillator, Pll, Clocks) =
            unsafe { (zeroed(), zeroed(), zeroed()) };
        crystal.state.set(u32::from(stable) << 31);
        pll.control.set(u32::from(locked) << 31 | 1);
        pll.power.set(0x2d);
        // After a reset of the CPU alone, the PLL is in use.
        clocks.system.set(1);
        clocks.reference_divisor.set(5 << 16);
        set_with(&crystal, &pll, &clocks, |pll| assert_eq!(pll.power.get(), 0x2d));
        (crystal, pll, clocks)
    }

    #[test]
    fn from_the_crystal() {
        let (crystal, pll, clocks) = set_up(true, true);
        assert_eq!(crystal.control.get(), 0xfa_baa0);
        assert_eq!(crystal.startup.get(), 282);
        // 12 MHz * 125 / 5 / 2 is 150 MHz.
        assert_eq!(pll.multiplier.get(), 125);
        assert_eq!(pll.divisors.get(), 5 << 16 | 2 << 12);
        assert_eq!(pll.power.get(), 0x4, "only the fraction of the multiplier is off");
        assert_eq!((clocks.reference.get(), clocks.system.get()), (2, 1));
        assert_eq!(clocks.devices.get(), 1 << 11);
        assert_eq!(
            (clocks.reference_divisor.get(), clocks.system_divisor.get()),
            (1 << 16, 1 << 16)
        );
    }

    #[test]
    fn without_a_crystal_nothing_depends_on_it() {
        let (_, pll, clocks) = set_up(false, true);
        assert_eq!((clocks.reference.get(), clocks.system.get()), (0, 0));
        assert_eq!(clocks.reference_divisor.get(), 5 << 16, "the boot ROM's divisor stays");
        assert_eq!(pll.multiplier.get(), 0);
        assert_eq!(clocks.devices.get(), 1 << 11, "the serial lines have a clock");
    }

    #[test]
    fn a_pll_that_does_not_lock_is_not_used() {
        let (_, _, clocks) = set_up(true, false);
        assert_eq!((clocks.reference.get(), clocks.system.get()), (2, 0));
    }
}
