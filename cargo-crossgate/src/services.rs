// SPDX-License-Identifier: MIT OR Apache-2.0
//! The services that can be added to a firmware: those whose objects need nothing but notifications.

/// A kind of service.
#[derive(Debug)]
pub struct Kind {
    pub name: &'static str,
    /// The package with the service and its interfaces.
    pub package: &'static str,
    /// The names of this package that the wiring uses.
    pub uses: &'static [&'static str],
    /// The ends of the names of the notifications that the object needs. In `object`, they have numbers from 0.
    pub notifications: &'static [&'static str],
    /// The type of the object.
    pub object: &'static str,
    /// The number of bytes of stack that its methods need at most, on any board.
    pub stack: u32,
    /// The expression that makes the object, with `{0}` for the first notification.
    pub new: &'static str,
    /// The ends of the names of the handles, with the interfaces.
    pub handles: &'static [(&'static str, &'static str)],
}

/// The kinds, in the order of their names.
const KINDS: [Kind; 6] = [
    Kind {
        name: "barrier",
        package: "crossgate-barrier",
        uses: &["Barrier", "Rendezvous"],
        notifications: &["FIRST", "SECOND"],
        object: "Barrier<2>",
        stack: 256,
        new: "Barrier::new([{0}, {1}])",
        handles: &[("", "Rendezvous")],
    },
    Kind {
        name: "event-flags",
        package: "crossgate-event-flags",
        uses: &["EventFlags", "EventSetter", "EventWaiter"],
        notifications: &["FIRST", "SECOND"],
        object: "EventFlags<2>",
        stack: 256,
        new: "EventFlags::new([{0}, {1}])",
        handles: &[("SET", "EventSetter"), ("WAIT", "EventWaiter")],
    },
    Kind {
        name: "queue",
        package: "crossgate-queue",
        uses: &["Queue", "Receiver", "Sender"],
        notifications: &["FILLED", "FREED"],
        object: "Queue<u32, 8>",
        stack: 256,
        new: "Queue::new({0}, {1})",
        handles: &[("IN", "Sender<u32>"), ("OUT", "Receiver<u32>")],
    },
    Kind {
        name: "semaphore",
        package: "crossgate-semaphore",
        uses: &["Giver", "Semaphore", "Taker"],
        notifications: &["GIVEN"],
        object: "Semaphore",
        stack: 256,
        new: "Semaphore::counting(0, 10, {0})",
        handles: &[("GIVE", "Giver"), ("TAKE", "Taker")],
    },
    Kind {
        name: "stream-buffer",
        package: "crossgate-bytes",
        uses: &["ByteReader", "ByteWriter", "StreamBuffer"],
        notifications: &["FILLED", "FREED"],
        object: "StreamBuffer<256>",
        stack: 512,
        new: "StreamBuffer::new({0}, {1})",
        handles: &[("IN", "ByteWriter"), ("OUT", "ByteReader")],
    },
    Kind {
        name: "watch",
        package: "crossgate-watch",
        uses: &["Observer", "Updater", "Watch"],
        notifications: &["FIRST", "SECOND"],
        object: "Watch<i32, 2>",
        stack: 256,
        new: "Watch::new(0, [{0}, {1}])",
        handles: &[("SET", "Updater<i32>"), ("GET", "Observer<i32>")],
    },
];

/// The names of the kinds.
pub const NAMES: [&str; KINDS.len()] = {
    let mut names = [""; KINDS.len()];
    let mut index = 0;
    while index < KINDS.len() {
        names[index] = KINDS[index].name;
        index += 1;
    }
    names
};

/// Returns the kind with this name.
pub fn named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

impl Kind {
    /// Returns the names of the handles of an object with this name.
    pub fn handle_names(&self, object: &str) -> Vec<String> {
        self.handles.iter().map(|(end, _)| constant(object, end)).collect()
    }

    /// Returns the lines of the wiring for an object with this name.
    pub fn lines(&self, object: &str) -> Vec<String> {
        let names: Vec<_> = self.notifications.iter().map(|end| constant(object, end)).collect();
        let mut new = self.new.to_owned();
        for (index, name) in names.iter().enumerate() {
            new = new.replace(&format!("{{{index}}}"), name);
        }
        let mut lines: Vec<_> = names.iter().map(|name| format!("notification {name};")).collect();
        let handles = self.handle_names(object).into_iter().zip(self.handles);
        let handles: Vec<_> = handles.map(|(name, (_, of))| format!("{name}: dyn {of}")).collect();
        let Kind { object: of, stack, .. } = self;
        lines.push(format!("object {object} (stack = {stack}): Concurrent<{of}> = {new} =>"));
        lines.push(format!("    [{}];", handles.join(", ")));
        lines
    }
}

/// Returns the name of a constant of an object.
fn constant(object: &str, end: &str) -> String {
    let name = object.to_uppercase();
    if end.is_empty() { name } else { format!("{name}_{end}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_has_two_notifications_and_two_ends() {
        let lines = named("queue").unwrap().lines("jobs");
        assert_eq!(
            lines,
            [
                "notification JOBS_FILLED;",
                "notification JOBS_FREED;",
                "object jobs (stack = 256): Concurrent<Queue<u32, 8>> = Queue::new(JOBS_FILLED, JOBS_FREED) =>",
                "    [JOBS_IN: dyn Sender<u32>, JOBS_OUT: dyn Receiver<u32>];",
            ]
        );
    }
}
