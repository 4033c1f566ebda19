// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate::Handle;
use crossgate::testing::Wiring;
use rand::seq::SliceRandom;
use rand_core::UnwrapErr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// A source that counts its samples, and may get stuck or fail.
struct Noise {
    state: u64,
    samples: &'static AtomicUsize,
    stuck: &'static AtomicBool,
    fails: &'static AtomicBool,
}

impl TryRng for Noise {
    type Error = Missing;

    fn try_next_u32(&mut self) -> Result<u32, Missing> {
        unreachable!("only bytes are asked for")
    }
    fn try_next_u64(&mut self) -> Result<u64, Missing> {
        unreachable!("only bytes are asked for")
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Missing> {
        self.samples.fetch_add(bytes.len(), Relaxed);
        for byte in bytes {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = if self.stuck.load(Relaxed) { 7 } else { (self.state >> 56) as u8 };
        }
        if self.fails.load(Relaxed) { Err(Missing) } else { Ok(()) }
    }
}

/// Creates a source, and three statics for the test: the number of samples that were read, if the source is stuck, and
/// if it fails.
macro_rules! noise {
    ($state:expr) => {{
        static SAMPLES: AtomicUsize = AtomicUsize::new(0);
        static STUCK: AtomicBool = AtomicBool::new(false);
        static FAILS: AtomicBool = AtomicBool::new(false);
        let noise = Noise { state: $state, samples: &SAMPLES, stuck: &STUCK, fails: &FAILS };
        (noise, &SAMPLES, &STUCK, &FAILS)
    }};
}

fn bytes<const PLACE: usize>(random: Handle<dyn Random<PLACE>>) -> Result<[u8; 40], Error> {
    let mut bytes = [0; 40];
    RandomHandle::new(random).try_fill_bytes(&mut bytes)?;
    Ok(bytes)
}

#[test]
fn each_client_has_a_stream_of_its_own() {
    let (noise, samples, ..) = noise!(1);
    let mut entropy = Entropy::<_, 2>::new(noise, 8);
    let mut next = |place| {
        let mut bytes = [0; 40];
        entropy.key(place).unwrap().next(&mut bytes);
        (bytes, samples.load(Relaxed))
    };
    // A key needs 320 bits of entropy. That takes 32 bytes twice.
    let (first, seen) = next(0);
    assert_eq!(seen, FIRST_SAMPLES + 64);
    let (second, seen) = next(1);
    assert_eq!(seen, FIRST_SAMPLES + 128);
    let (third, seen) = next(0);
    assert_eq!(seen, FIRST_SAMPLES + 128, "it has its key");
    assert!(first != second && second != third && first != third);
}

#[test]
fn a_key_is_renewed_after_its_requests() {
    let wiring = Wiring::new();
    let (noise, samples, ..) = noise!(2);
    let random: Handle<dyn Random<0>> = wiring.serve(Entropy::<_, 1>::new(noise, 4));
    wiring.run(|| {
        for _ in 0..REQUESTS {
            assert!(bytes(random).is_ok());
        }
        assert_eq!(samples.load(Relaxed), FIRST_SAMPLES + 96);
        assert!(bytes(random).is_ok());
        assert_eq!(samples.load(Relaxed), FIRST_SAMPLES + 192);
    });
}

#[test]
fn a_key_is_replaced_with_each_request() {
    let mut key = Key { bytes: [5; 32], left: 2 };
    let mut first = [0; 32];
    key.next(&mut first);
    assert!(key.bytes != [5; 32] && key.bytes != first);
    // This is the known output of ChaCha20 with a key of zeroes. Its first 32 bytes are the next key.
    let mut zero = Key { bytes: [0; 32], left: 0 };
    zero.next(&mut []);
    assert_eq!(zero.bytes[..8], [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90]);
}

#[test]
fn a_source_that_gets_stuck_is_used_no_more() {
    let wiring = Wiring::new();
    let (noise, _, stuck, _) = noise!(3);
    let random: Handle<dyn Random<0>> = wiring.serve(Entropy::<_, 1>::new(noise, 1));
    wiring.run(|| {
        for _ in 0..REQUESTS {
            assert!(bytes(random).is_ok());
        }
        stuck.store(true, Relaxed);
        assert_eq!(bytes(random), Err(Error::Source));
        stuck.store(false, Relaxed);
        assert_eq!(bytes(random), Err(Error::Source), "until the process restarts");
    });
}

#[test]
fn a_source_is_tested_before_its_first_use() {
    let wiring = Wiring::new();
    let (noise, samples, stuck, fails) = noise!(4);
    let random: Handle<dyn Random<0>> = wiring.serve(Entropy::<_, 1>::new(noise, 8));
    let (other, .., breaks) = noise!(5);
    let broken: Handle<dyn Random<0>> = wiring.serve(Entropy::<_, 1>::new(other, 8));
    breaks.store(true, Relaxed);
    wiring.run(|| {
        assert_eq!(bytes(broken), Err(Error::Source));
        assert!(bytes(random).is_ok());
        assert!(samples.load(Relaxed) > FIRST_SAMPLES && !stuck.load(Relaxed));
        fails.store(true, Relaxed);
        assert!(bytes(random).is_ok(), "the source is not asked for each request");
    });
}

#[test]
fn a_request_is_bounded_and_a_long_one_is_cut() {
    let wiring = Wiring::new();
    let (noise, ..) = noise!(6);
    let random: Handle<dyn Random<0>> = wiring.serve(Entropy::<_, 1>::new(noise, 8));
    wiring.run(|| {
        assert_eq!(random.fill(&mut [0; LONGEST + 1]), Ok(Err(Fault::TooLong)));
        assert_eq!(random.fill(&mut [0; LONGEST]), Ok(Ok(())));
        assert_eq!(random.fill(&mut []), Ok(Ok(())));
        let mut long = [0; 3 * LONGEST + 5];
        assert_eq!(RandomHandle::new(random).try_fill_bytes(&mut long), Ok(()));
        assert!(long.chunks(LONGEST).all(|piece| piece.iter().any(|byte| *byte != 0)));
        assert_ne!(long[..LONGEST], long[LONGEST..2 * LONGEST]);
    });
}

#[test]
fn crates_of_the_field_use_it_as_they_are() {
    let wiring = Wiring::new();
    let (noise, ..) = noise!(7);
    let random: Handle<dyn Random<0>> = wiring.serve(Entropy::<_, 1>::new(noise, 8));
    wiring.run(|| {
        let mut cards: [u8; 52] = core::array::from_fn(|card| card as u8);
        let before = cards;
        cards.shuffle(&mut UnwrapErr(RandomHandle::new(random)));
        assert_ne!(cards, before);
        cards.sort_unstable();
        assert_eq!(cards, before);
    });
}
