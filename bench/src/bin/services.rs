//! What the services for communication and synchronisation take, of a process of their own.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::{Bench, ROUNDS};
use board::{TIMER0, Timer, UART0, Uart};
use crossgate::{Concurrent, Handle};
use crossgate_queue::{Queue, Receiver, Sender};

type Ends = (Handle<dyn Sender<u32>>, Handle<dyn Receiver<u32>>);

crossgate::system! {
    static SYSTEM;
    process client {
        mmio UART0;
        mmio TIMER0;
        thread main (priority = 8, stack = 2048) = run((QUEUE_IN, QUEUE_OUT), WAKE_IN);
    }
    process urgent {
        thread main (priority = 9, stack = 1024) = receive(WAKE_OUT);
    }
    process server {
        notification FILLED;
        notification FREED;
        notification WAKE_FILLED;
        notification WAKE_FREED;
        object queue: Concurrent<Queue<u32, 8>> = Queue::new(FILLED, FREED) =>
            [QUEUE_IN: dyn Sender<u32>, QUEUE_OUT: dyn Receiver<u32>];
        object wake: Concurrent<Queue<u32, 8>> = Queue::new(WAKE_FILLED, WAKE_FREED) =>
            [WAKE_IN: dyn Sender<u32>, WAKE_OUT: dyn Receiver<u32>];
    }
}
board::start!(SYSTEM);

fn run(queue: Ends, wake: Handle<dyn Sender<u32>>) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    let (sender, receiver) = queue;
    bench.measure("queue_send_receive", || {
        if sender.send(7) != Ok(Ok(())) || receiver.receive() != Ok(Ok(7)) {
            failed();
        }
    });
    // The receiver has it, and waits again, before `send` returns.
    bench.measure_whole("queue_wake", ROUNDS, || {
        for item in 0..ROUNDS {
            if wake.send(item) != Ok(Ok(())) {
                failed();
            }
        }
    });
    bench.end()
}

/// Is more urgent than who sends.
fn receive(queue: Handle<dyn Receiver<u32>>) -> ! {
    loop {
        if !matches!(queue.receive(), Ok(Ok(_))) {
            failed();
        }
    }
}

#[cold]
fn failed() -> ! {
    panic!("a benchmarked operation failed")
}
