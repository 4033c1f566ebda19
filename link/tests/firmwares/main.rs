// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests that link firmware for a microcontroller.

mod copies;
mod cortex_m_rt;
mod flash_use;
mod heaps;
mod interfaces;
mod layout;
mod map;
mod merging;
mod ownership;
mod settings;
mod stack_needs;
mod support;
mod trust;
