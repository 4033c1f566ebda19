use super::*;
use crossgate::{CallError, Handle, host};
use std::thread;
use std::time::Instant;

/// A queue with notifications that no other test has.
fn queue<T, const N: usize>(test: usize) -> &'static Queue<T, N> {
    let queue = Queue::new(host::notification(2 * test), host::notification(2 * test + 1));
    Box::leak(Box::new(queue))
}

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn first_in_first_out() {
    let queue = queue::<u32, 2>(0);
    assert_eq!(Receiver::try_receive(queue), None);
    assert_eq!([queue.put(1), queue.put(2), queue.put(3)], [Ok(()), Ok(()), Err(3)]);
    assert_eq!(Sender::try_send(queue, 4), Err(Full));
    assert_eq!(Receiver::<u32>::count(queue), 2);
    assert_eq!([queue.take(), queue.take(), queue.take()], [Some(1), Some(2), None]);
}

#[test]
fn a_wait_ends_with_the_time() {
    let queue = queue::<u32, 1>(1);
    assert_eq!(Receiver::<u32>::receive_timeout(queue, MILLISECOND), Err(TimedOut));
    assert_eq!(Sender::send(queue, 1), Ok(()));
    assert_eq!(Sender::send_timeout(queue, 2, MILLISECOND), Err(TimedOut));
    assert_eq!(Sender::send_timeout(queue, 2, Duration::ZERO), Err(TimedOut));
    assert_eq!(Receiver::<u32>::receive(queue), Ok(1));
    let state = queue.0.lock();
    assert_eq!([state.senders.count(), state.receivers.count()], [0; 2]);
}

/// As many senders as receivers, all of which wait all the time: no wake-up is lost, and no item.
#[test]
fn every_item_arrives() {
    const THREADS: u32 = 4;
    const ITEMS: u32 = 500;
    let queue = queue::<u32, 2>(2);
    for sender in 0..THREADS {
        thread::spawn(move || {
            (0..ITEMS).for_each(|item| Sender::send(queue, sender * ITEMS + item).unwrap());
        });
    }
    let receive = || (0..ITEMS).map(|_| Receiver::receive(queue).unwrap()).collect::<Vec<u32>>();
    let receivers = (0..THREADS).map(|_| thread::spawn(receive)).collect::<Vec<_>>();
    let mut items: Vec<_> = receivers.into_iter().flat_map(|it| it.join().unwrap()).collect();
    items.sort_unstable();
    assert_eq!(items, (0..THREADS * ITEMS).collect::<Vec<_>>());
}

/// Signals that come before those who wait have got to it are one: who is woken by it wakes the next.
#[test]
fn a_wake_up_is_passed_on() {
    let queue = queue::<u32, 4>(5);
    let start = Instant::now();
    let patience = Duration::from_secs(5);
    let receive = move || Receiver::<u32>::receive_timeout(queue, patience);
    let receivers = [0; 3].map(|_| thread::spawn(receive));
    while queue.0.lock().receivers.count() < 3 {
        thread::yield_now();
    }
    for item in 0..3 {
        assert!(queue.0.lock().put(item).is_ok());
    }
    host::notification(10).signal();
    assert!(receivers.into_iter().all(|receiver| receiver.join().unwrap().is_ok()));
    assert!(
        start.elapsed() < patience,
        "one was forgotten, and looked again when its time was over"
    );
}

#[test]
fn items_are_lent() {
    type Item = [u16; 40];
    let new =
        |index| Queue::<Item, 2>::new(host::notification(index), host::notification(index + 1));
    let sender: Handle<dyn ItemSender<Item>> = host::serve(new(6));
    let filled = new(8);
    assert_eq!([filled.put([7; 40]), filled.put([8; 40])], [Ok(()); 2]);
    let receiver: Handle<dyn ItemReceiver<Item>> = host::serve(filled);
    let mut item = [0; 40];
    for value in [7, 8] {
        assert_eq!(sender.try_send(&[value; 40]), Ok(Ok(())));
        assert_eq!((receiver.receive(&mut item), item), (Ok(Ok(())), [value; 40]));
    }
    assert_eq!(sender.try_send(&[9; 40]), Ok(Err(Full)));
    assert_eq!(sender.send_timeout(&[9; 40], MILLISECOND), Ok(Err(TimedOut)));
    assert_eq!(receiver.try_receive(&mut item), Ok(Err(Empty)));
    assert_eq!(receiver.receive_timeout(&mut item, MILLISECOND), Ok(Err(TimedOut)));
    assert_eq!((receiver.count(), item), (Ok(0), [8; 40]));
}

/// Code that uses a queue is tested with a fake.
#[test]
fn an_end_can_be_faked() {
    struct Always(u8);
    impl Receiver<u8> for Always {
        fn receive(&self) -> Result<u8, TimedOut> {
            Ok(self.0)
        }
        fn try_receive(&self) -> Option<u8> {
            Some(self.0)
        }
        fn receive_timeout(&self, _: Duration) -> Result<u8, TimedOut> {
            Err(TimedOut)
        }
        fn count(&self) -> u32 {
            1
        }
    }
    fn both(queue: Handle<dyn Receiver<u8>>) -> Result<u32, CallError> {
        Ok(queue.receive()?.map_or(0, u32::from) + queue.count()?)
    }
    assert_eq!(both(host::serve(Always(5))), Ok(6));
}
