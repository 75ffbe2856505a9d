from __future__ import annotations

import mmap
import os
import subprocess
import sys
import unittest
from ctypes import addressof, c_char

import pages

SIZE = mmap.PAGESIZE
REHEARSAL = """
import atexit, ctypes, mmap, sys
import rehearsal
memory = mmap.mmap(-1, 3 * mmap.PAGESIZE, mmap.MAP_PRIVATE)
memory[:] = bytes(b"x" * len(memory))
ctypes.pythonapi.Py_IncRef(ctypes.py_object(memory))  # the end of Python must not release it
first = ctypes.addressof(ctypes.c_char.from_buffer(memory))
pid, pipe = rehearsal.start()
if pid == 0:
    atexit.register(memory.__setitem__, mmap.PAGESIZE, 1)
    sys.exit(rehearsal.EXIT_CODE_WITHOUT_FILE)
places = rehearsal.finish(pid, pipe)
pages = [first + at * mmap.PAGESIZE for at in range(3)]
print([any(start <= page < start + size for start, size in places) for page in pages])
"""


def has(places: list[pages.Place], page: int) -> bool:
    return any(start <= page < start + size for start, size in places)


class PagesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.memory = mmap.mmap(-1, 4 * SIZE, mmap.MAP_PRIVATE)
        self.memory[: 3 * SIZE] = bytes(b"x" * 3 * SIZE)
        self.first = addressof(c_char.from_buffer(self.memory))

    def test_pages_that_a_child_has_written_to_are_not_shared(self) -> None:
        is_written, written = os.pipe()
        over, end = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(end)
            self.memory[SIZE] = 1
            os.close(written)
            os.read(over, 1)
            os._exit(0)
        os.close(written)
        os.read(is_written, 1)
        places = pages.find(child, pages.NOT_SHARED)
        os.close(end)
        os.waitpid(child, 0)
        for fd in (is_written, over):
            os.close(fd)
        self.assertEqual([has(places, self.first + at * SIZE) for at in range(4)], [False, True, False, False])

    def test_pages_that_were_never_written_to_are_not_in_use(self) -> None:
        places = pages.find("self", pages.IN_USE)
        self.assertEqual([has(places, self.first + at * SIZE) for at in range(4)], [True, True, True, False])

    def test_a_process_that_is_gone_has_no_pages(self) -> None:
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        self.assertEqual(pages.find(child, pages.IN_USE), [])

    def test_a_rehearsal_finds_what_a_program_writes_to_at_its_end(self) -> None:
        env = {"PYTHONPATH": os.path.dirname(pages.__file__)}
        command = [sys.executable, "-c", REHEARSAL]
        run = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=30)
        self.assertEqual(run.stdout, "[False, True, False]\n")


if __name__ == "__main__":
    unittest.main()
