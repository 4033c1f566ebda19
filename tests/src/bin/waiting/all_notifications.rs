// SPDX-License-Identifier: MIT OR Apache-2.0
//! The greatest number of notifications of a firmware, 255, and of a process, 32. Seven processes wait for their
//! notifications, and each notification is signalled, from the first to the last. Each signal reaches the owner, and no
//! other process with a notification of the same number.
//!
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{CallError, Notification, Signal, notification, thread};
use crossgate_abi::table::ProcessRow;
use crossgate_abi::{MAX_NOTIFICATIONS, MAX_OWN_NOTIFICATIONS, Status, number};
use system_tests::raw;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

/// The number of processes with as many notifications as possible.
const OWNERS: usize = 7;
/// The number of notifications of the judge.
const REST: usize = MAX_NOTIFICATIONS - OWNERS * MAX_OWN_NOTIFICATIONS - 1;
const SECOND: Duration = Duration::from_secs(1);

type All<T> = [T; MAX_OWN_NOTIFICATIONS];

/// Defines the firmware. The arguments are the notifications of the judge besides the echoes, and for each owner its
/// echo and its own notifications. Every third notification is counting, from the second on.
macro_rules! firmware {
    (
        spare: ($($spare:ident)*)
        $($owner:ident $echo:ident: ($($first:ident $second:ident $third:ident),*; $last_but_one:ident $last:ident))*
    ) => {
        crossgate::system! {
            static SYSTEM;
            process witness {
                notification FAULTED;
                supervisor FAULTED;
                thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
            }
            process judge {
                $(counting notification $echo;)*
                $(notification $spare;)*
                thread main (priority = 1, stack = 4096) = judge(
                    [$([$($first, $second, $third,)* $last_but_one, $last]),*],
                    [$($echo),*],
                    [$($spare),*],
                );
            }
            $(process $owner {
                $(notification $first; counting notification $second; notification $third;)*
                notification $last_but_one;
                counting notification $last;
                thread main (priority = 2, stack = 2048) =
                    own([$($first, $second, $third,)* $last_but_one, $last], $echo);
            })*
        }
    };
}

firmware! {
    spare: (
        SPARE_0 SPARE_1 SPARE_2 SPARE_3 SPARE_4 SPARE_5 SPARE_6 SPARE_7 SPARE_8 SPARE_9 SPARE_10
        SPARE_11 SPARE_12 SPARE_13 SPARE_14 SPARE_15 SPARE_16 SPARE_17 SPARE_18 SPARE_19 SPARE_20
        SPARE_21 SPARE_22
    )
    owner_a ECHO_0: (
        A_0 A_1 A_2, A_3 A_4 A_5, A_6 A_7 A_8, A_9 A_10 A_11, A_12 A_13 A_14, A_15 A_16 A_17, A_18
        A_19 A_20, A_21 A_22 A_23, A_24 A_25 A_26, A_27 A_28 A_29;
        A_30 A_31
    )
    owner_b ECHO_1: (
        B_0 B_1 B_2, B_3 B_4 B_5, B_6 B_7 B_8, B_9 B_10 B_11, B_12 B_13 B_14, B_15 B_16 B_17, B_18
        B_19 B_20, B_21 B_22 B_23, B_24 B_25 B_26, B_27 B_28 B_29;
        B_30 B_31
    )
    owner_c ECHO_2: (
        C_0 C_1 C_2, C_3 C_4 C_5, C_6 C_7 C_8, C_9 C_10 C_11, C_12 C_13 C_14, C_15 C_16 C_17, C_18
        C_19 C_20, C_21 C_22 C_23, C_24 C_25 C_26, C_27 C_28 C_29;
        C_30 C_31
    )
    owner_d ECHO_3: (
        D_0 D_1 D_2, D_3 D_4 D_5, D_6 D_7 D_8, D_9 D_10 D_11, D_12 D_13 D_14, D_15 D_16 D_17, D_18
        D_19 D_20, D_21 D_22 D_23, D_24 D_25 D_26, D_27 D_28 D_29;
        D_30 D_31
    )
    owner_e ECHO_4: (
        E_0 E_1 E_2, E_3 E_4 E_5, E_6 E_7 E_8, E_9 E_10 E_11, E_12 E_13 E_14, E_15 E_16 E_17, E_18
        E_19 E_20, E_21 E_22 E_23, E_24 E_25 E_26, E_27 E_28 E_29;
        E_30 E_31
    )
    owner_f ECHO_5: (
        F_0 F_1 F_2, F_3 F_4 F_5, F_6 F_7 F_8, F_9 F_10 F_11, F_12 F_13 F_14, F_15 F_16 F_17, F_18
        F_19 F_20, F_21 F_22 F_23, F_24 F_25 F_26, F_27 F_28 F_29;
        F_30 F_31
    )
    owner_g ECHO_6: (
        G_0 G_1 G_2, G_3 G_4 G_5, G_6 G_7 G_8, G_9 G_10 G_11, G_12 G_13 G_14, G_15 G_16 G_17, G_18
        G_19 G_20, G_21 G_22 G_23, G_24 G_25 G_26, G_27 G_28 G_29;
        G_30 G_31
    )
}
board::start!(SYSTEM);

/// Expects its notifications in their order: each by a wait for it alone, by a wait with a timeout, or by a wait for
/// any of all.
fn own(all: All<Notification>, echo: Signal) -> ! {
    for (place, notification) in all.into_iter().enumerate() {
        match place % 3 {
            0 => notification.wait(),
            1 => expect_that("the signal comes", notification.wait_timeout(60 * SECOND).is_ok()),
            _ => expect("the notification that has come", notification::wait_any(all), place),
        }
        expect("signal", echo.signal(), Ok(()));
    }
    // A signal that is kept is kept by the right notification, too.
    thread::yield_now();
    all[0].wait();
    for (place, notification) in all.into_iter().enumerate() {
        expect("the notification that keeps the signal", notification.try_wait(), place == 31);
    }
    expect("signal", echo.signal(), Ok(()));
    thread::exit()
}

fn judge(
    all: [All<Signal>; OWNERS],
    echoes: [Notification; OWNERS],
    spare: [Notification; 23],
) -> ! {
    expect("the number of notifications", SYSTEM.notifications.len(), MAX_NOTIFICATIONS);
    expect("the number of notifications of the judge", echoes.len() + spare.len(), REST);
    let is_quiet = || spare.iter().chain(&echoes).all(|notification| !notification.try_wait());
    for place in 0..MAX_OWN_NOTIFICATIONS {
        for (own, echo) in all.iter().zip(echoes) {
            expect("signal", own[place].signal(), Ok(()));
            expect_that("the echo has come", echo.wait_timeout(SECOND).is_ok());
            expect_that("no other echo has come", is_quiet());
        }
    }
    for (own, echo) in all.iter().zip(echoes) {
        // If both notifications have signals, the thread gets the first.
        expect("signal", own[31].signal(), Ok(()));
        expect("signal", own[0].signal(), Ok(()));
        expect_that("the echo has come", echo.wait_timeout(SECOND).is_ok());
        expect_that("no other echo has come", is_quiet());
    }
    // After its own notifications there are only those of others, or none.
    for number in [REST, MAX_OWN_NOTIFICATIONS - 1] {
        let set = ProcessRow::notification(number) as usize;
        let reply = raw::system_call(number::WAIT, [set, 0, 0, 0]);
        expect("a wait for others", reply.status, Status::from(CallError::NotPermitted));
    }
    for index in [MAX_NOTIFICATIONS, MAX_NOTIFICATIONS + 1, 256 + 254, usize::MAX] {
        let reply = raw::system_call(number::SIGNAL, [index, 0, 0, 0]);
        expect(
            "a signal to a notification that does not exist",
            reply.status,
            Status::from(CallError::NotPermitted),
        );
    }
    pass()
}
