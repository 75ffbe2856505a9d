"""Filters of system calls on top of the container's, and stricter. The container's has to let through what makes the
namespaces of a program; a program gets none of that, nor does the agent.

Refused here:

1. Namespaces, mounts, names of the machine.
2. Change of user: a program has one.
3. Asynchronous I/O of the kernel's (`io_setup`): the host has one number of requests for everybody.
4. Keyrings: their quota is counted for a user over the whole host.
5. Sockets of IPv4 and IPv6 with other protocols than TCP and UDP, and of netlink with others than that of addresses.
6. Filters of the program's own: the kernel makes machine code of them, and has one limit for that of the whole host.

Numbers above X32_BIT are those calls once more. The kernel remembers which calls a filter always allows, so most calls
do not get slower.
"""

import posix
import sys

import libc

SET_MODE_FILTER = 1  # SECCOMP_SET_MODE_FILTER
SPEC_ALLOW = 4  # SECCOMP_FILTER_FLAG_SPEC_ALLOW, as the runtime does

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EPERM, EINVAL, ENOSYS, EPROTONOSUPPORT = 1, 22, 38, 93
NAMESPACE_FLAGS = 0x7E020000
X32_BIT = 0x40000000
AF_INET, AF_INET6, AF_NETLINK = 2, 10, 16
ANY, TCP, UDP = 0, 6, 17
PR_SET_SECCOMP = 22

# Offsets in what the kernel shows to a filter (struct seccomp_data): 32 bits each. Arguments have 64, low half first.
NUMBER, ARCHITECTURE, FIRST, THIRD = 0, 4, 16, 32
# Instructions of the kernel's filters.
LOAD, EQUALS, AT_LEAST, HAS_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06

#: By what `uname` calls the machine: its name in the kernel's audit, and the numbers of its calls.
MACHINES: "dict[str, tuple[int, dict[str, int]]]" = {
    "x86_64": (
        0xC000003E,
        {
            "seccomp": 317,
            "prctl": 157,
            "clone": 56,
            "clone3": 435,
            "socket": 41,
            "unshare": 272,
            "setns": 308,
            "mount": 165,
            "umount2": 166,
            "pivot_root": 155,
            "sethostname": 170,
            "setdomainname": 171,
            "chroot": 161,
            "setuid": 105,
            "setgid": 106,
            "setreuid": 113,
            "setregid": 114,
            "setgroups": 116,
            "setresuid": 117,
            "setresgid": 119,
            "setfsuid": 122,
            "setfsgid": 123,
            "add_key": 248,
            "request_key": 249,
            "keyctl": 250,
            "io_setup": 206,
            "io_submit": 209,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "seccomp": 277,
            "prctl": 167,
            "clone": 220,
            "clone3": 435,
            "socket": 198,
            "unshare": 97,
            "setns": 268,
            "mount": 40,
            "umount2": 39,
            "pivot_root": 41,
            "sethostname": 161,
            "setdomainname": 162,
            "chroot": 51,
            "setuid": 146,
            "setgid": 144,
            "setreuid": 145,
            "setregid": 143,
            "setgroups": 159,
            "setresuid": 147,
            "setresgid": 149,
            "setfsuid": 151,
            "setfsgid": 152,
            "add_key": 217,
            "request_key": 218,
            "keyctl": 219,
            "io_setup": 0,
            "io_submit": 2,
        },
    ),
}
#: Programs that find these missing do without them.
MISSING = ("clone3", "seccomp", "io_setup", "io_submit")
LOOKED_INTO = ("clone", "socket", "prctl")
OF_PROGRAM = tuple(name for name in MACHINES["x86_64"][1] if name not in LOOKED_INTO)
#: The agent of a cell starts nothing itself, and must not become root again.
OF_AGENT = tuple(name for name in OF_PROGRAM if not name.startswith("io_"))


def instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return (
        code.to_bytes(2, sys.byteorder) + bytes((if_true, if_false)) + (value & 0xFFFFFFFF).to_bytes(4, sys.byteorder)
    )


def compile_for(machine: str, refused: "tuple[str, ...]") -> bytes:
    architecture, numbers = MACHINES[machine]
    refuse = [instruction(RETURN, ERRNO | EPERM)]
    allow = [instruction(RETURN, ALLOW)]
    lines = [
        instruction(LOAD, ARCHITECTURE),
        instruction(EQUALS, architecture, 1, 0),
        *refuse,
        instruction(LOAD, NUMBER),
        instruction(AT_LEAST, X32_BIT, 0, 1),
        *refuse,
    ]
    for name in refused:
        error = ENOSYS if name in MISSING else EPERM
        lines += [instruction(EQUALS, numbers[name], 0, 1), instruction(RETURN, ERRNO | error)]
    lines += [
        instruction(EQUALS, numbers["clone"], 0, 4),
        instruction(LOAD, FIRST),
        instruction(HAS_BITS, NAMESPACE_FLAGS, 0, 1),
        *refuse,
        *allow,
        instruction(EQUALS, numbers["prctl"], 0, 4),
        instruction(LOAD, FIRST),
        instruction(EQUALS, PR_SET_SECCOMP, 0, 1),
        instruction(RETURN, ERRNO | EINVAL),
        *allow,
        instruction(EQUALS, numbers["socket"], 0, 13),
        instruction(LOAD, FIRST),
        instruction(EQUALS, AF_NETLINK, 0, 4),
        instruction(LOAD, THIRD),
        instruction(EQUALS, ANY, 0, 1),
        *allow,
        *refuse,
        instruction(EQUALS, AF_INET, 1, 0),
        instruction(EQUALS, AF_INET6, 0, 5),
        instruction(LOAD, THIRD),
        instruction(EQUALS, ANY, 3, 0),
        instruction(EQUALS, TCP, 2, 0),
        instruction(EQUALS, UDP, 1, 0),
        instruction(RETURN, ERRNO | EPROTONOSUPPORT),
    ]
    return b"".join([*lines, *allow])


class SyscallFilter:
    """Made once, because each program needs the same."""

    def __init__(self, refused: "tuple[str, ...]" = OF_PROGRAM) -> None:
        machine = posix.uname().machine
        code = compile_for(machine, refused)
        self._number = MACHINES[machine][1]["seccomp"]
        self._syscall = libc.find("syscall")
        self._code = libc.Memory(code)
        # struct sock_fprog: how many instructions, and where they are.
        self._program = (len(code) // 8).to_bytes(8, sys.byteorder) + self._code.address.to_bytes(8, sys.byteorder)

    def load(self) -> None:
        """From here on it holds for this process and all that it starts. The process can gain no rights any more."""
        libc.call(self._syscall, self._number, SET_MODE_FILTER, SPEC_ALLOW, self._program)
