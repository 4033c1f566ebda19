// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sleep of the CPU while no thread is ready: guards that keep it from sleeping too deeply, and its count.
//!
//! If the wiring has `deep_sleep;`, the CPU sleeps as deep as the board can, and as all processes admit. In a deep
//! sleep the clocks of devices stand still: a serial line receives nothing, a PWM output stops. So a process that needs
//! a device holds a guard meanwhile. The process has `stay_awake;` in the wiring:
//!
//! ```
//! use crossgate::power::{self, Depth};
//! # use crossgate::testing::Wiring;
//!
//! fn measure() -> Result<u32, crossgate::CallError> {
//!     let _awake = power::stay_awake(Depth::Light)?;
//!     // ... start the converter, and wait for its interrupt ...
//! #   Ok(1)
//! }   // The CPU may sleep deeply again.
//! # Wiring::new().run(|| assert_eq!(measure(), Ok(1)));
//! ```
//!
//! A guard belongs to the process whose code has made it. When this process crashes, all its guards are gone: the
//! kernel forgets what the process has said. No other process can end a guard, so none can make the CPU sleep deeper
//! than this one admits. A process without `stay_awake;` can't keep the CPU awake, except by computing.

use crate::CallError;
use crate::arch::system_call;
use crate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::time::Duration;
pub use crossgate_abi::power::Depth;
use crossgate_abi::power::{ADMIT, SLEPT};
use crossgate_abi::{Status, Word, number};

/// The number of guards of the process for each depth: as long as one exists, the CPU sleeps no deeper.
static GUARDS: [AtomicU32; Depth::ALL.len()] = [const { AtomicU32::new(0) }; Depth::ALL.len()];

/// A guard: as long as it exists, the CPU sleeps no deeper than [the depth](stay_awake) for which it was made.
#[derive(Debug)]
#[must_use = "the CPU may sleep deeply again as soon as the guard is dropped"]
pub struct Awake(Depth);

/// Keeps the CPU from sleeping deeper than this depth, until the guard is dropped. A guard that is forgotten
/// ([`forget`](core::mem::forget)) lasts as long as the life of the process. In a firmware whose wiring has no
/// `deep_sleep;`, the CPU never sleeps deeply, so there the guard has nothing to do.
///
/// # Errors
/// [`NotPermitted`](CallError::NotPermitted) if the wiring has `deep_sleep;`, but the process has no `stay_awake;`.
pub fn stay_awake(depth: Depth) -> Result<Awake, CallError> {
    let awake = Awake(depth);
    GUARDS[depth as usize].fetch_add(1, Relaxed);
    // (If this is not permitted, the guard is dropped.)
    admit().map(|()| awake)
}

impl Drop for Awake {
    fn drop(&mut self) {
        GUARDS[self.0 as usize].fetch_sub(1, Relaxed);
        // It was permitted to make the guard, so it is permitted to end it.
        let _ = admit();
    }
}

/// Tells the kernel how deep the CPU may sleep with the guards that exist now.
///
/// Between the look at the guards and the system call, another thread may make a guard or drop one. So this function
/// looks again afterwards. Until then this thread is ready, so the CPU does not sleep.
fn admit() -> Result<(), CallError> {
    loop {
        let depth = admitted();
        let reply = system_call(number::OPTIONAL, [ADMIT, depth as Word, 0]);
        match Status(reply.status) {
            Status::OK | Status::NO_SUCH_SYSTEM_CALL => {}
            status => return Err(CallError::from_status(status).unwrap_or(CallError::NotPermitted)),
        }
        if admitted() == depth {
            return Ok(());
        }
    }
}

/// Returns the deepest sleep that the guards admit.
fn admitted() -> Depth {
    let lightest = Depth::ALL.into_iter().zip(&GUARDS).find(|(_, count)| count.load(Relaxed) != 0);
    lightest.map_or(Depth::Deepest, |(depth, _)| depth)
}

/// How the CPU has slept at one depth, since the system started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slept {
    /// How often: each sleep ended with a wake-up. (The number wraps around after 2^32.)
    pub count: u32,
    /// How long, all sleeps together.
    pub time: Duration,
}

/// Returns how the CPU has slept at this depth; `None` if the wiring has no `deep_sleep;`. The process needs
/// `inspects;` in the wiring.
///
/// A board that does not have a depth sleeps at the next lighter one, and the sleep counts there.
///
/// # Errors
/// [`NotPermitted`](CallError::NotPermitted) if the process may not inspect.
pub fn slept(depth: Depth) -> Result<Option<Slept>, CallError> {
    let ask = |what| {
        let reply = system_call(number::OPTIONAL, [SLEPT, depth as Word, what]);
        let [low, high] = reply.words;
        match Status(reply.status) {
            Status::OK => Ok(Some((high as u64) << 32 | low as u64)),
            Status::NO_SUCH_RECORD => Ok(None),
            status => Err(CallError::from_status(status).unwrap_or(CallError::NotPermitted)),
        }
    };
    // (The CPU does not sleep between the two questions, because this thread is ready.)
    let (count, time) = (ask(0)?, ask(1)?);
    let slept = |(count, time)| Slept { count: count as u32, time: Duration::from_micros(time) };
    Ok(count.zip(time).map(slept))
}
