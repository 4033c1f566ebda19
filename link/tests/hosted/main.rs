// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests that link firmware for the host, and run it.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod interfaces;
mod layout;
mod ownership;
mod refused;
mod support;
mod trust;
