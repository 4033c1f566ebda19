// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of values in flash, by a store and a partition that are a process each. The flash takes no time.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::{Bench, check};
use board::{TIMER0, Timer, UART0, Uart};
use crossgate::{Exclusive, Handle, LeaseBuf};
use crossgate_key_value::{Key, KeyValue, Store};
use crossgate_partition::{Partition, PartitionHandle, Partitions};
use simulated_chips::SimulatedFlash;

/// The number of operations that are measured together: several pages of values.
const ROUNDS: u32 = 200;
/// Four pages of 1 KiB.
const SIZE: u32 = 4096;

crossgate::system! {
    static SYSTEM;
    process client {
        mmio UART0;
        mmio TIMER0;
        thread main (priority = 8, stack = 8192) = run(VALUES);
    }
    process store {
        object store: Exclusive<Store<PartitionHandle<0, 4, 1024>, 64, 4, 8, 1>> =
            Store::new(PartitionHandle::new(ROOM), 0, [8]) => [VALUES: dyn KeyValue<0>];
    }
    process flash {
        object partitions: Exclusive<Partitions<SimulatedFlash<{ SIZE as usize }, 4, 1024>, 1>> =
            Partitions::new(SimulatedFlash::new(), [(0, SIZE)]) => [ROOM: dyn Partition<0, 4, 1024>];
    }
}
board::start!(SYSTEM);

/// One of four keys, in turn.
fn key(round: u32) -> Key {
    [Key::new("first"), Key::new("second"), Key::new("third"), Key::new("fourth")]
        [round as usize % 4]
}

fn run(values: Handle<dyn KeyValue<0>>) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    let mut buffer = LeaseBuf::<32>::new();
    bench.measure_whole("kv_set", ROUNDS, || {
        for round in 0..ROUNDS {
            buffer[0] = round as u8;
            check(values.set(key(round), buffer.first(16)) == Ok(Ok(())));
        }
    });
    bench.measure_whole("kv_get", ROUNDS, || {
        for round in 0..ROUNDS {
            check(values.get(key(round), &mut buffer) == Ok(Ok(16)));
        }
    });
    bench.end()
}
