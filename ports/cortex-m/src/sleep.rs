// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions that a board needs to let the CPU [sleep](crate::Board::sleep).
//!
//! All functions are for [`Board::sleep`](crate::Board::sleep): interrupts are held off while it runs, but an interrupt
//! that is pending, or becomes pending, ends a wait. The kernel serves it afterwards, when the clocks are restored.

pub use crossgate_abi::power::Depth;

/// How the CPU has slept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slept {
    /// The depth of the sleep.
    pub depth: Depth,
    /// The time for which the board's [counter](crate::Counter) stood still, in µs.
    pub uncounted: u64,
}

impl Slept {
    /// A sleep in which everything but the CPU ran on.
    pub const LIGHT: Slept = Slept { depth: Depth::Light, uncounted: 0 };
}

/// Returns the µs of a number of ticks of 32,768 Hz, and the rest in 512ths of a µs. `rest` is the rest of the last
/// time: a board whose clock in a deep sleep is a crystal of this frequency loses no time, however often it sleeps.
#[must_use]
pub const fn microseconds(ticks: u32, rest: u32) -> (u64, u32) {
    // A tick has 15,625 / 512 µs.
    let parts = ticks as u64 * 15_625 + rest as u64;
    (parts / 512, (parts % 512) as u32)
}

/// Waits until an interrupt is pending, while all clocks but that of the CPU run on.
#[inline]
pub fn wait() {
    #[cfg(target_os = "none")]
    {
        cortex_m::asm::dsb();
        cortex_m::asm::wfi();
    }
}

/// Waits until an interrupt is pending, in the sleep mode of the chip that the architecture calls *deep sleep*.
#[inline]
pub fn wait_deeply() {
    #[cfg(target_os = "none")]
    {
        use cortex_m::peripheral::SCB;
        const SLEEP_DEEP: u32 = 1 << 2;
        // SAFETY: the register belongs to the kernel, and only decides what `wfi` does.
        let control = unsafe { &(*SCB::PTR).scr };
        // SAFETY: as above.
        unsafe { control.modify(|value| value | SLEEP_DEEP) };
        wait();
        // SAFETY: as above.
        unsafe { control.modify(|value| value & !SLEEP_DEEP) };
    }
}

/// Stops SysTick, which then wakes nobody. After a sleep that is deeper than [`Depth::Light`], the kernel sets the
/// alarm again.
#[inline]
pub fn stop_alarm() {
    #[cfg(target_os = "none")]
    crate::alarm::stop();
}

/// Calls `sleep` while an interrupt line is unmasked, so that it ends a wait. Afterwards the line is masked, and its
/// interrupt forgotten: the kernel never sees it.
///
/// The line must be one that the wiring can't bind, or that no device uses otherwise.
#[inline]
pub fn woken_by<R>(line: u16, sleep: impl FnOnce() -> R) -> R {
    #[cfg(target_os = "none")]
    {
        use cortex_m::peripheral::NVIC;
        let (word, bit) = (usize::from(line / 32), 1 << (line % 32));
        // SAFETY: the handler of every line belongs to the kernel, and interrupts are held off until the line is masked
        // again.
        let nvic = unsafe { &*NVIC::PTR };
        // (A line past the last one stands for none.)
        let (Some(set), Some(clear), Some(forget)) =
            (nvic.iser.get(word), nvic.icer.get(word), nvic.icpr.get(word))
        else {
            return sleep();
        };
        // SAFETY: as above.
        unsafe {
            forget.write(bit);
            set.write(bit);
        }
        let result = sleep();
        // SAFETY: as above.
        unsafe {
            clear.write(bit);
            forget.write(bit);
        }
        result
    }
    #[cfg(not(target_os = "none"))]
    {
        let _ = line;
        sleep()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_lost_in_many_sleeps() {
        const TICKS: u32 = 32_768;
        let (mut all, mut rest) = (0, 0);
        for _ in 0..TICKS {
            let (time, next) = microseconds(7, rest);
            (all, rest) = (all + time, next);
        }
        assert_eq!((all, rest), (7_000_000, 0));
        assert_eq!(microseconds(24 * 60 * 60 * TICKS - 1, 511), (86_399_999_970, 246));
    }
}
