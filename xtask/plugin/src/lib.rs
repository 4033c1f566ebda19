//! Writes down the longest spans of a firmware's handlers while QEMU executes it.
//!
//! `-plugin libemulator_plugin.so,functions=FILE,spans=FILE`: the first file has the functions of the firmware,
//! into the second goes a line for each span that is longer than those before it with its path.

#![forbid(unsafe_code)]

use anyhow::{Context, Result, anyhow};
use handler_spans::{Functions, Instruction, Longest, Role, Tracker};
use qemu_plugin::install::{Args, Info, Value};
use qemu_plugin::{HasCallbacks, PluginId, Register, TranslationBlock, register};
use std::fs::{self, File};
use std::io::Write;
use std::sync::{Arc, Mutex};

/// The plugin: nothing before it is given its arguments.
#[derive(Default)]
struct Plugin(Option<Task>);

/// What it was told to do.
struct Task {
    functions: Functions,
    recorder: Arc<Mutex<Recorder>>,
}

/// What is recorded.
struct Recorder {
    tracker: Tracker,
    longest: Longest,
    file: File,
}

impl Task {
    fn new(arguments: &Args) -> Result<Task> {
        let path = |name| match arguments.parsed.get(name) {
            Some(Value::String(path)) => Ok(path),
            _ => Err(anyhow!("the plugin needs {name}=FILE")),
        };
        let functions = fs::read_to_string(path("functions")?).context("the functions")?;
        let functions =
            Functions::from_text(&functions).context("the functions are not as they should be")?;
        let file = File::create(path("spans")?).context("the spans")?;
        let (tracker, longest) = (Tracker::default(), Longest::default());
        let recorder = Arc::new(Mutex::new(Recorder { tracker, longest, file }));
        Ok(Task { functions, recorder })
    }
}

impl Recorder {
    /// # Panics
    /// If a handler's end was missed, or nothing can be written: what was measured would be wrong.
    fn executed(&mut self, instruction: &Instruction) {
        match self.tracker.executed(instruction) {
            Ok(Some(span)) if self.longest.is(&span) => {
                writeln!(self.file, "{span}").expect("a span can't be written");
            }
            Ok(_) => {}
            Err(why) => panic!("{why}"),
        }
    }
}

impl Register for Plugin {
    fn register(&mut self, _: PluginId, arguments: &Args, _: &Info) -> qemu_plugin::Result<()> {
        self.0 = Some(Task::new(arguments)?);
        Ok(())
    }
}

impl HasCallbacks for Plugin {
    fn on_translation_block_translate(
        &mut self,
        _: PluginId,
        block: TranslationBlock,
    ) -> qemu_plugin::Result<()> {
        let Some(Task { functions, recorder }) = &self.0 else { return Ok(()) };
        for (index, instruction) in block.instructions().enumerate() {
            let address = u32::try_from(instruction.vaddr()).context("an address has 32 bits")?;
            let decoded = Instruction::new(address, &instruction.data(), functions);
            if index > 0 && decoded.role == Role::Thread {
                continue;
            }
            let recorder = Arc::clone(recorder);
            instruction.register_execute_callback(move |_| {
                recorder.lock().expect("nothing has failed before").executed(&decoded);
            });
        }
        Ok(())
    }
}

register!(Plugin::default());
