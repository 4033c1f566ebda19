// SPDX-License-Identifier: MIT OR Apache-2.0
//! TCP over the emulated board's Ethernet controller with another host, whose TCP is not ours: a program behind the
//! emulator's network, which sends all bytes back. The driver's process is restarted again and again in the middle of
//! the work, once while the controller has received only a part of a frame. The connection stays, and no byte is lost,
//! doubled or changed.
//!
//! Emulator: -nic user,restrict=on,guestfwd=tcp:10.0.2.100:7-cmd:cat
//! Without measuring: the emulator's network takes time of its own.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::time::Duration;
    use crossgate::{
        CallError, Concurrent, Exclusive, Handle, LeaseBuf, Notification, Signal, interface, time,
    };
    use crossgate_ethernet::{EthernetLink, EthernetPort, forward};
    use crossgate_network::{Endpoint, Fault, Network, Place, Settings, TcpClient, TcpStream};
    use mps2_an385::{ETHERNET, Ethernet, interrupt};
    use system_tests::probe;
    use system_tests::random::Random;
    use system_tests::report::{expect, pass};
    use system_tests::restarts::restart;

    type Sockets = Network<1, 0, 1, 1024>;
    type Link = Handle<dyn crossgate_ethernet::Ethernet>;

    const HARDWARE: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const SETTINGS: Settings = Settings::new(HARDWARE, [10, 0, 2, 15], 24);
    const ECHO: Endpoint = Endpoint::new([10, 0, 2, 100], 7);

    /// The seed of sequence numbers and ports. A product takes it from a source of randomness.
    const SEED: u64 = 0x5eed;

    /// The number of pieces that are sent and come back while the driver restarts, and the number of bytes of each.
    const PIECES: u32 = 100;
    const PIECE: usize = 500;

    /// The controller's register for frames to send, and the words before a frame of 500 bytes.
    const SEND: usize = ETHERNET.start + 0x20;
    const COMMANDS: [u32; 2] = [0x3000 + 500, 500];

    #[interface]
    trait Breakdown {
        /// Gives the controller a part of a frame, and crashes.
        fn leave_half_a_frame(&self);
    }
    struct Break;

    impl Breakdown for Break {
        fn leave_half_a_frame(&self) {
            COMMANDS.into_iter().for_each(|word| probe::store(SEND, word));
            probe::store(SEND, 0);
            panic!("the driver panics with half a frame")
        }
    }

    crossgate::system! {
        static SYSTEM;
        process driver {
            mmio ETHERNET;
            notification RECEIVED;
            interrupt interrupt::ETHERNET => RECEIVED;
            object port (stack = 512): Exclusive<EthernetPort<Ethernet>> =
                EthernetPort::new(Ethernet::new(ETHERNET, HARDWARE), RECEIVED) => [LINK: dyn crossgate_ethernet::Ethernet];
            object breaks: Concurrent<Break> = Break => [BREAKDOWN: dyn Breakdown];
            thread main (priority = 8, stack = 2048) = forward(RECEIVED, CHANGED);
        }
        process network {
            notification CHANGED;
            notification READABLE;
            notification WRITABLE;
            object sockets (stack = 768): Concurrent<Sockets> =
                Network::new(SETTINGS, CHANGED, [Place::new(READABLE, WRITABLE)]) =>
                [CLIENT: dyn TcpClient<0>, STREAM: dyn TcpStream<0>];
            thread main (priority = 7, stack = 12288) = run(&sockets, LINK);
        }
        process supervisor {
            notification FAULTED;
            notification BEGUN;
            supervisor FAULTED;
            thread main (priority = 9, stack = 2048) = disturb(BEGUN, BREAKDOWN, HALVED);
        }
        process client {
            notification HALVED;
            thread main (priority = 5, stack = 8192) = client(CLIENT, STREAM, BEGUN, HALVED);
        }
    }
    board::start!(SYSTEM);

    fn run(sockets: &'static Sockets, link: Link) -> ! {
        sockets.run(EthernetLink::<1024>::new(link), SEED)
    }

    /// Restarts the driver within each piece.
    fn disturb(begun: Notification, breakdown: Handle<dyn Breakdown>, halved: Signal) -> ! {
        let mut random = Random(3);
        begun.wait();
        let crash = breakdown.leave_half_a_frame();
        expect("a crash", crash, Err(CallError::ServerFaulted));
        expect("signal", halved.signal(), Ok(()));
        loop {
            begun.wait();
            time::sleep(Duration::from_micros(random.below(5000).into()));
            restart(&SYSTEM, "driver");
        }
    }

    fn client(
        client: Handle<dyn TcpClient<0>>,
        stream: Handle<dyn TcpStream<0>>,
        begun: Signal,
        halved: Notification,
    ) -> ! {
        expect("connect", client.connect(ECHO), Ok(Ok(())));
        let mut random = Random(1);
        let mut buffer = LeaseBuf::<512>::new();
        let mut sent = [0; PIECE];
        for _ in 0..PIECES {
            expect("signal", begun.signal(), Ok(()));
            sent.fill_with(|| random.below(256) as u8);
            buffer[..PIECE].copy_from_slice(&sent);
            // A buffer has room for two pieces, and is empty.
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
        expect("half a frame was left", halved.try_wait(), true);
        expect("nothing more", stream.try_receive(&mut buffer), Ok(Err(Fault::TimedOut)));
        expect("close", stream.close(), Ok(()));
        expect("the end", stream.receive(&mut buffer), Ok(Ok(0)));
        pass()
    }
}
