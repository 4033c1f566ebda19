// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate::testing::{Process, Wiring};
use crossgate::{Handle, time};

const MILLISECOND: Duration = Duration::from_millis(1);

fn stream<const N: usize>(home: Process<'_>) -> &'static StreamBuffer<N> {
    home.object(StreamBuffer::new(home.notification(), home.notification()))
}

fn messages<const N: usize>(home: Process<'_>) -> &'static MessageBuffer<N> {
    home.object(MessageBuffer::new(home.notification(), home.notification()))
}

#[test]
fn a_stream_keeps_its_order() {
    let wiring = Wiring::new();
    let uart = wiring.process("uart");
    let buffer = stream::<5>(uart);
    let writer: Handle<dyn ByteWriter> = uart.serve_concurrent(buffer);
    let reader: Handle<dyn ByteReader> = uart.serve_concurrent(buffer);
    wiring.run(|| {
        let mut to = [0; 4];
        assert_eq!(reader.try_read(&mut to), Ok(0));
        assert_eq!(reader.read_timeout(&mut to, MILLISECOND), Ok(Err(TimedOut)));
        // The message starts at every place of the ring in turn.
        for round in 0..20 {
            let bytes = [round, round + 1, round + 2, round + 3];
            assert_eq!(writer.write(&bytes[..3]), Ok(Ok(3)));
            assert_eq!(writer.try_write(&bytes[3..]), Ok(1));
            assert_eq!(reader.available(), Ok(4));
            assert_eq!((reader.read(&mut to), to), (Ok(Ok(4)), bytes));
            assert_eq!((buffer.put(&bytes), buffer.free()), (4, 1));
            let mut own = [0; 3];
            assert_eq!((buffer.take(&mut own), &own[..]), (3, &bytes[..3]));
            assert_eq!((buffer.take(&mut own), own[0]), (1, bytes[3]));
            assert_eq!((buffer.take(&mut own), buffer.free()), (0, 5));
        }
        assert_eq!(writer.write(b"1234567"), Ok(Ok(5)));
        assert_eq!(writer.try_write(b"8"), Ok(0));
        assert_eq!(writer.write_timeout(b"8", MILLISECOND), Ok(Err(TimedOut)));
        assert_eq!(writer.write(b""), Ok(Ok(0)));
        assert_eq!(reader.read(&mut to[..0]), Ok(Ok(0)));
        assert_eq!((reader.try_read(&mut to), to), (Ok(4), *b"1234"));
        assert_eq!((reader.try_read(&mut to[..2]), buffer.put(b"ab")), (Ok(1), 2));
        assert_eq!((reader.try_read(&mut to[..]), to), (Ok(2), *b"ab34"));
    });
}

#[test]
fn every_byte_arrives() {
    let wiring = Wiring::new();
    let uart = wiring.process("uart");
    let buffer = stream::<7>(uart);
    let writer: Handle<dyn ByteWriter> = uart.serve_concurrent(buffer);
    let reader: Handle<dyn ByteReader> = uart.serve_concurrent(buffer);
    wiring.process("client").thread(2, move || {
        let bytes: Vec<u8> = (0..1000_u32).map(|byte| byte as u8).collect();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            rest = &rest[writer.write(rest).unwrap().unwrap() as usize..];
        }
    });
    wiring.run(|| {
        let mut next = 0_u32;
        while next < 1000 {
            let mut to = [0; 3];
            let count = reader.read(&mut to).unwrap().unwrap();
            for &byte in &to[..count as usize] {
                assert_eq!(byte, next as u8);
                next += 1;
            }
            time::sleep(Duration::from_micros(u64::from(next) % 3));
        }
    });
}

#[test]
fn a_message_is_whole() {
    let wiring = Wiring::new();
    let uart = wiring.process("uart");
    let buffer = messages::<9>(uart);
    let sender: Handle<dyn MessageSender> = uart.serve_concurrent(buffer);
    let receiver: Handle<dyn MessageReceiver> = uart.serve_concurrent(buffer);
    wiring.run(|| {
        let mut to = [0; 8];
        let mut receive = |length: usize| -> Result<Vec<u8>, Unreceived> {
            let count = receiver.try_receive(&mut to[..length]).unwrap()?;
            Ok(to[..count as usize].to_vec())
        };
        assert_eq!(receive(8), Err(Unreceived::TimedOut));
        for _ in 0..20 {
            assert_eq!(sender.send(b"abc"), Ok(Ok(())));
            assert_eq!(sender.try_send(b""), Ok(Ok(())));
            assert_eq!(sender.try_send(b"d"), Ok(Err(Unsent::TimedOut)));
            assert_eq!(receive(2), Err(Unreceived::TooLong));
            assert_eq!(receiver.next_len(), Ok(Some(3)));
            assert_eq!(receive(8), Ok(b"abc".to_vec()));
            assert_eq!(receive(8), Ok(vec![]));
            assert_eq!(receiver.next_len(), Ok(None));
        }
        assert_eq!(sender.send(b"12345678"), Ok(Err(Unsent::TooLong)));
        assert_eq!(sender.send(&[0; 4000]), Ok(Err(Unsent::TooLong)));
        assert_eq!(sender.send(b"1234567"), Ok(Ok(())));
        assert_eq!(sender.send_timeout(b"", MILLISECOND), Ok(Err(Unsent::TimedOut)));
        assert_eq!(receive(7), Ok(b"1234567".to_vec()));
    });
}

#[test]
fn every_message_arrives() {
    let wiring = Wiring::new();
    let (uart, clients) = (wiring.process("uart"), wiring.process("clients"));
    let buffer = messages::<11>(uart);
    let sender: Handle<dyn MessageSender> = uart.serve_concurrent(buffer);
    let receiver: Handle<dyn MessageReceiver> = uart.serve_concurrent(buffer);
    for index in 0..2 {
        clients.thread(1 + index, move || {
            for length in 0..200 {
                assert_eq!(sender.send(&vec![index; length % 8][..]), Ok(Ok(())));
                time::sleep(Duration::from_micros(length as u64 % 3));
            }
        });
    }
    let receive = move || {
        let mut sum = 0;
        for _ in 0..200 {
            let mut to = [9; 9];
            let length = receiver.receive(&mut to).unwrap().unwrap();
            let (message, rest) = to.split_at(length as usize);
            assert!(message.iter().all(|&byte| byte < 2 && byte == message[0]));
            assert!(rest.iter().all(|&byte| byte == 9));
            sum += length;
        }
        sum
    };
    let receivers = [1, 3].map(|priority| clients.thread(priority, receive));
    wiring.run(|| {
        let sum: u32 = receivers.map(|receiver| receiver.join()).iter().sum();
        assert_eq!(sum, 2 * 25 * 28);
    });
}
