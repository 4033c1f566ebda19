// SPDX-License-Identifier: MIT OR Apache-2.0
//! Async tasks beside threads. The process `thermostat` runs three Embassy tasks on one thread. Each task waits for a
//! different event. A call to `sensor` blocks for 30 ms, so a thread of a pool makes this call, and the lamp goes on
//! blinking.
//!
//! ```text
//! info  thermostat: 19 degrees: heater on; the lamp goes on blinking
//! info  thermostat: 20 degrees: heater off; the lamp goes on blinking
//! info  thermostat: the button: 22 degrees are wanted
//! info  thermostat: 21 degrees: heater on; the lamp goes on blinking
//! info  thermostat: 22 degrees: heater off; the lamp goes on blinking
//! ```
//!
//! ```sh
//! cargo run -p steps --bin 10_async -- --until 1
//! cargo run -p steps --bin 10_async --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{UART0, Uart};
use console::Console;
use core::time::Duration;
use crossgate::pool::Pool;
use crossgate::sync::atomic::{AtomicI32, AtomicU32, Ordering::Relaxed};
use crossgate::{Concurrent, Exclusive, Handle, Notification, Signal, interface, thread, time};
use crossgate_embassy::{Blocking, Executor, wait};
use crossgate_log::{Levels, Log, Logger, info};
use embassy_time::{Ticker, Timer};

#[interface]
trait Temperature {
    /// Measures the temperature, which takes 30 ms. Returns it in degrees.
    fn measure(&mut self) -> i32;
}

struct Sensor(i32);

impl Temperature for Sensor {
    fn measure(&mut self) -> i32 {
        time::sleep(Duration::from_millis(30));
        self.0 += 1;
        self.0
    }
}

static EXECUTOR: Executor = Executor::new();
static WANTED: AtomicI32 = AtomicI32::new(20);
static BLINKS: AtomicU32 = AtomicU32::new(0);

#[embassy_executor::task]
async fn regulate(sensor: Handle<dyn Temperature>, helpers: Pool, log: Logger) {
    for _ in 0..4 {
        Timer::after_millis(100).await;
        let blinks = BLINKS.load(Relaxed);
        let Ok(Ok(degrees)) = Blocking::new(helpers).run(move || sensor.measure()).await else {
            continue; // The process of the sensor has crashed.
        };
        let heater = if degrees < WANTED.load(Relaxed) { "on" } else { "off" };
        let lamp = if BLINKS.load(Relaxed) > blinks { "goes on blinking" } else { "stands still" };
        info!(log, "{degrees} degrees: heater {heater}; the lamp {lamp}");
    }
}

#[embassy_executor::task]
async fn blink() {
    let mut ticker = Ticker::every(embassy_time::Duration::from_millis(10));
    loop {
        ticker.next().await;
        BLINKS.fetch_add(1, Relaxed);
    }
}

#[embassy_executor::task]
async fn button(pressed: Notification, log: Logger) {
    wait(pressed).await;
    WANTED.store(22, Relaxed);
    info!(log, "the button: 22 degrees are wanted");
}

type Inputs = (Handle<dyn Temperature>, Notification);

fn thermostat(
    bell: Notification,
    (sensor, pressed): Inputs,
    helpers: Pool,
    logs: [Logger; 2],
) -> ! {
    let [log, other] = logs;
    EXECUTOR.run(bell, |spawner| {
        spawner.spawn(regulate(sensor, helpers, log).unwrap());
        spawner.spawn(blink().unwrap());
        spawner.spawn(button(pressed, other).unwrap());
    })
}

fn user(button: Signal) -> ! {
    time::sleep(Duration::from_millis(300));
    let _ = button.signal();
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process sensor { object sensor: Exclusive<Sensor> = Sensor(18) => [SENSOR: dyn Temperature]; }
    process thermostat {
        notification BELL;
        notification PRESSED;
        pool helpers (count = 1, stack = 1024, priority = 2);
        thread main (priority = 3, stack = 4096) =
            thermostat(BELL, (SENSOR, PRESSED), helpers, [const { Logger::new(LOG, LEVELS) }; 2]);
    }
    process user { thread main (priority = 1, stack = 1024) = user(PRESSED); }
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
