// SPDX-License-Identifier: MIT OR Apache-2.0
//! Firmwares for the host, linked and run.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod layout;
mod ownership;
mod refused;
mod support;
mod trust;
