//! What the port asks of a board.

/// A board: what [`start!`](crate::start) has to know of the hardware around the CPU.
///
/// Its functions run with the kernel's rights, as a part of it: they have to be short, must not panic,
/// and use no device that the wiring gives to a process, but for [`tell`](Board::tell).
///
/// ```
/// use crossgate_cortex_m::{Board, Counter};
///
/// /// A timer of 32 bits that counts up with the CPU's clock.
/// struct Timer;
///
/// impl Counter for Timer {
///     const HZ: u32 = 48_000_000;
///     fn start() { /* switch its clock on, and let it run */ }
///     fn count() -> u32 { /* read it */ 0 }
/// }
///
/// struct Mine;
///
/// impl Board for Mine {
///     const CLOCK_HZ: u32 = 48_000_000;
///     type Counter = Timer;
///     fn tell(byte: u8) { /* send it, without an interrupt */ }
/// }
/// ```
pub trait Board {
    /// The frequency of the CPU's clock in Hz, a whole number of MHz: SysTick counts it.
    const CLOCK_HZ: u32;

    /// What time is measured with. A board without such a timer says
    /// `SysTick<{ Self::CLOCK_HZ }>`, which this crate has.
    type Counter: Counter;

    /// Sends a byte where a developer sees it: a serial line, RTT, or nowhere. The kernel's last words
    /// go there, when it can't go on or refuses to start.
    ///
    /// Nothing may be expected of the devices: whatever the board or a process has done with them
    /// before holds. So it sets up what it needs each time, and gives up rather than wait for ever. A
    /// board should not do it by semihosting, as that stops a CPU that has no debugger.
    fn tell(byte: u8);
}

/// A timer that counts up, and starts anew after 2^32.
///
/// It is only read, so that time is as exact as its clock, however often somebody sleeps. When
/// somebody is to be woken is SysTick's affair, of which nothing depends but that.
pub trait Counter {
    /// How often it counts in a second, a whole number of MHz. It may be up to a hundred times as fast as
    /// the CPU's clock.
    const HZ: u32;

    /// Lets it count. Called once, before all else.
    fn start();

    /// How far it has counted.
    fn count() -> u32;

    /// Has SysTick interrupt after so many cycles of the CPU's clock, at most 2^24 - 1.
    #[cfg(target_os = "none")]
    #[doc(hidden)]
    fn alarm(cycles: u32) {
        crate::systick::alarm(cycles);
    }
}
