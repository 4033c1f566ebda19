// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random bytes from another process. Each client has a stream of its own, and no other client can read from it. A
//! board without a source of noise returns an error. A new life of the service draws new keys. The source here is not
//! random, so that the test is the same on every board.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::convert::Infallible;
use crossgate::{CallError, Exclusive, Handle, Notification, Signal, kept, thread};
use crossgate_entropy::{Entropy, Error, Fault, LONGEST, NoSource, Random, RandomHandle};
use rand_core::{TryRng, utils};
use system_tests::probe;
use system_tests::raw;
use system_tests::report::{expect, expect_that, pass};
use system_tests::restarts::restart;
use system_tests::victim::{SECRET, Safe, Vault};
use system_tests::watch::Watch;

kept! {
    /// The state of the source. It survives restarts, like that of a real source.
    static NOISE: u32;
}

/// A source that is not random.
struct Source;

impl TryRng for Source {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let state = NOISE.get().unwrap_or(1).wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        NOISE.set(state);
        Ok(state ^ state.rotate_left(11))
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        utils::next_u64_via_u32(self)
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        utils::fill_bytes_via_next_word(bytes, || self.try_next_u32())
    }
}

crossgate::system! {
    static SYSTEM;
    process entropy {
        object entropy (stack = 2048): Exclusive<Entropy<Source, 2>> = Entropy::new(Source, 4) =>
            [KEYS: dyn Random<0>, NONCES: dyn Random<1>];
    }
    process silent {
        object silent (stack = 2048): Exclusive<Entropy<NoSource, 1>> = Entropy::new(NoSource, 8) =>
            [NOTHING: dyn Random<0>];
    }
    process victim { object safe: crossgate::Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process client {
        notification GO;
        thread main (priority = 5, stack = 8192) = client(KEYS, NOTHING, GO, HALF, DONE);
    }
    process attacker { thread main (priority = 6, stack = 8192) = attack(NONCES, VAULT); }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        notification HALF;
        notification DONE;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, HALF, DONE, GO, VAULT);
    }
}
board::start!(SYSTEM);

fn key(random: &mut RandomHandle<0>) -> [u8; 32] {
    let mut key = [0; 32];
    expect("a key", random.try_fill_bytes(&mut key), Ok(()));
    key
}

fn client(
    keys: Handle<dyn Random<0>>,
    nothing: Handle<dyn Random<0>>,
    go: Notification,
    half: Signal,
    done: Signal,
) -> ! {
    let mut random = RandomHandle::new(keys);
    let [first, second] = [key(&mut random), key(&mut random)];
    expect_that("another key with each request", first != second);
    expect("no source", RandomHandle::new(nothing).try_next_u32(), Err(Error::Source));
    expect("signal", half.signal(), Ok(()));
    go.wait();
    let [third, fourth] = [key(&mut random), key(&mut random)];
    expect_that("a new life draws another key", third != first && third != second);
    expect_that("the keys differ after that as well", fourth != second && fourth != third);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn attack(nonces: Handle<dyn Random<1>>, vault: Handle<dyn Vault>) -> ! {
    let secret = vault.address().unwrap_or(0);
    let mut bytes = [0_u8; 32];
    let own = [bytes.as_mut_ptr().addr(), bytes.len(), 0, 0];
    let status = raw::call(raw::service(&SYSTEM, "KEYS"), 0, own).error();
    expect("the stream of another client", status, Some(CallError::NotPermitted));
    for [address, length] in [[secret, 4], [probe::kernel_memory(), 4], [secret, usize::MAX >> 1]] {
        let reply = raw::call(raw::service(&SYSTEM, "NONCES"), 0, [address, length, 0, 0]);
        expect("memory of others", reply.error(), Some(CallError::BadLease));
    }
    let mut long = [0; LONGEST + 1];
    expect("too many bytes", nonces.fill(&mut long), Ok(Err(Fault::TooLong)));
    expect_that("no byte is written", long.iter().all(|byte| *byte == 0));
    thread::exit()
}

fn witness(
    faulted: Notification,
    half: Notification,
    done: Notification,
    go: Signal,
    vault: Handle<dyn Vault>,
) -> ! {
    half.wait();
    restart(&SYSTEM, "entropy");
    expect("signal", go.signal(), Ok(()));
    done.wait();
    expect("the secret", vault.is_intact(), Ok(true));
    expect_that("there is a secret", SECRET != 0);
    Watch::new(&SYSTEM, faulted).expect_no_more();
    pass()
}
