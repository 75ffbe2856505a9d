import os
import signal
import time
import unittest
from collections.abc import Callable

from gathering import LARGE_BYTES, SECONDS, Gathering
from identity import LocalIdentity
from loop import Loop
from output import Output
from spawn import Pipes

PLENTY = 1 << 20


def make_loop(test: unittest.TestCase) -> Loop:
    """A loop takes the signals of its process."""
    handler = signal.getsignal(signal.SIGCHLD)
    test.addCleanup(signal.signal, signal.SIGCHLD, handler)
    test.addCleanup(signal.set_wakeup_fd, -1)
    return Loop(lambda: None)


def run_until(loop: Loop, is_done: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not is_done():
        assert time.monotonic() < until
        loop.after(0.001, lambda: None)  # a turn must end even if nothing happens
        loop.turn()


def run_for(loop: Loop, seconds: float) -> None:
    until = time.monotonic() + seconds
    run_until(loop, lambda: time.monotonic() >= until)


class Reading(unittest.TestCase):
    def setUp(self) -> None:
        self.loop = make_loop(self)
        self.pipes = Pipes(LocalIdentity())
        self.stdout, self.stderr = self.pipes.their_stdout, self.pipes.their_stderr
        assert self.pipes.stdin is not None
        for fd in (self.pipes.stdin, self.pipes.their_stdin):
            self.addCleanup(os.close, fd)
        self.pieces: list[tuple[bool, bytes]] = []
        self.excesses = self.ends = 0

    def start(self, credit: int = PLENTY, limit_bytes: int = PLENTY) -> Output:
        return Output(
            self.loop,
            self.pipes,
            credit=credit,
            limit_bytes=limit_bytes,
            on_piece=lambda is_stdout, piece: self.pieces.append((is_stdout, piece)),
            on_excess=self.count_excess,
            on_end=self.count_end,
        )

    def count_excess(self) -> None:
        self.excesses += 1

    def count_end(self) -> None:
        self.ends += 1

    def read(self, is_stdout: bool = True) -> bytes:
        return b"".join(piece for stream, piece in self.pieces if stream == is_stdout)

    def close_theirs(self) -> None:
        os.close(self.stdout)
        os.close(self.stderr)

    def test_each_stream_is_read_to_its_end(self) -> None:
        output = self.start()
        os.write(self.stdout, b"out")
        os.write(self.stderr, b"err")
        self.close_theirs()
        run_until(self.loop, lambda: not output.is_open())
        self.assertEqual((self.read(), self.read(is_stdout=False)), (b"out", b"err"))
        self.assertEqual((self.ends, self.excesses), (1, 0))

    def test_output_is_open_until_both_streams_have_ended(self) -> None:
        output = self.start()
        os.close(self.stdout)
        run_for(self.loop, 0.01)
        self.assertTrue(output.is_open())
        self.assertEqual(self.ends, 0)
        os.close(self.stderr)
        run_until(self.loop, lambda: not output.is_open())
        self.assertEqual(self.ends, 1)

    def test_nothing_is_read_without_credit(self) -> None:
        output = self.start(credit=3)
        os.write(self.stdout, b"abcdef")
        run_for(self.loop, 4 * SECONDS)
        self.assertEqual(self.read(), b"abc")
        output.grant(2)
        run_for(self.loop, 4 * SECONDS)
        self.assertEqual(self.read(), b"abcde")
        output.grant(PLENTY)
        self.close_theirs()
        run_until(self.loop, lambda: not output.is_open())
        self.assertEqual(self.read(), b"abcdef")

    def test_both_streams_together_may_not_be_over_the_limit(self) -> None:
        output = self.start(limit_bytes=4)
        os.write(self.stdout, b"abc")
        run_until(self.loop, lambda: self.read() == b"abc")
        os.write(self.stderr, b"def")
        run_until(self.loop, lambda: self.excesses == 1)
        self.close_theirs()
        run_until(self.loop, lambda: not output.is_open())
        self.assertEqual((self.read(), self.read(is_stdout=False)), (b"abc", b"d"))

    def test_output_of_exactly_the_limit_is_not_over_it(self) -> None:
        output = self.start(limit_bytes=3)
        os.write(self.stdout, b"abc")
        self.close_theirs()
        run_until(self.loop, lambda: not output.is_open())
        self.assertEqual((self.read(), self.excesses), (b"abc", 0))

    def test_what_follows_a_small_piece_is_one_piece(self) -> None:
        self.start()
        os.write(self.stdout, b"1")
        run_until(self.loop, lambda: len(self.pieces) == 1)
        os.write(self.stdout, b"2")
        os.write(self.stderr, b"3")
        os.write(self.stdout, b"4")
        run_until(self.loop, lambda: len(self.pieces) == 3)
        self.assertEqual(self.pieces, [(True, b"1"), (True, b"24"), (False, b"3")])
        self.close_theirs()

    def test_draining_reads_what_is_there_and_does_not_wait(self) -> None:
        output = self.start()
        os.write(self.stdout, b"1")
        run_until(self.loop, lambda: len(self.pieces) == 1)
        os.write(self.stdout, b"2")
        self.close_theirs()
        output.drain()
        self.assertEqual((self.read(), output.is_open(), self.ends), (b"12", False, 1))

    def test_draining_keeps_to_the_credit(self) -> None:
        output = self.start(credit=1)
        os.write(self.stdout, b"12")
        self.close_theirs()
        output.drain()
        self.assertEqual((self.read(), output.is_open()), (b"1", True))
        output.grant(PLENTY)
        run_until(self.loop, lambda: not output.is_open())
        self.assertEqual(self.read(), b"12")

    def test_after_draining_a_survivor_is_read_on(self) -> None:
        output = self.start()
        os.write(self.stdout, b"1")
        output.drain()
        os.write(self.stdout, b"2")
        run_until(self.loop, lambda: self.read() == b"12")
        self.close_theirs()
        run_until(self.loop, lambda: not output.is_open())
        self.assertEqual(self.ends, 1)

    def test_closing_ends_what_is_open_once(self) -> None:
        output = self.start()
        output.close()
        output.close()
        self.assertEqual((output.is_open(), self.ends), (False, 1))
        self.close_theirs()


class GatheringPieces(unittest.TestCase):
    def setUp(self) -> None:
        self.loop = make_loop(self)
        self.ends = 0
        self.gathering = Gathering(self.loop, self.count_end)

    def count_end(self) -> None:
        self.ends += 1

    def test_it_lasts_a_moment_and_can_start_again(self) -> None:
        for ends in (1, 2):
            self.assertTrue(self.gathering.start_after(b"1"))
            self.assertFalse(self.gathering.start_after(b"2"))
            run_until(self.loop, lambda ends=ends: self.ends == ends)
            self.assertFalse(self.gathering.is_on)

    def test_nothing_is_gathered_after_a_large_piece(self) -> None:
        self.assertFalse(self.gathering.start_after(bytes(LARGE_BYTES)))
        self.assertFalse(self.gathering.is_on)

    def test_once_stopped_it_stays_off(self) -> None:
        self.gathering.start_after(b"1")
        self.gathering.stop()
        self.assertFalse(self.gathering.is_on)
        self.assertFalse(self.gathering.start_after(b"2"))
        run_for(self.loop, 4 * SECONDS)
        self.assertEqual(self.ends, 0)
