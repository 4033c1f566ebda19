// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::frame::{Answer, Frame, ping, pong};
use crate::{Line, MOST_CALLS, ring, silence};
use core::fmt;
use core::sync::atomic::Ordering::{Acquire, Release};
use crossgate::notification::Set;
use crossgate::pool::{JoinHandle, Pool};
use crossgate::remote::Service;
use crossgate::{CallError, Notification};

/// The end of a line that serves: the object of a mailbox process, which calls `SERVICES` services for the other core,
/// with room for `CALLS` calls at once.
///
/// The other core can call these services, and nothing else. Each call runs on a thread of a pool, with the priority of
/// that pool.
pub struct Server<L, const CALLS: usize, const SERVICES: usize> {
    line: L,
    rung: Notification,
    services: [Service; SERVICES],
}

/// A call that was taken from a place.
struct Taken {
    number: u32,
    /// The job that makes the call; `None` if it has ended.
    job: Option<JoinHandle<()>>,
}

impl<L, const CALLS: usize, const SERVICES: usize> Server<L, CALLS, SERVICES> {
    /// Creates the object. The interrupt of the line is bound to `rung`.
    ///
    /// # Panics
    /// If a line has no room for so many calls, or if there are more than 256 services. In the wiring, this is a
    /// compile error.
    #[must_use]
    pub const fn new(line: L, rung: Notification, services: [Service; SERVICES]) -> Self {
        assert!(CALLS >= 1 && CALLS <= MOST_CALLS, "a line has room for 1 to 15 calls at once");
        assert!(SERVICES <= 256, "a request names one of 256 services");
        Server { line, rung, services }
    }
}

impl<L: Line, const CALLS: usize, const SERVICES: usize> Server<L, CALLS, SERVICES> {
    /// Receives requests, for ever: the main function of a thread of the mailbox process. It should be more urgent than
    /// the pool, which has a thread for each call, and is used for nothing else. (A call without a thread waits until
    /// the caller rings the next time, which takes up to 50 ms.)
    pub fn serve(&'static self, pool: Pool) -> ! {
        let mut calls = self.start();
        loop {
            silence(&self.line, self.rung);
            let mut awaited = Set::EMPTY.with(self.rung);
            self.show_life();
            for (place, call) in calls.iter_mut().enumerate() {
                awaited = self.look(place, call, pool, awaited);
            }
            let _ = awaited.wait();
        }
    }

    /// Answers all calls that are there. An earlier life of this process may have made them, so they are not made
    /// again.
    fn start(&self) -> [Taken; CALLS] {
        let calls = core::array::from_fn(|place| {
            let frame = self.frame(place);
            let number = frame.asked();
            if frame.answered() != number {
                frame.answer(number, Err(CallError::ServerFaulted));
            }
            Taken { number, job: None }
        });
        ring(&self.line);
        calls
    }

    /// Shows the caller that this end is alive, if it asks.
    fn show_life(&self) {
        let memory = self.line.memory();
        let asked = ping(memory).load(Acquire);
        if pong(memory).load(Acquire) != asked {
            pong(memory).store(asked, Release);
            ring(&self.line);
        }
    }

    /// Takes a new call from a place, or ends one for which nobody waits. Returns the notifications to wait for.
    fn look(&'static self, place: usize, call: &mut Taken, pool: Pool, awaited: Set) -> Set {
        let frame = self.frame(place);
        if let Some(job) = call.job.take() {
            if frame.cancelled() == call.number {
                job.end();
            }
            match job.try_join() {
                Ok(ended) => {
                    // If the job was ended after it had answered, it has perhaps not told so.
                    if ended.is_err() {
                        if frame.answered() != call.number {
                            frame.answer(call.number, Err(CallError::DeadlineExceeded));
                        }
                        ring(&self.line);
                    }
                }
                Err(job) => {
                    // A job that was ended has to be answered. A place with another call waits for this job.
                    let is_last = frame.asked() == call.number && frame.cancelled() != call.number;
                    let finished = job.finished();
                    call.job = Some(job);
                    return if is_last { awaited } else { awaited.with(finished) };
                }
            }
        }
        let number = frame.asked();
        if number == call.number {
            return awaited;
        }
        if let Ok(job) = pool.spawn(move || self.carry_out(place, number)) {
            *call = Taken { number, job: Some(job) };
        }
        awaited
    }

    /// Makes a call, and answers it.
    fn carry_out(&self, place: usize, number: u32) {
        let frame = self.frame(place);
        frame.answer(number, self.call(frame));
        ring(&self.line);
    }

    fn call(&self, frame: Frame<'_>) -> Answer {
        let request = frame.request().ok_or(CallError::NoSuchService)?;
        let service = self.services.get(usize::from(request.service));
        service.ok_or(CallError::NoSuchService)?.call(&request)
    }

    fn frame(&self, place: usize) -> Frame<'_> {
        Frame::of(self.line.memory(), place)
    }
}

impl<L, const CALLS: usize, const SERVICES: usize> fmt::Debug for Server<L, CALLS, SERVICES> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("services", &self.services).finish_non_exhaustive()
    }
}
