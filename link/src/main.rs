// SPDX-License-Identifier: MIT OR Apache-2.0
//! The linker of a firmware; the library's documentation describes it.

use crossgate_link::{Arguments, link};
use std::process::ExitCode;

fn main() -> ExitCode {
    let result = Arguments::new(std::env::args_os().skip(1)).and_then(|all| link(&all));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("crossgate-link: {error:#}");
            ExitCode::FAILURE
        }
    }
}
