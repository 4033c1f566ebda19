// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands that write files of the repository.

pub mod book;
pub mod manifests;
