// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine of the tests, as a port shows it to the core.

use super::*;

/// A machine whose protection unit opens runs of 32 bytes.
#[derive(Clone, Default)]
pub struct TestPort {
    pub now: u64,
    pub timer: Option<u64>,
    pub words: BTreeMap<Word, Word>,
    pub masked: Vec<u16>,
    pub resets: usize,
    /// The stack pointer of the thread that crashed; `None`: two words below the end of the window.
    pub crashed_at: Option<Word>,
    /// The number of times that the core has checked for a pending interrupt.
    pub looks: Cell<usize>,
    /// The number of the first check that finds a pending interrupt; all later checks find one, too. 0: none does.
    pub found: usize,
    /// 1 while the idle thread is a part of the kernel.
    pub entries: usize,
    /// The sleeps: the depth that the core admits, and the time to which the timer is set.
    pub sleeps: Vec<(Depth, u64)>,
    /// How long each sleep takes, in µs.
    pub sleeping: u64,
    /// The deepest sleep of the machine, if it has not all of them.
    pub deepest: Option<Depth>,
}

/// The size of the registers that the port would save.
pub const CONTEXT_SIZE: Word = 64;

impl Port for TestPort {
    type Unit = ArmV8M;

    const ENTRY_SIZE: Word = 128;

    fn context_end(stack_pointer: Word) -> Word {
        stack_pointer + CONTEXT_SIZE
    }

    fn stack_register(start: Word) -> Word {
        start
    }

    fn bounds(stack: Span) -> [Word; 2] {
        [stack.start, stack.end]
    }

    const BEGIN: extern "C" fn() -> ! = main;

    fn reset(&mut self, memory: &ProcessMemory, from: Word) -> Option<Word> {
        let to = from + 0x800;
        self.words.retain(|address, _| !(memory.start + from..memory.start + to).contains(address));
        (memory.start + to < memory.end).then_some(to)
    }

    fn first_context(_: extern "C" fn() -> !, stack_end: Word) -> Word {
        stack_end - CONTEXT_SIZE
    }

    fn reset_system(&mut self) {
        self.resets += 1;
    }

    fn now(&mut self) -> u64 {
        self.now
    }

    fn set_timer(&mut self, time: u64) {
        self.timer = (time != NEVER).then_some(time);
    }

    fn interrupt_is_pending(&self) -> bool {
        self.looks.set(self.looks.get() + 1);
        self.found != 0 && self.looks.get() >= self.found
    }

    fn enter_kernel(&mut self) {
        self.entries += 1;
    }

    fn leave_kernel(&mut self) {
        self.entries -= 1;
    }

    fn sleep(&mut self, depth: Depth, until: u64) -> Depth {
        self.sleeps.push((depth, until));
        self.now += self.sleeping;
        self.deepest.map_or(depth, |deepest| depth.min(deepest))
    }

    fn read_word(&mut self, address: Word) -> Word {
        self.words.get(&address).copied().unwrap_or(0)
    }

    fn write_word(&mut self, address: Word, value: Word) {
        self.words.insert(address, value);
    }

    fn stack_use(&mut self, stack: Span, from: Word) -> [Word; 2] {
        let end = stack.end.min(stack.start.saturating_add(from).saturating_add(0x100));
        match self.words.range(stack.start.saturating_add(from).min(end)..end).next() {
            Some((lowest, _)) => [stack.end - lowest, 0],
            None => [0, if end < stack.end { end - stack.start } else { 0 }],
        }
    }

    fn dump(
        &mut self,
        thread: &Thread<ArmV8M>,
        window: Span,
        registers: &mut [Word; dump::REGISTER_COUNT],
    ) -> Word {
        *registers = [0; dump::REGISTER_COUNT];
        registers[0] = thread.id.index();
        self.crashed_at.unwrap_or(window.end - 2 * size_of::<Word>())
    }

    fn stack_word(&mut self, stack: Span, address: Word) -> Word {
        assert!((stack.start..stack.end).contains(&address), "a word of another stack");
        address
    }

    fn mask(&mut self, line: u16, mask: bool) {
        self.masked.retain(|&masked| masked != line);
        if mask {
            self.masked.push(line);
        }
    }
}
