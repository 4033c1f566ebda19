// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kept values survive a restart of their process, after a crash and by the supervisor. All other statics are reset.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicU32, Ordering};
use crossgate::{CallError, Concurrent, Handle, Notification, interface, kept, supervise};
use crossgate_abi::Cause;
use system_tests::report::{expect, pass};
use system_tests::watch::Watch;

/// Keeps values, and returns them.
#[interface]
trait Keeper {
    fn set(&self, value: u32);
    fn clear(&self);
    fn word(&self) -> Option<u32>;
    /// Returns the value of all words of the array.
    fn array(&self) -> Option<u32>;
    /// Returns values that are not kept: an initialised static, and a word of a zeroed static.
    fn others(&self) -> (u32, u32);
    fn crash(&self);
}

kept! {
    static WORD: u32;
    static ARRAY: [u32; 40];
}
static INITIALISED: AtomicU32 = AtomicU32::new(5);
/// A static that is so large that the reset takes more than one piece.
static ZEROED: [AtomicU32; 150] = [const { AtomicU32::new(0) }; 150];

struct Memory;

impl Keeper for Memory {
    fn set(&self, value: u32) {
        WORD.set(value);
        ARRAY.set([value; 40]);
        INITIALISED.store(value, Ordering::Relaxed);
        ZEROED.iter().for_each(|word| word.store(value, Ordering::Relaxed));
    }
    fn clear(&self) {
        WORD.clear();
    }
    fn word(&self) -> Option<u32> {
        WORD.get()
    }
    fn array(&self) -> Option<u32> {
        let array = ARRAY.get()?;
        let first = array[0];
        array.iter().all(|word| *word == first).then_some(first)
    }
    fn others(&self) -> (u32, u32) {
        let is_another = |word: &&AtomicU32| word.load(Ordering::Relaxed) != 0;
        let zeroed = ZEROED.iter().find(is_another);
        let zeroed = zeroed.map_or(0, |word| word.load(Ordering::Relaxed));
        (INITIALISED.load(Ordering::Relaxed), zeroed)
    }
    fn crash(&self) {
        panic!("a server panics on request")
    }
}

crossgate::system! {
    static SYSTEM;
    process keeper { object memory: Concurrent<Memory> = Memory => [KEEPER: dyn Keeper]; }
    process supervisor {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 1, stack = 2048) = look_after(KEEPER, FAULTED);
    }
}
board::start!(SYSTEM);

fn look_after(keeper: Handle<dyn Keeper>, faulted: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    expect("a word that nobody has set", keeper.word(), Ok(None));
    expect("an array that nobody has set", keeper.array(), Ok(None));

    let crash = &mut || {
        expect("a crash", keeper.crash(), Err(CallError::ServerFaulted));
        watch.expect("keeper", Cause::Panic).process
    };
    expect("set", keeper.set(7), Ok(()));
    expect("statics that are not kept", keeper.others(), Ok((7, 7)));
    let number = crash();
    has_kept(keeper, 7);

    expect("set", keeper.set(8), Ok(()));
    expect("a new life", supervise::restart(number), Ok(()));
    has_kept(keeper, 8);

    expect("clear", keeper.clear(), Ok(()));
    crash();
    expect("a word that was cleared", keeper.word(), Ok(None));
    expect("an array that was not cleared", keeper.array(), Ok(Some(8)));
    watch.expect_no_more();
    pass()
}

/// Checks that the keeper is in its next life.
fn has_kept(keeper: Handle<dyn Keeper>, value: u32) {
    expect("the kept word", keeper.word(), Ok(Some(value)));
    expect("the kept array", keeper.array(), Ok(Some(value)));
    expect("statics that are not kept", keeper.others(), Ok((5, 0)));
}
