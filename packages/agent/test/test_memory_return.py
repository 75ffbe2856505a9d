import os
import signal
import tempfile
import time
import unittest

from loop import Loop
from memory_return import MIB, Memory, MemoryReturn


class Returning(unittest.TestCase):
    def setUp(self) -> None:
        self.root = self.enterContext(tempfile.TemporaryDirectory())
        handler = signal.getsignal(signal.SIGCHLD)
        self.addCleanup(signal.signal, signal.SIGCHLD, handler)
        self.addCleanup(signal.set_wakeup_fd, -1)
        self.loop = Loop(lambda: None)
        self.answers: list[str] = []
        os.mkdir(f"{self.root}/memory")
        self.write(rss=10 * MIB, shmem=0, kernel=3 * MIB)
        self.memory_return = MemoryReturn(self.loop, Memory(self.root), most_seconds=0.05)

    def write(self, *, rss: int, shmem: int, kernel: int, cache: int = 0) -> None:
        with open(f"{self.root}/memory/memory.stat", "w") as file:
            file.write(f"cache {cache}\nrss {rss}\nshmem {shmem}\n")
        with open(f"{self.root}/memory/memory.kmem.usage_in_bytes", "w") as file:
            file.write(f"{kernel}\n")

    def ask(self) -> str:
        asked = len(self.answers)
        until = time.monotonic() + 10
        self.memory_return.when_back(lambda: self.answers.append("back"), lambda: self.answers.append("given up"))
        while len(self.answers) == asked:
            assert time.monotonic() < until
            self.loop.turn()
        return self.answers[-1]

    def test_the_first_program_sets_the_measure(self) -> None:
        self.assertEqual(self.ask(), "back")

    def test_up_to_a_mebibyte_more_is_nothing_and_less_neither(self) -> None:
        self.ask()
        self.write(rss=10 * MIB + MIB // 2, shmem=MIB // 2, kernel=4 * MIB)
        self.assertEqual(self.ask(), "back")
        self.write(rss=MIB, shmem=0, kernel=MIB)
        self.assertEqual(self.ask(), "back")

    def test_what_programs_leave_in_memory_is_waited_for_and_then_given_up(self) -> None:
        self.ask()
        for left in ({"rss": 12 * MIB}, {"shmem": 2 * MIB}, {"kernel": 5 * MIB}):
            self.write(**{"rss": 10 * MIB, "shmem": 0, "kernel": 3 * MIB, **left})
            self.assertEqual(self.ask(), "given up", left)

    def test_memory_that_comes_back_late_is_enough(self) -> None:
        self.ask()
        self.write(rss=12 * MIB, shmem=0, kernel=3 * MIB)
        self.loop.after(0.02, lambda: self.write(rss=10 * MIB, shmem=0, kernel=3 * MIB))
        self.assertEqual(self.ask(), "back")

    def test_files_that_the_kernel_keeps_do_not_count(self) -> None:
        self.ask()
        self.write(rss=10 * MIB, shmem=0, kernel=3 * MIB, cache=200 * MIB)
        self.assertEqual(self.ask(), "back")

    def test_memory_that_can_no_longer_be_read_is_not_back(self) -> None:
        self.ask()
        os.unlink(f"{self.root}/memory/memory.stat")
        self.assertEqual(self.ask(), "given up")

    def test_control_groups_of_version_2_are_read_as_well(self) -> None:
        with open(f"{self.root}/cgroup.controllers", "w"):
            pass
        with open(f"{self.root}/memory.stat", "w") as file:
            file.write("anon 1\nfile 7\nkernel 4\nshmem 2\n")
        self.assertEqual(Memory(self.root).read(), [3, 4])
