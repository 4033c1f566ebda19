// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate::testing::Wiring;
use crossgate::{Handle, LeaseBuf};
use embedded_storage::nor_flash::{ErrorType, ReadNorFlash};
use simulated_chips::{FlashError, SimulatedFlash};
use std::collections::BTreeMap;
use std::vec::Vec;

type Flash = SimulatedFlash<2048, 4, 512>;

/// A change of a value.
#[derive(Clone, Debug)]
struct Change {
    key: u8,
    value: Vec<u8>,
}

/// Returns many changes of a few keys. Together they have several times the bytes that the flash holds.
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
struct Bare(Store<Flash, 64, 4, 8, 1>);

impl Bare {
    fn new() -> Bare {
        Bare(Store::new(Flash::new(), 0, [8]))
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
        &mut self.0.flash
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
    // The power fails once in each word that a run writes, and once in each page that it erases.
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
        // The store works afterwards.
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
    let store = Store::<_, 64, 4, 8, 4>::new(Flash::new(), 0, [2; 4]);
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

/// A flash that counts how often it is asked.
struct Counted {
    flash: Flash,
    reads: u32,
    writes: u32,
}

impl ErrorType for Counted {
    type Error = FlashError;
}

impl ReadNorFlash for Counted {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.reads += 1;
        self.flash.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl NorFlash for Counted {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 512;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.writes += 1;
        self.flash.erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.writes += 1;
        self.flash.write(offset, bytes)
    }
}

#[test]
fn the_flash_is_seldom_asked() {
    let flash = Counted { flash: Flash::new(), reads: 0, writes: 0 };
    let mut store = Store::<_, 64, 4, 8, 1>::new(flash, 0, [8]);
    for round in 0..200 {
        store.store(key(round % 4).of_space(0), &[round; 16]).unwrap();
    }
    let reads = core::mem::take(&mut store.flash.reads);
    for round in 0..200 {
        store.fetch(key(round % 4).of_space(0)).unwrap();
    }
    // Without the cached places and keys, a change would take 50 reads, and a get would take 17.
    assert!(reads <= 5 * 200, "{reads}");
    assert_eq!(store.flash.reads, 200);
}

/// Sets a value in a space. Both the key and the value are made from a number.
fn set<const PAGES: usize, const KEYS: usize, const SPACES: usize>(
    store: &mut Store<Flash, 64, PAGES, KEYS, SPACES>,
    space: u8,
    number: u8,
) -> Result<(), Fault> {
    store.store(key(number).of_space(space), &[number; 48])
}

#[test]
fn a_client_has_as_many_keys_as_its_quota() {
    // These are the largest quotas that compile for this flash.
    let mut store = Store::<_, 64, 4, 20, 2>::new(Flash::new(), 0, [18, 2]);
    for round in 0..10 {
        for number in 0..100 {
            let expected = if number < 18 { Ok(()) } else { Err(Fault::Full) };
            assert_eq!(set(&mut store, 0, number), expected, "{round} {number}");
        }
        // The other client has its room, however often it sets its values.
        for number in 0..3 {
            let expected = if number < 2 { Ok(()) } else { Err(Fault::Full) };
            assert_eq!(set(&mut store, 1, number), expected, "{round} {number}");
        }
        // A store that restarts counts the keys that are in the flash.
        let Store { flash, .. } = store;
        store = Store::new(flash, 0, [18, 2]);
    }
    for number in 0..18 {
        assert_eq!(store.fetch(key(number).of_space(0)), Ok(&[number; 48][..]));
    }
    assert_eq!(store.format(), Ok(()));
    assert_eq!(set(&mut store, 0, 99), Ok(()));
}

#[test]
fn keys_past_the_quota_of_another_wiring_are_read_only() {
    let mut store = Store::<_, 64, 4, 8, 1>::new(Flash::new(), 0, [8]);
    for number in 0..8 {
        assert_eq!(set(&mut store, 0, number), Ok(()));
    }
    let mut store = Store::<_, 64, 4, 4, 1>::new(store.flash, 0, [4]);
    assert_eq!(set(&mut store, 0, 9), Err(Fault::Full));
    assert_eq!(store.fetch(key(7).of_space(0)), Ok(&[7; 48][..]));
}

#[test]
fn a_line_is_read_again_after_a_change() {
    use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
    let mut memory = Flash::new();
    let mut flash = flash::Flash::new(&mut memory, 2048);
    block_on(async {
        let mut bytes = [0; 4];
        for (place, expected) in [(0, [0xff; 4]), (4, [0xff; 4])] {
            flash.read(place, &mut bytes).await.unwrap();
            assert_eq!(bytes, expected);
        }
        flash.write(4, b"text").await.unwrap();
        flash.read(4, &mut bytes).await.unwrap();
        assert_eq!(bytes, *b"text");
        flash.erase(0, 512).await.unwrap();
        flash.read(4, &mut bytes).await.unwrap();
        assert_eq!(bytes, [0xff; 4]);
    });
}

#[test]
fn what_is_known_of_the_flash_ends_with_an_error() {
    let mut store = Bare::new();
    let change = Change { key: 1, value: vec![1; 16] };
    assert_eq!(store.make(&change), Ok(()));
    store.flash().cut_power_after(0);
    assert_eq!(store.make(&Change { key: 1, value: vec![2; 16] }), Err(Fault::Flash));
    assert!(store.0.found.is_none() && store.0.keys.is_none());
    store.flash().switch_on();
    assert_eq!(store.values(), BTreeMap::from([(1, vec![1; 16])]));
}

#[test]
#[should_panic(expected = "no room for all values")]
fn quotas_fit_in_the_flash() {
    let _ = Store::<_, 64, 4, 21, 2>::new(Flash::new(), 0, [19, 2]);
}
