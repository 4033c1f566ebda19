// SPDX-License-Identifier: MIT OR Apache-2.0
//! The limits can be reached: 32 processes, 31 threads, many services.
#![deny(warnings)]

use crossgate::{Concurrent, Exclusive, Handle, Notification, Signal, interface, system};

#[interface]
pub trait Sum {
    fn add(&self, n: u32) -> u32;
}

pub struct Leaf;
impl Sum for Leaf {
    fn add(&self, n: u32) -> u32 {
        n
    }
}

pub struct Node(Handle<dyn Sum>);
impl Sum for Node {
    fn add(&self, n: u32) -> u32 {
        self.0.add(n).unwrap_or(0)
    }
}

fn work(_: Handle<dyn Sum>, _: Handle<dyn Sum>, _: Notification, _: Signal) -> ! {
    crossgate::thread::exit()
}

system! {
    static SYSTEM;

    process process_00 {
        notification NEWS_00;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_00: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_00: dyn Sum];
    }

    process process_01 {
        notification NEWS_01;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_01: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_01: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_00) => [THIRD_SERVICE_OF_01: dyn Sum];
        thread main_01 (priority = 1, stack = 256) =
            work(FIRST_SERVICE_OF_00, SECOND_SERVICE_OF_01, NEWS_01, NEWS_00);
    }

    process process_02 {
        notification NEWS_02;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_02: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_02: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_01) => [THIRD_SERVICE_OF_02: dyn Sum];
        thread main_02 (priority = 2, stack = 256) =
            work(FIRST_SERVICE_OF_01, SECOND_SERVICE_OF_02, NEWS_02, NEWS_01);
    }

    process process_03 {
        notification NEWS_03;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_03: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_03: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_02) => [THIRD_SERVICE_OF_03: dyn Sum];
        thread main_03 (priority = 3, stack = 256) =
            work(FIRST_SERVICE_OF_02, SECOND_SERVICE_OF_03, NEWS_03, NEWS_02);
    }

    process process_04 {
        notification NEWS_04;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_04: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_04: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_03) => [THIRD_SERVICE_OF_04: dyn Sum];
        thread main_04 (priority = 4, stack = 256) =
            work(FIRST_SERVICE_OF_03, SECOND_SERVICE_OF_04, NEWS_04, NEWS_03);
    }

    process process_05 {
        notification NEWS_05;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_05: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_05: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_04) => [THIRD_SERVICE_OF_05: dyn Sum];
        thread main_05 (priority = 5, stack = 256) =
            work(FIRST_SERVICE_OF_04, SECOND_SERVICE_OF_05, NEWS_05, NEWS_04);
    }

    process process_06 {
        notification NEWS_06;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_06: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_06: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_05) => [THIRD_SERVICE_OF_06: dyn Sum];
        thread main_06 (priority = 6, stack = 256) =
            work(FIRST_SERVICE_OF_05, SECOND_SERVICE_OF_06, NEWS_06, NEWS_05);
    }

    process process_07 {
        notification NEWS_07;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_07: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_07: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_06) => [THIRD_SERVICE_OF_07: dyn Sum];
        thread main_07 (priority = 7, stack = 256) =
            work(FIRST_SERVICE_OF_06, SECOND_SERVICE_OF_07, NEWS_07, NEWS_06);
    }

    process process_08 {
        notification NEWS_08;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_08: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_08: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_07) => [THIRD_SERVICE_OF_08: dyn Sum];
        thread main_08 (priority = 8, stack = 256) =
            work(FIRST_SERVICE_OF_07, SECOND_SERVICE_OF_08, NEWS_08, NEWS_07);
    }

    process process_09 {
        notification NEWS_09;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_09: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_09: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_08) => [THIRD_SERVICE_OF_09: dyn Sum];
        thread main_09 (priority = 9, stack = 256) =
            work(FIRST_SERVICE_OF_08, SECOND_SERVICE_OF_09, NEWS_09, NEWS_08);
    }

    process process_10 {
        notification NEWS_10;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_10: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_10: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_09) => [THIRD_SERVICE_OF_10: dyn Sum];
        thread main_10 (priority = 10, stack = 256) =
            work(FIRST_SERVICE_OF_09, SECOND_SERVICE_OF_10, NEWS_10, NEWS_09);
    }

    process process_11 {
        notification NEWS_11;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_11: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_11: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_10) => [THIRD_SERVICE_OF_11: dyn Sum];
        thread main_11 (priority = 11, stack = 256) =
            work(FIRST_SERVICE_OF_10, SECOND_SERVICE_OF_11, NEWS_11, NEWS_10);
    }

    process process_12 {
        notification NEWS_12;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_12: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_12: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_11) => [THIRD_SERVICE_OF_12: dyn Sum];
        thread main_12 (priority = 12, stack = 256) =
            work(FIRST_SERVICE_OF_11, SECOND_SERVICE_OF_12, NEWS_12, NEWS_11);
    }

    process process_13 {
        notification NEWS_13;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_13: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_13: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_12) => [THIRD_SERVICE_OF_13: dyn Sum];
        thread main_13 (priority = 13, stack = 256) =
            work(FIRST_SERVICE_OF_12, SECOND_SERVICE_OF_13, NEWS_13, NEWS_12);
    }

    process process_14 {
        notification NEWS_14;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_14: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_14: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_13) => [THIRD_SERVICE_OF_14: dyn Sum];
        thread main_14 (priority = 14, stack = 256) =
            work(FIRST_SERVICE_OF_13, SECOND_SERVICE_OF_14, NEWS_14, NEWS_13);
    }

    process process_15 {
        notification NEWS_15;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_15: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_15: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_14) => [THIRD_SERVICE_OF_15: dyn Sum];
        thread main_15 (priority = 15, stack = 256) =
            work(FIRST_SERVICE_OF_14, SECOND_SERVICE_OF_15, NEWS_15, NEWS_14);
    }

    process process_16 {
        notification NEWS_16;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_16: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_16: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_15) => [THIRD_SERVICE_OF_16: dyn Sum];
        thread main_16 (priority = 16, stack = 256) =
            work(FIRST_SERVICE_OF_15, SECOND_SERVICE_OF_16, NEWS_16, NEWS_15);
    }

    process process_17 {
        notification NEWS_17;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_17: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_17: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_16) => [THIRD_SERVICE_OF_17: dyn Sum];
        thread main_17 (priority = 17, stack = 256) =
            work(FIRST_SERVICE_OF_16, SECOND_SERVICE_OF_17, NEWS_17, NEWS_16);
    }

    process process_18 {
        notification NEWS_18;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_18: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_18: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_17) => [THIRD_SERVICE_OF_18: dyn Sum];
        thread main_18 (priority = 18, stack = 256) =
            work(FIRST_SERVICE_OF_17, SECOND_SERVICE_OF_18, NEWS_18, NEWS_17);
    }

    process process_19 {
        notification NEWS_19;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_19: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_19: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_18) => [THIRD_SERVICE_OF_19: dyn Sum];
        thread main_19 (priority = 19, stack = 256) =
            work(FIRST_SERVICE_OF_18, SECOND_SERVICE_OF_19, NEWS_19, NEWS_18);
    }

    process process_20 {
        notification NEWS_20;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_20: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_20: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_19) => [THIRD_SERVICE_OF_20: dyn Sum];
        thread main_20 (priority = 20, stack = 256) =
            work(FIRST_SERVICE_OF_19, SECOND_SERVICE_OF_20, NEWS_20, NEWS_19);
    }

    process process_21 {
        notification NEWS_21;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_21: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_21: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_20) => [THIRD_SERVICE_OF_21: dyn Sum];
        thread main_21 (priority = 21, stack = 256) =
            work(FIRST_SERVICE_OF_20, SECOND_SERVICE_OF_21, NEWS_21, NEWS_20);
    }

    process process_22 {
        notification NEWS_22;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_22: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_22: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_21) => [THIRD_SERVICE_OF_22: dyn Sum];
        thread main_22 (priority = 22, stack = 256) =
            work(FIRST_SERVICE_OF_21, SECOND_SERVICE_OF_22, NEWS_22, NEWS_21);
    }

    process process_23 {
        notification NEWS_23;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_23: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_23: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_22) => [THIRD_SERVICE_OF_23: dyn Sum];
        thread main_23 (priority = 23, stack = 256) =
            work(FIRST_SERVICE_OF_22, SECOND_SERVICE_OF_23, NEWS_23, NEWS_22);
    }

    process process_24 {
        notification NEWS_24;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_24: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_24: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_23) => [THIRD_SERVICE_OF_24: dyn Sum];
        thread main_24 (priority = 24, stack = 256) =
            work(FIRST_SERVICE_OF_23, SECOND_SERVICE_OF_24, NEWS_24, NEWS_23);
    }

    process process_25 {
        notification NEWS_25;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_25: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_25: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_24) => [THIRD_SERVICE_OF_25: dyn Sum];
        thread main_25 (priority = 25, stack = 256) =
            work(FIRST_SERVICE_OF_24, SECOND_SERVICE_OF_25, NEWS_25, NEWS_24);
    }

    process process_26 {
        notification NEWS_26;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_26: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_26: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_25) => [THIRD_SERVICE_OF_26: dyn Sum];
        thread main_26 (priority = 26, stack = 256) =
            work(FIRST_SERVICE_OF_25, SECOND_SERVICE_OF_26, NEWS_26, NEWS_25);
    }

    process process_27 {
        notification NEWS_27;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_27: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_27: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_26) => [THIRD_SERVICE_OF_27: dyn Sum];
        thread main_27 (priority = 27, stack = 256) =
            work(FIRST_SERVICE_OF_26, SECOND_SERVICE_OF_27, NEWS_27, NEWS_26);
    }

    process process_28 {
        notification NEWS_28;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_28: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_28: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_27) => [THIRD_SERVICE_OF_28: dyn Sum];
        thread main_28 (priority = 28, stack = 256) =
            work(FIRST_SERVICE_OF_27, SECOND_SERVICE_OF_28, NEWS_28, NEWS_27);
    }

    process process_29 {
        notification NEWS_29;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_29: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_29: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_28) => [THIRD_SERVICE_OF_29: dyn Sum];
        thread main_29 (priority = 29, stack = 256) =
            work(FIRST_SERVICE_OF_28, SECOND_SERVICE_OF_29, NEWS_29, NEWS_28);
    }

    process process_30 {
        notification NEWS_30;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_30: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_30: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_29) => [THIRD_SERVICE_OF_30: dyn Sum];
        thread main_30 (priority = 30, stack = 256) =
            work(FIRST_SERVICE_OF_29, SECOND_SERVICE_OF_30, NEWS_30, NEWS_29);
    }

    process process_31 {
        notification NEWS_31;
        object first_leaf: Concurrent<Leaf> = Leaf => [FIRST_SERVICE_OF_31: dyn Sum];
        object second_leaf: Exclusive<Leaf> = Leaf => [SECOND_SERVICE_OF_31: dyn Sum];
        object node: Concurrent<Node> = Node(SECOND_SERVICE_OF_30) => [THIRD_SERVICE_OF_31: dyn Sum];
        thread main_31 (priority = 31, stack = 256) =
            work(FIRST_SERVICE_OF_30, SECOND_SERVICE_OF_31, NEWS_31, NEWS_30);
    }
}

fn main() {
    assert_eq!(SYSTEM.processes.len(), 32);
    assert_eq!(SYSTEM.threads.len(), 32);
    assert_eq!(SYSTEM.services.len(), 95);
}
