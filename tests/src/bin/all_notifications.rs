//! As many notifications as a firmware can have, 255, and as a process can own, 32: seven processes wait for
//! theirs, each of which is signalled, from the first to the last. It comes to its owner, and to nobody else who has
//! one of that number.
//!
//! Without seeds: it is about how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{CallError, Notification, Signal, notification, thread};
use crossgate_abi::table::Process;
use crossgate_abi::{MAX_NOTIFICATIONS, MAX_OWN_NOTIFICATIONS, Status, number};
use system_tests::raw;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

/// How many processes own as many as they can.
const OWNERS: usize = 7;
/// How many the judge owns.
const REST: usize = MAX_NOTIFICATIONS - OWNERS * MAX_OWN_NOTIFICATIONS - 1;
const SECOND: Duration = Duration::from_secs(1);

type All<T> = [T; MAX_OWN_NOTIFICATIONS];

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        faults FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process judge {
        counting notification ECHO_0;
        counting notification ECHO_1;
        counting notification ECHO_2;
        counting notification ECHO_3;
        counting notification ECHO_4;
        counting notification ECHO_5;
        counting notification ECHO_6;
        notification SPARE_0;
        notification SPARE_1;
        notification SPARE_2;
        notification SPARE_3;
        notification SPARE_4;
        notification SPARE_5;
        notification SPARE_6;
        notification SPARE_7;
        notification SPARE_8;
        notification SPARE_9;
        notification SPARE_10;
        notification SPARE_11;
        notification SPARE_12;
        notification SPARE_13;
        notification SPARE_14;
        notification SPARE_15;
        notification SPARE_16;
        notification SPARE_17;
        notification SPARE_18;
        notification SPARE_19;
        notification SPARE_20;
        notification SPARE_21;
        notification SPARE_22;
        thread main (priority = 1, stack = 4096) = judge(
            [
                [
                    A_0, A_1, A_2, A_3, A_4, A_5, A_6, A_7, A_8, A_9, A_10, A_11, A_12, A_13, A_14, A_15, A_16,
                    A_17, A_18, A_19, A_20, A_21, A_22, A_23, A_24, A_25, A_26, A_27, A_28, A_29, A_30, A_31,
                ],
                [
                    B_0, B_1, B_2, B_3, B_4, B_5, B_6, B_7, B_8, B_9, B_10, B_11, B_12, B_13, B_14, B_15, B_16,
                    B_17, B_18, B_19, B_20, B_21, B_22, B_23, B_24, B_25, B_26, B_27, B_28, B_29, B_30, B_31,
                ],
                [
                    C_0, C_1, C_2, C_3, C_4, C_5, C_6, C_7, C_8, C_9, C_10, C_11, C_12, C_13, C_14, C_15, C_16,
                    C_17, C_18, C_19, C_20, C_21, C_22, C_23, C_24, C_25, C_26, C_27, C_28, C_29, C_30, C_31,
                ],
                [
                    D_0, D_1, D_2, D_3, D_4, D_5, D_6, D_7, D_8, D_9, D_10, D_11, D_12, D_13, D_14, D_15, D_16,
                    D_17, D_18, D_19, D_20, D_21, D_22, D_23, D_24, D_25, D_26, D_27, D_28, D_29, D_30, D_31,
                ],
                [
                    E_0, E_1, E_2, E_3, E_4, E_5, E_6, E_7, E_8, E_9, E_10, E_11, E_12, E_13, E_14, E_15, E_16,
                    E_17, E_18, E_19, E_20, E_21, E_22, E_23, E_24, E_25, E_26, E_27, E_28, E_29, E_30, E_31,
                ],
                [
                    F_0, F_1, F_2, F_3, F_4, F_5, F_6, F_7, F_8, F_9, F_10, F_11, F_12, F_13, F_14, F_15, F_16,
                    F_17, F_18, F_19, F_20, F_21, F_22, F_23, F_24, F_25, F_26, F_27, F_28, F_29, F_30, F_31,
                ],
                [
                    G_0, G_1, G_2, G_3, G_4, G_5, G_6, G_7, G_8, G_9, G_10, G_11, G_12, G_13, G_14, G_15, G_16,
                    G_17, G_18, G_19, G_20, G_21, G_22, G_23, G_24, G_25, G_26, G_27, G_28, G_29, G_30, G_31,
                ],
            ],
            [
                ECHO_0, ECHO_1, ECHO_2, ECHO_3, ECHO_4, ECHO_5, ECHO_6,
            ],
            [
                SPARE_0, SPARE_1, SPARE_2, SPARE_3, SPARE_4, SPARE_5, SPARE_6, SPARE_7, SPARE_8, SPARE_9,
                SPARE_10, SPARE_11, SPARE_12, SPARE_13, SPARE_14, SPARE_15, SPARE_16, SPARE_17, SPARE_18,
                SPARE_19, SPARE_20, SPARE_21, SPARE_22,
            ],
        );
    }
    process owner_a {
        notification A_0;
        counting notification A_1;
        notification A_2;
        notification A_3;
        counting notification A_4;
        notification A_5;
        notification A_6;
        counting notification A_7;
        notification A_8;
        notification A_9;
        counting notification A_10;
        notification A_11;
        notification A_12;
        counting notification A_13;
        notification A_14;
        notification A_15;
        counting notification A_16;
        notification A_17;
        notification A_18;
        counting notification A_19;
        notification A_20;
        notification A_21;
        counting notification A_22;
        notification A_23;
        notification A_24;
        counting notification A_25;
        notification A_26;
        notification A_27;
        counting notification A_28;
        notification A_29;
        notification A_30;
        counting notification A_31;
        thread main (priority = 2, stack = 2048) = own(
            [
                A_0, A_1, A_2, A_3, A_4, A_5, A_6, A_7, A_8, A_9, A_10, A_11, A_12, A_13, A_14, A_15, A_16,
                A_17, A_18, A_19, A_20, A_21, A_22, A_23, A_24, A_25, A_26, A_27, A_28, A_29, A_30, A_31,
            ],
            ECHO_0,
        );
    }
    process owner_b {
        notification B_0;
        counting notification B_1;
        notification B_2;
        notification B_3;
        counting notification B_4;
        notification B_5;
        notification B_6;
        counting notification B_7;
        notification B_8;
        notification B_9;
        counting notification B_10;
        notification B_11;
        notification B_12;
        counting notification B_13;
        notification B_14;
        notification B_15;
        counting notification B_16;
        notification B_17;
        notification B_18;
        counting notification B_19;
        notification B_20;
        notification B_21;
        counting notification B_22;
        notification B_23;
        notification B_24;
        counting notification B_25;
        notification B_26;
        notification B_27;
        counting notification B_28;
        notification B_29;
        notification B_30;
        counting notification B_31;
        thread main (priority = 2, stack = 2048) = own(
            [
                B_0, B_1, B_2, B_3, B_4, B_5, B_6, B_7, B_8, B_9, B_10, B_11, B_12, B_13, B_14, B_15, B_16,
                B_17, B_18, B_19, B_20, B_21, B_22, B_23, B_24, B_25, B_26, B_27, B_28, B_29, B_30, B_31,
            ],
            ECHO_1,
        );
    }
    process owner_c {
        notification C_0;
        counting notification C_1;
        notification C_2;
        notification C_3;
        counting notification C_4;
        notification C_5;
        notification C_6;
        counting notification C_7;
        notification C_8;
        notification C_9;
        counting notification C_10;
        notification C_11;
        notification C_12;
        counting notification C_13;
        notification C_14;
        notification C_15;
        counting notification C_16;
        notification C_17;
        notification C_18;
        counting notification C_19;
        notification C_20;
        notification C_21;
        counting notification C_22;
        notification C_23;
        notification C_24;
        counting notification C_25;
        notification C_26;
        notification C_27;
        counting notification C_28;
        notification C_29;
        notification C_30;
        counting notification C_31;
        thread main (priority = 2, stack = 2048) = own(
            [
                C_0, C_1, C_2, C_3, C_4, C_5, C_6, C_7, C_8, C_9, C_10, C_11, C_12, C_13, C_14, C_15, C_16,
                C_17, C_18, C_19, C_20, C_21, C_22, C_23, C_24, C_25, C_26, C_27, C_28, C_29, C_30, C_31,
            ],
            ECHO_2,
        );
    }
    process owner_d {
        notification D_0;
        counting notification D_1;
        notification D_2;
        notification D_3;
        counting notification D_4;
        notification D_5;
        notification D_6;
        counting notification D_7;
        notification D_8;
        notification D_9;
        counting notification D_10;
        notification D_11;
        notification D_12;
        counting notification D_13;
        notification D_14;
        notification D_15;
        counting notification D_16;
        notification D_17;
        notification D_18;
        counting notification D_19;
        notification D_20;
        notification D_21;
        counting notification D_22;
        notification D_23;
        notification D_24;
        counting notification D_25;
        notification D_26;
        notification D_27;
        counting notification D_28;
        notification D_29;
        notification D_30;
        counting notification D_31;
        thread main (priority = 2, stack = 2048) = own(
            [
                D_0, D_1, D_2, D_3, D_4, D_5, D_6, D_7, D_8, D_9, D_10, D_11, D_12, D_13, D_14, D_15, D_16,
                D_17, D_18, D_19, D_20, D_21, D_22, D_23, D_24, D_25, D_26, D_27, D_28, D_29, D_30, D_31,
            ],
            ECHO_3,
        );
    }
    process owner_e {
        notification E_0;
        counting notification E_1;
        notification E_2;
        notification E_3;
        counting notification E_4;
        notification E_5;
        notification E_6;
        counting notification E_7;
        notification E_8;
        notification E_9;
        counting notification E_10;
        notification E_11;
        notification E_12;
        counting notification E_13;
        notification E_14;
        notification E_15;
        counting notification E_16;
        notification E_17;
        notification E_18;
        counting notification E_19;
        notification E_20;
        notification E_21;
        counting notification E_22;
        notification E_23;
        notification E_24;
        counting notification E_25;
        notification E_26;
        notification E_27;
        counting notification E_28;
        notification E_29;
        notification E_30;
        counting notification E_31;
        thread main (priority = 2, stack = 2048) = own(
            [
                E_0, E_1, E_2, E_3, E_4, E_5, E_6, E_7, E_8, E_9, E_10, E_11, E_12, E_13, E_14, E_15, E_16,
                E_17, E_18, E_19, E_20, E_21, E_22, E_23, E_24, E_25, E_26, E_27, E_28, E_29, E_30, E_31,
            ],
            ECHO_4,
        );
    }
    process owner_f {
        notification F_0;
        counting notification F_1;
        notification F_2;
        notification F_3;
        counting notification F_4;
        notification F_5;
        notification F_6;
        counting notification F_7;
        notification F_8;
        notification F_9;
        counting notification F_10;
        notification F_11;
        notification F_12;
        counting notification F_13;
        notification F_14;
        notification F_15;
        counting notification F_16;
        notification F_17;
        notification F_18;
        counting notification F_19;
        notification F_20;
        notification F_21;
        counting notification F_22;
        notification F_23;
        notification F_24;
        counting notification F_25;
        notification F_26;
        notification F_27;
        counting notification F_28;
        notification F_29;
        notification F_30;
        counting notification F_31;
        thread main (priority = 2, stack = 2048) = own(
            [
                F_0, F_1, F_2, F_3, F_4, F_5, F_6, F_7, F_8, F_9, F_10, F_11, F_12, F_13, F_14, F_15, F_16,
                F_17, F_18, F_19, F_20, F_21, F_22, F_23, F_24, F_25, F_26, F_27, F_28, F_29, F_30, F_31,
            ],
            ECHO_5,
        );
    }
    process owner_g {
        notification G_0;
        counting notification G_1;
        notification G_2;
        notification G_3;
        counting notification G_4;
        notification G_5;
        notification G_6;
        counting notification G_7;
        notification G_8;
        notification G_9;
        counting notification G_10;
        notification G_11;
        notification G_12;
        counting notification G_13;
        notification G_14;
        notification G_15;
        counting notification G_16;
        notification G_17;
        notification G_18;
        counting notification G_19;
        notification G_20;
        notification G_21;
        counting notification G_22;
        notification G_23;
        notification G_24;
        counting notification G_25;
        notification G_26;
        notification G_27;
        counting notification G_28;
        notification G_29;
        notification G_30;
        counting notification G_31;
        thread main (priority = 2, stack = 2048) = own(
            [
                G_0, G_1, G_2, G_3, G_4, G_5, G_6, G_7, G_8, G_9, G_10, G_11, G_12, G_13, G_14, G_15, G_16,
                G_17, G_18, G_19, G_20, G_21, G_22, G_23, G_24, G_25, G_26, G_27, G_28, G_29, G_30, G_31,
            ],
            ECHO_6,
        );
    }
}
board::start!(SYSTEM);

/// Expects them in their order: alone, for some time, or any of all.
fn own(all: All<Notification>, echo: Signal) -> ! {
    for (place, notification) in all.into_iter().enumerate() {
        match place % 3 {
            0 => notification.wait(),
            1 => expect_that("its signal comes", notification.wait_timeout(60 * SECOND).is_ok()),
            _ => expect("which has come", notification::wait_any(all), place),
        }
        expect("signal", echo.signal(), Ok(()));
    }
    // Those that are kept are of the one that was signalled, too.
    thread::yield_now();
    all[0].wait();
    for (place, notification) in all.into_iter().enumerate() {
        expect("which is kept", notification.try_wait(), place == 31);
    }
    expect("signal", echo.signal(), Ok(()));
    thread::exit()
}

fn judge(
    all: [All<Signal>; OWNERS],
    echoes: [Notification; OWNERS],
    spare: [Notification; 23],
) -> ! {
    expect("how many there are", SYSTEM.notifications.len(), MAX_NOTIFICATIONS);
    expect("how many are its own", echoes.len() + spare.len(), REST);
    let is_quiet = || spare.iter().chain(&echoes).all(|notification| !notification.try_wait());
    for place in 0..MAX_OWN_NOTIFICATIONS {
        for (own, echo) in all.iter().zip(echoes) {
            expect("signal", own[place].signal(), Ok(()));
            expect_that("it has come", echo.wait_timeout(SECOND).is_ok());
            expect_that("to nobody else", is_quiet());
        }
    }
    for (own, echo) in all.iter().zip(echoes) {
        // The first wakes it when both are there.
        expect("signal", own[31].signal(), Ok(()));
        expect("signal", own[0].signal(), Ok(()));
        expect_that("it has come", echo.wait_timeout(SECOND).is_ok());
        expect_that("to nobody else", is_quiet());
    }
    // There is none behind its own, but those of others.
    for number in [REST, MAX_OWN_NOTIFICATIONS - 1] {
        let set = Process::notification(number) as usize;
        let reply = raw::system_call(number::WAIT, [set, 0, 0, 0]);
        expect("a wait for others", reply.status, Status::from(CallError::NotPermitted));
    }
    for index in [MAX_NOTIFICATIONS, MAX_NOTIFICATIONS + 1, 256 + 254, usize::MAX] {
        let reply = raw::system_call(number::SIGNAL, [index, 0, 0, 0]);
        expect("a signal to none", reply.status, Status::from(CallError::NotPermitted));
    }
    pass()
}
