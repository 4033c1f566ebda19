// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate::dump::CrashDump;
use crossgate::fault::Cause;
use crossgate::inspect::{Process, State, Thread, Wait};
use crossgate::power::{Depth, Slept};
use crossgate::{Concurrent, Exclusive, interface};
use crossgate_abi::inspect::dump;
use crossgate_log::Level;
use std::convert::Infallible;
use std::string::String;
use std::sync::{Arc, Mutex};

#[interface]
trait Temperature {
    fn get(&self) -> i32;
}
#[interface]
trait Fan {
    fn switch(&mut self);
}

struct Device;
impl Temperature for Device {
    fn get(&self) -> i32 {
        0
    }
}
impl Fan for Device {
    fn switch(&mut self) {}
}

crossgate::system! {
    static SYSTEM;
    process sensor {
        notification RECEIVED;
        object room: Concurrent<Device> = Device => [TEMPERATURE: dyn Temperature];
        thread sampler (priority = 3, stack = 1024) = { RECEIVED.wait(); crossgate::thread::exit() };
    }
    process fan { object motor: Exclusive<Device> = Device => [FAN: dyn Fan]; }
    process control {
        notification NEWS;
        notification SPARE;
        thread main (priority = 2, stack = 2048) = {
            let _ = (TEMPERATURE.get(), FAN.switch(), SPARE);
            NEWS.wait();
            crossgate::thread::exit()
        };
    }
}

#[derive(Clone, Default)]
struct Wire(Arc<Mutex<(std::collections::VecDeque<u8>, Vec<u8>)>>);

impl embedded_io::ErrorType for Wire {
    type Error = Infallible;
}
impl Read for Wire {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        bytes[0] = self.0.lock().unwrap().0.pop_front().unwrap();
        Ok(1)
    }
}
impl ReadReady for Wire {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(!self.0.lock().unwrap().0.is_empty())
    }
}
impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.lock().unwrap().1.extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A fake kernel. One of its threads waits for two notifications. Another one is in two calls.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Facts>>);

#[derive(Default)]
struct Facts {
    now: u64,
    decided: Vec<(&'static str, u8)>,
    faults: Vec<FaultRecord>,
    forbids: bool,
    /// The CPU time of each thread in µs, if the kernel counts it. A process has the CPU time of the thread with the
    /// same index.
    times: Option<[u64; 3]>,
    crashed: Option<FaultRecord>,
    levels: Option<[Level; 3]>,
    log: Vec<&'static str>,
}

impl Fake {
    fn decide(&self, what: &'static str, process: u8) -> Result<(), CallError> {
        let mut facts = self.0.lock().unwrap();
        if facts.forbids {
            return Err(CallError::NotPermitted);
        }
        facts.decided.push((what, process));
        Ok(())
    }
}

impl Source for Fake {
    fn now(&self) -> u64 {
        self.0.lock().unwrap().now
    }
    fn thread(&self, index: u8) -> Result<Thread, CallError> {
        Ok(match index {
            1 => Thread { process: 1, priority: 3, depth: 2, waits: Wait::Time },
            _ => {
                Thread { process: 2, priority: 2, depth: 0, waits: Wait::Notifications(0b11 << 30) }
            }
        })
    }
    fn calls(&self, _: u8) -> Result<[u8; 8], CallError> {
        Ok([0, 1, 9, 9, 9, 9, 9, 9])
    }
    fn stack_used(&self, index: u8) -> Result<usize, CallError> {
        Ok(256 * usize::from(index))
    }
    fn process(&self, index: u8) -> Result<Process, CallError> {
        let state = [State::Running, State::Stopped, State::Resetting][usize::from(index)];
        let crashed_at = (index == 1).then_some(Duration::from_secs(7));
        Ok(Process { state, crashes: index, crashed_at })
    }
    fn cpu_time_of_thread(&self, index: u8) -> Result<Option<Duration>, CallError> {
        let times = self.0.lock().unwrap().times;
        Ok(times.map(|times| Duration::from_micros(times[usize::from(index)])))
    }
    fn cpu_time_of_process(&self, index: u8) -> Result<Option<Duration>, CallError> {
        self.cpu_time_of_thread(index)
    }
    fn slept(&self, depth: Depth) -> Result<Option<Slept>, CallError> {
        let times = self.0.lock().unwrap().times;
        let slept = Slept { count: 7, time: Duration::from_millis(61_250) };
        Ok(times.map(|_| if depth == Depth::Deep { slept } else { Slept::default() }))
    }
    fn crashes(&self, index: u8) -> Result<(u32, Option<FaultRecord>), CallError> {
        let crashed = self.0.lock().unwrap().crashed;
        Ok(crashed.filter(|it| it.process == index).map_or((0, None), |it| (12, Some(it))))
    }
    fn dump(&self) -> Result<Option<CrashDump>, CallError> {
        if self.0.lock().unwrap().forbids {
            return Err(CallError::NotPermitted);
        }
        Ok(self.0.lock().unwrap().crashed.map(|_| {
            let mut words = core::array::from_fn(|index| index);
            words[dump::TIME] = 1_234;
            words[dump::RECORD] = FaultRecord::who(0, 1, Cause::Access, 0);
            words[dump::LENGTH] = 6;
            CrashDump::__new(words, false)
        }))
    }
    fn log_level(&self, process: u8) -> Result<Option<Level>, CallError> {
        let levels = self.0.lock().unwrap().levels;
        Ok(levels.map(|levels| levels[usize::from(process)]))
    }
    fn set_log_level(&self, process: u8, level: Level) -> Result<Option<()>, CallError> {
        let levels = &mut self.0.lock().unwrap().levels;
        Ok(levels.as_mut().map(|levels| levels[usize::from(process)] = level))
    }
    fn log_line(&self, age: u8, text: &mut LogLine) -> Result<Option<Option<usize>>, CallError> {
        let facts = self.0.lock().unwrap();
        let line = facts.log.iter().rev().nth(age.into());
        Ok(facts.levels.map(|_| {
            let line = line?.as_bytes();
            text[..line.len()].copy_from_slice(line);
            Some(line.len())
        }))
    }
    fn next_fault(&mut self) -> Option<FaultRecord> {
        self.0.lock().unwrap().faults.pop()
    }
    fn restart(&self, process: u8) -> Result<(), CallError> {
        self.decide("restart", process)
    }
    fn stop(&self, process: u8) -> Result<(), CallError> {
        self.decide("stop", process)
    }
}

struct Person {
    wire: Wire,
    fake: Fake,
    shell: Shell<Wire, Fake>,
}

impl Person {
    fn new() -> Person {
        let (wire, fake) = (Wire::default(), Fake::default());
        fake.0.lock().unwrap().now = 90_061_002_000;
        let shell = Shell::new(wire.clone(), &SYSTEM, fake.clone());
        Person { wire, fake, shell }
    }

    /// Returns the raw output to the terminal.
    fn raw(&mut self, text: &str) -> String {
        for chunk in text.as_bytes().chunks(16) {
            self.wire.0.lock().unwrap().0.extend(chunk);
            self.shell.step();
        }
        String::from_utf8(std::mem::take(&mut self.wire.0.lock().unwrap().1)).unwrap()
    }

    /// Returns the output without colours and without the codes that draw the line.
    fn types(&mut self, text: &str) -> String {
        let raw = self.raw(text);
        let mut plain = String::new();
        let mut rest = raw.as_str();
        while let Some((before, after)) = rest.split_once("\x1b[") {
            plain.push_str(before);
            let end = after.find(|it: char| it.is_ascii_alphabetic()).unwrap();
            rest = &after[end + 1..];
        }
        plain + rest
    }

    /// Returns the answer to a command.
    fn asks(&mut self, command: &str) -> String {
        let all = self.types(&format!("{command}\r"));
        let answer = all.split_once("\r\n").unwrap().1;
        answer.strip_suffix("> ").unwrap_or(answer).replace("\r\n", "\n")
    }
}

fn crash() -> FaultRecord {
    FaultRecord {
        process: 0,
        thread: 2,
        cause: Cause::Access,
        depth: 1,
        chain: [0; 8],
        address: 0x1234,
        instruction: 0,
        file: 0,
        file_length: 0,
        line: 0,
        accuser: None,
    }
}

#[test]
fn threads_are_told_with_what_they_do() {
    assert_eq!(
        Person::new().asks("threads"),
        "THREAD       PROCESS    PRI  DOES                               STACK\n\
         sampler      sensor       3  TEMPERATURE > FAN: sleeps      256/1024  ##......\n\
         main         control      2  waits for NEWS|SPARE           512/2048  ##......\n"
    );
    assert_eq!(Person::new().asks("ps"), Person::new().asks("threads"));
}

#[test]
fn processes_services_and_stacks_are_told() {
    let mut person = Person::new();
    assert_eq!(
        person.asks("processes"),
        "PROCESS      STATE     CRASHES IN ROW        LAST  SERVICES                    \n\
         sensor       running         0      0       never  TEMPERATURE\n\
         fan          stopped         0      1 90054 s ago  FAN\n\
         control      resetting       0      2       never  \n"
    );
    assert_eq!(
        person.asks("services"),
        "SERVICE          PROCESS      CALLS     CALLED BY                               \n\
         TEMPERATURE      sensor       many      control\n\
         FAN              fan          one       control\n"
    );
    let stacks = person.asks("stacks");
    assert!(stacks.contains("idle         (kernel)        0    128  "), "{stacks}");
    assert!(stacks.contains("sampler      sensor        256   1024  ########..."), "{stacks}");
    assert!(stacks.contains(" 25%\n"), "{stacks}");
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    let mut person = Person::new();
    let commands = ["help", "threads", "processes", "services", "stacks", "dump", "levels"];
    for times in [None, Some([0, 90_061_002_000, 7])] {
        let mut facts = person.fake.0.lock().unwrap();
        (facts.times, facts.crashed) = (times, Some(crash()));
        facts.levels = Some([Level::Info; 3]);
        drop(facts);
        for command in commands {
            let answer = person.asks(command);
            let mut lines = answer.lines();
            // The shell writes all bytes of the record's text.
            assert!(
                lines.all(|line| line.len() <= 80 || line.contains("process sensor: ")),
                "{answer}"
            );
        }
    }
}

#[test]
fn cpu_time_is_told_where_it_is_counted() {
    let mut person = Person::new();
    let facts = |person: &Person, now, times| {
        let mut facts = person.fake.0.lock().unwrap();
        (facts.now, facts.times) = (now, Some(times));
    };
    facts(&person, 10_000_000, [8_000_000, 500_000, 1_500_000]);
    assert_eq!(
        person.asks("threads"),
        "THREAD       PROCESS    PRI    CPU  DOES                        STACK\n\
         sampler      sensor       3   5.0%  TEMPERATURE > FAN: sl   256/1024  ##......\n\
         main         control      2  15.0%  waits for NEWS|SPARE    512/2048  ##......\n"
    );
    let processes = person.asks("processes");
    assert!(processes.contains("STATE        CPU CRASHES"), "{processes}");
    assert!(processes.contains("\nfan          stopped     5.0%       0"), "{processes}");
    let top = person.types("top\r");
    assert!(top.contains("CPU 20.0% ##........\r\n"), "{top}");
    let slept = "slept light 0.0 s, 0 times   deep 61.2 s, 7 times   deepest 0.0 s, 0 times\r\n";
    assert!(top.contains(slept), "{top}");
    let place = |text: &str, what: &str| text.find(what).expect(what);
    assert!(place(&top, "\r\nmain ") < place(&top, "\r\nsampler "), "{top}");
    // In the next second another thread runs.
    facts(&person, 11_000_000, [8_100_000, 1_300_000, 1_600_000]);
    person.shell.step();
    let top = person.types("");
    assert!(top.contains("CPU 90.0% #########.\r\n"), "{top}");
    assert!(place(&top, "\r\nsampler ") < place(&top, "\r\nmain "), "{top}");
    assert!(top.contains(" 80.0%  TEMPERATURE"), "{top}");
    assert!(place(&top, "\r\nfan ") < place(&top, "\r\ncontrol "), "{top}");
}

#[test]
fn the_crashes_of_each_process_are_told() {
    let mut person = Person::new();
    assert_eq!(person.asks("crashes"), "nothing has crashed\n");
    assert_eq!(person.asks("dump"), "there is no dump\n");
    person.fake.0.lock().unwrap().crashed = Some(crash());
    let answer = person.asks("crashes");
    assert!(answer.starts_with("sensor          12  process sensor: access to memory"), "{answer}");
    assert_eq!(answer.lines().count(), 1);
    assert!(person.asks("processes").contains("\nsensor       running        12      0"));
}

#[test]
fn a_dump_is_told_in_rows() {
    let mut person = Person::new();
    person.fake.0.lock().unwrap().crashed = Some(crash());
    let answer = person.asks("dump");
    assert!(
        answer.starts_with("[    1.234] before the last reset: process sensor: access to memory"),
        "{answer}"
    );
    let register = format!("  rax {:016x}  rcx {:016x}\n", dump::REGISTERS, dump::REGISTERS + 1);
    assert!(answer.contains(&register), "{answer}");
    let stack = format!(" {:016x} {:016x}\n", dump::STACK + 4, dump::STACK + 5);
    assert!(answer.ends_with(&stack), "{answer}");
    person.fake.0.lock().unwrap().forbids = true;
    assert!(person.asks("dump").contains("`crash_dumps;` read dumps"));
}

#[test]
fn the_log_is_shown_and_its_levels_are_set() {
    let mut person = Person::new();
    for command in ["log", "levels", "level fan warn"] {
        assert!(person.asks(command).contains("the wiring gives the shell no log"), "{command}");
    }
    let mut facts = person.fake.0.lock().unwrap();
    facts.levels = Some([Level::Debug; 3]);
    facts.log = vec!["info  fan: on", "warn  fan: \x1b[2Jhot"];
    drop(facts);
    assert_eq!(person.asks("log"), "info  fan: on\nwarn  fan: .[2Jhot\n");
    assert_eq!(person.asks("level fan warn"), "fan logs what is as urgent as warn, or more\n");
    assert_eq!(
        person.asks("levels"),
        "PROCESS      LEVEL\nsensor       debug\nfan          warn \ncontrol      debug\n"
    );
    assert_eq!(person.asks("level fan loud"), "a level is error, warn, info or debug\n");
    assert_eq!(person.asks("level sun warn"), "there is no process `sun`: see `processes`\n");
    assert_eq!(person.asks("level fan"), "it is level PROCESS LEVEL\n");
    assert!(person.types("level f\tw\t").ends_with("> level fan warn "));
    assert!(person.types("\x03level fan \t").contains("\r\nerror  warn  info  debug  \r\n"));
}

#[test]
fn crashes_are_remembered_and_told() {
    let mut person = Person::new();
    assert_eq!(person.asks("faults"), "nothing has crashed\n");
    person.fake.0.lock().unwrap().faults = vec![crash(); RECORDS + 3];
    let answer = person.asks("faults");
    assert_eq!(answer.lines().count(), RECORDS);
    assert!(
        answer.starts_with(
            "[90061.002] process sensor: access to memory of others at 0x00001234, \
             thread main of control, in call TEMPERATURE\n"
        ),
        "{answer}"
    );
}

#[test]
fn processes_are_restarted_and_stopped_by_name() {
    let mut person = Person::new();
    assert_eq!(person.asks("restart fan"), "fan restarts\n");
    assert_eq!(person.asks("  stop   control  "), "control stops\n");
    assert_eq!(person.asks("stop sun"), "there is no process `sun`: see `processes`\n");
    assert_eq!(person.asks("stop"), "it is stop PROCESS\n");
    assert_eq!(person.asks("stop fan control"), "it is stop PROCESS\n");
    assert_eq!(person.asks("uptime fan"), "it is uptime \n");
    assert_eq!(person.fake.0.lock().unwrap().decided, [("restart", 1), ("stop", 2)]);
    person.fake.0.lock().unwrap().forbids = true;
    assert!(person.asks("stop fan").contains("the wiring does not let the shell do that"));
}

#[test]
fn other_lines_are_answered_too() {
    let mut person = Person::new();
    assert_eq!(person.asks("uptime"), "1 d 01:01:01.002\n");
    assert_eq!(person.asks("halt"), "there is no command `halt`: `help` lists the commands\n");
    assert_eq!(person.asks(""), "");
    assert_eq!(person.asks("history"), "  uptime\n  halt\n  history\n");
    let help = person.asks("help");
    for (name, ..) in command::ALL {
        assert!(help.contains(&format!("\n{name} ")) || help.starts_with(name), "{name}");
    }
}

#[test]
fn tab_completes_commands_and_processes() {
    let mut person = Person::new();
    assert!(person.types("up\t").ends_with("> uptime "));
    assert!(person.types("\x03st\t").ends_with("st"), "two begin so");
    assert!(person.types("\t").contains("stacks  stop  "));
    assert!(person.types("\x03res\ts\t").ends_with("> restart sensor "));
    assert!(person.types("\x03restart \t").contains("\r\nsensor  fan  control  \r\n"));
    assert!(person.types("\x03uptime \t").ends_with("> uptime "));
    assert!(person.types("\x03zzz\t").ends_with("> zzz"));
}

#[test]
fn top_is_drawn_every_second_until_a_key() {
    let mut person = Person::new();
    let first = person.types("top\r");
    assert!(first.contains("processes 1 of 3 run   crashes 0\r\n"), "{first}");
    assert!(first.contains("waits for NEWS|SPARE"), "{first}");
    assert!(person.shell.is_live());
    assert_eq!(person.types(""), "");
    person.fake.0.lock().unwrap().now += 1_000_000;
    person.shell.step();
    assert!(person.types("").contains("up 1 d 01:01:02.002"));
    assert_eq!(person.types("q"), "\r\n> ");
    assert!(!person.shell.is_live());
    assert_eq!(person.asks("uptime"), "1 d 01:01:02.002\n", "the key was no part of a line");
}

#[test]
fn nothing_but_keys_reaches_the_terminal() {
    let mut person = Person::new();
    let answer = person.raw("\x07\x1b]0;title\x07\u{9b}31m\r");
    assert!(!answer.contains(['\x07', '\u{9b}']) && !answer.contains("\x1b]"), "{answer:?}");
}
