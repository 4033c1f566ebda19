// SPDX-License-Identifier: MIT OR Apache-2.0
//! TCP over the emulated board's Ethernet controller with another host, whose TCP is not ours: a program that sends back
//! what it gets, behind the emulator's network. The driver's process is restarted again and again in the middle of the
//! work: the connection stays, and no byte is lost, doubled or changed.
//!
//! Emulator: -nic user,restrict=on,guestfwd=tcp:10.0.2.100:7-cmd:cat
//! Without measuring: the emulator's network takes time of its own.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::time::Duration;
    use crossgate::{
        Concurrent, Exclusive, Handle, LeaseBuf, Notification, Signal, supervise, time,
    };
    use crossgate_ethernet::{EthernetLink, EthernetPort, forward};
    use crossgate_network::{Endpoint, Fault, Network, Place, Settings, TcpClient, TcpStream};
    use mps2_an385::{ETHERNET, Ethernet, interrupt};
    use system_tests::random::Random;
    use system_tests::report::{expect, pass};

    type Sockets = Network<1, 0, 1, 1024>;
    type Link = Handle<dyn crossgate_ethernet::Ethernet>;

    const HARDWARE: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const SETTINGS: Settings = Settings::new(HARDWARE, [10, 0, 2, 15], 24);
    const ECHO: Endpoint = Endpoint::new([10, 0, 2, 100], 7);

    /// The number of pieces that are sent and come back while the driver restarts, and the bytes of each.
    const PIECES: u32 = 100;
    const PIECE: usize = 500;

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
            notification READABLE;
            notification WRITABLE;
            object sockets (stack = 768): Concurrent<Sockets> =
                Network::new(SETTINGS, CHANGED, [Place::new(READABLE, WRITABLE)]) =>
                [CLIENT: dyn TcpClient<0>, STREAM: dyn TcpStream<0>];
            thread main (priority = 7, stack = 8192) = run(&sockets, LINK);
        }
        process supervisor {
            notification FAULTED;
            notification BEGUN;
            supervisor FAULTED;
            thread main (priority = 9, stack = 1024) = disturb(BEGUN);
        }
        process client { thread main (priority = 5, stack = 6144) = client(CLIENT, STREAM, BEGUN); }
    }
    board::start!(SYSTEM);

    fn run(sockets: &'static Sockets, link: Link) -> ! {
        sockets.run(EthernetLink::<1024>::new(link))
    }

    /// Restarts the driver within each piece.
    fn disturb(begun: Notification) -> ! {
        let driver = SYSTEM.processes.iter().position(|process| process.name == "driver");
        let mut random = Random(3);
        loop {
            begun.wait();
            time::sleep(Duration::from_micros(random.below(5000).into()));
            expect("a restart", supervise::restart(driver.unwrap_or(0) as u8), Ok(()));
        }
    }

    fn client(
        client: Handle<dyn TcpClient<0>>,
        stream: Handle<dyn TcpStream<0>>,
        begun: Signal,
    ) -> ! {
        expect("connect", client.connect(ECHO), Ok(Ok(())));
        let mut random = Random(1);
        let mut buffer = LeaseBuf::<512>::new();
        let mut sent = [0; PIECE];
        for _ in 0..PIECES {
            expect("signal", begun.signal(), Ok(()));
            sent.fill_with(|| random.below(256) as u8);
            buffer[..PIECE].copy_from_slice(&sent);
            // A buffer has room for two pieces, and nothing is in it.
            expect("send", stream.send(buffer.first(PIECE)), Ok(Ok(PIECE as u32)));
            let mut received = 0;
            while received < PIECE {
                let count = stream.receive(buffer.first_mut(PIECE - received));
                let count = count.ok().and_then(Result::ok).unwrap_or(0) as usize;
                expect("the connection stays", count > 0, true);
                expect("what comes back", &buffer[..count], &sent[received..received + count]);
                received += count;
            }
        }
        expect("nothing more", stream.try_receive(&mut buffer), Ok(Err(Fault::TimedOut)));
        expect("close", stream.close(), Ok(()));
        expect("the end", stream.receive(&mut buffer), Ok(Ok(0)));
        pass()
    }
}
