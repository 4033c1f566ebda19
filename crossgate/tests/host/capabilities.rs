// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rights that are passed on with handles, and servers that refuse.

use crossgate::testing::Wiring;
use crossgate::{CallError, Concurrent, Handle, interface, server};

#[interface]
pub trait File {
    fn read(&self) -> u32;
}
#[interface]
pub trait Store {
    fn open(&self, name: u32) -> Option<Handle<dyn File>>;
}
#[interface]
pub trait Reader {
    fn read(&self, file: Handle<dyn File>) -> u32;
}

mod store {
    use super::*;

    pub struct Contents(pub u32);
    impl File for Contents {
        fn read(&self) -> u32 {
            self.0
        }
    }
    pub struct Shelf(pub Handle<dyn File>);
    impl Store for Shelf {
        fn open(&self, name: u32) -> Option<Handle<dyn File>> {
            if name > 1 {
                server::refuse();
            }
            // The call of `read` is not the call that is refused.
            let is_readable = self.0.read().is_ok();
            (name == 1 && is_readable).then_some(self.0)
        }
    }
}

mod reader {
    use super::*;

    pub struct Reads;
    impl Reader for Reads {
        fn read(&self, file: Handle<dyn File>) -> u32 {
            file.read().unwrap_or(u32::MAX)
        }
    }
}

fn client(_: Handle<dyn Store>, _: Handle<dyn Reader>) -> ! {
    unreachable!("no thread runs in these tests")
}

crossgate::system! {
    static SYSTEM;
    process store {
        object contents: Concurrent<store::Contents> = store::Contents(42) => [FILE: dyn File];
        object shelf: Concurrent<store::Shelf> = store::Shelf(FILE) => [STORE: dyn Store];
    }
    process reader { object reads: Concurrent<reader::Reads> = reader::Reads => [READER: dyn Reader]; }
    process client { thread main (priority = 1, stack = 256) = client(STORE, READER); }
}

fn service<I: ?Sized>(name: &str) -> Handle<I> {
    let service = SYSTEM.services.iter().find(|service| service.name == name);
    Handle::__of_gate(service.expect("a service of this name").gate.into())
}

#[test]
fn a_handle_brings_the_right_to_call_until_it_is_taken_back() {
    let wiring = Wiring::of(&SYSTEM);
    let (client, owner) = (wiring.process("client"), wiring.process("store"));
    let (store, reader) = (service::<dyn Store>("STORE"), service::<dyn Reader>("READER"));
    let file = service::<dyn File>("FILE");
    wiring.run(|| {
        client.enter(|| {
            assert_eq!(file.read(), Err(CallError::NotPermitted));
            assert_eq!(reader.read(file), Err(CallError::NotPermitted), "it has nothing to give");
            assert_eq!(store.open(0), Ok(None));
            assert_eq!(file.read(), Err(CallError::NotPermitted));
            assert_eq!(store.open(1), Ok(Some(file)));
            assert_eq!(file.read(), Ok(42));
            assert_eq!(reader.read(file), Ok(42));
            assert_eq!(server::revoke(file), Err(CallError::NotPermitted), "it is not the owner");
        });
        assert_eq!(owner.enter(|| server::revoke(file)), Ok(()));
        assert_eq!(client.enter(|| file.read()), Err(CallError::NotPermitted));
    });
}

#[test]
fn a_call_is_refused_whatever_the_method_returns() {
    let wiring = Wiring::of(&SYSTEM);
    let client = wiring.process("client").thread(1, || {
        let store = service::<dyn Store>("STORE");
        assert_eq!(store.open(7), Err(CallError::Refused));
        assert_eq!(store.open(0), Ok(None), "only that one");
        server::refuse();
        assert_eq!(store.open(0), Ok(None), "outside of a call it does nothing");
    });
    wiring.run(|| client.join());
}

#[test]
fn a_wiring_knows_whether_handles_are_passed_on_and_who_may_limit_calls() {
    assert!(SYSTEM.passes_handles);
    assert!(SYSTEM.deadlines.is_empty());
}
