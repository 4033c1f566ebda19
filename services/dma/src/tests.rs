// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate::testing::Wiring;
use crossgate::{Handle, Notification};
use std::sync::Mutex;

/// A command to a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Start(Option<usize>, Option<usize>, usize),
    Stop,
    On,
    Off,
}
use Told::{Off, On, Start, Stop};

type Record = &'static Mutex<Vec<Told>>;

fn record() -> Record {
    Box::leak(Box::new(Mutex::new(Vec::new())))
}

/// Returns the commands since the last time.
fn told(record: Record) -> Vec<Told> {
    core::mem::take(&mut record.lock().unwrap())
}

/// A controller that notes its commands, and moves nothing. A transfer of 13 bytes fails. A transfer of 14 bytes
/// crashes the driver.
struct Recorder(Record, Notification, State);

impl Controller for Recorder {
    const LONGEST: usize = 64;

    fn start(&mut self, transfer: &Transfer) {
        assert_ne!(transfer.len(), 14, "a mistake in the driver");
        self.0.lock().unwrap().push(Start(transfer.from(), transfer.to(), transfer.len()));
        self.2 = if transfer.len() == 13 { State::Failed } else { State::Done };
        self.1.signal();
    }
    fn state(&mut self) -> State {
        self.2
    }
    fn stop(&mut self) {
        self.0.lock().unwrap().push(Stop);
    }
}

impl Switch for Record {
    fn on(&mut self) {
        self.lock().unwrap().push(On);
    }
    fn off(&mut self) {
        self.lock().unwrap().push(Off);
    }
}

/// Returns whether a transfer of this length was started. `from` and `to` say if it reads from memory and if it writes
/// to memory (otherwise the device).
fn names(told: &[Told], from: bool, to: bool, length: usize) -> bool {
    told.iter().any(|told| match *told {
        Start(source, target, count) => {
            source.is_some() == from && target.is_some() == to && count == length
        }
        _ => false,
    })
}

#[test]
fn a_transfer_has_as_many_bytes_as_both_hold_and_is_stopped_at_its_end() {
    let wiring = Wiring::new();
    let home = wiring.process("dma");
    let (record, done) = (record(), home.notification());
    let copy: Handle<dyn DmaCopy> =
        home.serve(Channel::new(Recorder(record, done, State::Running), done));
    wiring.run(|| {
        assert_eq!(copy.copy(&[1; 20], &mut [0; 9]), Ok(Ok(9)));
        let list = told(record);
        assert!(names(&list, true, true, 9), "{list:?}");
        assert!(matches!(list[..], [Stop, Start(..), Stop]), "{list:?}");
        assert_eq!(copy.copy(&[1; 7], &mut [0; 9]), Ok(Ok(7)));
        let list = told(record);
        assert!(matches!(list[..], [Start(_, _, 7), Stop]), "{list:?}");
        assert_eq!(copy.copy(&[1; 13], &mut [0; 13]), Ok(Err(Fault::Controller)));
        assert!(matches!(told(record)[..], [Start(..), Stop]));
    });
}

#[test]
fn a_transfer_of_nothing_and_one_that_is_too_long_do_not_start() {
    let wiring = Wiring::new();
    let home = wiring.process("dma");
    let (record, done) = (record(), home.notification());
    let copy: Handle<dyn DmaCopy> =
        home.serve(Channel::new(Recorder(record, done, State::Running), done));
    wiring.run(|| {
        assert_eq!(copy.copy(&[], &mut [0; 9]), Ok(Ok(0)));
        assert_eq!(copy.copy(&[1; 65], &mut [0; 65]), Ok(Err(Fault::TooLong)));
        assert_eq!(told(record), []);
        assert_eq!(copy.copy(&[1; 65], &mut [0; 64]), Ok(Ok(64)));
    });
}

#[test]
fn a_device_is_one_end_of_a_transfer() {
    let wiring = Wiring::new();
    let home = wiring.process("dma");
    let (record, done) = (record(), home.notification());
    let new = || Channel::new(Recorder(record, done, State::Running), done);
    let receive: Handle<dyn DmaReceive> = home.serve(new());
    let send: Handle<dyn DmaSend> = home.serve(new());
    wiring.run(|| {
        assert_eq!(receive.receive(&mut [0; 5]), Ok(Ok(5)));
        assert!(names(&told(record), false, true, 5));
        assert_eq!(send.send(b"abc"), Ok(Ok(3)));
        assert!(names(&told(record), true, false, 3));
    });
}

#[test]
fn the_controller_is_on_while_a_call_runs() {
    let wiring = Wiring::new();
    let (home, guard) = (wiring.process("dma"), wiring.process("interlock"));
    let (record, done) = (record(), home.notification());
    let new = || Channel::new(Recorder(record, done, State::Running), done);
    let (channel, state): (Handle<dyn DmaCopy>, Handle<dyn Prepare>) =
        (home.serve(new()), home.serve(new()));
    let copy: Handle<dyn DmaCopy> = guard.serve(Interlock::new(record, channel, state));
    wiring.run(|| {
        assert_eq!(copy.copy(&[1; 9], &mut [0; 9]), Ok(Ok(9)));
        let list = told(record);
        assert!(matches!(list[..], [Stop, On, Stop, Start(..), Stop, Off]), "{list:?}");
        assert_eq!(copy.copy(&[1; 9], &mut [0; 9]), Ok(Ok(9)));
        assert!(matches!(told(record)[..], [On, Start(..), Stop, Off]));
        assert_eq!(copy.copy(&[1; 13], &mut [0; 13]), Ok(Err(Fault::Controller)));
        assert!(matches!(told(record)[..], [On, Start(..), Stop, Off]));
    });
}
