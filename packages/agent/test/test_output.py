import fcntl
import os
import signal
import time
import unittest
from collections.abc import Callable

import gathering
from confinement.local import Local
from gathering import LARGE_BYTES, SECONDS, Gathering
from loop import Loop
from order import Order
from output import Output
from spawn import Pipes
from turns import TURN_BYTES, take_turns

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
        self.pipes = Pipes(Local("/tmp").own)
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

    def test_at_most_one_piece_comes_in_each_time_of_gathering(self) -> None:
        output = self.start()
        started = time.monotonic()
        for _ in range(100):
            os.write(self.stdout, b".")
            self.loop.after(0, lambda: None)
            self.loop.turn()
        self.close_theirs()
        run_until(self.loop, lambda: not output.is_open())
        self.assertEqual(self.read(), b"." * 100)
        first, last = 1, 1
        self.assertLessEqual(len(self.pieces), first + (time.monotonic() - started) / SECONDS + last)

    def test_the_other_stream_ends_the_gathering_at_once_and_what_was_written_first_comes_first(self) -> None:
        self.start()
        for is_stdout in (True, False, False, True):
            for is_gathered_first in (True, False):
                with self.subTest(is_stdout=is_stdout, is_gathered_first=is_gathered_first):
                    run_for(self.loop, 4 * SECONDS)
                    self.pieces.clear()
                    gathered, other = (self.stdout, self.stderr) if is_stdout else (self.stderr, self.stdout)
                    os.write(gathered, b"1")
                    self.loop.turn()
                    os.write(gathered if is_gathered_first else other, b"2")
                    os.write(other if is_gathered_first else gathered, b"3")
                    self.loop.turn()
                    expected = [(is_stdout, b"1"), (is_stdout == is_gathered_first, b"2")]
                    self.assertEqual(self.pieces, [*expected, (is_stdout != is_gathered_first, b"3")])
        self.close_theirs()

    def test_without_epoll_stderr_does_not_overtake_stdout_that_rests(self) -> None:
        self.pipes.order.close()
        self.pipes.order = Order(self.pipes.stdout, self.pipes.stderr, has_epoll=False)
        self.addCleanup(setattr, gathering, "SECONDS", gathering.SECONDS)
        gathering.SECONDS = 1  # stdout rests until stderr is written to
        output = self.start()
        os.write(self.stdout, b"1")
        run_until(self.loop, lambda: len(self.pieces) == 1)
        os.write(self.stdout, b"2")
        os.write(self.stderr, b"3")
        self.close_theirs()
        run_until(self.loop, lambda: not output.is_open())
        self.assertEqual(self.pieces, [(True, b"1"), (True, b"2"), (False, b"3")])

    def test_what_was_ready_first_comes_first_when_both_are_ready(self) -> None:
        self.start()
        for is_stdout in (False, True, True, False):
            self.pieces.clear()
            first, second = (self.stdout, self.stderr) if is_stdout else (self.stderr, self.stdout)
            os.write(first, b"1")
            os.write(second, b"2")
            self.loop.turn()
            self.assertEqual(self.pieces, [(is_stdout, b"1"), (not is_stdout, b"2")])
        self.close_theirs()

    def test_what_was_ready_first_comes_first_when_the_main_process_has_died(self) -> None:
        for is_stdout in (False, True):
            with self.subTest(is_stdout=is_stdout):
                if is_stdout:
                    self.setUp()
                output = self.start()
                first, second = (self.stdout, self.stderr) if is_stdout else (self.stderr, self.stdout)
                os.write(first, b"1")
                os.write(second, b"2")
                self.close_theirs()
                output.drain()
                self.assertEqual(self.pieces, [(is_stdout, b"1"), (not is_stdout, b"2")])
                self.assertEqual((output.is_open(), self.ends), (False, 1))

    def test_lines_that_alternate_come_in_exact_order_as_long_as_each_is_read_before_the_next(self) -> None:
        self.start()
        written = [(line % 2 == 0, b"line %d\n" % line) for line in range(30)]
        for is_stdout, line in written:
            os.write(self.stdout if is_stdout else self.stderr, line)
            self.loop.turn()
        self.assertEqual(self.pieces, written)
        self.close_theirs()

    def test_a_large_output_comes_before_a_line_that_was_written_after_it(self) -> None:
        self.start()
        for is_stdout in (True, False):
            self.pieces.clear()
            large, small = (self.stdout, self.stderr) if is_stdout else (self.stderr, self.stdout)
            os.write(large, bytes(60_000))
            os.write(small, b"done")
            self.loop.turn()
            self.assertEqual(self.pieces[-1], (not is_stdout, b"done"))
            self.assertEqual(self.read(is_stdout), bytes(60_000))
        self.close_theirs()

    def test_two_floods_take_turns(self) -> None:
        self.start()
        os.write(self.stdout, b"o" * 60_000)
        os.write(self.stderr, b"e" * 60_000)
        self.loop.turn()
        self.assertEqual((len(self.read()), len(self.read(is_stdout=False))), (60_000, 60_000))
        self.assertEqual([is_stdout for is_stdout, _ in self.pieces], [True, False] * 15)
        self.assertLessEqual(max(len(piece) for _, piece in self.pieces), TURN_BYTES)
        self.close_theirs()

    def test_a_stream_that_prints_all_the_time_does_not_keep_the_other_one_waiting(self) -> None:
        self.start()
        for is_stdout in (True, False):
            chatty, quiet = (self.stdout, self.stderr) if is_stdout else (self.stderr, self.stdout)
            for word in (b"first", b"second", b"third"):
                os.write(chatty, b".")
                self.loop.turn()
                os.write(chatty, b".")
                os.write(quiet, word)
                self.loop.turn()
                self.assertEqual(self.pieces[-1], (not is_stdout, word))
        self.close_theirs()

    def test_both_streams_are_read_as_far_as_there_is_credit(self) -> None:
        output = self.start(credit=5)
        os.write(self.stderr, b"abc")
        os.write(self.stdout, b"def")
        self.loop.turn()
        self.assertEqual(self.pieces, [(False, b"abc"), (True, b"de")])
        os.write(self.stderr, b"g")
        run_for(self.loop, 4 * SECONDS)
        self.assertEqual(len(self.pieces), 2)
        output.grant(1)
        run_until(self.loop, lambda: len(self.pieces) == 3)
        output.grant(PLENTY)
        self.close_theirs()
        run_until(self.loop, lambda: not output.is_open())
        self.assertEqual((self.read(), self.read(is_stdout=False)), (b"def", b"abcg"))

    def test_what_credit_did_not_suffice_for_comes_before_what_was_written_later(self) -> None:
        for is_stdout in (True, False):
            with self.subTest(is_stdout=is_stdout):
                if not is_stdout:
                    self.setUp()
                output = self.start(credit=3)
                first, second = (self.stdout, self.stderr) if is_stdout else (self.stderr, self.stdout)
                os.write(first, b"12345")
                self.loop.turn()
                os.write(second, b"6")
                output.grant(PLENTY)
                self.loop.turn()
                self.assertEqual(self.pieces, [(is_stdout, b"123"), (is_stdout, b"45"), (not is_stdout, b"6")])
                self.close_theirs()

    def test_an_enlarged_pipe_is_read_to_its_end(self) -> None:
        fcntl.fcntl(self.stdout, fcntl.F_SETPIPE_SZ, 1 << 20)
        for is_drained in (True, False):
            with self.subTest(is_drained=is_drained):
                if not is_drained:
                    self.setUp()
                    fcntl.fcntl(self.stderr, fcntl.F_SETPIPE_SZ, 1 << 20)
                output = self.start(credit=2 * PLENTY)
                os.write(self.stdout if is_drained else self.stderr, bytes(PLENTY))
                self.close_theirs()
                if is_drained:
                    output.drain()
                run_until(self.loop, lambda output=output: not output.is_open())
                self.assertEqual(len(self.read(is_stdout=is_drained)), PLENTY)

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

    def test_what_is_there_is_read_before_a_pipe_that_stays_open_is_abandoned(self) -> None:
        output = self.start(credit=1)
        os.write(self.stdout, b"12")
        os.write(self.stderr, b"3")
        output.drain()
        output.abandon()
        self.assertEqual((self.read(), output.is_open()), (b"1", True))
        output.grant(PLENTY)
        self.assertEqual((self.read(), self.read(is_stdout=False)), (b"12", b"3"))
        self.assertEqual((output.is_open(), self.ends), (False, 1))
        self.close_theirs()

    def test_nothing_is_read_from_an_abandoned_pipe_once_the_limit_is_reached(self) -> None:
        output = self.start(limit_bytes=3)
        os.write(self.stdout, b"1234")
        output.abandon()
        self.assertEqual((self.read(), self.excesses, output.is_open(), self.ends), (b"123", 1, False, 1))
        self.close_theirs()

    def test_closing_ends_what_is_open_once(self) -> None:
        output = self.start()
        output.close()
        output.close()
        self.assertEqual((output.is_open(), self.ends), (False, 1))
        self.close_theirs()


class GatheringPieces(unittest.TestCase):
    def setUp(self) -> None:
        self.loop = make_loop(self)
        self.ended: list[int] = []
        self.gathering = Gathering(self.loop, self.ended.append)

    def test_it_lasts_a_moment(self) -> None:
        self.assertTrue(self.gathering.start(7, b"1"))
        run_until(self.loop, lambda: self.ended == [7])

    def test_nothing_is_gathered_after_a_large_piece(self) -> None:
        self.assertFalse(self.gathering.start(7, bytes(LARGE_BYTES)))
        self.assertFalse(self.gathering.stop())

    def test_it_can_be_ended_early_and_start_again(self) -> None:
        for fd in (7, 8):
            self.gathering.start(fd, b"1")
            self.assertEqual(self.gathering.resting, fd)
            self.assertTrue(self.gathering.stop())
            self.assertEqual(self.gathering.resting, None)
        run_for(self.loop, 4 * SECONDS)
        self.assertEqual(self.ended, [])

    def test_once_unwanted_it_stays_off(self) -> None:
        self.gathering.is_wanted = False
        self.assertFalse(self.gathering.start(7, b"1"))


class TakingTurns(unittest.TestCase):
    def test_what_was_ready_first_starts(self) -> None:
        self.assertEqual(take_turns((7, b"a"), (8, b"b")), [(7, b"a"), (8, b"b")])

    def test_parts_are_small_and_alternate(self) -> None:
        parts = take_turns((7, b"a" * 3 * TURN_BYTES), (8, b"b" * 3 * TURN_BYTES))
        self.assertEqual([(fd, len(part)) for fd, part in parts], [(7, TURN_BYTES), (8, TURN_BYTES)] * 3)

    def test_both_advance_at_the_same_rate(self) -> None:
        parts = take_turns((7, b"a" * 6 * TURN_BYTES), (8, b"b" * 2 * TURN_BYTES))
        self.assertEqual([fd for fd, _ in parts], [7, 7, 7, 8, 7, 7, 7, 8])
        parts = take_turns((7, b"a" * 2 * TURN_BYTES), (8, b"b" * 6 * TURN_BYTES))
        self.assertEqual([fd for fd, _ in parts], [7, 8, 8, 8, 7, 8, 8, 8])

    def test_parts_end_with_a_line_where_there_is_one(self) -> None:
        lines = b"".join(b"line %d\n" % line for line in range(2_000))
        parts = [part for fd, part in take_turns((7, lines), (8, b"b")) if fd == 7]
        self.assertEqual(b"".join(parts), lines)
        self.assertTrue(all(part.endswith(b"\n") and len(part) <= TURN_BYTES for part in parts))


class KnowingTheOrder(unittest.TestCase):
    def setUp(self) -> None:
        self.pipes = [os.pipe(), os.pipe()]
        for pipe in self.pipes:
            for fd in pipe:
                self.addCleanup(os.close, fd)
        self.reads = [read for read, _ in self.pipes]

    def test_what_was_written_first_comes_first_and_once(self) -> None:
        order = Order(*self.reads)
        self.assertEqual(order.take(), [])
        for whiches in ((1, 0), (0, 1), (1, 0, 1), (1,)):
            for which in whiches:
                os.write(self.pipes[which][1], b"1")
            self.assertEqual(order.take(), [self.reads[which] for which in dict.fromkeys(whiches)])
            self.assertEqual(order.take(), [])
        order.close()
