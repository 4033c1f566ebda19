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
        // Of what takes long, one thing at a time, and first of all. (The idle thread takes no time.)
        let mut is_first = true;
        for _ in 0..looks {
            let id = ThreadId::new(self.checked.into());
            let thread = self.threads.at(id);
            let wake_at = thread.wake_at;
            let is_due = wake_at <= now;
            let deadlines = self.deadlines.filter(|_| thread.has_deadlines());
            if !is_first && (is_due || deadlines.is_some()) {
                break;
            }
            is_first = id == ThreadId::IDLE;
            if is_due {
                self.interrupt_wait(id);
                if deadlines.is_some() {
                    break;
                }
            } else {
                self.look_again(wake_at);
            }
            self.checked = match id.index() + 1 {
                end if end >= self.system.threads.len() => 0,
                next => next as u8,
            };
            if let Some(deadlines) = deadlines {
                (deadlines.check)(self, id, now);
                break;
            }
            if self.checked == 0 {
                break;
            }
        }
        self.port.set_timer(if self.checked == 0 { self.next_wake } else { now });
        // The thread that was interrupted may have been taken out of its call; or it was the idle thread, about to wait
        // for an interrupt, and has something to do now.
        self.reload()
    }
}
