// SPDX-License-Identifier: MIT OR Apache-2.0
//! Clients look up the addresses of hosts by name, each client one name at a time. Invalid names are refused. Answers
//! from other hosts than the name server, answers to other questions, and invalid answers change nothing, and hundreds
//! of broken answers do no harm. A client that is gone leaves no question, and no client keeps another from asking.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{
    Concurrent, Exclusive, Handle, Lease, LeaseBuf, LeaseMut, Notification, Signal, interface, time,
};
use crossgate_ethernet::{Ethernet, EthernetLink, Unsent};
use crossgate_network::{ENDPOINT, Endpoint, Fault, Network, Place, Resolve, Settings, UdpSocket};
use system_tests::host::{Cable, Datagram, FRAME};
use system_tests::random::Random;
use system_tests::raw;
use system_tests::report::{expect, expect_that, pass};
use system_tests::restarts::{Count, Lives, restart};
use system_tests::watch::Watch;

const HARDWARE: [u8; 6] = [2, 0, 0, 0, 0, 1];
const NAME_SERVER: [u8; 4] = [10, 0, 0, 2];
const SETTINGS: Settings = Settings::new(HARDWARE, [10, 0, 0, 1], 24).with_name_server(NAME_SERVER);
/// The seed of ports and numbers of questions. A product takes it from a source of randomness.
const SEED: u64 = 0x5eed;

/// The right answer to every question that has an answer, and an answer that is always wrong.
const RIGHT: [u8; 4] = [10, 1, 2, 3];
const WRONG: [u8; 4] = [6, 6, 6, 6];
/// The port of a client with a socket, and the question that this client sends through the socket.
const TALK_PORT: u16 = 5000;
const QUESTION: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x04good\x04test\0\0\x01\0\x01";
/// The questions that get broken answers.
const BROKEN: u32 = 100;
const PATIENCE: Duration = Duration::from_secs(60);

/// A network with one UDP socket, and places for two clients that look up names.
type Sockets = Network<0, 1, 3, 128, 2>;

/// The interface by which a thread asks for the questions that the server has seen.
#[interface]
trait Watched {
    /// Returns how often the server was asked for a name that it does not answer.
    fn silences(&mut self) -> u32;
}

/// A name server at the end of the cable.
struct Server {
    cable: Cable,
    random: Random,
    silences: u32,
}

/// An answer that is being written.
struct Answer {
    bytes: [u8; FRAME],
    length: usize,
}

impl Answer {
    /// Begins the answer to a question, with this number of records.
    fn to(question: &[u8], code: u8, records: u8) -> Answer {
        let mut answer = Answer { bytes: [0; FRAME], length: 0 };
        answer.add(question);
        answer.bytes[2..8].copy_from_slice(&[0x81, 0x80 | code, 0, 1, 0, records]);
        answer
    }

    fn add(&mut self, bytes: &[u8]) {
        self.bytes[self.length..][..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    /// Adds a record for this name, of this type: 1 is that of addresses, 5 that of other names.
    fn record(&mut self, name: &[u8], kind: u8, data: &[u8]) {
        self.add(name);
        self.add(&[0, kind, 0, 1, 0, 0, 0, 60, 0, data.len() as u8]);
        self.add(data);
    }

    fn contents(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The name of the question, as a reference to its place.
const ASKED: &[u8] = &[0xc0, 12];

impl Server {
    const fn new(arrived: Signal) -> Server {
        Server { cable: Cable::new(HARDWARE, arrived), random: Random(7), silences: 0 }
    }

    /// Gives the kind of answer that the first label of the name says.
    fn answer(&mut self, question: &[u8], own: Endpoint, to: Endpoint) {
        let Some(label) = question.get(13..).and_then(|it| it.get(..usize::from(question[12])))
        else {
            return;
        };
        let right = |records| {
            let mut answer = Answer::to(question, 0, records);
            answer.record(ASKED, 1, &RIGHT);
            answer
        };
        match label {
            b"silent" => self.silences += 1,
            b"none" => self.cable.send(own, to, Answer::to(question, 3, 0).contents()),
            b"failing" => self.cable.send(own, to, Answer::to(question, 2, 0).contents()),
            b"alias" => {
                let mut answer = Answer::to(question, 0, 2);
                answer.record(ASKED, 5, b"\x04real\x04test\x00");
                answer.record(b"\x04real\x04test\x00", 1, &RIGHT);
                self.cable.send(own, to, answer.contents());
            }
            b"other" => {
                let mut answer = Answer::to(question, 0, 1);
                answer.record(b"\x05wrong\x04test\x00", 1, &WRONG);
                self.cable.send(own, to, answer.contents());
            }
            b"twice" => {
                let mut answer = right(2);
                answer.record(ASKED, 1, &WRONG);
                self.cable.send(own, to, answer.contents());
            }
            b"lies" => {
                self.lie(question, own, to);
                self.cable.send(own, to, right(1).contents());
            }
            b"broken" => {
                for _ in 0..4 {
                    let mut answer = right(1);
                    for _ in 0..=self.random.below(3) {
                        let place = self.random.below(answer.length as u32) as usize;
                        answer.bytes[place] = self.random.below(256) as u8;
                    }
                    if self.random.below(3) == 0 {
                        answer.length = self.random.below(answer.length as u32) as usize;
                    }
                    self.cable.send(own, to, answer.contents());
                }
                self.cable.send(own, to, right(1).contents());
            }
            _ => self.cable.send(own, to, right(1).contents()),
        }
    }

    /// Sends invalid answers: each has the wrong address, and another error.
    fn lie(&mut self, question: &[u8], own: Endpoint, to: Endpoint) {
        let wrong = || {
            let mut answer = Answer::to(question, 0, 1);
            answer.record(ASKED, 1, &WRONG);
            answer
        };
        let mut another_question = wrong();
        another_question.bytes[1] ^= 1;
        self.cable.send(own, to, another_question.contents());
        let mut another_name = wrong();
        another_name.bytes[13] ^= 1;
        self.cable.send(own, to, another_name.contents());
        let mut another_type = wrong();
        another_type.bytes[question.len() - 3] = 28;
        self.cable.send(own, to, another_type.contents());
        let mut no_answer = wrong();
        no_answer.bytes[2] = 1;
        self.cable.send(own, to, no_answer.contents());
        // A name that refers to itself, and two names that refer to each other.
        let (here, there) = (question.len() as u8, question.len() as u8 + 16);
        for names in [[here, there], [there, here]] {
            let mut circle = Answer::to(question, 0, 2);
            names.into_iter().for_each(|name| circle.record(&[0xc0, name], 1, &WRONG));
            self.cable.send(own, to, circle.contents());
        }
        let port = to.port() ^ 1;
        self.cable.send(own, Endpoint::new(to.address(), port), wrong().contents());
        let other = Endpoint::new([10, 0, 0, 3], own.port());
        self.cable.send(other, to, wrong().contents());
        self.cable.send(Endpoint::new(own.address(), 54), to, wrong().contents());
    }
}

impl Ethernet for Server {
    fn send(&mut self, bytes: Lease<'_, [u8]>) -> Result<(), Unsent> {
        let mut frame = [0; FRAME];
        let length = bytes.copy_to(&mut frame);
        let frame = &frame[..length];
        self.cable.answer(frame, |address| address == NAME_SERVER);
        if let Some(Datagram { from, to, contents }) = Datagram::of(frame)
            && to == Endpoint::new(NAME_SERVER, 53)
            && contents.len() > 16
        {
            self.answer(contents, to, from);
        }
        Ok(())
    }

    fn receive(&mut self, mut to: LeaseMut<'_, [u8]>) -> Option<u32> {
        self.cable.receive(&mut to)
    }
}

impl Watched for Server {
    fn silences(&mut self) -> u32 {
        self.silences
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        notification ASKED_IN_VAIN;
        notification DONE;
        supervisor FAULTED;
        object lives: Exclusive<Count> = Count(0) => [LIVES: dyn Lives];
        thread main (priority = 9, stack = 7168) = witness(FAULTED, ASKED_IN_VAIN, DONE, HOST);
    }
    process driver {
        object server (stack = 5120): Exclusive<Server> = Server::new(CHANGED) =>
            [LINK: dyn Ethernet, HOST: dyn Watched];
    }
    process network {
        notification CHANGED;
        lost_clients CHANGED;
        notification READABLE;
        notification WRITABLE;
        notification RESOLVED_0;
        notification RESOLVED_1;
        object sockets (stack = 2048): Concurrent<Sockets> = Network::new(SETTINGS, CHANGED, [
            Place::new(READABLE, WRITABLE),
            Place::for_names(RESOLVED_0),
            Place::for_names(RESOLVED_1),
        ]) => [TALK: dyn UdpSocket<0, TALK_PORT>, NAMES: dyn Resolve<0>, OTHERS: dyn Resolve<1>];
        thread main (priority = 7, stack = 12288) = run(&sockets, LINK);
    }
    process asker {
        notification BOTH;
        thread main (priority = 5, stack = 6144) = ask(NAMES, LIVES, BOTH, (ASKED_IN_VAIN, GO));
        thread second (priority = 4, stack = 6144) = ask_as_well(NAMES, BOTH);
    }
    process other {
        notification GO;
        thread main (priority = 3, stack = 6144) = other(OTHERS, TALK, GO, DONE);
    }
}
board::start!(SYSTEM);

fn run(sockets: &'static Sockets, link: Handle<dyn Ethernet>) -> ! {
    sockets.run(EthernetLink::<512>::new(link), SEED)
}

fn witness(
    faulted: Notification,
    asked_in_vain: Notification,
    done: Notification,
    host: Handle<dyn Watched>,
) -> ! {
    asked_in_vain.wait();
    time::sleep(Duration::from_secs(3));
    let before = host.silences();
    expect_that("the server was asked", before.is_ok_and(|count| count > 0));
    restart(&SYSTEM, "asker");
    time::sleep(Duration::from_secs(8));
    expect("the question of a client that is gone is asked no more", host.silences(), before);
    done.wait();
    Watch::new(&SYSTEM, faulted).expect_no_more();
    pass()
}

/// Asks for a name, which is lent.
fn address<const PLACE: usize>(
    names: Handle<dyn Resolve<PLACE>>,
    name: &str,
) -> Result<[u8; 4], Fault> {
    let mut buffer = LeaseBuf::<512>::new();
    buffer[..name.len()].copy_from_slice(name.as_bytes());
    names.resolve_timeout(buffer.first(name.len()), PATIENCE).unwrap_or(Err(Fault::Unreachable))
}

/// In the first life, asks a question that nobody answers, and is restarted. In the second life, asks all other
/// questions.
fn ask(
    names: Handle<dyn Resolve<0>>,
    lives: Handle<dyn Lives>,
    both: Notification,
    (asked_in_vain, go): (Signal, Signal),
) -> ! {
    if lives.next() == Ok(0) {
        let short = Duration::from_millis(100);
        expect(
            "no answer yet",
            names.resolve_timeout(b"silent.test", short),
            Ok(Err(Fault::TimedOut)),
        );
        expect("the place is free", address(names, "good.test"), Ok(RIGHT));
        expect("signal", asked_in_vain.signal(), Ok(()));
        both.signal();
        expect("in vain", names.resolve(b"silent.test"), Ok(Err(Fault::NotFound)));
    }
    // The witness checks whether the question of the first life is still asked.
    time::sleep(Duration::from_secs(10));
    for name in ["good.test", "Good.test.", "alias.test", "twice.test", "lies.test", "a-b_c.0.test"]
    {
        expect(name, address(names, name), Ok(RIGHT));
    }
    for name in ["none.test", "failing.test", "other.test"] {
        expect(name, address(names, name), Err(Fault::NotFound));
    }
    let labels = "abcdefghi.".repeat_to::<260>();
    let labels = str::from_utf8(&labels).unwrap_or("");
    let long = "a".repeat_to::<64>();
    let long = str::from_utf8(&long).unwrap_or("");
    for name in
        ["", ".", "a..b", ".a", "a b", "a\0b", "h\u{f6}st", "a/b", long, &labels[..255], labels]
    {
        expect(name, address(names, name), Err(Fault::WrongName));
    }
    expect("the longest label", address(names, &long[..63]), Ok(RIGHT));
    expect("signal", go.signal(), Ok(()));
    for _ in 0..BROKEN {
        let result = address(names, "broken.test");
        expect_that("an answer, or no address", matches!(result, Ok(_) | Err(Fault::NotFound)));
    }
    expect("the lookup still works", address(names, "good.test"), Ok(RIGHT));
    for other in ["OTHERS", "TALK", "LINK"] {
        let reply = raw::call(raw::service(&SYSTEM, other), 0, [0; 4]);
        expect("another's place", reply.error(), Some(crossgate::CallError::NotPermitted));
    }
    expect("signal", go.signal(), Ok(()));
    loop {
        time::sleep(PATIENCE);
    }
}

/// Asks at the same place while the first thread asks there.
fn ask_as_well(names: Handle<dyn Resolve<0>>, both: Notification) -> ! {
    both.wait();
    expect("one at a time", address(names, "good.test"), Err(Fault::InUse));
    loop {
        time::sleep(PATIENCE);
    }
}

/// Asks at the other place while the first client asks in vain.
fn other(
    names: Handle<dyn Resolve<1>>,
    talk: Handle<dyn UdpSocket<0, TALK_PORT>>,
    go: Notification,
    done: Signal,
) -> ! {
    expect("another client", address(names, "good.test"), Ok(RIGHT));
    go.wait();
    while !go.try_wait() {
        expect("another client", address(names, "good.test"), Ok(RIGHT));
        time::sleep(Duration::from_secs(1));
    }
    let mut buffer = LeaseBuf::<128>::new();
    expect("no answer is for a socket", talk.try_receive(&mut buffer), Ok(Err(Fault::TimedOut)));
    let server = Endpoint::new(NAME_SERVER, 53);
    expect("a question by a socket", talk.send(QUESTION, server), Ok(Ok(())));
    let length = talk.receive_timeout(&mut buffer, PATIENCE);
    expect("its answer", length, Ok(Ok((ENDPOINT + QUESTION.len() + 16) as u32)));
    expect_that("its number", buffer[ENDPOINT..].starts_with(&QUESTION[..2]));
    expect("signal", done.signal(), Ok(()));
    loop {
        time::sleep(PATIENCE);
    }
}

/// Repeats a text.
trait Repeat {
    fn repeat_to<const N: usize>(&self) -> [u8; N];
}

impl Repeat for str {
    fn repeat_to<const N: usize>(&self) -> [u8; N] {
        core::array::from_fn(|index| self.as_bytes()[index % self.len()])
    }
}
