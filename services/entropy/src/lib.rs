// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random bytes as a service. One process owns the source of noise; Each client gets a stream of its own, as a
//! generator of [`rand_core`]. So crates that need a generator run unchanged.
//!
//! | object | over | interface | client's generator |
//! |---|---|---|---|
//! | [`Entropy`] | a [`TryRng`]: the driver of the source | [`Random`] | [`RandomHandle`]: `TryRng`, `TryCryptoRng` |
//!
//! ```ignore
//! process entropy {
//!     mmio NOISE;
//!     object entropy (stack = 2048): Exclusive<Entropy<Noise, 2>> = Entropy::new(Noise::new(NOISE), 8) =>
//!         [KEYS: dyn Random<0>, BACKOFF: dyn Random<1>];
//! }
//! process radio { thread main (priority = 2, stack = 4096) = radio::main(KEYS); }
//! ```
//!
//! ```
//! use crossgate::testing::Wiring;
//! use crossgate_entropy::{Entropy, NoSource, Random, RandomHandle};
//! use rand::RngExt;
//! use rand_core::{TryRng, UnwrapErr};
//! # struct Noise(u32);
//! # impl TryRng for Noise {
//! #     type Error = core::convert::Infallible;
//! #     fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
//! #         self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
//! #         Ok(self.0.rotate_left(9) ^ self.0)
//! #     }
//! #     fn try_next_u64(&mut self) -> Result<u64, Self::Error> { rand_core::utils::next_u64_via_u32(self) }
//! #     fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
//! #         rand_core::utils::fill_bytes_via_next_word(bytes, || self.try_next_u32())
//! #     }
//! # }
//!
//! let wiring = Wiring::new();
//! let random = wiring.serve::<dyn Random<0>, _>(Entropy::<_, 1>::new(Noise(1), 4));
//! let none = wiring.serve::<dyn Random<0>, _>(Entropy::<_, 1>::new(NoSource, 8));
//! wiring.run(|| {
//!     let mut random = UnwrapErr(RandomHandle::new(random));
//!     let dice: u32 = random.random_range(1..=6);
//!     assert!((1..=6).contains(&dice));
//!     assert!(RandomHandle::new(none).try_next_u32().is_err());
//! });
//! ```
//!
//! # How the bytes are made
//!
//! The first request in each life of the process tests 1024 samples of the source. Each client then gets a key of 256
//! bits, which is made of samples that are used for no other client. The key takes as many samples as are needed for
//! 320 bits of entropy; the argument of [`Entropy::new`] says how many bits a sample has. For each request, ChaCha20
//! produces bytes from the client's key. The first 32 of these bytes replace the key, and the client gets the others
//! ("fast key erasure"). So if somebody reads the memory of the process later, the memory does not reveal bytes that
//! were given out before. After 1024 requests new samples are mixed into the key.
//!
//! Each sample has to pass the health tests of NIST SP 800-90B, section 4.4. If a sample fails a test, or if the driver
//! has an error, the process deletes all keys, and refuses every request until it restarts.
//!
//! This crate is not certified. The samples are mixed by ChaCha20, which is not among the conditioning functions that
//! SP 800-90B lists.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod handle;
mod health;

pub use handle::{Error, RandomHandle};

use chacha20::ChaCha20Rng;
use core::fmt;
use crossgate::{LeaseMut, Wire, interface};
use health::Health;
use rand_core::{Rng, SeedableRng, TryRng};

/// The number of bytes that one call can ask for.
pub const LONGEST: usize = 224;

/// The number of samples that are tested before the first request is served.
const FIRST_SAMPLES: usize = 1024;

/// The entropy of the samples for a key, in bits: 64 more than the bits of the key.
const ENTROPY_OF_KEY: usize = 320;

/// The number of requests that a client makes before new samples are mixed into its key.
const REQUESTS: u16 = 1024;

/// The reason why there are no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Fault {
    /// The source has failed, its samples have failed a health test, or there is no source. Every call gets this error
    /// until the process restarts.
    Source,
    /// More than [`LONGEST`] bytes were asked for.
    TooLong,
}

/// The interface of a process that gets random bytes. `PLACE` is the place of this process in [`Entropy`].
#[interface]
pub trait Random<const PLACE: usize> {
    /// Fills the memory with random bytes. The memory has at most [`LONGEST`] bytes.
    fn fill(&mut self, bytes: LeaseMut<'_, [u8]>) -> Result<(), Fault>;
}

/// The key of a client. It can be neither copied nor shown.
struct Key {
    bytes: [u8; 32],
    /// The number of requests that this key still serves.
    left: u16,
}

impl Key {
    /// Mixes samples into the key.
    fn absorb(&mut self, samples: [u8; 32]) {
        self.bytes.iter_mut().zip(samples).for_each(|(byte, sample)| *byte ^= sample);
        self.next(&mut []);
    }

    /// Fills the buffer with random bytes, and replaces the key.
    fn next(&mut self, bytes: &mut [u8]) {
        let mut stream = ChaCha20Rng::from_seed(self.bytes);
        stream.fill_bytes(&mut self.bytes);
        stream.fill_bytes(bytes);
    }
}

/// The source of noise, and the keys of `N` clients: the object of the process that owns the source. It serves
/// [`Random`] for each place below `N`. An interface with another place does not compile.
pub struct Entropy<S, const N: usize> {
    source: S,
    bits: u32,
    health: Health,
    state: State,
    /// The key of a client is `None` until its first request.
    keys: [Option<Key>; N],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Untested,
    Healthy,
    Failed,
}

impl<S: TryRng, const N: usize> Entropy<S, N> {
    /// Creates the object of this source. `bits` is the least entropy that each byte of the source has, in bits (1 to
    /// 8), according to its data sheet. If you don't know the entropy, use 1.
    ///
    /// # Panics
    /// If `bits` is not a number from 1 to 8. In the wiring, that is a compile error.
    #[must_use]
    pub const fn new(source: S, bits: u32) -> Self {
        let health = Health::new(bits);
        Entropy { source, bits, health, state: State::Untested, keys: [const { None }; N] }
    }

    fn fill(&mut self, place: usize, mut bytes: LeaseMut<'_, [u8]>) -> Result<(), Fault> {
        if bytes.len() > LONGEST {
            return Err(Fault::TooLong);
        }
        let mut memory = [0; LONGEST];
        let bytes_asked_for = &mut memory[..bytes.len()];
        self.key(place)?.next(bytes_asked_for);
        bytes.copy_from(bytes_asked_for);
        Ok(())
    }

    /// Returns the key of a client, for one more request.
    fn key(&mut self, place: usize) -> Result<&mut Key, Fault> {
        if self.state == State::Untested {
            self.state = State::Healthy;
            for _ in 0..FIRST_SAMPLES / 32 {
                self.samples()?;
            }
        }
        if self.state == State::Failed {
            return Err(Fault::Source);
        }
        if self.keys[place].as_ref().is_none_or(|key| key.left == 0) {
            let mut key = self.keys[place].take().unwrap_or(Key { bytes: [0; 32], left: 0 });
            for _ in 0..ENTROPY_OF_KEY.div_ceil(32 * self.bits as usize) {
                key.absorb(self.samples()?);
            }
            key.left = REQUESTS;
            self.keys[place] = Some(key);
        }
        let key = self.keys[place].as_mut().ok_or(Fault::Source)?;
        key.left -= 1;
        Ok(key)
    }

    /// Returns the next samples. A source that has failed is not used again.
    fn samples(&mut self) -> Result<[u8; 32], Fault> {
        let mut samples = [0; 32];
        let works = self.source.try_fill_bytes(&mut samples).is_ok();
        if !works || !samples.iter().all(|sample| self.health.accepts(*sample)) {
            self.state = State::Failed;
            self.keys = [const { None }; N];
            return Err(Fault::Source);
        }
        Ok(samples)
    }
}

impl<S: TryRng, const N: usize, const PLACE: usize> Random<PLACE> for Entropy<S, N> {
    fn fill(&mut self, bytes: LeaseMut<'_, [u8]>) -> Result<(), Fault> {
        const { assert!(PLACE < N, "the service has no such place") };
        self.fill(PLACE, bytes)
    }
}

impl<S, const N: usize> fmt::Debug for Entropy<S, N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Entropy").field("state", &self.state).finish_non_exhaustive()
    }
}

/// The source of a board that has none: every request is refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSource;

/// The error of [`NoSource`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing;

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the board has no source of noise")
    }
}

impl core::error::Error for Missing {}

impl TryRng for NoSource {
    type Error = Missing;

    fn try_next_u32(&mut self) -> Result<u32, Missing> {
        Err(Missing)
    }

    fn try_next_u64(&mut self) -> Result<u64, Missing> {
        Err(Missing)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Missing> {
        Err(Missing)
    }
}

#[cfg(test)]
mod tests;
