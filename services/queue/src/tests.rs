// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate::testing::{Process, Wiring};
use crossgate::{CallError, Handle, time};

const MILLISECOND: Duration = Duration::from_millis(1);

fn queue<T: Send, const N: usize>(home: Process<'_>) -> &'static Queue<T, N> {
    home.object(Queue::new(home.notification(), home.notification()))
}

#[test]
fn first_in_first_out() {
    let queue = queue::<u32, 2>(Wiring::new().test());
    assert_eq!(Receiver::try_receive(queue), None);
    assert_eq!([queue.put(1), queue.put(2), queue.put(3)], [Ok(()), Ok(()), Err(3)]);
    assert_eq!(Sender::try_send(queue, 4), Err(Full));
    assert_eq!(Receiver::<u32>::count(queue), 2);
    assert_eq!([queue.take(), queue.take(), queue.take()], [Some(1), Some(2), None]);
}

#[test]
fn a_wait_ends_with_the_time() {
    let wiring = Wiring::new();
    let queue = queue::<u32, 1>(wiring.test());
    wiring.run(|| {
        assert_eq!(Receiver::<u32>::receive_timeout(queue, MILLISECOND), Err(TimedOut));
        assert_eq!(Sender::send(queue, 1), Ok(()));
        assert_eq!(Sender::send_timeout(queue, 2, MILLISECOND), Err(TimedOut));
        assert_eq!(Sender::send_timeout(queue, 2, Duration::ZERO), Err(TimedOut));
        assert_eq!(Receiver::<u32>::receive(queue), Ok(1));
        let state = queue.0.lock();
        assert_eq!([state.senders.count(), state.receivers.count()], [0; 2]);
    });
}

/// There are as many senders as receivers, and all of them wait again and again. No wake-up and no item is lost.
#[test]
fn every_item_arrives() {
    const ITEMS: u32 = 200;
    let wiring = Wiring::new();
    let home = wiring.process("jobs");
    let queue = queue::<u32, 2>(home);
    let sender: Handle<dyn Sender<u32>> = home.serve_concurrent(queue);
    let receiver: Handle<dyn Receiver<u32>> = home.serve_concurrent(queue);
    let clients = wiring.process("clients");
    for index in 0..4_u32 {
        clients.thread(1 + index as u8 % 3, move || {
            for item in 0..ITEMS {
                assert_eq!(sender.send(index * ITEMS + item), Ok(Ok(())));
                time::sleep(Duration::from_micros(u64::from(index * item) % 5));
            }
        });
    }
    let receivers = [1, 2, 2, 3].map(|priority| {
        clients.thread(priority, move || {
            let receive = |_| receiver.receive().unwrap().unwrap();
            (0..ITEMS).map(receive).collect::<Vec<u32>>()
        })
    });
    wiring.run(|| {
        let mut items: Vec<_> = receivers.into_iter().flat_map(|it| it.join()).collect();
        items.sort_unstable();
        assert_eq!(items, (0..4 * ITEMS).collect::<Vec<_>>());
    });
}

/// If several signals come before a waiting thread has run, they count as one signal. So the thread that is woken by
/// this signal wakes the next thread.
#[test]
fn a_wake_up_is_passed_on() {
    let wiring = Wiring::new();
    let home = wiring.test();
    let (filled, freed) = (home.notification(), home.notification());
    let queue = home.object(Queue::<u32, 4>::new(filled, freed));
    let patience = Duration::from_secs(5);
    let receivers = [2, 3, 4].map(|priority| {
        home.thread(priority, move || Receiver::<u32>::receive_timeout(queue, patience))
    });
    wiring.run(|| {
        assert_eq!(queue.0.lock().receivers.count(), 3);
        for item in 0..3 {
            assert!(queue.0.lock().put(item).is_ok());
        }
        filled.signal();
        assert!(receivers.into_iter().all(|receiver| receiver.join().is_ok()));
        let micros = time::now().as_micros();
        assert_eq!(micros, 0, "one was forgotten, and looked again when its time was over");
    });
}

#[test]
fn items_are_lent() {
    type Item = [u16; 40];
    let wiring = Wiring::new();
    let home = wiring.process("jobs");
    let (empty, filled) = (queue::<Item, 2>(home), queue::<Item, 2>(home));
    let sender: Handle<dyn ItemSender<Item>> = home.serve_concurrent(empty);
    assert_eq!([filled.put([7; 40]), filled.put([8; 40])], [Ok(()); 2]);
    let receiver: Handle<dyn ItemReceiver<Item>> = home.serve_concurrent(filled);
    wiring.run(|| {
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
    });
}

/// A unit test can replace a queue by a fake.
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
    let wiring = Wiring::new();
    let always = wiring.serve(Always(5));
    wiring.run(|| assert_eq!(both(always), Ok(6)));
}
