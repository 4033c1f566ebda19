// SPDX-License-Identifier: MIT OR Apache-2.0
//! TCP over the hosted board's Ethernet controller, whose cable leads back to the controller. The driver uses the
//! interrupt. The driver's process is restarted in the middle of the work: the connection stays, and each byte comes
//! back.
//!
//! Options: --ethernet back
//! Without seeds: what is lost depends on when the driver is restarted, which this test decides itself.

use board::{ETHERNET, Ethernet, TRNG, Trng, interrupt};
use core::time::Duration;
use crossgate::{Concurrent, Exclusive, Handle, LeaseBuf, Notification, Signal, time};
use crossgate_entropy::{Entropy, Random, RandomHandle};
use crossgate_ethernet::{EthernetLink, EthernetPort, forward};
use crossgate_network::{
    Endpoint, Fault, Network, Place, Settings, TcpClient, TcpServer, TcpStream,
};
use rand_core::{Rng, UnwrapErr};
use system_tests::report::{expect, expect_that, pass};
use system_tests::restarts::restart;

type Sockets = Network<2, 0, 2, 1024>;
type Link = Handle<dyn crossgate_ethernet::Ethernet>;

const HARDWARE: [u8; 6] = [2, 0, 0, 0, 0, 1];
const ADDRESS: [u8; 4] = [10, 0, 0, 1];
const PORT: u16 = 7;

/// The number of pieces, and the bytes of each. The driver is restarted within each fifth.
const PIECES: u32 = 20;
const PIECE: usize = 1000;

crossgate::system! {
    static SYSTEM;
    process driver {
        mmio ETHERNET;
        notification RECEIVED;
        interrupt interrupt::ETHERNET => RECEIVED;
        object port (stack = 512): Exclusive<EthernetPort<Ethernet>> =
            EthernetPort::new(Ethernet::new(ETHERNET, HARDWARE), RECEIVED) => [LINK: dyn crossgate_ethernet::Ethernet];
        thread main (priority = 8, stack = 1024) = forward(RECEIVED, CHANGED);
    }
    process network {
        notification CHANGED;
        notification READABLE_0;
        notification WRITABLE_0;
        notification READABLE_1;
        notification WRITABLE_1;
        object sockets (stack = 768): Concurrent<Sockets> = Network::new(
            Settings::new(HARDWARE, ADDRESS, 24),
            CHANGED,
            [Place::new(READABLE_0, WRITABLE_0), Place::new(READABLE_1, WRITABLE_1)],
        ) => [
            SERVER: dyn TcpServer<0, PORT>, SERVED: dyn TcpStream<0>,
            CLIENT: dyn TcpClient<1>, CONNECTED: dyn TcpStream<1>,
        ];
        thread main (priority = 7, stack = 8192) = run(&sockets, LINK, SEEDS);
    }
    process entropy {
        mmio TRNG;
        object entropy (stack = 2048): Exclusive<Entropy<Trng, 1>> = Entropy::new(Trng::new(TRNG), 8) =>
            [SEEDS: dyn Random<0>];
    }
    process supervisor {
        notification FAULTED;
        notification BEGUN;
        supervisor FAULTED;
        thread main (priority = 9, stack = 1024) = disturb(BEGUN);
    }
    process echo { thread main (priority = 5, stack = 8192) = echo(SERVER, SERVED); }
    process client { thread main (priority = 4, stack = 8192) = client(CLIENT, CONNECTED, BEGUN); }
}
board::start!(SYSTEM);

fn run(sockets: &'static Sockets, link: Link, random: Handle<dyn Random<0>>) -> ! {
    let seed = UnwrapErr(RandomHandle::new(random)).next_u64();
    sockets.run(EthernetLink::<2048>::new(link), seed)
}

/// Restarts the driver while a piece is on its way.
fn disturb(begun: Notification) -> ! {
    loop {
        begun.wait();
        time::sleep(Duration::from_micros(400));
        restart(&SYSTEM, "driver");
    }
}

/// Sends back what it receives.
fn echo(server: Handle<dyn TcpServer<0, PORT>>, stream: Handle<dyn TcpStream<0>>) -> ! {
    let mut buffer = LeaseBuf::<1024>::new();
    expect("accept", server.accept(), Ok(Ok(())));
    while let Ok(Ok(count @ 1..)) = stream.receive(&mut buffer) {
        expect("send", stream.send(buffer.first(count as usize)), Ok(Ok(count)));
    }
    expect("close", stream.close(), Ok(()));
    crossgate::thread::exit()
}

fn client(client: Handle<dyn TcpClient<1>>, stream: Handle<dyn TcpStream<1>>, begun: Signal) -> ! {
    // The server may not listen yet.
    while client.connect(Endpoint::new(ADDRESS, PORT)) != Ok(Ok(())) {
        time::sleep(Duration::from_millis(1));
    }
    let mut buffer = LeaseBuf::<1024>::new();
    for piece in 0..PIECES {
        if piece % 5 == 4 {
            expect("signal", begun.signal(), Ok(()));
        }
        let byte = |index: usize| (index as u32 * 7 + piece) as u8;
        buffer[..PIECE].iter_mut().enumerate().for_each(|(index, to)| *to = byte(index));
        expect("send", stream.send(buffer.first(PIECE)), Ok(Ok(PIECE as u32)));
        let mut received = 0;
        while received < PIECE {
            let count = stream.receive(buffer.first_mut(PIECE - received));
            let count = count.ok().and_then(Result::ok).unwrap_or(0) as usize;
            expect_that("the connection stays", count > 0);
            for (index, &got) in buffer[..count].iter().enumerate() {
                expect("each byte", got, byte(received + index));
            }
            received += count;
        }
    }
    expect("nothing more", stream.try_receive(&mut buffer), Ok(Err(Fault::TimedOut)));
    expect("close", stream.close(), Ok(()));
    expect("the end", stream.receive(&mut buffer), Ok(Ok(0)));
    pass()
}
