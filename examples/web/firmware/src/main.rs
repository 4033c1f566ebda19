// SPDX-License-Identifier: MIT OR Apache-2.0
//! A web page of a room, by HTTP. The driver, the protocols, the page, each part of the room, and the supervisor are
//! processes of their own.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{ETHERNET, Ethernet, UART0, Uart};
use console::Console;
use core::time::Duration;
use crossgate::{Concurrent, Exclusive, Handle, time};
use crossgate_ethernet::{EthernetLink, EthernetPort, forward};
use crossgate_log::Log;
use crossgate_network::{Network, Place, Settings, TcpServer, TcpStream};
use crossgate_watch::{Observer, Updater, Watch};
use page::{PORT, Room};
use room::{Button, Fan, SetPoint, Temperature};
use supervise::Supervise;
use supervisor::{Group, Member, Office, Policy, Strategy};
use thermostat_interfaces::{Celsius, Measured};
use web_interfaces::CrashButton;

/// There are four sockets, because a browser opens several connections at the same time.
type Sockets = Network<4, 0, 4, 1024>;
type Link = Handle<dyn crossgate_ethernet::Ethernet>;

const HARDWARE: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// The limit is high, because users may press the crash buttons of the page as often as they want. There is still a
/// limit, so that a process that crashes without a button is not restarted for ever.
const TREE: Group = Group {
    strategy: Strategy::OneForOne,
    limit: 8,
    period: Duration::from_secs(1),
    members: &[Member::Process("driver"), Member::Process("sensor")],
};
static POLICY: Policy = Policy::new(&TREE, &SYSTEM);

crossgate::system! {
    static SYSTEM;

    process supervisor {
        inspects;
        notification FAULTED;
        supervisor FAULTED;
        object office: Concurrent<Office> = Office::new() => [SUPERVISOR: dyn Supervise];
        thread main (priority = 9, stack = 2048) = supervisor::run(&office, &POLICY, FAULTED, &[CONSOLE_FAULTED]);
    }

    process driver {
        on_fault = stop;
        mmio ETHERNET;
        notification RECEIVED;
        interrupt board::interrupt::ETHERNET => RECEIVED;
        object port (stack = 512): Exclusive<EthernetPort<Ethernet>> =
            EthernetPort::new(Ethernet::new(ETHERNET, HARDWARE), RECEIVED) => [LINK: dyn crossgate_ethernet::Ethernet];
        object button (stack = 256): Concurrent<Button> = Button => [CRASH_DRIVER: dyn CrashButton];
        thread main (priority = 8, stack = 1024) = forward(RECEIVED, CHANGED);
    }

    process network {
        notification CHANGED;
        lost_clients CHANGED;
        notification READABLE_0;
        notification WRITABLE_0;
        notification READABLE_1;
        notification WRITABLE_1;
        notification READABLE_2;
        notification WRITABLE_2;
        notification READABLE_3;
        notification WRITABLE_3;
        object sockets (stack = 768): Concurrent<Sockets> = Network::new(
            Settings::new(HARDWARE, [10, 0, 2, 15], 24).with_gateway([10, 0, 2, 2]),
            CHANGED,
            [
                Place::new(READABLE_0, WRITABLE_0),
                Place::new(READABLE_1, WRITABLE_1),
                Place::new(READABLE_2, WRITABLE_2),
                Place::new(READABLE_3, WRITABLE_3),
            ],
        ) => [
            SERVER_0: dyn TcpServer<0, PORT>, STREAM_0: dyn TcpStream<0>,
            SERVER_1: dyn TcpServer<1, PORT>, STREAM_1: dyn TcpStream<1>,
            SERVER_2: dyn TcpServer<2, PORT>, STREAM_2: dyn TcpStream<2>,
            SERVER_3: dyn TcpServer<3, PORT>, STREAM_3: dyn TcpStream<3>,
        ];
        thread main (priority = 7, stack = 8192) = run(&sockets, LINK);
    }

    process page {
        inspects;
        thread recorder (priority = 3, stack = 1024) = page::record(
            Room { temperature: TEMPERATURE, fan: RUNS, set_point: SET_POINT, set: SET, crash: [CRASH_SENSOR, CRASH_DRIVER] },
        );
        thread server_0 (priority = 2, stack = 6144) = page::serve(SERVER_0, STREAM_0,
            Room { temperature: TEMPERATURE, fan: RUNS, set_point: SET_POINT, set: SET, crash: [CRASH_SENSOR, CRASH_DRIVER] },
            &SYSTEM);
        thread server_1 (priority = 2, stack = 6144) = page::serve(SERVER_1, STREAM_1,
            Room { temperature: TEMPERATURE, fan: RUNS, set_point: SET_POINT, set: SET, crash: [CRASH_SENSOR, CRASH_DRIVER] },
            &SYSTEM);
        thread server_2 (priority = 2, stack = 6144) = page::serve(SERVER_2, STREAM_2,
            Room { temperature: TEMPERATURE, fan: RUNS, set_point: SET_POINT, set: SET, crash: [CRASH_SENSOR, CRASH_DRIVER] },
            &SYSTEM);
        thread server_3 (priority = 2, stack = 6144) = page::serve(SERVER_3, STREAM_3,
            Room { temperature: TEMPERATURE, fan: RUNS, set_point: SET_POINT, set: SET, crash: [CRASH_SENSOR, CRASH_DRIVER] },
            &SYSTEM);
    }

    process sensor {
        on_fault = stop;
        notification MEASURED;
        object temperature (stack = 256): Concurrent<Temperature> = room::temperature(MEASURED) =>
            [TEMPERATURE: dyn Observer<Measured>];
        object button (stack = 256): Concurrent<Button> = Button => [CRASH_SENSOR: dyn CrashButton];
        thread main (priority = 4, stack = 1024) = room::measure(&temperature, RUNS);
    }

    process control {
        object set_point (stack = 256): Concurrent<SetPoint> = Watch::new(Celsius(230), []) =>
            [SET_POINT: dyn Observer<Celsius>, SET: dyn Updater<Celsius>];
        thread main (priority = 5, stack = 1024) = room::control(TEMPERATURE, &set_point, FAN);
    }

    process fan {
        object runs (stack = 256): Concurrent<Fan> = Watch::new(false, []) =>
            [FAN: dyn Updater<bool>, RUNS: dyn Observer<bool>];
    }

    process console {
        mmio UART0;
        inspects;
        notification CONSOLE_FAULTED;
        object terminal (stack = 512): Concurrent<Console<Uart>> =
            Console::new(Uart::new(UART0, 115_200)) => [LOG: dyn Log];
        thread reporter (priority = 6, stack = 1024) = console::report(&terminal, &SYSTEM, CONSOLE_FAULTED);
    }
}

board::start!(SYSTEM);

fn run(sockets: &'static Sockets, link: Link) -> ! {
    // The example has to run on boards without a source of random numbers. If your board has one, use the service of
    // `crossgate-entropy` instead.
    let seed = time::now().as_micros() as u64;
    sockets.run(EthernetLink::<1024>::new(link), seed)
}
