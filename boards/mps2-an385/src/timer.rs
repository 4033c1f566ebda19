use crossgate_abi::table::Window;
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::ReadWrite;
use tock_registers::register_structs;

register_structs! {
    /// The registers of a CMSDK APB timer.
    Registers {
        (0x00 => control: ReadWrite<u32>),
        (0x04 => value: ReadWrite<u32>),
        (0x08 => reload: ReadWrite<u32>),
        (0x0c => interrupt: ReadWrite<u32>),
        (0x10 => @END),
    }
}

/// Driver of a timer (CMSDK APB timer) that counts the board's clock, for the process that owns
/// its registers.
#[derive(Debug)]
pub struct Timer {
    start: usize,
}

impl Timer {
    /// The driver of the timer in `window`.
    ///
    /// # Panics
    /// If `window` is not [`TIMER0`](crate::TIMER0)'s. In a constant that is a compile error.
    #[must_use]
    pub const fn new(window: Window) -> Timer {
        assert!(window.start == crate::TIMER0.start, "there is no timer in this window");
        Timer { start: window.start }
    }

    /// Starts counting from 0.
    pub fn start(&mut self) {
        const ENABLE: u32 = 1;
        let registers = self.registers();
        registers.control.set(0);
        registers.reload.set(u32::MAX);
        registers.value.set(u32::MAX);
        registers.control.set(ENABLE);
    }

    /// The ticks of [`CLOCK_HZ`](crate::CLOCK_HZ) since the start. Wraps after 2^32, which is 171 s.
    pub fn elapsed(&mut self) -> u32 {
        u32::MAX - self.registers().value.get()
    }

    fn registers(&mut self) -> &Registers {
        let pointer = core::ptr::with_exposed_provenance::<Registers>(self.start);
        // SAFETY: `new` has checked that these are device registers, which hold no Rust object and
        // take any value. Whether they may be accessed is for the MPU to say.
        unsafe { &*pointer }
    }
}
