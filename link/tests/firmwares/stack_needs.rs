// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the stacks that threads and services need.

use crate::support::{Firmware, SENSOR, map};
use crossgate_link::map::{MemoryMap, StackNeed};

/// Functions with frames of known sizes.
const FRAMES: &str = "
use core::hint::black_box;
#[inline(never)] pub fn shallow() { black_box([1_u8; 64]); }
#[inline(never)] pub fn deep() { black_box([1_u8; 400]); deeper(); black_box(()); }
#[inline(never)] pub fn deeper() { black_box([1_u8; 200]); }
#[inline(never)] pub fn again(count: u32) -> u32 {
    black_box([1_u8; 100]);
    if count == 0 { 0 } else { other(count - 1) + 1 }
}
#[inline(never)] fn other(count: u32) -> u32 { black_box([1_u8; 100]); again(count) * 3 }
#[inline(always)] pub fn float() {
    unsafe { core::arch::asm!(\".fpu fpv4-sp-d16\", \"vmov.f32 s0, s1\") }
}
#[inline(never)] pub fn checked(index: usize) -> u8 { black_box([1_u8; 8])[index] }
";

/// The tables that the map reads.
const TABLES: &str = "
#[unsafe(no_mangle)] static __crossgate_services: &[Service] = SYSTEM.services;
#[unsafe(no_mangle)] static __crossgate_processes: &[ProcessRow] = SYSTEM.processes;
";

/// Returns a firmware with threads of 512 bytes that run this code.
fn firmware(bodies: &[&'static str]) -> Firmware {
    const NAMES: [&str; 4] = ["first", "second", "third", "fourth"];
    let mut firmware = Firmware::new().library("sensor", SENSOR).library("frames", FRAMES);
    firmware.processes = vec!["sensor"];
    let threads = NAMES.iter().zip(bodies);
    firmware.threads = threads.map(|(name, body)| ("sensor", *name, 512, *body)).collect();
    firmware
}

fn need<'a>(map: &'a MemoryMap, name: &str) -> &'a StackNeed {
    map.stack_needs.iter().find(|need| need.name == name).unwrap()
}

#[test]
fn the_deepest_path_is_named() {
    let map = map(&firmware(&["frames::shallow()", "frames::shallow(); frames::deep()"]));
    let [first, second] = ["sensor.first", "sensor.second"].map(|name| need(&map, name));
    // The registers of an interrupted thread are 64 bytes.
    assert!((128..200).contains(&first.bytes) && !first.exceeds(), "{first:?}");
    assert!((664..760).contains(&second.bytes) && second.exceeds(), "{second:?}");
    assert_eq!((first.declared, &first.open), (512, &None));
    assert_eq!(second.path[1..3], ["frames::deep", "frames::deeper"]);
    let text = map.to_string();
    assert!(
        text.contains("too small: firmware::thread_2 -> frames::deep -> frames::deeper"),
        "{text}"
    );
}

/// A thread that has used floats is interrupted with the registers of the unit, wherever it is then.
#[test]
fn registers_of_floats_count_for_threads_and_services_that_use_them() {
    let mut firmware = firmware(&["frames::shallow()", "frames::shallow(); frames::float()"]);
    firmware.rest = TABLES;
    firmware.objects = vec![
        ("sensor", "motor", "u32> = Cell(UnsafeCell::new(1))", "frames::shallow()"),
        ("sensor", "scale", "u32> = Cell(UnsafeCell::new(1))", "frames::float()"),
    ];
    let map = map(&firmware);
    let bytes = |name: &str| need(&map, name).bytes;
    assert_eq!(bytes("sensor.second") - bytes("sensor.first"), 72 + 64);
    assert!(bytes("motor") < 128, "{}", bytes("motor"));
    assert!((136..160).contains(&bytes("scale")), "{}", bytes("scale"));
}

#[test]
fn what_leaves_the_need_open_is_told() {
    let map = map(&firmware(&[
        "frames::again(core::hint::black_box(7));",
        "core::hint::black_box(frames::shallow as fn())()",
        "core::hint::black_box(frames::checked(core::hint::black_box(3)));",
        "core::hint::black_box(frames::shallow as fn())();
         core::hint::black_box(frames::checked(core::hint::black_box(3)));",
    ]));
    let [again, pointer, checked, both] =
        ["sensor.first", "sensor.second", "sensor.third", "sensor.fourth"]
            .map(|name| need(&map, name));
    assert!(again.open.as_ref().is_some_and(|it| it.ends_with("may call itself")), "{again:?}");
    assert!((264..360).contains(&again.bytes), "each function counts once: {again:?}");
    let open = pointer.open.as_ref().unwrap();
    assert_eq!(open, "`firmware::thread_2` calls through pointers");
    assert!(pointer.bytes >= 128, "a function whose address is taken counts: {pointer:?}");
    assert_eq!(checked.open, None, "{checked:?}");
    assert!(both.bytes <= pointer.bytes + 16, "a panic formats no message: {both:?}");
}

#[test]
fn methods_are_compared_with_what_their_service_declares() {
    let mut firmware = firmware(&[]);
    firmware.rest = TABLES;
    firmware.objects =
        vec![("sensor", "motor", "u32> = Cell(UnsafeCell::new(1))", "frames::shallow()")];
    let map = map(&firmware);
    let motor = need(&map, "motor");
    assert!(motor.is_service && motor.exceeds() && motor.declared == 0, "{motor:?}");
    assert!((64..128).contains(&motor.bytes), "no registers are counted: {motor:?}");
    assert!(!map.to_string().contains("thread   motor"));
}

#[test]
fn a_stripped_firmware_tells_its_needs() {
    let mut firmware = firmware(&["frames::deep()"]);
    let needs = |firmware: &Firmware| StackNeed::from_elf(&firmware.link().unwrap()).unwrap();
    let whole = needs(&firmware);
    firmware.arguments.push("-Cstrip=symbols");
    assert!(whole.iter().any(StackNeed::exceeds));
    assert_eq!(needs(&firmware), whole);
}

/// The code of a thread makes a call, another one makes a system call. The method that is called makes a call itself.
#[test]
fn the_largest_call_is_a_part_of_the_need_of_a_thread() {
    const CALL: &str = "unsafe { core::arch::asm!(\"svc 0\", in(\"r12\") 3, out(\"r0\") _) }";
    const SYSTEM_CALL: &str =
        "unsafe { core::arch::asm!(\"svc 0\", in(\"r12\") !3, out(\"r0\") _) }";
    let needs = |callers: &'static str, body: &'static str, method: &'static str| {
        let mut firmware = firmware(&[body]);
        firmware.rest = TABLES;
        firmware.callers = callers;
        firmware.objects = vec![("sensor", "motor", "u32> = Cell(UnsafeCell::new(1))", method)];
        need(&map(&firmware), "sensor.first").clone()
    };
    let of = |callers, body, method| needs(callers, body, method).bytes;
    let alone = of("Set::EMPTY", CALL, "");
    assert!((64..80).contains(&alone), "nobody may call the service: {alone}");
    assert_eq!(of("Set::of_bits(1)", SYSTEM_CALL, ""), alone);
    // The kernel needs 136 bytes to enter a method, and up to an eighth of the stack to divide it.
    let one = of("Set::of_bits(1)", CALL, "");
    assert_eq!(one, alone - 64 + 136 + 512 / 8);
    let circle = needs("Set::of_bits(1)", CALL, CALL);
    assert_eq!(circle.bytes, one);
    assert_eq!(circle.open.unwrap(), "calls of `sensor` may come back to it");
}
