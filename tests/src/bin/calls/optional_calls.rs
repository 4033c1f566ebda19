// SPDX-License-Identifier: MIT OR Apache-2.0
//! System calls that only some firmware contains, with random words. A process with all rights to make these calls gets
//! information about others and controls its own threads, and no process crashes.
//!
//! Without seeds: the test itself is random.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::pool::Pool;
use crossgate::{Notification, Signal, thread, time};
use crossgate_abi::number;
use system_tests::random::Random;
use system_tests::report::{expect, pass};
use system_tests::watch::Watch;
use system_tests::{probe, raw};

crossgate::system! {
    static SYSTEM;
    cpu_time;
    process attacker {
        inspects;
        crash_dumps;
        lost_clients;
        pool workers (count = 2, stack = 1024, priority = 3);
        pool own (count = 1, stack = 512, priority = 2);
        thread main (priority = 5, stack = 2048) = noise(workers, 0x9e37_79b9, DONE);
        thread other (priority = 4, stack = 2048) = noise(own, 0x2545_f491, DONE);
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        counting notification DONE;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE);
    }
}
board::start!(SYSTEM);

fn noise(pool: Pool, seed: u32, done: Signal) -> ! {
    let mut random = Random(seed);
    let mut place = 0_u32;
    for round in 0..4_000_u32 {
        let near = |random: &mut Random, address: usize| {
            address.wrapping_add(random.below(64) as usize).wrapping_sub(32)
        };
        let word = |random: &mut Random| match random.below(8) {
            0 | 1 => random.below(40) as usize,
            2 => near(random, probe::kernel_memory()),
            3 => near(random, (&raw const place).addr()),
            4 => near(random, usize::MAX),
            5 => near(random, 1 << 8),
            6 => near(random, probe::memory_of(&SYSTEM, "witness").start),
            _ => random.number() as usize,
        };
        let mut words = [0; 4].map(|_| word(&mut random));
        words[0] = match random.below(8) {
            0 => words[0],
            1 => 0x100,
            2 => 0x200,
            3 => 0x201,
            // The system call must not end this thread.
            4 => {
                words[1] = words[1].max(3);
                0x202
            }
            _ => random.below(12) as usize,
        };
        let _ = raw::system_call(number::OPTIONAL, words);
        if round % 16 == 0 {
            let _ = pool.spawn(move || round * 2);
        }
        if round % 64 == 0 {
            time::sleep(core::time::Duration::from_micros(20));
        }
        place = place.wrapping_add(1);
    }
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn witness(faulted: Notification, done: Notification) -> ! {
    for _ in 0..2 {
        done.wait();
    }
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect_no_more();
    pass()
}
