// SPDX-License-Identifier: MIT OR Apache-2.0
//! TCP and UDP between two clients of a network whose driver is restarted again and again in the middle of its work. No
//! byte is lost, doubled or changed. After a restart of a client, its connection is reset. After a restart of the
//! network, its clients connect again. No client reaches the sockets of another.
//!
//! The driver is restarted 90 times. If `CROSSGATE_DRIVER_CRASHES` was set when the test was built, it is restarted
//! that number of times.
//!
//! Without seeds: what is lost depends on when processes are restarted, which this test decides itself.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, LeaseBuf, Notification, Signal, interface, time,
};
use crossgate_ethernet::{Cable, Ethernet, EthernetLink, EthernetPort, forward};
use crossgate_network::{
    ENDPOINT, Endpoint, Fault, Network, Place, Settings, TcpClient, TcpServer, TcpStream, UdpSocket,
};
use system_tests::random::Random;
use system_tests::raw;
use system_tests::report::{expect, expect_that, fail, pass};
use system_tests::restarts::restart;

const ADDRESS: [u8; 4] = [10, 0, 0, 1];
const SETTINGS: Settings = Settings::new([2, 0, 0, 0, 0, 1], ADDRESS, 24);
const ECHO_PORT: u16 = 7;
const ECHO: Endpoint = Endpoint::new(ADDRESS, ECHO_PORT);
const TALK_PORT: u16 = 9;
/// The seed of sequence numbers and ports. A product takes it from a source of randomness.
const SEED: u64 = 0x5eed;

/// The number of restarts of the driver.
const CRASHES: u32 = system_tests::number_from!("CROSSGATE_DRIVER_CRASHES", u32, 90);
/// The number of pieces that are sent and come back, and the size of each in bytes.
const PIECES: u32 = UNDISTURBED + CRASHES;
const PIECE: usize = 200;
/// The number of pieces during which the driver does not restart.
const UNDISTURBED: u32 = 10;
/// The least total time for sending lost frames again.
const LOST: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(60);

type Sockets = Network<2, 1, 3, 512>;

/// The interface by which a client asks the supervisor for restarts.
#[interface]
trait Disturb {
    /// Restarts the process that echoes, or the process of the network.
    fn restart_echo(&self);
    fn restart_network(&self);
}

struct Disturber;

impl Disturb for Disturber {
    fn restart_echo(&self) {
        restart(&SYSTEM, "echo");
    }
    fn restart_network(&self) {
        restart(&SYSTEM, "network");
    }
}

crossgate::system! {
    static SYSTEM;
    process driver {
        notification RECEIVED;
        object port (stack = 512): Exclusive<EthernetPort<Cable>> = EthernetPort::new(Cable::new(RECEIVED), RECEIVED) =>
            [LINK: dyn Ethernet];
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
        object sockets (stack = 768): Concurrent<Sockets> = Network::new(SETTINGS, CHANGED, [
            Place::new(READABLE_0, WRITABLE_0),
            Place::new(READABLE_1, WRITABLE_1),
            Place::new(READABLE_2, WRITABLE_2),
        ]) => [
            SERVER: dyn TcpServer<0, ECHO_PORT>, SERVED: dyn TcpStream<0>,
            CLIENT: dyn TcpClient<1>, CONNECTED: dyn TcpStream<1>,
            TALK: dyn UdpSocket<0, TALK_PORT>,
        ];
        thread main (priority = 7, stack = 8192) = run(&sockets, LINK);
    }
    process supervisor {
        notification FAULTED;
        notification BEGUN;
        notification DONE;
        supervisor FAULTED;
        object disturber (stack = 512): Concurrent<Disturber> = Disturber => [DISTURB: dyn Disturb];
        thread main (priority = 9, stack = 1024) = disturb(BEGUN, DONE);
    }
    process echo { thread main (priority = 5, stack = 4096) = echo(SERVER, SERVED); }
    process client { thread main (priority = 4, stack = 6144) = client((CLIENT, CONNECTED), TALK, (BEGUN, DONE, DISTURB)); }
}
board::start!(SYSTEM);

fn run(sockets: &'static Sockets, link: Handle<dyn Ethernet>) -> ! {
    sockets.run(EthernetLink::<512>::new(link), SEED)
}

/// Restarts the driver while a piece is on its way, except for the first pieces, in which the test measures how long a
/// piece takes.
fn disturb(begun: Notification, done: Notification) -> ! {
    let mut longest = Duration::ZERO;
    for _ in 0..UNDISTURBED {
        begun.wait();
        let start = time::now();
        done.wait();
        longest = longest.max(time::now() - start);
    }
    let mut random = Random(3);
    loop {
        begun.wait();
        time::sleep(Duration::from_micros(random.below(longest.as_micros() as u32).into()));
        restart(&SYSTEM, "driver");
    }
}

/// The reason why a connection ends.
#[derive(Debug, PartialEq)]
enum End {
    Closed,
    Reset,
}

/// Returns the number of bytes, or why there are none.
fn bytes(result: Result<Result<u32, Fault>, CallError>) -> Result<usize, End> {
    match result {
        Ok(Ok(0)) => Err(End::Closed),
        Ok(Ok(count)) => Ok(count as usize),
        Ok(Err(Fault::NotConnected)) | Err(CallError::ServerFaulted) => Err(End::Reset),
        other => fail(format_args!("a connection ends with {other:?}")),
    }
}

/// Sends the first `length` bytes of the buffer. The contents of the buffer change meanwhile.
fn send<const N: usize, const PLACE: usize>(
    stream: Handle<dyn TcpStream<PLACE>>,
    buffer: &mut LeaseBuf<N>,
    mut length: usize,
) -> Result<(), End>
where
    crossgate::BlockSize<N>: crossgate::Block,
{
    while length > 0 {
        let count = bytes(stream.send(buffer.first(length)))?;
        buffer.copy_within(count..length, 0);
        length -= count;
    }
    Ok(())
}

/// Sends back all received bytes, until the other end closes.
fn echo(server: Handle<dyn TcpServer<0, ECHO_PORT>>, stream: Handle<dyn TcpStream<0>>) -> ! {
    let mut buffer = LeaseBuf::<256>::new();
    loop {
        match server.accept() {
            Ok(Ok(())) => {}
            Err(CallError::ServerFaulted) => continue,
            other => fail(format_args!("accept: {other:?}")),
        }
        let end = loop {
            let echoed = bytes(stream.receive(&mut buffer));
            if let Err(end) = echoed.and_then(|count| send(stream, &mut buffer, count)) {
                break end;
            }
        };
        if end == End::Closed {
            expect("close", stream.close(), Ok(()));
        }
    }
}

/// Sends bytes, and compares those that come back.
fn exchange(stream: Handle<dyn TcpStream<1>>, random: &mut Random) -> Result<(), End> {
    let mut buffer = LeaseBuf::<256>::new();
    let mut sent = [0; PIECE];
    sent.fill_with(|| random.below(256) as u8);
    buffer[..PIECE].copy_from_slice(&sent);
    send(stream, &mut buffer, PIECE)?;
    let mut received = 0;
    while received < PIECE {
        let count = bytes(stream.receive(buffer.first_mut(PIECE - received)))?;
        expect("what comes back", &buffer[..count], &sent[received..received + count]);
        received += count;
    }
    Ok(())
}

/// Connects until the other end accepts.
fn connect(client: Handle<dyn TcpClient<1>>) {
    loop {
        match client.connect_timeout(ECHO, PATIENCE) {
            Ok(Ok(())) => return,
            Ok(Err(Fault::Refused)) | Err(CallError::ServerFaulted) => {
                time::sleep(Duration::from_millis(10));
            }
            other => fail(format_args!("connect: {other:?}")),
        }
    }
}

fn client(
    (client, stream): (Handle<dyn TcpClient<1>>, Handle<dyn TcpStream<1>>),
    talk: Handle<dyn UdpSocket<0, TALK_PORT>>,
    (begun, done, disturber): (Signal, Signal, Handle<dyn Disturb>),
) -> ! {
    let mut random = Random(1);
    let mut buffer = LeaseBuf::<256>::new();
    let no_connection = Ok(Err(Fault::NotConnected));
    expect("no connection yet", stream.receive(&mut buffer), no_connection);
    let nowhere = client.connect(Endpoint::new([0; 4], 1));
    expect("an address without a host", nowhere, Ok(Err(Fault::Unreachable)));
    let closed = client.connect_timeout(Endpoint::new(ADDRESS, 99), PATIENCE);
    expect("a port without a server", closed, Ok(Err(Fault::Refused)));

    connect(client);
    expect("a second connection", client.connect(ECHO), Ok(Err(Fault::InUse)));
    expect("nothing to receive", stream.try_receive(&mut buffer), Ok(Err(Fault::TimedOut)));
    let start = time::now();
    for piece in 0..PIECES {
        expect("signal", begun.signal(), Ok(()));
        expect("the driver restarts, the connection stays", exchange(stream, &mut random), Ok(()));
        if piece < UNDISTURBED {
            expect("signal", done.signal(), Ok(()));
        }
    }
    expect_that("frames were lost", time::now() - start > LOST);
    expect("close", stream.close(), Ok(()));
    expect("the end", stream.receive(&mut buffer), Ok(Ok(0)));
    expect("no byte can be sent any more", stream.send(buffer.first(1)), no_connection);

    connect(client);
    expect("a restart", disturber.restart_echo(), Ok(()));
    let ended = stream.receive_timeout(&mut buffer, PATIENCE);
    expect("the other end resets", ended, no_connection);
    connect(client);
    expect(
        "the connection works after a restart of the other end",
        exchange(stream, &mut random),
        Ok(()),
    );
    expect("a restart", disturber.restart_network(), Ok(()));
    expect("there is no connection", stream.receive(&mut buffer), no_connection);
    connect(client);
    expect(
        "the connection works after a restart of the network",
        exchange(stream, &mut random),
        Ok(()),
    );

    datagrams(talk, &mut buffer);
    for other in ["SERVER", "SERVED", "LINK"] {
        let reply = raw::call(raw::service(&SYSTEM, other), 0, [0; 4]);
        expect("another's socket", reply.error(), Some(CallError::NotPermitted));
    }
    pass()
}

/// Sends datagrams to itself until one arrives.
fn datagrams(talk: Handle<dyn UdpSocket<0, TALK_PORT>>, buffer: &mut LeaseBuf<256>) {
    let own = Endpoint::new(ADDRESS, TALK_PORT);
    expect("no datagram", talk.try_receive(&mut *buffer), Ok(Err(Fault::TimedOut)));
    expect(
        "a port without a socket",
        talk.send(b"x", Endpoint::new(ADDRESS, 0)),
        Ok(Err(Fault::Unreachable)),
    );
    expect("too long", talk.send(&[0; 513], own), Ok(Err(Fault::TooLong)));
    loop {
        expect("send", talk.send(b"datagram", own), Ok(Ok(())));
        match talk.receive_timeout(&mut *buffer, Duration::from_millis(100)) {
            Ok(Err(Fault::TimedOut)) => {}
            result => {
                expect("receive", result, Ok(Ok(ENDPOINT as u32 + 8)));
                break;
            }
        }
    }
    expect("the sender", &buffer[..ENDPOINT], &own.to_bytes());
    expect_that("the datagram is whole", buffer[ENDPOINT..].starts_with(b"datagram"));
}
