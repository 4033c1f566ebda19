// SPDX-License-Identifier: MIT OR Apache-2.0
//! A queue between processes. The queue is not a part of the kernel. It is a service: an object of a process. `button`
//! has a handle of the sending end, and `worker` has a handle of the receiving end. These two processes know nothing of
//! each other.
//!
//! ```text
//! info  button: sent 1
//! info  button: sent 2
//! info  worker: job 1
//! info  button: sent 3
//! info  worker: job 2
//! info  worker: job 3
//! info  worker: nothing to do
//! ```
//!
//! ```sh
//! cargo run -p steps --bin 09_queue -- --until 1
//! cargo run -p steps --bin 09_queue --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{UART0, Uart};
use console::Console;
use core::time::Duration;
use crossgate::{Concurrent, Handle, thread, time};
use crossgate_log::{Levels, Log, Logger, info, warn};
use crossgate_queue::{Queue, Receiver, Sender};

fn button(jobs: Handle<dyn Sender<u32>>, log: Logger) -> ! {
    for job in 1..=3 {
        // Waits for room if the queue is full. The outer result comes from the call, and the inner result comes from
        // the queue.
        match jobs.send(job) {
            Ok(Ok(())) => info!(log, "sent {job}"),
            Ok(Err(_)) | Err(_) => warn!(log, "lost {job}"),
        }
    }
    thread::exit()
}

fn worker(jobs: Handle<dyn Receiver<u32>>, log: Logger) -> ! {
    loop {
        match jobs.receive_timeout(Duration::from_millis(100)) {
            Ok(Ok(job)) => info!(log, "job {job}"),
            Ok(Err(_timed_out)) => break,
            Err(_) => warn!(log, "the process of the queue has crashed"),
        }
        time::sleep(Duration::from_millis(50));
    }
    info!(log, "nothing to do");
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process jobs {
        notification FILLED;
        notification FREED;
        object queue (stack = 256): Concurrent<Queue<u32, 1>> =
            Queue::new(FILLED, FREED) => [JOBS_IN: dyn Sender<u32>, JOBS_OUT: dyn Receiver<u32>];
    }
    process button {
        thread main (priority = 3, stack = 2048) = button(JOBS_IN, Logger::new(LOG, LEVELS));
    }
    process worker {
        thread main (priority = 2, stack = 2048) = worker(JOBS_OUT, Logger::new(LOG, LEVELS));
    }
    process console {
        mmio UART0;
        notification FAULTED;
        supervisor FAULTED;
        object terminal (stack = 512): Concurrent<Console<Uart>> =
            Console::new(Uart::new(UART0, 115_200)) => [LOG: dyn Log, LEVELS: dyn Levels];
        thread reporter (priority = 4, stack = 2048) = console::report(&terminal, &SYSTEM, FAULTED);
    }
}
board::start!(SYSTEM);
