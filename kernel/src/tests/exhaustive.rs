// SPDX-License-Identifier: MIT OR Apache-2.0
//! A search through every interleaving of the actions of the threads of a small system, and of the events in it.
//!
//! The search runs the kernel that ships, not a model of it. From the first state it takes each possible step, then
//! each possible step from the states that it has reached, and so on, breadth first. States that have been seen are not
//! searched again. So the first trace to a state that breaks an invariant is a shortest one.
//!
//! `CROSSGATE_SOAK_SECONDS` gives more time to the scenes that are too large for a daily run. The mutations in
//! `tests/mutations/kernel` test that bugs are found (see `cargo xtask soak`).

mod scene;
mod snapshot;
mod step;

use super::invariants::check;
use super::*;
use foldhash::fast::FixedState;
use scene::Scene;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::string::String;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{env, eprintln, format, println, thread};
use step::{Model, Moment, Step};

/// A step that was taken.
#[derive(Clone, Copy)]
struct Taken {
    /// Its number in the scene.
    number: u8,
    /// The number of the first check in this step that found a pending interrupt; 0 if none did.
    found: u8,
}

/// A search through the states of a scene.
struct Search {
    steps: Vec<Step>,
    model: Model,
    start: Moment,
    /// The origin of each state: the state before it, and the step.
    origins: Vec<(u32, Taken)>,
    seen: HashSet<u64, FixedState>,
    transitions: usize,
    depth: usize,
    /// The number of checks of a step, from the first one on, that may find a pending interrupt.
    most_found: usize,
}

impl Search {
    fn new(scene: &Scene, most_found: usize) -> Search {
        let model = Model::new(scene.boot());
        check(&model.driver);
        let mut seen = HashSet::default();
        seen.insert(model.key());
        let (start, mut steps) = (model.save(), scene.steps.to_vec());
        steps.push(Step::Vanish);
        Search {
            steps,
            model,
            start,
            origins: vec![(0, Taken { number: 0, found: 0 })],
            seen,
            transitions: 0,
            depth: 0,
            most_found,
        }
    }

    /// Continues the search until all states are known, or the search has to stop. Returns whether all are known.
    fn run(&mut self, stops: impl Fn(usize) -> bool) -> bool {
        let mut next = 0;
        while next < self.origins.len() && !stops(self.origins.len()) {
            self.expand(next);
            next += 1;
        }
        next == self.origins.len()
    }

    /// Takes every step from a state.
    fn expand(&mut self, index: usize) {
        let path = self.path(index);
        self.model.restore(&self.start);
        for &(step, found) in &path {
            self.model.take(step, found);
        }
        assert!(self.seen.contains(&self.model.key()), "the same steps lead to the same state");
        let here = self.model.save();
        for number in 0..self.steps.len() {
            let step = self.steps[number];
            if !self.model.can(step) {
                continue;
            }
            // First without a pending interrupt, then with one that the first check finds, then the second, and so on.
            let (mut found, mut looks) = (0, 0);
            while found <= looks {
                let taken = catch_unwind(AssertUnwindSafe(|| {
                    self.model.take(step, found);
                    let new = self.seen.insert(self.model.key());
                    if new && !self.model.driver.gave_way {
                        check(&self.model.driver);
                    }
                    new
                }));
                match taken {
                    Ok(true) => {
                        let taken = Taken { number: number as u8, found: found as u8 };
                        self.origins.push((index as u32, taken));
                        self.depth = path.len() + 1;
                    }
                    Ok(false) => {}
                    Err(panic) => {
                        eprintln!("after these steps:\n{}", self.tell(&path, (step, found)));
                        resume_unwind(panic);
                    }
                }
                if found == 0 {
                    looks = self.model.looks().min(self.most_found);
                }
                self.transitions += 1;
                found += 1;
                self.model.restore(&here);
            }
        }
    }

    /// Returns the steps that lead to a state.
    fn path(&self, mut index: usize) -> Vec<(Step, usize)> {
        let mut path = vec![];
        while index != 0 {
            let (from, Taken { number, found }) = self.origins[index];
            path.push((self.steps[usize::from(number)], usize::from(found)));
            index = from as usize;
        }
        path.reverse();
        path
    }

    /// Returns the steps as text, each with the thread that takes it. (The last step is not taken again for this text,
    /// because it has failed.)
    fn tell(&mut self, path: &[(Step, usize)], last: (Step, usize)) -> String {
        self.model.restore(&self.start);
        let mut text = String::new();
        for (index, &(step, found)) in path.iter().chain([&last]).enumerate() {
            let look = if found == 0 {
                String::new()
            } else {
                format!(", with an interrupt at check {found}")
            };
            text += &format!("{:3}. {}{look}\n", index + 1, self.model.tell(step));
            if index < path.len() {
                self.model.take(step, found);
            }
        }
        text
    }
}

// Not with Miri, because the core has no unsafe code, and it would take hours.
#[cfg_attr(miri, ignore)]
#[test]
fn every_interleaving() {
    let soak = env::var("CROSSGATE_SOAK_SECONDS").ok();
    let scenes = scene::all();
    let large = scenes.iter().filter(|scene| scene.enough.is_some()).count() as u32;
    // Each large scene gets an equal part of the time.
    let time = soak.map(|seconds| Duration::from_secs(seconds.parse().unwrap()) / large);
    // The scenes are independent, so each processor searches one at a time.
    let left = Mutex::new(scenes.iter());
    let next = || left.lock().unwrap().next();
    let work = || {
        while let Some(scene) = next() {
            search(scene, time);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(work);
        }
    });
}

/// Searches through a scene. With more `time`: all of it if it is small, or else for this time. A daily run searches the
/// states that are nearest to the start.
fn search(scene: &Scene, time: Option<Duration>) {
    let begin = Instant::now();
    // Interrupts multiply the states. So a daily run tries them only in large scenes, where the search ends after a
    // number of states anyway.
    let most_found = match (scene.enough, time) {
        (_, Some(_)) => usize::MAX,
        (Some(_), None) => 1,
        (None, None) => 0,
    };
    let mut search = Search::new(scene, most_found);
    let all = search.run(|states| match (scene.enough, time) {
        (None, None) => states >= scene::BY_DAY,
        (None, Some(_)) => false,
        (Some(enough), None) => states >= enough,
        (Some(_), Some(time)) => begin.elapsed() >= time,
    });
    println!(
        "{}: {}{} states, {} transitions, depth {}, {:.1?}",
        scene.name,
        if all { "all " } else { "" },
        search.origins.len(),
        search.transitions,
        search.depth,
        begin.elapsed(),
    );
}
