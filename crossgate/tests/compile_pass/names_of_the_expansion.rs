// SPDX-License-Identifier: MIT OR Apache-2.0
//! The names that the wiring needs for itself hide nothing of the user's.
use crossgate::{Concurrent, Mmio, interface, system};

mod table {
    pub const LINE: u16 = 4;
    pub const UART: crossgate::Mmio = crossgate::Mmio { start: 0x4000_0000, size: 32 };
}
mod threads {
    pub fn entry(_: crossgate::Handle<dyn super::Temperature>) -> ! {
        loop {}
    }
}
mod handles {
    pub const MAIN: usize = 300;
}
const SERVICES: usize = 2;
const THREADS: Mmio = table::UART;

#[interface]
pub trait Temperature {
    fn get(&self) -> i32;
}
pub struct Process;
pub struct Service;
pub struct Notification;
pub struct ROOM;
impl Temperature for Process {
    fn get(&self) -> i32 {
        1
    }
}
impl Temperature for Service {
    fn get(&self) -> i32 {
        2
    }
}
impl Temperature for Notification {
    fn get(&self) -> i32 {
        3
    }
}
impl Temperature for ROOM {
    fn get(&self) -> i32 {
        4
    }
}

system! {
    pub static SYSTEM;
    process sensor {
        mmio THREADS;
        notification NEWS;
        interrupt table::LINE => NEWS;
        object first: Concurrent<Process> = Process => [FIRST: dyn Temperature];
        object second: Concurrent<Service> = Service => [SECOND: dyn Temperature];
        object third: Concurrent<Notification> = Notification => [THIRD: dyn Temperature];
        object room: Concurrent<ROOM> = ROOM => [ROOMS: dyn Temperature];
        thread MAIN (priority = SERVICES, stack = handles::MAIN) = threads::entry(FIRST);
    }
}

fn main() {
    assert_eq!(SYSTEM.threads[1].priority, 2);
}
