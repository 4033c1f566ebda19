// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate_abi::inspect::{TIME_OF_PROCESS, TIME_OF_THREAD};
use proptest::prelude::*;

/// Runs the CPU for `time` µs, and calls `account` as a port does before it continues with a thread.
fn run(driver: &mut Driver, time: u64) {
    driver.kernel.account();
    driver.kernel.port.now += time;
}

fn times(driver: &mut Driver) -> (Vec<u64>, Vec<u64>) {
    let threads = (0..driver.kernel.system.threads.len())
        .map_while(|index| driver.kernel.time_of_thread(index))
        .collect();
    let processes = (0..4).map_while(|index| driver.kernel.time_of_process(index)).collect();
    (threads, processes)
}

/// Returns a wiring in which thread 1 of process 0 may call process 1, and is less urgent than thread 2 of process 2.
fn counted() -> Wiring {
    Wiring::default()
        .service(1, 0b0001, Shape::NONE)
        .thread(0, 3)
        .thread(2, 5)
        .notification(2, 0b0001, false)
        .inspectors(0b0001)
        .cpu_time()
}

#[test]
fn each_thread_and_each_process_has_its_time() {
    let mut driver = counted().boot();
    run(&mut driver, 10);
    assert_eq!(driver.current(), 2);
    driver.ask(number::WAIT, [1 << 31, Word::MAX, Word::MAX, 0]);
    run(&mut driver, 100);
    driver.call(0, [0; 4]).unwrap();
    run(&mut driver, 1_000);
    driver.ask(number::NOW, [0; 4]);
    driver.leave().unwrap();
    run(&mut driver, 10_000);
    driver.ask(number::EXIT, [0; 4]);
    run(&mut driver, 100_000);
    assert_eq!(
        times(&mut driver),
        (vec![100_000, 11_100, 10], vec![10_100, 1_000, 10, 0]),
        "the time of the idle thread belongs to no process"
    );
}

#[test]
fn the_core_makes_the_return() {
    let mut driver = counted().boot();
    driver.ask(number::EXIT, [0; 4]);
    driver.kernel.account();
    driver.call(0, [0; 4]).unwrap();
    driver.kernel.account();
    assert_eq!(driver.kernel.leave(&[0; 4]), None, "the return has a duty");
    assert!(driver.leave().is_ok());
}

#[test]
fn an_inspector_reads_the_times() {
    let mut driver = counted().boot();
    driver.ask(number::EXIT, [0; 4]);
    run(&mut driver, (7 << 32) + 5);
    for subject in [TIME_OF_THREAD, TIME_OF_PROCESS] {
        let index = usize::from(subject == TIME_OF_THREAD);
        let answer = driver.ask(number::OPTIONAL, [subject, index, 0, 0]);
        assert_eq!(answer.reply.map(|it| it.words), Some([5, 7]));
        let none = driver.ask(number::OPTIONAL, [subject, 9, 0, 0]);
        assert_eq!(none.reply.map(|it| it.status), Some(Status::NO_SUCH_RECORD));
    }
}

#[test]
fn no_time_is_counted_unless_the_wiring_says_so() {
    let mut driver = Wiring::default().thread(0, 3).inspectors(1).boot();
    run(&mut driver, 10);
    assert_eq!(times(&mut driver), (vec![], vec![]));
    // The same holds if the kernel has accounts for another reason.
    let mut driver = Wiring::default().thread(0, 3).inspectors(1).time_slice(100).boot();
    run(&mut driver, 10);
    assert_eq!(times(&mut driver), (vec![], vec![]));
}

#[test]
fn budgets_hold_where_time_is_counted() {
    let wiring = Wiring::default().thread(0, 20).thread(1, 3).budget(0, 1 << 1, 2_000, 10_000);
    let mut driver = wiring.cpu_time().boot();
    for _ in 0..10_000 {
        run(&mut driver, 1);
        driver.timer();
    }
    let (threads, processes) = times(&mut driver);
    assert!((1_900..=2_100).contains(&threads[1]), "{threads:?}");
    assert_eq!((threads[1] + threads[2], processes[0] + processes[1]), (10_000, 10_000));
}

proptest! {
    #[test]
    fn no_time_is_lost(steps: std::vec::Vec<(u8, u8)>) {
        let mut driver = counted().boot();
        for &(step, time) in &steps {
            run(&mut driver, time.into());
            match step % 4 {
                _ if driver.current() == 0 => {}
                0 if driver.current() == 1 && driver.thread(1).depth() == 0 => drop(driver.call(0, [0; 4])),
                0 | 1 if driver.thread(driver.current()).depth() != 0 => drop(driver.leave()),
                2 => drop(driver.ask(number::SLEEP, [3, 0, 0, 0])),
                _ => driver.timer(),
            }
        }
        let (threads, processes) = times(&mut driver);
        let sum = steps.iter().map(|&(_, time)| u64::from(time)).sum::<u64>();
        prop_assert_eq!(threads.iter().sum::<u64>(), sum);
        prop_assert_eq!(processes.iter().sum::<u64>() + threads[0], sum);
    }
}
