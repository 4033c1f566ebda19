// SPDX-License-Identifier: MIT OR Apache-2.0
//! The timer comes, because a thread is to wake.
//!
//! Then each thread is looked at: there are few, and most that are to wake at a time are woken before it. With as many looks
//! as take a short time, the port is asked for another interrupt at once, and others come in between.

use crate::Kernel;
use crate::effect::Effect;
use crate::port::Port;
use crate::time::NEVER;
use crate::work::LOOKS;
use crossgate_abi::ThreadId;

impl<P: Port> Kernel<P> {
    /// The port's timer has come to a time that the core set (or earlier: that is no harm).
    #[inline]
    pub fn timer(&mut self) -> Effect {
        let now = self.port.now();
        if self.checked == 0 {
            self.next_wake = NEVER;
        }
        // First those that count the time of threads, then the threads.
        let mut looks = LOOKS;
        if let Some(budgets) = &self.budgets
            && !(budgets.check)(self, now)
        {
            looks = 0;
        }
        // Of what takes long, one thing at a time.
        let mut is_done = false;
        for _ in 0..looks {
            let id = ThreadId::new(self.checked.into());
            let wake_at = self.threads.get(id).wake_at;
            if wake_at > now {
                self.look_again(wake_at);
            } else if is_done {
                break;
            } else {
                self.interrupt_wait(id);
                is_done = true;
            }
            self.checked = match id.index() + 1 {
                end if end >= self.system.threads.len() => 0,
                next => next as u8,
            };
            let took_long =
                self.deadlines.is_some_and(|deadlines| (deadlines.check)(self, id, now));
            if took_long || self.checked == 0 {
                break;
            }
        }
        self.port.set_timer(if self.checked == 0 { self.next_wake } else { now });
        match self.deadlines {
            None => self.reschedule(),
            // The thread that was interrupted may have been taken out of its call.
            Some(_) => self.reload(),
        }
    }
}
