import os
import unittest

from start_barrier import StartBarrier
from test_output import make_loop, run_until


class Barrier(unittest.TestCase):
    def setUp(self) -> None:
        self.loop = make_loop(self)
        self.barrier = StartBarrier(self.loop)
        self.addCleanup(self.barrier.close)
        self.said: list[bytes] = []
        self.pid = self.barrier.open(self.start, self.said.append)

    def start(self, barrier: int, answer: int) -> int:
        """Says that it waits, and then what it was released with."""
        pid = os.fork()
        if pid == 0:
            try:
                self.barrier.close()  # it has copies of the other ends
                os.write(answer, b"r")
                os.write(answer, os.read(barrier, 100))
            finally:
                os._exit(0)
        self.addCleanup(os.waitpid, pid, 0)
        return pid

    def until_said(self, count: int) -> None:
        run_until(self.loop, lambda: len(self.said) >= count)

    def test_it_says_that_it_waits_and_answers_what_releases_it(self) -> None:
        self.until_said(1)
        other: list[bytes] = []
        self.barrier.expect(other.append)
        self.barrier.release(bytearray(b"go"))
        run_until(self.loop, lambda: bool(other))
        self.assertEqual((self.said, other), ([b"r"], [b"go"]))

    def test_its_end_is_an_answer_without_bytes(self) -> None:
        self.until_said(1)
        self.barrier.release(bytearray(b"go"))
        run_until(self.loop, lambda: self.said[-1] == b"")
        self.barrier.close_answer()
        self.barrier.look()
        self.assertEqual(self.said[:2], [b"r", b"go"])

    def test_one_that_is_closed_lets_the_other_side_end(self) -> None:
        self.until_said(1)
        self.barrier.close()
        self.barrier.release(bytearray(b"late"))
        self.assertEqual(self.said, [b"r"])
