// SPDX-License-Identifier: MIT OR Apache-2.0
//! Follows the execution of a firmware in QEMU, and records the data that are asked for.
//!
//! - `-plugin libemulator_plugin.so,functions=FILE,spans=FILE`: the first file has the functions of the firmware. For
//!   each span of a handler that is longer than all earlier spans with its path, a line is written to the second file.
//! - `-plugin libemulator_plugin.so,functions=FILE,mark=ADDRESS,cycles=FILE`: each time that the instruction at the
//!   address is executed, a line is written to the second file. The line has the number of instructions executed
//!   before, and the least and the most cycles for them on a Cortex-M3 and on a Cortex-M4. (Only for a Cortex-M.)

#![forbid(unsafe_code)]

mod cycles;
mod spans;

use anyhow::{Context, Result, anyhow};
use cycles::Cycles;
use handler_spans::{Functions, Instruction, InstructionSet, Role};
use qemu_plugin::install::{Args, Info, Value};
use qemu_plugin::{HasCallbacks, PluginId, Register, TranslationBlock, register};
use spans::Spans;
use std::fs::{self, File};
use std::sync::{Arc, Mutex};

/// The plugin: `None` before it is given its arguments.
#[derive(Default)]
struct Plugin(Option<Task>);

/// The task of the plugin.
struct Task {
    set: InstructionSet,
    functions: Functions,
    recorder: Recorder,
}

/// The recorder for the task.
enum Recorder {
    Spans(Arc<Mutex<Spans>>),
    Cycles(Arc<Mutex<Cycles>>),
}

impl Task {
    fn new(arguments: &Args, info: &Info) -> Result<Task> {
        let argument = |name| arguments.parsed.get(name);
        let path = |name| match argument(name) {
            Some(Value::String(path)) => Ok(path),
            _ => Err(anyhow!("the plugin needs {name}=FILE")),
        };
        let functions = fs::read_to_string(path("functions")?).context("the functions")?;
        let functions =
            Functions::from_text(&functions).context("the functions are not as they should be")?;
        let recorder = if let Some(Value::Integer(mark)) = argument("mark") {
            let file = File::create(path("cycles")?).context("the cycles")?;
            let mark = u32::try_from(*mark).context("an address has 32 bits")?;
            Recorder::Cycles(Arc::new(Mutex::new(Cycles::new(mark, file))))
        } else {
            let file = File::create(path("spans")?).context("the spans")?;
            Recorder::Spans(Arc::new(Mutex::new(Spans::new(file))))
        };
        let is_riscv = info.target_name.starts_with("riscv");
        let set = if is_riscv { InstructionSet::Riscv } else { InstructionSet::Thumb };
        Ok(Task { set, functions, recorder })
    }
}

impl Register for Plugin {
    fn register(&mut self, _: PluginId, arguments: &Args, info: &Info) -> qemu_plugin::Result<()> {
        self.0 = Some(Task::new(arguments, info)?);
        Ok(())
    }
}

impl HasCallbacks for Plugin {
    fn on_translation_block_translate(
        &mut self,
        _: PluginId,
        block: TranslationBlock,
    ) -> qemu_plugin::Result<()> {
        let Some(Task { set, functions, recorder }) = &self.0 else { return Ok(()) };
        for (index, instruction) in block.instructions().enumerate() {
            let address = u32::try_from(instruction.vaddr()).context("an address has 32 bits")?;
            let bytes = instruction.data();
            let decoded = Instruction::new(*set, address, &bytes, functions);
            match recorder {
                Recorder::Spans(spans) => {
                    if index > 0 && decoded.role == Role::Thread {
                        continue;
                    }
                    let spans = Arc::clone(spans);
                    instruction.register_execute_callback(move |_| {
                        spans.lock().expect("nothing has failed before").executed(&decoded);
                    });
                }
                Recorder::Cycles(cycles) => {
                    let cycles = Arc::clone(cycles);
                    let timed = instruction_timing::Instruction::new(address, &bytes);
                    instruction.register_execute_callback(move |_| {
                        let mut cycles = cycles.lock().expect("nothing has failed before");
                        cycles.executed(&decoded, timed.as_ref());
                    });
                }
            }
        }
        Ok(())
    }
}

register!(Plugin::default());
