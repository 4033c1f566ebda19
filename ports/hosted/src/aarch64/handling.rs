// SPDX-License-Identifier: MIT OR Apache-2.0
//! The handler that Linux calls for a signal.

use crate::linux::signals::Handler;
use crate::signal::handle;

/// Returns the handler. There are no protection keys.
pub fn handler(_has_keys: bool) -> Handler {
    handle
}
