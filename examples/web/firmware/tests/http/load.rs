// SPDX-License-Identifier: MIT OR Apache-2.0
//! A load test. Several clients get the page and its data, and set the set point. Meanwhile the sensor and the driver
//! of the Ethernet controller crash again and again. Each answer has to be complete and correct.

use crate::client::{PATIENCE, Web};
use serde_json::Value;
use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

pub const PAGE: &str = include_str!("../../../page/src/page.html");
const PAGE_HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n";
const STATE_HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
    Cache-Control: no-store\r\nConnection: close\r\n\r\n";
pub const SEE_OTHER: &str = "HTTP/1.1 303 See Other\r\nLocation: /\r\nConnection: close\r\n\r\n";

const SECONDS: &str = "CROSSGATE_LOAD_SECONDS";

/// The processes in the order of the wiring. The next constant has those that crash, with the paths of their buttons.
const PROCESSES: [&str; 8] =
    ["supervisor", "driver", "network", "page", "sensor", "control", "fan", "console"];
const CRASHED: [(&str, &str); 2] = [("sensor", "/crash/sensor"), ("driver", "/crash/driver")];
/// The points of the chart.
const POINTS: usize = 120;

/// The number of clients that only read, and the least number of answers that each of them must get.
const READERS: usize = 5;
const ANSWERS: u32 = 10;
/// The least number of crashes of each process, and the time between two crashes.
const CRASHES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// The data of the page.
pub struct State {
    pub set_point: i64,
    history: Vec<(Option<i64>, bool)>,
    /// The number of crashes of the two processes that crash, and `true` if the process runs.
    pub crashed: [(u32, bool); 2],
}

impl State {
    /// Parses the text. It has to be complete, with nothing else in it.
    pub fn parse(text: &str) -> State {
        let state: Value = serde_json::from_str(text).unwrap_or_else(|error| {
            panic!("{error}: {text}");
        });
        let point = |point: &Value| (point[0].as_i64(), point[1].as_bool().unwrap());
        let history: Vec<_> = state["history"].as_array().unwrap().iter().map(point).collect();
        let processes = state["processes"].as_array().unwrap();
        let field = |process: &Value, name: &str| process[name].as_str().unwrap().to_owned();
        let names: Vec<_> = processes.iter().map(|process| field(process, "name")).collect();
        assert_eq!(names, PROCESSES, "{text}");
        let set_point = state["setPoint"].as_i64().unwrap();
        let lives = |name: &str| {
            let process = processes.iter().find(|process| process["name"] == name).unwrap();
            let crashes = process["crashes"].as_u64().unwrap() as u32;
            (crashes, field(process, "state") == "running")
        };
        for name in PROCESSES.iter().filter(|name| CRASHED.iter().all(|(other, _)| other != *name))
        {
            assert_eq!(lives(name), (0, true), "{name}: {text}");
        }
        let state = State { set_point, history, crashed: CRASHED.map(|(name, _)| lives(name)) };
        assert!(state.history.len() <= POINTS, "{text}");
        let is_plausible = |(degrees, _): &(Option<i64>, bool)| {
            degrees.is_none_or(|degrees| (100..=310).contains(&degrees))
        };
        assert!(state.history.iter().all(is_plausible), "{text}");
        // The length of the text has to be exactly the length of the values in it.
        assert_eq!(text.len(), state.length(processes), "{text}");
        state
    }

    /// Returns the length of the state as text.
    fn length(&self, processes: &[Value]) -> usize {
        let points = self.history.iter().map(|(degrees, fan)| match degrees {
            Some(degrees) => format!("[{degrees},{fan}]"),
            None => format!("[null,{fan}]"),
        });
        let processes = processes.iter().map(|process| {
            let [name, state] = ["name", "state"].map(|name| process[name].as_str().unwrap());
            let crashes = &process["crashes"];
            format!("{{\"name\":\"{name}\",\"state\":\"{state}\",\"crashes\":{crashes}}}")
        });
        let points = points.collect::<Vec<_>>().join(",");
        let processes = processes.collect::<Vec<_>>().join(",");
        let set_point = self.set_point;
        format!("{{\"setPoint\":{set_point},\"history\":[{points}],\"processes\":[{processes}]}}")
            .len()
    }

    /// Checks that this state can be later than the state `before`.
    fn comes_after(&self, before: &State) {
        for (now, then) in self.crashed.iter().zip(before.crashed) {
            assert!(now.0 >= then.0, "crashes are not forgotten");
        }
        assert!(self.history.len() >= before.history.len(), "the chart grows");
        if self.history.len() < POINTS {
            assert!(self.history.starts_with(&before.history), "the chart goes on");
        }
    }
}

/// The numbers of set points. They are set one after the other.
struct SetPoints {
    begun: AtomicU32,
    done: AtomicU32,
}

impl SetPoints {
    /// Returns a set point in tenths of a degree.
    fn tenths(number: u32) -> u32 {
        180 + number % 100
    }
}

/// The load on a firmware.
struct Load<'a> {
    web: &'a Web,
    start: Instant,
    is_over: AtomicBool,
    set_points: SetPoints,
    /// The number of times that the button of each process was pressed.
    presses: [AtomicU32; 2],
    refusals: AtomicU32,
    /// The time of each answer.
    times: Mutex<Vec<Duration>>,
}

impl Load<'_> {
    /// Sends a request. Returns the contents of the answer. The head of the answer has to be `head`.
    fn ask(&self, path: &str, form: Option<&str>, head: &str) -> String {
        let start = Instant::now();
        let answer = match form {
            None => self.web.get(path),
            Some(form) => self.web.post(path, form),
        };
        self.times.lock().unwrap().push(start.elapsed());
        self.refusals.fetch_add(answer.refusals, SeqCst);
        assert_eq!(answer.head, head, "{path}");
        answer.contents
    }

    /// Gets the state, and checks that it includes everything that was done before, and nothing that was not begun yet.
    fn state(&self) -> State {
        let done = self.set_points.done.load(SeqCst);
        let state = State::parse(&self.ask("/state", None, STATE_HEAD));
        let begun = self.set_points.begun.load(SeqCst);
        let is_set = |number| i64::from(SetPoints::tenths(number)) == state.set_point;
        assert!((done..=begun).any(is_set), "{}: not of {done} to {begun}", state.set_point);
        for ((crashes, _), presses) in state.crashed.iter().zip(&self.presses) {
            assert!(*crashes <= presses.load(SeqCst), "a crash that nobody has asked for");
        }
        state
    }

    /// Gets the page and the state in turn.
    fn read(&self) {
        let mut before = self.state();
        let mut answers = 0;
        while !self.is_over.load(SeqCst) || answers < ANSWERS {
            let page = self.ask("/", None, PAGE_HEAD);
            assert!(page == PAGE, "not the page, but {} bytes: {page:?}", page.len());
            let state = self.state();
            state.comes_after(&before);
            before = state;
            answers += 1;
        }
    }

    /// Sets one set point after the other.
    fn set(&self) {
        let mut number = 0;
        while !self.is_over.load(SeqCst) || number < ANSWERS {
            number += 1;
            self.set_points.begun.store(number, SeqCst);
            let tenths = SetPoints::tenths(number);
            let form = format!("degrees={}.{}", tenths / 10, tenths % 10);
            assert_eq!(self.ask("/set-point", Some(&form), SEE_OTHER), "");
            self.set_points.done.store(number, SeqCst);
            assert_eq!(self.state().set_point, i64::from(tenths), "the set point is set");
        }
    }

    /// Crashes the processes in turn: each press of a button is one crash, after which the process runs again.
    fn crash(&self) {
        while !self.is_over.load(SeqCst) || self.presses[1].load(SeqCst) < CRASHES {
            for (index, ((name, path), presses)) in CRASHED.iter().zip(&self.presses).enumerate() {
                let pressed = presses.fetch_add(1, SeqCst) + 1;
                assert_eq!(self.ask(path, Some(""), SEE_OTHER), "");
                let end = Instant::now() + PATIENCE;
                while self.state().crashed[index] != (pressed, true) {
                    assert!(Instant::now() < end, "{name} is not there again");
                }
                thread::sleep(PAUSE);
            }
        }
    }

    fn report(&self, kind: &str) -> String {
        let mut times = self.times.lock().unwrap().clone();
        times.sort();
        let of = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f32() * 1e3;
        let seconds = self.start.elapsed().as_secs_f32();
        let [sensor, driver] = [0, 1].map(|index| self.presses[index].load(SeqCst));
        format!(
            "{kind}: {} answers in {seconds:.1} s, {:.0} a second, to {} clients; {} connections refused, and tried \
             again;\n    50 % within {:.1} ms, 90 % {:.1} ms, 99 % {:.1} ms, all {:.1} ms; {sensor} crashes of the \
             sensor, {driver} of the driver",
            times.len(),
            times.len() as f32 / seconds,
            READERS + 2,
            self.refusals.load(SeqCst),
            of(50),
            of(90),
            of(99),
            of(100),
        )
    }
}

/// Puts a load on a firmware that has just started, and prints the results. The load goes on for at least this number
/// of seconds. If `CROSSGATE_LOAD_SECONDS` is set, its value is used instead.
pub fn run(web: &mut Web, kind: &str, seconds: u64) {
    let seconds = env::var(SECONDS).map_or(seconds, |text| text.parse().expect(SECONDS));
    let load = Load {
        web,
        start: Instant::now(),
        is_over: AtomicBool::new(false),
        set_points: SetPoints { begun: AtomicU32::new(0), done: AtomicU32::new(0) },
        presses: [const { AtomicU32::new(0) }; 2],
        refusals: AtomicU32::new(0),
        times: Mutex::new(Vec::new()),
    };
    assert_eq!(load.ask("/set-point", Some("degrees=18.0"), SEE_OTHER), "");
    thread::scope(|scope| {
        (0..READERS).for_each(|_| drop(scope.spawn(|| load.read())));
        scope.spawn(|| load.set());
        scope.spawn(|| load.crash());
        thread::sleep(Duration::from_secs(seconds));
        load.is_over.store(true, SeqCst);
    });
    // The firmware still works, and no request was carried out twice.
    let state = load.state();
    let crashes = load.presses.each_ref().map(|presses| (presses.load(SeqCst), true));
    assert_eq!(state.crashed, crashes);
    println!("{}", load.report(kind));
    assert!(web.runs());
}
