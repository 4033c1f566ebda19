// SPDX-License-Identifier: MIT OR Apache-2.0
//! Arrays of objects, several interfaces of an object, objects that hold handles, all kinds of values.
#![forbid(unsafe_code)]
#![deny(warnings)]

use crossgate::{
    Concurrent, Exclusive, Handle, Handles, Lease, LeaseMut, Plain, Wire, interface, system,
};

#[derive(Plain, Clone, Copy)]
#[repr(C, packed)]
pub struct Frame {
    pub id: u8,
    pub at: u32,
}

#[derive(Wire, Clone, Copy)]
pub enum Speed {
    Slow = -1,
    Fast = 1,
}

#[interface]
pub trait Fan {
    fn set(&mut self, speed: Speed) -> Option<Speed>;
}

#[interface]
pub trait Door<T: Wire, const N: usize> {
    fn open(&self, by: Option<Handle<dyn Fan>>, key: T) -> Result<Handle<dyn Fan>, u8>;
}

#[interface]
pub(crate) trait Bus {
    fn send(&self, frame: Lease<'_, Frame>, body: crossgate::Lease<'_, [u16]>);
    fn receive(&self, frame: LeaseMut<'_, Frame>);
    fn reset(&self);
}

pub struct Motor(Speed);

impl Motor {
    const fn new() -> Motor {
        Motor(Speed::Slow)
    }
}

impl Fan for Motor {
    fn set(&mut self, speed: Speed) -> Option<Speed> {
        Some(core::mem::replace(&mut self.0, speed))
    }
}

pub struct Hall(Handles<dyn Fan, 3>);

impl Door<u16, 2> for Hall {
    fn open(&self, by: Option<Handle<dyn Fan>>, key: u16) -> Result<Handle<dyn Fan>, u8> {
        by.or(self.0.get(key.into())).ok_or(self.0.len() as u8)
    }
}

impl Bus for Hall {
    fn send(&self, _: Lease<'_, Frame>, _: Lease<'_, [u16]>) {}
    fn receive(&self, mut frame: LeaseMut<'_, Frame>) {
        frame.write(frame.copy());
    }
    fn reset(&self) {}
}

fn caretaker(_: &Hall, door: Handle<dyn Door<u16, 2>>) -> ! {
    let _ = door.open(None, 1);
    crossgate::thread::exit()
}

system! {
    static SYSTEM;
    process motors {
        object motors: [Exclusive<Motor>; 3] = [const { Exclusive::new(Motor::new()) }; 3]
            => [MOTORS: dyn Fan];
    }
    process hall {
        object hall: Concurrent<Hall> = Hall(MOTORS) => [DOOR: dyn Door<u16, 2>, BUS: dyn Bus];
        // A process may call itself if its wiring says so.
        thread caretaker (priority = 31, stack = 300) = caretaker(&hall, DOOR);
    }
}

fn main() {
    assert_eq!(SYSTEM.services.len(), 5);
}
