// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate::testing::Wiring;
use crossgate::{Handle, LeaseBuf};
use simulated_chips::SimulatedFlash;
use std::collections::BTreeMap;
use std::vec::Vec;

type Flash = SimulatedFlash<2048, 4, 512>;

/// A change of a value.
#[derive(Clone, Debug)]
struct Change {
    key: u8,
    value: Vec<u8>,
}

/// Changes of a few keys, again and again, which together are several times what the flash holds.
fn changes() -> impl Iterator<Item = Change> {
    (0..200_u32).map(|number| {
        let key = (number * 7 % 5) as u8;
        let length = number as usize * 11 % 40;
        Change { key, value: vec![number as u8; length] }
    })
}

fn key(number: u8) -> Key {
    Key([number; 8])
}

/// The store without calls.
struct Bare(Store<Flash, 64>);

impl Bare {
    fn new() -> Bare {
        Bare(Store::new(Flash::new(), 0..2048))
    }

    fn make(&mut self, change: &Change) -> Result<(), Fault> {
        self.0.store(key(change.key).of_space(0), &change.value)
    }

    /// Returns the values of all keys.
    fn values(&mut self) -> BTreeMap<u8, Vec<u8>> {
        let mut values = BTreeMap::new();
        for number in 0..5 {
            let value = self.0.fetch(key(number).of_space(0)).unwrap();
            if !value.is_empty() {
                values.insert(number, value.to_vec());
            }
        }
        values
    }

    fn flash(&mut self) -> &mut Flash {
        &mut self.0.map.flash().0
    }
}

/// Changes the values that are expected.
fn expect(values: &mut BTreeMap<u8, Vec<u8>>, change: &Change) {
    if change.value.is_empty() {
        values.remove(&change.key);
    } else {
        values.insert(change.key, change.value.clone());
    }
}

#[test]
fn a_value_is_whole_whenever_the_power_fails() {
    // The power fails within each word and page that a run writes and erases, one after the other.
    let mut cuts = 0;
    for step in 0.. {
        let mut store = Bare::new();
        let mut before = BTreeMap::new();
        store.flash().cut_power_after(step);
        let Some(last) = changes().find(|change| {
            let is_lost = store.make(change).is_err();
            if !is_lost {
                expect(&mut before, change);
            }
            is_lost
        }) else {
            break;
        };
        store.flash().switch_on();
        let mut after = before.clone();
        expect(&mut after, &last);
        let values = store.values();
        assert!(values == before || values == after, "{step}: {values:?}, {last:?}");
        // The store works on.
        assert_eq!(store.make(&last), Ok(()), "{step}");
        assert_eq!(store.values(), after, "{step}");
        cuts += 1;
    }
    assert!(cuts > 1000, "{cuts}");
}

#[test]
fn the_power_may_fail_while_a_loss_is_repaired() {
    for first in (0..2000).step_by(13) {
        for second in 0..20 {
            let mut store = Bare::new();
            let mut before = BTreeMap::new();
            store.flash().cut_power_after(first);
            let mut changes = changes();
            let last = changes.find(|change| {
                let is_lost = store.make(change).is_err();
                if !is_lost {
                    expect(&mut before, change);
                }
                is_lost
            });
            let Some(last) = last else { return };
            store.flash().switch_on();
            store.flash().cut_power_after(second);
            let mut after = before.clone();
            expect(&mut after, &last);
            let _may_fail = store.make(&last);
            store.flash().switch_on();
            let values = store.values();
            assert!(values == before || values == after, "{first} {second}: {values:?}, {last:?}");
        }
    }
}

#[test]
fn pages_are_erased_in_turn() {
    let mut store = Bare::new();
    for change in changes() {
        store.make(&change).unwrap();
    }
    // 200 values of 36 bytes with their keys, in pages of 512.
    assert!((10..40).contains(&store.flash().erased()), "{}", store.flash().erased());
}

#[test]
fn a_client_has_its_own_space() {
    let wiring = Wiring::new();
    let home = wiring.process("store");
    let store = Store::<_, 64>::new(Flash::new(), 0..2048);
    let values: Handle<dyn KeyValue<3>> = home.serve(store);
    wiring.run(|| {
        let mut buffer = LeaseBuf::<64>::new();
        let key = Key::new("name");
        buffer[..3].copy_from_slice(b"one");
        assert_eq!(values.set(key, buffer.first(3)), Ok(Ok(())));
        assert_eq!(values.get(key, buffer.first_mut(2)), Ok(Err(Fault::TooLong)));
        assert_eq!(values.set(key, buffer.first(49)), Ok(Err(Fault::TooLong)));
        buffer.fill(0);
        assert_eq!(values.get(key, &mut buffer), Ok(Ok(3)));
        assert_eq!(&buffer[..4], b"one\0");
        assert_eq!(values.set(key, buffer.first(48)), Ok(Ok(())));
        assert_eq!(values.get(key, &mut buffer), Ok(Ok(48)));
        assert_eq!([values.remove(key), values.remove(Key::new("other"))], [Ok(Ok(())); 2]);
        assert_eq!(values.get(key, &mut buffer), Ok(Err(Fault::NoValue)));
    });
}
