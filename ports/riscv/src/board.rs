// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contract between the port and a board.

use crate::interrupts::{Controller, Timer};
use core::num::NonZeroU32;
use crossgate_abi::message::{Number, fail};
use crossgate_abi::table::{Mmio, ProcessRow, Service, System};
use crossgate_abi::{Kind, Shape, Word};

/// A board: everything that [`start!`](crate::start) needs to know of the hardware around the CPU.
///
/// The functions of a board run as a part of the kernel, with its rights. They have to be short, must not panic, and
/// must not use a device that the wiring gives to a process. (Only [`tell`](Board::tell) may use such a device.)
///
/// ```
/// use crossgate_riscv::{Board, Clint, Plic};
///
/// struct Mine;
///
/// impl Board for Mine {
///     const TIMER_HZ: u32 = 10_000_000;
///     type Timer = Clint<0x0200_0000>;
///     type Controller = Plic<0x0c00_0000, 54>;
///     fn reset() -> ! { loop { /* write the register that resets the chip */ } }
///     fn tell(byte: u8) { /* send it, without an interrupt */ }
/// }
/// ```
pub trait Board {
    /// The frequency of the timer in Hz, a whole number of MHz.
    const TIMER_HZ: u32;

    /// The machine timer: that of a [`Clint`](crate::Clint), or another one.
    type Timer: Timer;

    /// The interrupt controller: a [`Plic`](crate::Plic), or another one.
    type Controller: Controller;

    /// Prepares the chip: clocks, pins, memory controllers. Called once, before everything else.
    #[inline(always)]
    fn prepare() {}

    /// Resets the chip.
    fn reset() -> !;

    /// Sends a byte to a place where a developer sees it: a serial line, or nowhere. The kernel sends its last words
    /// there, when it can't go on or refuses to start.
    ///
    /// The function can assume nothing about the devices, because they are in the state in which the board or a process
    /// has left them. So it sets up the devices that it needs each time, and gives up rather than wait for ever.
    fn tell(byte: u8);
}

/// Returns the frequency of a board's timer in MHz. `start!` calls this function at compile time.
///
/// # Panics
/// If the kernel can't measure time with this frequency.
#[doc(hidden)]
#[must_use]
#[track_caller]
pub const fn megahertz<B: Board>() -> NonZeroU32 {
    match NonZeroU32::new(B::TIMER_HZ / 1_000_000) {
        Some(megahertz) if B::TIMER_HZ.is_multiple_of(1_000_000) && megahertz.get() <= 1000 => {
            megahertz
        }
        _ => fail(&[
            "TIMER_HZ of the board is ",
            Number::decimal(B::TIMER_HZ as usize).text(),
            ", and has to be a whole number of MHz, 1 to 1000: the kernel counts microseconds with it",
        ]),
    }
}

/// Refuses a wiring that gives the kernel's devices to a process or uses a line that does not exist. `start!` calls this
/// function at compile time.
///
/// # Panics
/// If the wiring is refused. If a process owns the kernel's devices, the message names the process.
#[doc(hidden)]
#[track_caller]
pub const fn check<B: Board>(system: &System) {
    if cfg!(feature = "napot") {
        check_entries(system.processes, system.services);
    }
    system.check_lines(B::Controller::LINES);
    let mut index = 0;
    while index < system.interrupts.len() {
        assert!(
            system.interrupts[index].line >= B::Controller::FIRST_LINE,
            "the interrupt controller of this board has no line 0"
        );
        index += 1;
    }
    let mut process = 0;
    while process < system.processes.len() {
        let row = &system.processes[process];
        let mut own = 0;
        while own < row.mmio.len() {
            let (start, size) = (row.mmio[own].start, row.mmio[own].size);
            let of_controller = match B::Controller::REGISTERS {
                Some(registers) => overlap(start, size, registers),
                None => false,
            };
            if of_controller || overlap(start, size, B::Timer::REGISTERS) {
                fail(&[
                    "process `",
                    row.name,
                    "` owns registers of the timer or the interrupt controller, which belong to the kernel",
                ]);
            }
            own += 1;
        }
        process += 1;
    }
}

/// Refuses a process with two regions of devices and a method that takes two leases. With eight entries of powers of two,
/// the protection unit can open either, but not both.
///
/// # Panics
/// If there is such a process. The message names it and the service.
#[track_caller]
const fn check_entries(processes: &[ProcessRow], services: &[Service]) {
    let mut number = 0;
    while number < services.len() {
        let Service { name, owner, methods, .. } = &services[number];
        let process = &processes[owner.index()];
        let mut method = 0;
        while method < methods.len() {
            if process.mmio.len() > 1 && takes_two_leases(methods[method].arguments) {
                fail(&[
                    "process `",
                    process.name,
                    "` owns two regions of device registers, and a method of its service `",
                    name,
                    "` takes two leases, but the protection unit of this CPU has only one more entry. \
                     Give one of the two to another process",
                ]);
            }
            method += 1;
        }
        number += 1;
    }
}

/// Returns whether a call with arguments of this shape lends memory twice: then each lease has two of the four words.
const fn takes_two_leases(arguments: Shape) -> bool {
    const LEASE: u16 = Kind::Read as u16 | Kind::Write as u16;
    const SECOND: u16 = LEASE << 8;
    arguments.kinds & LEASE != 0 && arguments.kinds & SECOND != 0
}

/// Returns whether two ranges have an address in common. Neither range is empty. The first one may end at the end of
/// the address space.
const fn overlap(start: Word, size: Word, of_kernel: Mmio) -> bool {
    start <= of_kernel.start + (of_kernel.size - 1) && of_kernel.start <= start + (size - 1)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::{Clint, Plic};
    use core::any::TypeId;
    use crossgate_abi::table::{Method, MmioRegion, NO_LOCK, OnFault, ProcessMemory, RawReply};
    use crossgate_abi::{NotificationId, ProcessId, Set};

    struct Mine<const HZ: u32>;
    impl<const HZ: u32> Board for Mine<HZ> {
        const TIMER_HZ: u32 = HZ;
        type Timer = Clint<0x0200_0000>;
        type Controller = Plic<0x0c00_0000, 54>;
        fn reset() -> ! {
            unreachable!("nothing is reset here")
        }
        fn tell(_: u8) {}
    }

    #[test]
    fn frequencies_at_their_limits() {
        assert_eq!(megahertz::<Mine<1_000_000>>().get(), 1);
        assert_eq!(megahertz::<Mine<1_000_000_000>>().get(), 1000);
    }

    #[test]
    #[should_panic(expected = "TIMER_HZ of the board is 32768,")]
    fn a_fraction_of_a_megahertz_is_refused() {
        let _ = megahertz::<Mine<32_768>>();
    }

    #[test]
    fn ranges_overlap_if_they_share_a_byte() {
        assert!(overlap(0x1000, 0x1000, Mmio { start: 0x1fff, size: 1 }));
        assert!(overlap(0x1000, 0x1000, Mmio { start: 0x0fff, size: 2 }));
        assert!(!overlap(0x1000, 0x1000, Mmio { start: 0x2000, size: 1 }));
        assert!(!overlap(0x1000, 0x1000, Mmio { start: 0x0fff, size: 1 }));
    }

    unsafe extern "C-unwind" fn thunk(_: *mut (), _: Word, _: Word, _: Word, _: Word) -> RawReply {
        RawReply { status: 0, words: [0; 2] }
    }

    /// Checks a firmware in which a process with these regions of devices has a method with arguments of this shape. The
    /// method before it and another process with one region take two leases or none.
    fn check_driver(mmio: &'static [MmioRegion], arguments: Shape) {
        static ONE: [MmioRegion; 1] = [REGION];
        let process = |name, mmio| ProcessRow {
            name,
            memory: &ProcessMemory::NONE,
            mmio,
            notifications: 0,
            on_fault: OnFault::DEFAULT,
            first_notification: NotificationId::new(0),
            pieces: 0,
        };
        let service = |name, owner, methods| Service {
            object: core::ptr::null_mut(),
            methods,
            callers: Set::of_bits(0),
            name,
            interface: TypeId::of::<()>,
            stack: 0,
            gate: 0,
            owner: ProcessId::new(owner),
            lock: NO_LOCK,
        };
        let method = |arguments| Method::new(thunk, arguments, Shape::NONE);
        let of_other: &'static [Method] = std::vec![method(TWO_LEASES)].leak();
        let of_driver: &'static [Method] = std::vec![method(Shape::NONE), method(arguments)].leak();
        check_entries(
            &[process("other", &ONE), process("driver", mmio)],
            &[service("COPY", 0, of_other), service("DRIVE", 1, of_driver)],
        );
    }

    const REGION: MmioRegion = MmioRegion { start: 0x4000_0000, size: 0x1000, closed: 0 };
    static TWO: [MmioRegion; 2] = [REGION, MmioRegion { start: 0x5000_0000, ..REGION }];
    const TWO_LEASES: Shape = Shape::READ.then(Shape::WRITE);

    #[test]
    fn a_driver_of_two_devices_may_take_one_lease() {
        for arguments in
            [Shape::NONE, Shape::READ, Shape::values(2).then(Shape::WRITE), Shape::values(4)]
        {
            check_driver(&TWO, arguments);
        }
        check_driver(&TWO[..1], TWO_LEASES);
        check_driver(&[], TWO_LEASES);
    }

    #[test]
    #[should_panic(
        expected = "process `driver` owns two regions of device registers, and a method \
                               of its service `DRIVE` takes two leases"
    )]
    fn a_driver_of_two_devices_may_not_take_two_leases() {
        check_driver(&TWO, TWO_LEASES);
    }
}
