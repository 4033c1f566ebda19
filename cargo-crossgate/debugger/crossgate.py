# SPDX-License-Identifier: MIT OR Apache-2.0
"""The command `crossgate` of gdb: it prints the threads of a firmware and the calls that they are in.

It reads the state of the kernel by the types in the ELF file, so it knows no offset by itself.
"""

import re

import gdb

KERNEL = "__crossgate_kernel"
# The ports, each with its crate. The kernel's type has the name of its port's machine in it.
PORTS = ["crossgate_cortex_m", "crossgate_riscv"]
# The kinds of waits, in the order of `crossgate_kernel::wait::Wait`.
WAITS = [
    "ready",
    "sleeps",
    "waits for",
    "waits for the lock of an object",
    "waits for a mutex",
    "waits until memory that it lent comes back",
    "has ended",
]
NOTIFICATIONS = 2
# The number of the idle thread, which is a part of the kernel.
IDLE = 0
# The longest text of a name that is believed.
LONGEST_NAME = 200


class Firmware:
    """The kernel of the firmware that is being debugged."""

    def __init__(self):
        language = gdb.parameter("language")
        try:
            gdb.execute("set language c")
            address = int(gdb.parse_and_eval(f"(unsigned long)&{KERNEL}"))
        except gdb.error:
            raise gdb.GdbError("this is no firmware of Crossgate: it has no kernel")
        finally:
            gdb.execute(f"set language {language}")
        self.port, kernel = kernel_type()
        self.kernel = gdb.Value(address).cast(kernel.pointer()).dereference()
        if not int(self.kernel["system"]):
            raise gdb.GdbError("the kernel has not started yet")
        self.context = gdb.lookup_type(f"{self.port}::context::Context")
        self.system = self.kernel["system"].dereference()
        self.processes = items(self.system["processes"])
        self.services = items(self.system["services"])
        self.rows = items(self.system["threads"])

    def threads(self):
        """Returns the threads of the wiring. The first is the one that runs."""
        threads = self.kernel["threads"]
        current = threads["current"].dereference()
        slots = threads["slots"]
        # A slot is a pointer to a thread, or 0.
        word = gdb.lookup_type("usize")
        first = slots["data_ptr"].cast(word.pointer())
        addresses = [int(first[number]) for number in range(int(slots["length"]))]
        others = [gdb.Value(it).cast(current.type.pointer()) for it in addresses if it]
        return [current] + [it.dereference() for it in others]

    def process(self, number):
        return text(self.processes[number]["name"])

    def title(self, thread):
        if index(thread["id"]) == IDLE:
            return "kernel.idle"
        row = self.rows[index(thread["id"])]
        return f"{self.process(index(row['process']))}.{text(row['name'])}"

    def state(self, thread, is_current):
        """Returns in words what a thread waits for."""
        wait = thread["wait"]
        word = gdb.lookup_type("u8").pointer()
        kind = int(wait.address.cast(word).dereference())
        if kind == NOTIFICATIONS:
            number = gdb.lookup_type("u32").pointer()
            those = int((wait.address.cast(word) + 4).cast(number).dereference())
            names = self.notifications(index(thread["rights"]["process"]), those)
            return f"{WAITS[kind]} {', '.join(names)}"
        if is_current:
            return "runs"
        return WAITS[kind] if kind < len(WAITS) else f"wait {kind}"

    def notifications(self, process, those):
        """Returns the names of a set of notifications of a process."""
        all = items(self.system["notifications"])
        first = index(self.processes[process]["first_notification"])
        # The first notification has the highest bit.
        return [text(all[first + number]["name"]) for number in range(32) if those >> (31 - number) & 1]

    def calls(self, thread):
        """Returns for each level, the innermost first: the process, the address at which its registers are saved, and
        the service that the level below has called to come there."""
        frame = thread["frames"].type.target().sizeof
        depth = (int(inner(thread["calls"])) & 0xFFFF) // frame
        frames = [thread["frames"][number] for number in range(depth)]
        callers = [(index(it["rights"]["process"]), int(it["stack_pointer"])) for it in frames]
        levels = callers + [(index(thread["rights"]["process"]), int(thread["stack_pointer"]))]
        entered = [None] + [index(it["service"]) for it in frames]
        return list(zip(levels, entered))[::-1]

    def place(self, stack_pointer):
        """Returns the place of the instruction at which saved registers go on."""
        context = gdb.Value(stack_pointer).cast(self.context.pointer())
        return place(int(context["program_counter"]) & ~1)

    def print(self):
        for number, thread in enumerate(self.threads()):
            is_current = number == 0
            mark = "*" if is_current else " "
            state = self.state(thread, is_current)
            priority = int(thread["priority"])
            print(f"{mark} {self.title(thread)} (priority {priority}): {state}")
            if index(thread["id"]) == IDLE:
                continue
            for level, ((process, stack_pointer), service) in enumerate(self.calls(thread)):
                try:
                    at = present_place() if is_current and level == 0 else self.place(stack_pointer)
                except gdb.MemoryError:
                    at = "at no known place"
                name = "" if service is None else f", called as {text(self.services[service]['name'])}"
                print(f"    in {self.process(process)}{name}: {at}")


def kernel_type():
    for port in PORTS:
        try:
            return port, gdb.lookup_type(f"crossgate_kernel::Kernel<{port}::machine::Machine>")
        except gdb.error:
            continue
    raise gdb.GdbError(
        "the ELF file has no types: set `debug = 2` in [profile.release] of Cargo.toml, and build again"
    )


def items(slice):
    """Returns a table of the wiring as a list."""
    return [slice["data_ptr"][number] for number in range(int(slice["length"]))]


def text(slice):
    length = int(slice["length"])
    if length > LONGEST_NAME:
        raise gdb.GdbError("the tables of the wiring are damaged, or the firmware has not started")
    return slice["data_ptr"].string("utf-8", length=length) if length else ""


def inner(value):
    """Returns the only number in a struct."""
    while value.type.code == gdb.TYPE_CODE_STRUCT:
        fields = [field for field in value.type.fields() if field.type.sizeof]
        value = value[fields[0]]
    return value


def index(id):
    return int(inner(id))


def present_place():
    """Returns the place of the CPU: in the innermost function that is not inlined."""
    frame = gdb.newest_frame()
    while frame.type() == gdb.INLINE_FRAME:
        frame = frame.older()
    place = frame.find_sal()
    name = frame.name() or f"{frame.pc():#x}"
    return f"{name} at {place.symtab.filename}:{place.line}" if place.symtab else name


def place(address):
    """Returns the function at this address which is not inlined. The line is known if nothing is inlined there."""
    block = gdb.block_for_pc(address)
    while block and not (block.function and not block.function.is_variable and block.superblock.is_static):
        block = block.superblock
    if not block:
        symbol = gdb.execute(f"info symbol {address:#x}", to_string=True).split(" in section")[0]
        return re.sub("::h[0-9a-f]{16}$", "", symbol.strip())
    function, line = block.function, gdb.find_pc_line(address)
    if line.symtab and line.symtab.filename == function.symtab.filename:
        return f"{function.print_name} at {function.symtab.filename}:{line.line}"
    return f"{function.print_name} in {function.symtab.filename}"


class Crossgate(gdb.Command):
    """Print the threads of the firmware, and the calls that each of them is in.

    The thread that runs is marked with `*`. Below each thread are the processes that it is in, the innermost first,
    with the service by which it came there and the place at which it goes on.
    """

    def __init__(self):
        super().__init__("crossgate", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        try:
            Firmware().print()
        except gdb.MemoryError as error:
            raise gdb.GdbError(
                f"{error}. If the emulator shows only memory that the running code may access, go on to the kernel: "
                "`tbreak SVCall`, `continue`"
            )


Crossgate()
