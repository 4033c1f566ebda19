// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt of the timer, at which threads wake.
//!
//! Each thread is looked at: there are few, and most waits with a timeout end before it. After as many looks as take a
//! short time, the port is asked for another interrupt at once, and other interrupts arrive in between.

use crate::Kernel;
use crate::effect::Effect;
use crate::port::Port;
use crate::time::NEVER;
use crate::work::LOOKS;
use crossgate_abi::ThreadId;

impl<P: Port> Kernel<P> {
    /// Handles the port's timer at a time that the core set (an earlier interrupt does no harm).
    #[inline]
    pub fn timer(&mut self) -> Effect {
        let now = self.port.now();
        if self.checked == 0 {
            self.next_wake = NEVER;
        }
        // First the budgets, which limit the time of threads, then the threads.
        let mut looks = LOOKS;
        if let Some(budgets) = &self.budgets
            && !(budgets.check)(self, now)
        {
            looks = 0;
        }
        // Of the steps that take long, one in each interrupt.
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
            // The interrupted thread may have been taken out of its call.
            Some(_) => self.reload(),
        }
    }
}
