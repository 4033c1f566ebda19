// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small systems, and the events in them.
//!
//! Process 2 is a client with two threads, and supervises the others. Process 1 is a server with two exclusive objects
//! and a shared one, and a thread of its own that serves an interrupt. Process 1 calls process 0, which has no thread
//! of its own. Process 0 has an exclusive object, and a shared one that gives handles away, and it calls process 1
//! back. Thread 1, of process 2, belongs to a pool.
//!
//! All possible steps together lead to more states than can be searched. So each small scene has the steps that concern
//! one matter, and can be searched to its end; the search of a large scene is cut off.

use super::super::*;
use super::step::{LINE, Offer, Step};
use Offer::{Forged, Held, Nothing, Shared};
use Step::*;
use crossgate_abi::Kind;

/// The number of states of a small scene that a daily run searches. (The largest ones have six times as many.)
pub const BY_DAY: usize = 1_000_000;
/// The number of states of a large scene that a daily run searches.
const ENOUGH: usize = 200_000;

/// A system, and the possible steps in it.
pub struct Scene {
    pub name: &'static str,
    /// True if process 1 is notified when a life of the client ends.
    is_told: bool,
    /// True if the client may call the first service only with a handle that it is given.
    is_by_grant: bool,
    /// True if threads have budgets.
    is_budgeted: bool,
    /// The number of crashes in a row that a process survives.
    restarts: u8,
    pub steps: Vec<Step>,
    /// The number of states to search, unless there is more time; `None` if all can be searched.
    pub enough: Option<usize>,
}

impl Scene {
    /// Returns a scene with these steps, and those that every scene has.
    fn small(name: &'static str, restarts: u8, steps: &[&[Step]]) -> Scene {
        let steps = [&COMMON, &*steps.concat()].concat();
        let (is_told, is_by_grant, is_budgeted) = (false, false, false);
        Scene { name, restarts, steps, enough: None, is_told, is_by_grant, is_budgeted }
    }

    fn large(name: &'static str, restarts: u8, steps: &[&[Step]]) -> Scene {
        Scene { enough: Some(ENOUGH), ..Scene::small(name, restarts, steps) }
    }

    /// Returns the scene with lost clients reported to process 1.
    fn told(self) -> Scene {
        Scene { is_told: true, ..self }
    }

    /// Returns the scene with a client that may call the first service only with a handle that it is given.
    fn by_grant(self) -> Scene {
        Scene { is_by_grant: true, ..self }
    }

    /// Returns the scene with budgets that are soon used up: each thread has one, and the client, too.
    fn budgeted(self) -> Scene {
        Scene { is_budgeted: true, ..self }
    }

    pub fn boot(&self) -> Driver {
        let callers = if self.is_by_grant { 0b0010 } else { 0b0110 };
        let told = if self.is_told { 0b0100 } else { 0 };
        let wiring = Wiring::default()
            .service(0, callers, Shape::WRITE)
            .exclusive()
            .service(1, 0b0101, Shape::WRITE)
            .exclusive()
            .service(1, 0b0101, Shape::NONE)
            .service(0, 0b0100, Shape::NONE)
            .gives(Shape { words: 2, kinds: (Kind::HandleIfTagIsZero as u16) << 4 })
            .service(1, 0b0101, Shape::WRITE.then(Shape::HANDLE))
            .exclusive()
            .notification(1, 0b0100, true)
            .notification(2, 0b0011, false)
            .interrupt(LINE, 0)
            .supervisor(2, 1)
            .restarts(self.restarts)
            .deadlines(0b0110)
            .lost_clients(1, Some(0), told)
            .pooled(0b0010)
            .thread(2, 1)
            .thread(2, 2)
            .thread(1, 3);
        if !self.is_budgeted {
            return wiring.boot();
        }
        let wiring = wiring.budget(2, 1 << 1, 2, 6).budget(2, 1 << 2, 3, 8);
        wiring.budget(1, 1 << 3, 3, 7).budget(2, 0b110, 4, 9).time_slice(2).boot()
    }
}

/// The steps of every scene: threads come and go, and crash.
const COMMON: [Step; 7] = [Interrupt, Acknowledge(0), Wait(0), Leave(0), Fault, Begin, Work];

pub fn all() -> Vec<Scene> {
    let calls = [0, 1, 2, 3].map(|service| Call(service, Nothing));
    let time =
        [Time, Timer, WaitFor(0, 5_000), WaitFor(1, 10_000), Sleep(5_000), Signal(0), Signal(1)];
    let leases = [Call(0, Shared), Call(0, Held), Call(1, Shared), Call(0, Forged), Leave(1)];
    let supervision = [Restart(1), Stop(1), Exit];
    let mutexes = [Lock, Unlock];
    let deadlines =
        [SetDeadline(0), SetDeadline(2), SetDeadline(12), SetDeadlineWithin(3000), Time, Timer];
    let passes = [
        Pass(4, 0, Nothing),
        Pass(4, 0, Shared),
        Pass(4, 0, Forged),
        Pass(4, 1, Nothing),
        Pass(4, 9, Nothing),
    ];
    let grants = [Give(0), Give(1), Give(3), Revoke(0, 0), Revoke(0, 3), Revoke(3, 0)];
    let pool = [Park(0), Start(1), End(1), Wait(1)];
    let others = [Yield, Wait(1)];
    vec![
        Scene::small("exclusive objects", 1, &[&calls[..2], &calls[3..]]),
        Scene::small("objects in a circle", 1, &[&calls[..3]]),
        Scene::small("leases", 1, &[&leases, &calls[2..3]]),
        Scene::small("time", 2, &[&time, &calls[2..3], &others[..1]]),
        Scene::small("mutexes", 1, &[&mutexes, &calls[1..3]]),
        Scene::small("a supervisor", 1, &[&supervision, &calls[..2]]),
        Scene::small("a pool", 1, &[&pool, &calls[..2], &[Park(1), Signal(1)]]),
        Scene::small("mutexes of a pool", 1, &[&pool, &mutexes, &calls[2..3]]),
        Scene::small("lost clients", 2, &[&calls[1..3], &supervision[..2], &others[1..]]).told(),
        Scene::large("deadlines", 1, &[&deadlines, &calls[2..3]]),
        Scene::small("handles", 1, &[&grants, &[calls[0], calls[3]]]),
        Scene::small(
            "revoked handles",
            1,
            &[&grants[..1], &grants[3..5], &calls[..2], &calls[3..4]],
        )
        .by_grant(),
        Scene::small("handles that are passed on", 1, &[&passes, &calls[..1]]),
        Scene::large("budgets", 1, &[&calls[..3], &time[..2]]).budgeted(),
        Scene::large("deadlines and objects", 1, &[&deadlines, &calls[..3]]),
        Scene::large("all objects", 2, &[&calls]),
        Scene::large("mutexes and objects", 1, &[&mutexes, &calls[..3]]),
        Scene::large(
            "everything",
            2,
            &[&calls, &time, &leases, &supervision, &mutexes, &others, &deadlines[..3], &grants],
        ),
    ]
}
