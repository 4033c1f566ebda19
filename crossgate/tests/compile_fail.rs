// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of every guarantee about types: a program that violates the guarantee does not compile, and the compiler's
//! message explains why. (Programs that have to compile are in `compile_pass`.)
//!
//! After a change of a text run `TRYBUILD=overwrite cargo test -p crossgate --test compile_fail`, then read the
//! difference.

#[test]
#[cfg_attr(miri, ignore = "it runs the compiler")]
fn promises_about_types() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("tests/compile_fail/*.rs");
    programs.pass("tests/compile_pass/*.rs");
}
