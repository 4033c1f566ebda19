// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tables that a wiring becomes, and the rights that follow from them.

use crate::interfaces::*;
use core::sync::atomic::{AtomicI32, Ordering};
use crossgate::abi::table::{Gate, Mmio, MmioRegion, NO_LOCK};
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, Notification, Signal, Wire, testing::Wiring,
};

// In a firmware these modules are crates.
mod sensor {
    use super::*;

    pub struct Sensor(AtomicI32);

    impl Sensor {
        pub const fn new() -> Sensor {
            Sensor(AtomicI32::new(200))
        }
    }

    impl Temperature for Sensor {
        fn configure(&self, _: u32, scale: i16) {
            self.0.store(scale.into(), Ordering::Relaxed);
        }
        fn get(&self) -> i32 {
            self.0.load(Ordering::Relaxed)
        }
    }

    pub fn sampler(_: &Sensor, _: Notification, _: Signal) -> ! {
        unreachable!("no thread runs in these tests")
    }
}

mod fan {
    use super::*;

    pub struct Motor {
        is_on: bool,
        sensor: Handle<dyn Temperature>,
    }

    impl Motor {
        pub const fn new(sensor: Handle<dyn Temperature>) -> Motor {
            Motor { is_on: false, sensor }
        }
    }

    impl Fan for Motor {
        fn set_power(&mut self, on: bool) {
            self.is_on = on;
        }
        fn set_mode(&mut self, mode: Mode) -> Result<u32, Busy> {
            let reading = self.sensor.get().map_err(|_| Busy { milliseconds: 1 })?;
            if self.is_on {
                Ok(reading as u32 + mode as u32)
            } else {
                Err(Busy { milliseconds: 50 })
            }
        }
    }

    // A second interface of the same object.
    impl Temperature for Motor {
        fn configure(&self, _: u32, _: i16) {}
        fn get(&self) -> i32 {
            i32::from(self.is_on)
        }
    }

    pub struct Ring<T>(pub Option<T>);

    impl<T: Wire> Queue<T> for Ring<T> {
        fn push(&mut self, value: T) -> bool {
            self.0.replace(value).is_none()
        }
        fn pop(&mut self) -> Option<T> {
            self.0.take()
        }
    }
}

mod control {
    use super::*;

    pub fn main(
        _: Handle<dyn Temperature>,
        _: Handle<dyn Fan>,
        _: Handle<dyn Fan>,
        _: Notification,
    ) -> ! {
        unreachable!("no thread runs in these tests")
    }
}

const UART: Mmio = Mmio { start: 0x4000_4000, size: 0x1000 };
const UART_REGION: MmioRegion = MmioRegion { start: UART.start, size: UART.size, closed: 0 };

crossgate::system! {
    /// The whole firmware.
    pub static SYSTEM;

    // The items of a process may come in any order.
    process sensor {
        thread sampler (stack = 512, priority = 3) = sensor::sampler(&room, RECEIVED, NEWS);
        interrupt 4 => RECEIVED;
        object room: Concurrent<sensor::Sensor> = sensor::Sensor::new() => [TEMPERATURE: dyn Temperature];
        mmio UART;
        notification RECEIVED;
    }

    process fan {
        object motor (stack = 512): Exclusive<fan::Motor> = fan::Motor::new(TEMPERATURE)
            => [FAN: dyn Fan, MOTOR: dyn Temperature];
        object vents: [Exclusive<fan::Motor>; 3] =
            [const { Exclusive::new(fan::Motor::new(TEMPERATURE)) }; 3] => [VENTS: dyn Fan];
        object ring: Exclusive<fan::Ring<Mode>> = fan::Ring(None) => [RING: dyn Queue<Mode>,];
    }

    process control {
        counting notification NEWS;
        supervisor NEWS;
        deadlines;
        thread main (priority = 2, stack = 1100,) = control::main(TEMPERATURE, FAN, VENTS.at(2), NEWS);
    }

    process spare {}
}

/// The processes in the order of the wiring.
mod process {
    pub const SENSOR: usize = 0;
    pub const FAN: usize = 1;
    pub const CONTROL: usize = 2;
}

// The services in the order of the wiring.
fn handle<I: ?Sized>(service: usize) -> Handle<I> {
    Handle::__of_gate(SYSTEM.services[service].gate.into())
}
fn temperature() -> Handle<dyn Temperature> {
    handle(0)
}
fn motor() -> Handle<dyn Fan> {
    handle(1)
}
fn motor_temperature() -> Handle<dyn Temperature> {
    handle(2)
}
fn vent(index: usize) -> Handle<dyn Fan> {
    handle(3 + index)
}
fn ring() -> Handle<dyn Queue<Mode>> {
    handle(6)
}

#[test]
fn processes_have_names_and_windows() {
    let processes: Vec<_> = SYSTEM.processes.iter().map(|p| (p.name, p.mmio)).collect();
    assert_eq!(
        processes,
        [("sensor", [UART_REGION].as_slice()), ("fan", &[]), ("control", &[]), ("spare", &[])]
    );
}

#[test]
fn services_have_owners_callers_and_locks() {
    let table: Vec<_> = SYSTEM
        .services
        .iter()
        .map(|service| {
            let (owner, callers) = (service.owner.index(), service.callers.bits());
            (service.name, owner, callers, service.lock.number(), service.stack)
        })
        .collect();
    let (fan, control) = (1 << process::FAN, 1 << process::CONTROL);
    assert_eq!(
        table,
        [
            ("TEMPERATURE", process::SENSOR, fan | control, u8::MAX, 256),
            ("FAN", process::FAN, control, 0, 512),
            ("MOTOR", process::FAN, 0, 0, 512),
            ("VENTS", process::FAN, control, 1, 256),
            ("VENTS", process::FAN, control, 2, 256),
            ("VENTS", process::FAN, control, 3, 256),
            ("RING", process::FAN, 0, 4, 256),
        ]
    );
    assert_eq!(SYSTEM.locks, 5);
    assert_eq!(SYSTEM.services[1].object, SYSTEM.services[2].object);
    assert_ne!(SYSTEM.services[3].object, SYSTEM.services[4].object);
    assert_eq!(SYSTEM.services[0].methods.len(), 2);
}

#[test]
fn only_some_processes_limit_their_calls() {
    assert_eq!(SYSTEM.deadlines.bits(), 1 << process::CONTROL);
    assert!(!SYSTEM.passes_handles);
}

#[test]
fn threads_have_stacks_that_can_be_protected() {
    let threads: Vec<_> = SYSTEM
        .threads
        .iter()
        .map(|thread| (thread.name, thread.process.index(), thread.priority, thread.stack_size))
        .collect();
    assert_eq!(
        threads,
        [
            ("idle", 0, 0, 128),
            ("sampler", process::SENSOR, 3, 512),
            ("main", process::CONTROL, 2, 1280),
        ]
    );
    assert!(SYSTEM.threads.iter().all(|thread| thread.stack.addr() % 8 == 0));
}

#[test]
fn notifications_have_owners_and_signallers() {
    let table: Vec<_> = SYSTEM
        .notifications
        .iter()
        .map(|notification| {
            let (owner, signallers) = (notification.owner.index(), notification.signallers.bits());
            (notification.name, owner, signallers, notification.counting)
        })
        .collect();
    assert_eq!(
        table,
        [
            ("RECEIVED", process::SENSOR, 1 << process::SENSOR, false),
            ("NEWS", process::CONTROL, 1 << process::SENSOR | 1 << process::CONTROL, true),
        ]
    );
    let interrupts: Vec<_> = SYSTEM
        .interrupts
        .iter()
        .map(|interrupt| (interrupt.line, interrupt.notification.index()))
        .collect();
    assert_eq!(interrupts, [(4, 0)]);
    let supervisor =
        SYSTEM.supervisor.as_ref().map(|row| (row.process.index(), row.notification.index()));
    assert_eq!(supervisor, Some((process::CONTROL, 1)));
}

#[test]
fn the_wiring_says_who_may_call() {
    let wiring = Wiring::of(&SYSTEM);
    let [control, fan] = ["control", "fan"].map(|name| wiring.process(name));
    let others = ["sensor", "spare", "test"].map(|name| wiring.process(name));
    wiring.run(|| {
        control.enter(|| {
            motor().set_power(false).unwrap();
            assert_eq!(motor().set_mode(Mode::Boost), Ok(Err(Busy { milliseconds: 50 })));
            motor().set_power(true).unwrap();
            assert_eq!(temperature().configure(10, 200), Ok(()));
            // The fan's own call to the sensor is permitted as well.
            assert_eq!(motor().set_mode(Mode::Boost), Ok(Ok(207)));
            assert_eq!(vent(2).set_power(true), Ok(()));
            assert_eq!(vent(1).set_mode(Mode::Eco), Ok(Err(Busy { milliseconds: 50 })));

            assert_eq!(ring().pop(), Err(CallError::NotPermitted));
            assert_eq!(motor_temperature().get(), Err(CallError::NotPermitted));
        });
        // Even the owner may not call what its wiring doesn't mention.
        fan.enter(|| {
            assert_eq!(ring().pop(), Err(CallError::NotPermitted));
            assert_eq!(temperature().get(), Ok(200));
        });
        for process in others {
            assert_eq!(process.enter(|| temperature().get()), Err(CallError::NotPermitted));
        }
    });
}

#[test]
fn the_gates_are_the_methods_of_all_services_in_their_order() {
    let mut gates = SYSTEM.gates.iter().enumerate();
    for (number, service) in SYSTEM.services.iter().enumerate() {
        assert_eq!(usize::from(service.gate), SYSTEM.gates.len() - gates.len());
        for method in service.methods {
            let (_, gate) = gates.next().expect("a gate for each method");
            assert_eq!(gate.service.index(), number);
            assert_eq!((gate.callers, gate.owner), (service.callers, service.owner));
            assert_eq!((gate.entry as usize, gate.object), (method.entry as usize, service.object));
            let is_plain = method.arguments.kinds == 0;
            let room = match (is_plain, service.lock) {
                (true, NO_LOCK) => service.stack + Gate::ENTRY_SIZE,
                (true, _) => Gate::EXCLUSIVE,
                (false, _) => Gate::CARE,
            };
            assert_eq!(gate.room, room, "{} {number}", service.name);
        }
    }
    assert!(gates.next().is_none());
}
