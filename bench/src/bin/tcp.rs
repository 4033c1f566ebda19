// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of a network whose driver, protocols and clients each have a process of their own, and of the same
//! protocols in one process with their driver. The cable leads back to the controller, and takes no time.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::{Bench, check, failed};
use board::{TIMER0, Timer, UART0, Uart};
use crossgate::{Concurrent, Exclusive, Handle, LeaseBuf, Notification};
use crossgate_ethernet::{Cable, Ethernet, EthernetLink, EthernetPort, forward, now};
use crossgate_network::{Endpoint, Network, Place, Settings, TcpClient, TcpServer, TcpStream};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, RxToken, TxToken};
use smoltcp::socket::tcp::{Socket, SocketBuffer};
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

/// The number of operations that are measured together.
const ROUNDS: u32 = 200;
const HARDWARE: [u8; 6] = [2, 0, 0, 0, 0, 1];
const ADDRESS: [u8; 4] = [10, 0, 0, 1];
const SETTINGS: Settings = Settings::new(HARDWARE, ADDRESS, 24);
const PORT: u16 = 7;
/// The seed of sequence numbers and ports. A product takes it from a source of randomness.
const SEED: u64 = 0x5eed;
/// The number of bytes of an echoed message, and of a frame.
const LENGTH: usize = 64;
/// The size in bytes of a socket's buffer for each direction.
const BUFFER: usize = 256;

type Sockets = Network<2, 0, 2, BUFFER>;

crossgate::system! {
    static SYSTEM;
    process driver {
        notification RECEIVED;
        object port (stack = 512): Exclusive<EthernetPort<Cable>> = EthernetPort::new(Cable::new(RECEIVED), RECEIVED) =>
            [LINK: dyn Ethernet];
        thread main (priority = 9, stack = 512) = forward(RECEIVED, CHANGED);
    }
    process network {
        notification CHANGED;
        notification READABLE_0;
        notification WRITABLE_0;
        notification READABLE_1;
        notification WRITABLE_1;
        object sockets (stack = 768): Concurrent<Sockets> = Network::new(SETTINGS, CHANGED, [
            Place::new(READABLE_0, WRITABLE_0),
            Place::new(READABLE_1, WRITABLE_1),
        ]) => [
            SERVER: dyn TcpServer<0, PORT>, SERVED: dyn TcpStream<0>,
            CLIENT: dyn TcpClient<1>, CONNECTED: dyn TcpStream<1>,
        ];
        thread main (priority = 8, stack = 8192) = run(&sockets, LINK);
    }
    process other {
        notification ARRIVED;
        object port (stack = 512): Exclusive<EthernetPort<Cable>> = EthernetPort::new(Cable::new(ARRIVED), ARRIVED) =>
            [FRAMES: dyn Ethernet];
    }
    process echo { thread main (priority = 6, stack = 2048) = echo(SERVER, SERVED); }
    process client {
        mmio UART0;
        mmio TIMER0;
        notification UNHEARD;
        thread main (priority = 5, stack = 8192) = measure(CLIENT, CONNECTED, FRAMES, UNHEARD);
    }
}
board::start!(SYSTEM);

fn run(sockets: &'static Sockets, link: Handle<dyn Ethernet>) -> ! {
    sockets.run(EthernetLink::<512>::new(link), SEED)
}

/// Sends back what it receives.
fn echo(server: Handle<dyn TcpServer<0, PORT>>, stream: Handle<dyn TcpStream<0>>) -> ! {
    let mut buffer = LeaseBuf::<LENGTH>::new();
    check(server.accept() == Ok(Ok(())));
    loop {
        let Ok(Ok(count)) = stream.receive(&mut buffer) else { failed() };
        check(stream.send(buffer.first(count as usize)) == Ok(Ok(count)));
    }
}

fn measure(
    client: Handle<dyn TcpClient<1>>,
    stream: Handle<dyn TcpStream<1>>,
    frames: Handle<dyn Ethernet>,
    unheard: Notification,
) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    frame(&mut bench, "packet_own_driver", &mut Cable::new(unheard));
    frame(&mut bench, "packet_receive", &mut EthernetLink::<512>::new(frames));

    own_driver(&mut bench, &mut Cable::new(unheard));
    check(client.connect(Endpoint::new(ADDRESS, PORT)) == Ok(Ok(())));
    let mut buffer = LeaseBuf::<LENGTH>::new();
    bench.measure_whole("tcp_echo_64", ROUNDS, || {
        for round in 0..ROUNDS {
            buffer[0] = round as u8;
            check(stream.send(&buffer) == Ok(Ok(LENGTH as u32)));
            check(stream.receive(&mut buffer) == Ok(Ok(LENGTH as u32)));
            check(buffer[0] == round as u8);
        }
    });
    bench.end()
}

/// Sends a frame, and takes it from the controller.
fn frame(bench: &mut Bench, name: &str, device: &mut impl Device) {
    bench.measure_whole(name, ROUNDS, || {
        for round in 0..ROUNDS {
            let Some(token) = device.transmit(now()) else { failed() };
            token.consume(LENGTH, |bytes| bytes.fill(round as u8));
            let Some((token, _)) = device.receive(now()) else { failed() };
            token.consume(|bytes| check(bytes == [round as u8; LENGTH]));
        }
    });
}

/// The echo by one process, which is driver, client and server.
fn own_driver(bench: &mut Bench, device: &mut Cable) {
    let mut config = Config::new(EthernetAddress(HARDWARE).into());
    config.random_seed = 1;
    let mut interface = Interface::new(config, device, now());
    let [a, b, c, d] = ADDRESS;
    let address = IpAddress::v4(a, b, c, d);
    interface.update_ip_addrs(|all| check(all.push(IpCidr::new(address, 24)).is_ok()));
    let mut buffers = [[0; BUFFER]; 4];
    let [one, two, three, four] = &mut buffers;
    let mut storage: [_; 2] = Default::default();
    let mut sockets = SocketSet::new(&mut storage[..]);
    let socket = Socket::new(SocketBuffer::new(&mut one[..]), SocketBuffer::new(&mut two[..]));
    let server = sockets.add(socket);
    let socket = Socket::new(SocketBuffer::new(&mut three[..]), SocketBuffer::new(&mut four[..]));
    let client = sockets.add(socket);
    check(sockets.get_mut::<Socket>(server).listen(PORT).is_ok());
    let socket = sockets.get_mut::<Socket>(client);
    check(socket.connect(interface.context(), (address, PORT), 49152).is_ok());
    let mut poll = |sockets: &mut SocketSet<'_>| interface.poll(now(), device, sockets);
    while !sockets.get_mut::<Socket>(client).may_send() {
        poll(&mut sockets);
    }
    bench.measure_whole("tcp_echo_own_driver", ROUNDS, || {
        for round in 0..ROUNDS {
            let mut bytes = [round as u8; LENGTH];
            check(sockets.get_mut::<Socket>(client).send_slice(&bytes) == Ok(LENGTH));
            for socket in [server, client] {
                receive(&mut sockets, socket, &mut bytes, &mut poll);
                if socket == server {
                    check(sockets.get_mut::<Socket>(server).send_slice(&bytes) == Ok(LENGTH));
                }
            }
            check(bytes == [round as u8; LENGTH]);
        }
    });
}

/// Polls the protocols until there are bytes for this socket, and receives them.
fn receive<R>(
    sockets: &mut SocketSet<'_>,
    socket: SocketHandle,
    bytes: &mut [u8; LENGTH],
    poll: &mut impl FnMut(&mut SocketSet<'_>) -> R,
) {
    while !sockets.get_mut::<Socket>(socket).can_recv() {
        poll(sockets);
    }
    check(sockets.get_mut::<Socket>(socket).recv_slice(bytes) == Ok(LENGTH));
}
