// SPDX-License-Identifier: MIT OR Apache-2.0
//! Estimates the number of cycles that a Cortex-M3 and a Cortex-M4 take for an execution.
//!
//! An [`Estimator`] gets every instruction that is executed, and adds up its cost in ARM's tables: the [technical
//! reference manual of the Cortex-M3](https://developer.arm.com/documentation/ddi0337/i) (DDI 0337I, "Instruction set
//! summary" and "Load/store timings"), [that of the Cortex-M4](https://developer.arm.com/documentation/ddi0439/b) (DDI
//! 0439B, the same sections), and for exceptions [ARM's article
//! 103489845](https://developer.arm.com/docs/103489845/10). Memory has no wait states. If a table has several figures
//! for an instruction, the smallest and the largest are used, and the true figure is between them.

#![forbid(unsafe_code)]

mod estimate;
mod instruction;
mod table;

pub use estimate::{Estimate, Estimator, Exception};
pub use instruction::Instruction;
pub use table::Cycles;
