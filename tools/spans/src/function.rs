// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of a firmware, in the form that the plugin reads.

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

/// All functions of a firmware, by their addresses. Each is named by its index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Functions(Vec<Function>);

impl Functions {
    /// Creates the list of these functions.
    #[must_use]
    pub fn new(mut functions: Vec<Function>) -> Functions {
        functions.sort_by_key(|function| function.address);
        Functions(functions)
    }

    /// Returns the index of the function with this address; that of the first one for addresses before all functions.
    #[must_use]
    pub fn index_of(&self, address: u32) -> usize {
        self.0.partition_point(|function| function.address <= address).saturating_sub(1)
    }

    /// Returns the function with this index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Function> {
        self.0.get(index)
    }

    /// Returns a text with a line for each function.
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
        self.0.iter().map(line).collect()
    }

    /// Parses the text of [`to_text`](Functions::to_text); returns `None` if it is something else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Functions> {
        let function = |line: &str| {
            let (address, role) = line.split_once(' ')?;
            let role = match role {
                "reset" => Role::Reset,
                "handler" => Role::Handler,
                "above" => Role::Above,
                "thread" => Role::Thread,
                "any" => Role::Any,
                _ => return None,
            };
            Some(Function { address: u32::from_str_radix(address, 16).ok()?, role })
        };
        Some(Functions::new(text.lines().map(function).collect::<Option<_>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions() -> Functions {
        Functions::new(vec![
            Function { address: 0x200, role: Role::Any },
            Function { address: 0x300, role: Role::Above },
            Function { address: 0x100, role: Role::Handler },
            Function { address: 0x40, role: Role::Reset },
        ])
    }

    #[test]
    fn an_address_belongs_to_the_function_before_it() {
        let indices =
            [0, 0x40, 0xfe, 0x100, 0x1fe, 0x200, 0x2fe, 0x1000].map(|a| functions().index_of(a));
        assert_eq!(indices, [0, 0, 0, 1, 1, 2, 2, 3]);
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(Functions::from_text(&functions().to_text()), Some(functions()));
        assert_eq!(Functions::from_text("100 none\n"), None);
        assert_eq!(Functions::from_text("x any\n"), None);
    }
}
