// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of values and files in flash. The store, the file system and the partitioned flash each have a process of
//! their own. The flash takes no time.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::{Bench, check};
use board::{TIMER0, Timer, UART0, Uart};
use crossgate::{Exclusive, Handle, LeaseBuf};
use crossgate_files::{FileSystem, Files, Keeper, Mode};
use crossgate_key_value::{Key, KeyValue, Store};
use crossgate_partition::{Partition, PartitionHandle, Partitions};
use simulated_chips::SimulatedFlash;

/// The number of operations that are measured together: several pages of values.
const ROUNDS: u32 = 200;
/// Four pages of 1 KiB.
const SIZE: u32 = 4096;
/// Sixteen pages for files.
const DISK: u32 = 16_384;
const FLASH: usize = (SIZE + DISK) as usize;

crossgate::system! {
    static SYSTEM;
    process client {
        mmio UART0;
        mmio TIMER0;
        thread main (priority = 8, stack = 8192) = run(VALUES, FILES, KEEPER);
    }
    process store {
        object store: Exclusive<Store<PartitionHandle<0, 4, 1024>, 64, 4, 8, 1>> =
            Store::new(PartitionHandle::new(ROOM), 0, [8]) => [VALUES: dyn KeyValue<0>];
    }
    process archive {
        heap = 2048;
        lost_clients;
        object files (stack = 3072): Exclusive<FileSystem<PartitionHandle<1, 4, 1024>, 2, 1>> =
            FileSystem::new(PartitionHandle::new(FILE_ROOM), 16, [8]) => [FILES: dyn Files<0>, KEEPER: dyn Keeper];
    }
    process flash {
        object partitions: Exclusive<Partitions<SimulatedFlash<FLASH, 4, 1024>, 2>> =
            Partitions::new(SimulatedFlash::new(), [(0, SIZE), (SIZE, DISK)]) =>
            [ROOM: dyn Partition<0, 4, 1024>, FILE_ROOM: dyn Partition<1, 4, 1024>];
    }
}
board::start!(SYSTEM);

/// One of four keys, in turn.
fn key(round: u32) -> Key {
    [Key::new("first"), Key::new("second"), Key::new("third"), Key::new("fourth")]
        [round as usize % 4]
}

fn run(
    values: Handle<dyn KeyValue<0>>,
    files: Handle<dyn Files<0>>,
    keeper: Handle<dyn Keeper>,
) -> ! {
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
    check(keeper.format() == Ok(Ok(())));
    buffer[..3].copy_from_slice(b"log");
    let Ok(Ok(file)) = files.open(buffer.first(3), Mode::Write) else { panic!("no file is open") };
    bench.measure_whole("file_write", ROUNDS, || {
        for round in 0..ROUNDS {
            buffer[0] = round as u8;
            check(files.write(file, &buffer) == Ok(Ok(32)));
        }
    });
    check(files.seek(file, 0) == Ok(Ok(())));
    bench.measure_whole("file_read", ROUNDS, || {
        for _ in 0..ROUNDS {
            check(files.read(file, &mut buffer) == Ok(Ok(32)));
        }
    });
    bench.end()
}
