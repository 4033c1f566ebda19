// SPDX-License-Identifier: MIT OR Apache-2.0
//! The service in `services/template`, the template for others. A client keeps its drawer, whatever another client
//! does, and the drawer of a crashed client is free.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::{CallError, Concurrent, Handle, Notification, Signal, thread};
use crossgate_abi::Cause;
use system_tests::raw;
use system_tests::report::{expect, pass};
use system_tests::watch::Watch;
use template_interface::{Caretaker, Drawer};
use template_service::Drawers;

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        notification DONE;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE, CARE);
    }
    process cabinet {
        lost_clients;
        object drawers (stack = 256): Concurrent<Drawers<2>> = Drawers::new() => [DRAWER: dyn Drawer, CARE: dyn Caretaker];
    }
    process client {
        on_fault = stop;
        notification GO;
        thread main (priority = 6, stack = 2048) = client(DRAWER, GO, DONE);
    }
    process attacker { on_fault = stop; thread main (priority = 5, stack = 2048) = attack(DRAWER, GO); }
}
board::start!(SYSTEM);

fn client(drawer: Handle<dyn Drawer>, go: Notification, done: Signal) -> ! {
    expect("a drawer", drawer.put(7), Ok(Ok(())));
    go.wait();
    expect("the value in the drawer", drawer.take(), Ok(Some(7)));
    // The attacker had one of two drawers.
    expect("a drawer", drawer.put(8), Ok(Ok(())));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Takes as many drawers as it can, tries calls without the right, and crashes a crash with a drawer.
fn attack(drawer: Handle<dyn Drawer>, go: Signal) -> ! {
    for number in 0..100 {
        expect("one drawer, again and again", drawer.put(number), Ok(Ok(())));
    }
    expect("the last value in the drawer", drawer.take(), Ok(Some(99)));
    expect("no more", drawer.take(), Ok(None));
    let reply = raw::call(raw::service(&SYSTEM, "CARE"), 0, [0; 4]);
    expect("the other role", reply.error(), Some(CallError::NotPermitted));
    expect("a drawer", drawer.put(1), Ok(Ok(())));
    expect("signal", go.signal(), Ok(()));
    panic!("with a drawer")
}

fn witness(faulted: Notification, done: Notification, care: Handle<dyn Caretaker>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    done.wait();
    watch.expect("attacker", Cause::Panic);
    expect("drawers of clients that have not crashed", care.used(), Ok(1));
    watch.expect_no_more();
    pass()
}
