import ctypes
import errno
import os
import sys
import unittest

import syscall_filter
from syscall_filter import OF_AGENT, OF_PROGRAM, SyscallFilter, compile_for

HERE = os.uname().machine
IS_KNOWN = sys.platform == "linux" and HERE in syscall_filter.MACHINES


class Lists(unittest.TestCase):
    def test_both_machines_have_a_number_for_each_call(self) -> None:
        x86, arm = (numbers for _, numbers in syscall_filter.MACHINES.values())
        self.assertEqual(list(x86), list(arm))
        for numbers in (x86, arm):
            self.assertEqual(len(set(numbers.values())), len(numbers))

    def test_a_filter_is_short_and_ends_with_an_answer(self) -> None:
        for machine in syscall_filter.MACHINES:
            code = compile_for(machine, OF_PROGRAM)
            self.assertEqual(len(code) % 8, 0)
            self.assertLess(len(code) // 8, 100)
            self.assertEqual(code[-8:], syscall_filter.instruction(syscall_filter.RETURN, syscall_filter.ALLOW))


@unittest.skipUnless(IS_KNOWN, "needs Linux on a machine that we know")
class Loaded(unittest.TestCase):
    def ask(self, refused: tuple[str, ...], name: str, *arguments: int) -> int:
        """The error that the call gives under the filter; 0 where it succeeds."""
        libc = ctypes.CDLL(None, use_errno=True)
        number = syscall_filter.MACHINES[HERE][1][name]
        pid = os.fork()
        if pid == 0:
            code = 255
            try:
                libc.prctl(38, 1, 0, 0, 0)  # no_new_privs
                SyscallFilter(refused).load()
                result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
                code = ctypes.get_errno() if result < 0 else 0
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_a_program_makes_no_namespaces(self) -> None:
        for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000):
            self.assertEqual(self.ask(OF_PROGRAM, "clone", flag | 17, 0, 0, 0, 0), errno.EPERM)
            self.assertEqual(self.ask(OF_PROGRAM, "unshare", flag), errno.EPERM)
        self.assertEqual(self.ask(OF_PROGRAM, "clone3", 0, 0), errno.ENOSYS)

    def test_a_program_has_one_user_no_mounts_and_no_keys(self) -> None:
        for name in OF_PROGRAM:
            if name not in syscall_filter.MISSING:
                self.assertEqual(self.ask(OF_PROGRAM, name, 0, 0, 0, 0, 0), errno.EPERM, name)

    def test_a_program_has_no_asynchronous_io_of_the_kernels(self) -> None:
        for name in ("io_setup", "io_submit"):
            self.assertEqual(self.ask(OF_PROGRAM, name, 1, 0, 0), errno.ENOSYS)

    def test_a_program_loads_no_filter_of_its_own(self) -> None:
        for act in (0, 1, 2, 3):
            self.assertEqual(self.ask(OF_PROGRAM, "seccomp", act, 0, 0), errno.ENOSYS)
        for mode in (1, 2):
            self.assertEqual(self.ask(OF_PROGRAM, "prctl", 22, mode, 0, 0, 0), errno.EINVAL)
        self.assertEqual(self.ask(OF_PROGRAM, "prctl", 38, 1, 0, 0, 0), 0)

    def test_a_program_has_sockets_of_tcp_and_udp_and_no_others_of_the_internet(self) -> None:
        for family in (2, 10):
            for kind, protocol in ((1, 0), (1, 6), (2, 0), (2, 17)):
                self.assertEqual(self.ask(OF_PROGRAM, "socket", family, kind, protocol), 0)
            for kind, protocol in ((2, 1), (2, 58), (1, 262), (1, 132), (2, 136), (3, 255)):
                self.assertEqual(self.ask(OF_PROGRAM, "socket", family, kind, protocol), errno.EPROTONOSUPPORT)
        self.assertEqual(self.ask(OF_PROGRAM, "socket", 1, 1, 0), 0)

    def test_a_program_has_netlink_for_addresses_and_for_nothing_else(self) -> None:
        self.assertEqual(self.ask(OF_PROGRAM, "socket", 16, 3, 0), 0)
        for protocol in (4, 9, 12, 15, 16):
            self.assertEqual(self.ask(OF_PROGRAM, "socket", 16, 3, protocol), errno.EPERM, protocol)

    def test_a_program_forks(self) -> None:
        pid = os.fork()
        if pid == 0:
            code = 255
            try:
                ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
                SyscallFilter().load()
                child = os.fork()
                if child == 0:
                    os._exit(7)
                code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            finally:
                os._exit(code)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 7)

    @unittest.skipUnless(os.getuid() == 0, "needs root")
    def test_an_agent_cannot_become_root_again(self) -> None:
        for name in ("setuid", "setresuid", "setreuid", "setgid", "setgroups"):
            self.assertEqual(self.ask(OF_AGENT, name, 0, 0, 0), errno.EPERM, name)
