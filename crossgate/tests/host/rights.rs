// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process gets the right to use a service or a notification because its wiring mentions it, and by nothing that only
//! looks like a mention.

use crate::interfaces::*;
use crossgate::{Concurrent, Handle, Notification, Signal};

pub struct Sensor;

impl Temperature for Sensor {
    fn configure(&self, _: u32, _: i16) {}
    fn get(&self) -> i32 {
        20
    }
}

/// Items in other namespaces.
mod other {
    pub const ROOM: u32 = 1;
    pub struct Fields {
        pub room: u32,
        pub news: u32,
    }
    pub mod bell {
        pub const fn silent() -> u32 {
            2
        }
    }
}

const BROOM: u32 = 1;
const ROOM_2: u32 = 2;

/// A type of the same name as a service.
#[allow(clippy::upper_case_acronyms, reason = "its name is that of the service")]
pub struct ROOM;

const fn size_of_type<T>() -> u32 {
    size_of::<T>() as u32
}

pub struct Pair {
    bell: Handle<dyn Temperature>,
    news: Signal,
}

fn pair(pair: Pair) -> ! {
    let _ = (pair.bell, pair.news);
    unreachable!("no thread runs in these tests")
}

fn lasting(_: &'static [Handle<dyn Temperature>], _: &'static Signal) -> ! {
    unreachable!("no thread runs in these tests")
}

macro_rules! bell {
    ($word:ident) => {
        stringify!($word).len()
    };
}

macro_rules! thread_of {
    ($service:expr) => {
        one($service)
    };
}

fn none(_: &str, _: u32, _: usize) -> ! {
    unreachable!("no thread runs in these tests")
}

fn one(_: Handle<dyn Temperature>) -> ! {
    unreachable!("no thread runs in these tests")
}

fn several(_: &[Handle<dyn Temperature>], _: Signal) -> ! {
    unreachable!("no thread runs in these tests")
}

fn own(_: Notification, _: &Concurrent<Sensor>) -> ! {
    unreachable!("no thread runs in these tests")
}

crossgate::system! {
    static SYSTEM;

    process server {
        notification news;
        object sensor: Concurrent<Sensor> = Sensor => [ROOM: dyn Temperature, bell: dyn Temperature];
    }
    process in_text { thread main (priority = 1, stack = 256) = none("ROOM bell news", 'b' as u32, 0 /* ROOM */); }
    process in_path { thread main (priority = 1, stack = 256) = none("", other::ROOM + other::bell::silent(), 0); }
    process in_field {
        thread main (priority = 1, stack = 256) = none("", other::Fields { room: 1, news: 2 }.news, 0);
    }
    process in_macro { thread main (priority = 1, stack = 256) = none("", 0, bell!(other)); }
    process in_label {
        thread main (priority = 1, stack = 256) = none("", 'news: { if other::ROOM == 1 { break 'news 1; } 2 }, 0);
    }
    process in_longer_names { thread main (priority = 1, stack = 256) = none("", BROOM + ROOM_2, 0); }
    process in_type { thread main (priority = 1, stack = 256) = none("", size_of_type::<ROOM>(), 0); }
    process own_names {
        object bell: Concurrent<Sensor> = Sensor => [];
        notification rung;
        thread main (priority = 1, stack = 256) = own(rung, &bell);
    }
    process plain { thread main (priority = 1, stack = 256) = one(ROOM); }
    process nested { thread main (priority = 1, stack = 256) = { let it = || [ROOM, bell]; several(&it(), news) }; }
    process same_names {
        object bell: Concurrent<Sensor> = Sensor => [];
        notification called;
        thread main (priority = 1, stack = 256) = own(called, &bell);
    }
    process raw { thread main (priority = 1, stack = 256) = one(r#ROOM); }
    process fields { thread main (priority = 1, stack = 256) = pair(Pair { bell, news }); }
    process first_of_statement { thread main (priority = 1, stack = 256) = { news.signal().ok(); ROOM.get().ok(); crossgate::thread::exit() }; }
    process lasting { thread main (priority = 1, stack = 256) = lasting(&[ROOM, bell], &news); }
    process through_macro { thread main (priority = 1, stack = 256) = thread_of!(bell); }
}

#[test]
fn only_what_the_compiler_takes_for_the_handle_gives_a_right() {
    let set = |names: &[&str]| {
        names.iter().fold(0, |set, name| {
            let place = SYSTEM.processes.iter().position(|process| process.name == *name);
            set | 1 << place.expect("a process")
        })
    };
    let [room, bell] = SYSTEM.services else { panic!("two services") };
    assert_eq!(
        room.callers.bits(),
        set(&["plain", "nested", "raw", "first_of_statement", "lasting"])
    );
    assert_eq!(bell.callers.bits(), set(&["nested", "fields", "lasting", "through_macro"]));
    let [news, rung, called] = SYSTEM.notifications else { panic!("three notifications") };
    assert_eq!(
        news.signallers.bits(),
        set(&["server", "nested", "fields", "first_of_statement", "lasting"])
    );
    assert_eq!(rung.signallers.bits(), set(&["own_names"]));
    assert_eq!(called.signallers.bits(), set(&["same_names"]));
}

#[test]
fn the_fields_are_read() {
    let other::Fields { room, news } = other::Fields { room: 1, news: 2 };
    assert_eq!((room, news), (1, 2));
}
