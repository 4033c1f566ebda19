// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls, and which of them are refused.

use crate::interfaces::*;
use core::cell::Cell;
use crossgate::testing::{self, Wiring};
use crossgate::{CallError, Handle, Wire, interface, supervise};

struct Sensor(Cell<i32>);
impl Temperature for Sensor {
    fn configure(&self, interval: u32, scale: i16) {
        self.0.set(interval as i32 * i32::from(scale));
    }
    fn get(&self) -> i32 {
        match self.0.get() {
            0 => panic!("not configured"),
            reading => reading,
        }
    }
}

#[test]
fn a_panic_is_an_error_at_the_caller() {
    let wiring = Wiring::new();
    let process = wiring.process("sensor").may_crash();
    let sensor = process.serve::<dyn Temperature, _>(Sensor(Cell::new(0)));
    wiring.run(|| {
        assert_eq!(sensor.get(), Err(CallError::ServerFaulted));
        supervise::stop(process.index()).unwrap();
        assert_eq!(sensor.configure(7, -2), Err(CallError::ServerDown));
        supervise::restart(process.index()).unwrap();
        assert_eq!(sensor.configure(7, -2), Ok(()));
        assert_eq!(sensor.get(), Ok(-14));
    });
}

#[test]
fn only_services_and_their_methods_are_entered() {
    let wiring = Wiring::new();
    let sensor = index_of(wiring.serve::<dyn Temperature, _>(Sensor(Cell::new(1))));
    let other = index_of(wiring.serve::<dyn Temperature, _>(Sensor(Cell::new(2))));
    wiring.permit(Handle::<dyn Temperature>::__of_gate(other), []);
    wiring.run(|| {
        assert_eq!(testing::call_raw(sensor, 1, [0; 4]).map(|words| words[0]), Ok(1));
        let next = testing::call_raw(sensor, 2, [0; 4]);
        assert_eq!(next, Err(CallError::NotPermitted), "that is a method of another service");
        let none = testing::call_raw(usize::MAX >> 1, 1, [0; 4]);
        assert_eq!(none, Err(CallError::NoSuchService));
    });
}

/// Calls itself, through its own handle.
#[interface]
trait Mirror {
    fn look(&self, depth: u32) -> Result<u32, CallErrorNumber>;
}
#[derive(Wire, Clone, Copy, Debug, PartialEq)]
struct CallErrorNumber(u8);
struct Glass;
impl Mirror for Glass {
    fn look(&self, depth: u32) -> Result<u32, CallErrorNumber> {
        Handle::<dyn Mirror>::__of_gate(0)
            .look(depth + 1)
            .unwrap_or_else(|error| Err(CallErrorNumber(error as u8)))
    }
}

#[test]
fn re_entering_an_object_is_a_deadlock() {
    let wiring = Wiring::new();
    let mirror = wiring.serve::<dyn Mirror, _>(Glass);
    assert_eq!(index_of(mirror), 0);
    wiring.run(|| {
        assert_eq!(mirror.look(0), Ok(Err(CallErrorNumber(CallError::Deadlock as u8))));
    });
}

struct Ring<T, const N: usize> {
    items: [Option<T>; N],
    first: usize,
    count: usize,
}
impl<T: Wire + Copy, const N: usize> Queue<T> for Ring<T, N> {
    fn push(&mut self, value: T) -> bool {
        if self.count == N {
            return false;
        }
        self.items[(self.first + self.count) % N] = Some(value);
        self.count += 1;
        true
    }
    fn pop(&mut self) -> Option<T> {
        let value = self.items[self.first].take()?;
        self.first = (self.first + 1) % N;
        self.count -= 1;
        Some(value)
    }
}

#[test]
fn an_interface_may_be_generic() {
    let ring = Ring::<u16, 2> { items: [None; 2], first: 0, count: 0 };
    let wiring = Wiring::new();
    let queue = wiring.serve::<dyn Queue<u16>, _>(ring);
    wiring.run(|| {
        assert_eq!([queue.push(1), queue.push(2), queue.push(3)], [Ok(true), Ok(true), Ok(false)]);
        assert_eq!([queue.pop(), queue.pop(), queue.pop()], [Ok(Some(1)), Ok(Some(2)), Ok(None)]);
    });
}

#[interface]
trait Broker {
    fn deliver(&self, to: Handle<dyn Queue<u16>>) -> bool;
}
struct Post;
impl Broker for Post {
    fn deliver(&self, to: Handle<dyn Queue<u16>>) -> bool {
        to.push(3) == Ok(true)
    }
}

#[test]
fn interfaces_that_differ_in_a_type_argument_are_different() {
    let ring = || Ring { items: [None; 2], first: 0, count: 0 };
    let wiring = Wiring::new();
    let narrow = wiring.serve::<dyn Queue<u16>, _>(ring());
    let wide = wiring.serve::<dyn Queue<u32>, _>(Ring { items: [None; 2], first: 0, count: 0 });
    let broker = wiring.serve::<dyn Broker, _>(Post);
    wiring.run(|| {
        assert_eq!(broker.deliver(narrow), Ok(true));
        let forged = Handle::<dyn Queue<u16>>::__of_gate(index_of(wide));
        assert_eq!(broker.deliver(forged), Err(CallError::BadArgument));
        // The first word is not a multiple of 256. The second word is past the end of the table.
        for (word, error) in [
            ((index_of(narrow) << 8) + 1, CallError::BadArgument),
            (99 << 8, CallError::NotPermitted),
        ] {
            let reply = testing::call_raw(index_of(broker), 0, [word, 0, 0, 0]);
            assert_eq!(reply, Err(error));
        }
    });
}

/// Returns the index of the service behind a handle, from its `Debug` text.
pub fn index_of<I: ?Sized + crossgate::Interface>(handle: Handle<I>) -> usize {
    let text = format!("{handle:?}");
    text.rsplit('#').next().and_then(|index| index.parse().ok()).expect("it ends with the index")
}
