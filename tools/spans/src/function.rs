// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of a firmware, and the looks for interrupts in them, in the form that the plugin reads.

/// The word for a look in the text.
const LOOK: &str = "look";
/// The word for an instruction with which a handler begins to serve an interrupt.
const SERVE: &str = "serve";

/// The executor of a function: the CPU, handlers or threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The CPU, at a reset.
    Reset,
    /// The CPU, at an exception.
    Handler,
    /// The CPU, at an exception that interrupts handlers.
    Above,
    /// Threads.
    Thread,
    /// Handlers and threads.
    Any,
}

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// The address of its start. It ends where the next one starts.
    pub address: u32,
    /// The executor of the function.
    pub role: Role,
}

/// All functions of a firmware, by their addresses, and the addresses of all instructions that look for an interrupt.
/// Functions and looks are identified by their indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Functions {
    functions: Vec<Function>,
    looks: Vec<u32>,
    serves: Vec<u32>,
}

impl Functions {
    /// Creates the list of these functions, with looks at these addresses. At the addresses in `serves`, a handler
    /// finds out if an interrupt is pending, and serves it at once, as if the CPU had entered a handler.
    #[must_use]
    pub fn new(mut functions: Vec<Function>, looks: Vec<u32>, serves: Vec<u32>) -> Functions {
        functions.sort_by_key(|function| function.address);
        Functions { functions, looks, serves }
    }

    /// Returns the index of the function with this address. For an address before all functions, returns the index of
    /// the first function.
    #[must_use]
    pub fn index_of(&self, address: u32) -> usize {
        self.functions.partition_point(|function| function.address <= address).saturating_sub(1)
    }

    /// Returns the function with this index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Function> {
        self.functions.get(index)
    }

    /// Returns the index of the look at this address, if there is one.
    #[must_use]
    pub fn look_at(&self, address: u32) -> Option<usize> {
        self.looks.iter().position(|&look| look == address)
    }

    /// Returns `true` if a handler begins to serve an interrupt at this address.
    #[must_use]
    pub fn serves_at(&self, address: u32) -> bool {
        self.serves.contains(&address)
    }

    /// Returns a text with a line for each function and each look.
    #[must_use]
    pub fn to_text(&self) -> String {
        let line = |function: &Function| {
            let role = match function.role {
                Role::Reset => "reset",
                Role::Handler => "handler",
                Role::Above => "above",
                Role::Thread => "thread",
                Role::Any => "any",
            };
            format!("{:x} {role}\n", function.address)
        };
        let looks = self.looks.iter().map(|address| format!("{address:x} {LOOK}\n"));
        let serves = self.serves.iter().map(|address| format!("{address:x} {SERVE}\n"));
        self.functions.iter().map(line).chain(looks).chain(serves).collect()
    }

    /// Parses the text of [`to_text`](Functions::to_text); returns `None` if it is something else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Functions> {
        let (mut functions, mut looks, mut serves) = (Vec::new(), Vec::new(), Vec::new());
        for line in text.lines() {
            let (address, what) = line.split_once(' ')?;
            let address = u32::from_str_radix(address, 16).ok()?;
            let role = match what {
                LOOK => {
                    looks.push(address);
                    continue;
                }
                SERVE => {
                    serves.push(address);
                    continue;
                }
                "reset" => Role::Reset,
                "handler" => Role::Handler,
                "above" => Role::Above,
                "thread" => Role::Thread,
                "any" => Role::Any,
                _ => return None,
            };
            functions.push(Function { address, role });
        }
        Some(Functions::new(functions, looks, serves))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions() -> Functions {
        let functions = vec![
            Function { address: 0x200, role: Role::Any },
            Function { address: 0x300, role: Role::Above },
            Function { address: 0x100, role: Role::Handler },
            Function { address: 0x40, role: Role::Reset },
        ];
        Functions::new(functions, vec![0x204, 0x104], vec![0x20c])
    }

    #[test]
    fn an_address_belongs_to_the_function_before_it() {
        let indices =
            [0, 0x40, 0xfe, 0x100, 0x1fe, 0x200, 0x2fe, 0x1000].map(|a| functions().index_of(a));
        assert_eq!(indices, [0, 0, 0, 1, 1, 2, 2, 3]);
    }

    #[test]
    fn looks_are_in_the_order_in_which_they_were_given() {
        let looks = [0x104, 0x106, 0x200, 0x204].map(|address| functions().look_at(address));
        assert_eq!(looks, [Some(1), None, None, Some(0)]);
        assert_eq!([0x204, 0x20c].map(|address| functions().serves_at(address)), [false, true]);
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(Functions::from_text(&functions().to_text()), Some(functions()));
        assert_eq!(Functions::from_text("100 none\n"), None);
        assert_eq!(Functions::from_text("x any\n"), None);
    }
}
