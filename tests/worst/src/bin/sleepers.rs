//! All sleep until the same time.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use crossgate::{Signal, time};
use worst_cases::{CLIENTS, end, judge, soon, with_clients};

macro_rules! firmware {
    ($(($number:literal $client:ident $($_:ident)*))*) => {
        crossgate::system! {
            static SYSTEM;
            process judge {
                counting notification DONE;
                thread main (priority = 31, stack = 2048) = judge(DONE, CLIENTS);
            }
            process clients {
                $(thread $client (priority = 1 + $number, stack = 1024) = sleep(DONE);)*
            }
        }
    };
}

with_clients!(firmware);
board::start!(SYSTEM);

fn sleep(done: Signal) -> ! {
    time::sleep_until(soon());
    end(done)
}
