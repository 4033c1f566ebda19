use super::*;
use crossgate::{CallError, Handle, host};
use std::thread;

const MILLISECOND: Duration = Duration::from_millis(1);

/// A buffer that is a static can be served to several threads, each of which has a kernel of its own.
struct Shared<B: 'static>(&'static B);

impl<const N: usize> ByteReader for Shared<StreamBuffer<N>> {
    fn read(&self, to: LentMut<'_, [u8]>) -> Result<u32, TimedOut> {
        self.0.read(to)
    }
    fn try_read(&self, to: LentMut<'_, [u8]>) -> u32 {
        self.0.try_read(to)
    }
    fn read_timeout(&self, to: LentMut<'_, [u8]>, timeout: Duration) -> Result<u32, TimedOut> {
        self.0.read_timeout(to, timeout)
    }
    fn available(&self) -> u32 {
        self.0.available()
    }
}

impl<const N: usize> ByteWriter for Shared<StreamBuffer<N>> {
    fn write(&self, bytes: Lent<'_, [u8]>) -> Result<u32, TimedOut> {
        self.0.write(bytes)
    }
    fn try_write(&self, bytes: Lent<'_, [u8]>) -> u32 {
        self.0.try_write(bytes)
    }
    fn write_timeout(&self, bytes: Lent<'_, [u8]>, timeout: Duration) -> Result<u32, TimedOut> {
        self.0.write_timeout(bytes, timeout)
    }
}

impl<const N: usize> MessageSender for Shared<MessageBuffer<N>> {
    fn send(&self, message: Lent<'_, [u8]>) -> Result<(), Unsent> {
        self.0.send(message)
    }
    fn try_send(&self, message: Lent<'_, [u8]>) -> Result<(), Unsent> {
        self.0.try_send(message)
    }
    fn send_timeout(&self, message: Lent<'_, [u8]>, timeout: Duration) -> Result<(), Unsent> {
        self.0.send_timeout(message, timeout)
    }
}

impl<const N: usize> MessageReceiver for Shared<MessageBuffer<N>> {
    fn receive(&self, to: LentMut<'_, [u8]>) -> Result<u32, Unreceived> {
        self.0.receive(to)
    }
    fn try_receive(&self, to: LentMut<'_, [u8]>) -> Result<u32, Unreceived> {
        self.0.try_receive(to)
    }
    fn receive_timeout(&self, to: LentMut<'_, [u8]>, timeout: Duration) -> Result<u32, Unreceived> {
        self.0.receive_timeout(to, timeout)
    }
    fn next_len(&self) -> Option<u32> {
        self.0.next_len()
    }
}

#[test]
fn a_stream_keeps_its_order() {
    static BUFFER: StreamBuffer<5> =
        StreamBuffer::new(host::notification(0), host::notification(1));
    let writer: Handle<dyn ByteWriter> = host::serve(Shared(&BUFFER));
    let reader: Handle<dyn ByteReader> = host::serve(Shared(&BUFFER));
    let mut to = [0; 4];
    assert_eq!(reader.try_read(&mut to), Ok(0));
    assert_eq!(reader.read_timeout(&mut to, MILLISECOND), Ok(Err(TimedOut)));
    // At every place of the ring.
    for round in 0..20 {
        let bytes = [round, round + 1, round + 2, round + 3];
        assert_eq!(writer.write(&bytes[..3]), Ok(Ok(3)));
        assert_eq!(writer.try_write(&bytes[3..]), Ok(1));
        assert_eq!(reader.available(), Ok(4));
        assert_eq!((reader.read(&mut to), to), (Ok(Ok(4)), bytes));
    }
    assert_eq!(writer.write(b"1234567"), Ok(Ok(5)));
    assert_eq!(writer.try_write(b"8"), Ok(0));
    assert_eq!(writer.write_timeout(b"8", MILLISECOND), Ok(Err(TimedOut)));
    assert_eq!(writer.write(b""), Ok(Ok(0)));
    assert_eq!(reader.read(&mut to[..0]), Ok(Ok(0)));
    assert_eq!((reader.try_read(&mut to), to), (Ok(4), *b"1234"));
    assert_eq!((reader.try_read(&mut to[..2]), BUFFER.put(b"ab")), (Ok(1), 2));
    assert_eq!((reader.try_read(&mut to[..]), to), (Ok(2), *b"ab34"));
}

#[test]
fn every_byte_arrives() {
    static BUFFER: StreamBuffer<7> =
        StreamBuffer::new(host::notification(2), host::notification(3));
    thread::spawn(|| {
        let writer: Handle<dyn ByteWriter> = host::serve(Shared(&BUFFER));
        let bytes: Vec<u8> = (0..1000_u32).map(|byte| byte as u8).collect();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            rest = &rest[writer.write(rest).unwrap().unwrap() as usize..];
        }
    });
    let reader: Handle<dyn ByteReader> = host::serve(Shared(&BUFFER));
    let mut next = 0_u32;
    while next < 1000 {
        let mut to = [0; 3];
        let count = reader.read(&mut to).unwrap().unwrap();
        for &byte in &to[..count as usize] {
            assert_eq!(byte, next as u8);
            next += 1;
        }
    }
}

#[test]
fn a_message_is_whole() {
    static BUFFER: MessageBuffer<9> =
        MessageBuffer::new(host::notification(4), host::notification(5));
    let sender: Handle<dyn MessageSender> = host::serve(Shared(&BUFFER));
    let receiver: Handle<dyn MessageReceiver> = host::serve(Shared(&BUFFER));
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
}

#[test]
fn every_message_arrives() {
    static BUFFER: MessageBuffer<11> =
        MessageBuffer::new(host::notification(6), host::notification(7));
    for sender in 0..2 {
        thread::spawn(move || {
            let buffer: Handle<dyn MessageSender> = host::serve(Shared(&BUFFER));
            for length in 0..200 {
                assert_eq!(buffer.send(&vec![sender; length % 8][..]), Ok(Ok(())));
            }
        });
    }
    let receive = || -> Result<u32, CallError> {
        let buffer: Handle<dyn MessageReceiver> = host::serve(Shared(&BUFFER));
        let mut sum = 0;
        for _ in 0..200 {
            let mut to = [9; 9];
            let length = buffer.receive(&mut to)?.unwrap();
            let (message, rest) = to.split_at(length as usize);
            assert!(message.iter().all(|&byte| byte < 2 && byte == message[0]));
            assert!(rest.iter().all(|&byte| byte == 9));
            sum += length;
        }
        Ok(sum)
    };
    let receivers = [0; 2].map(|_| thread::spawn(receive));
    let sum: u32 = receivers.map(|it| it.join().unwrap().unwrap()).iter().sum();
    assert_eq!(sum, 2 * 25 * 28);
}
