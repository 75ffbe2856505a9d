import os
import signal
import termios
import time
import unittest

import terminal
from loop import Loop
from terminal import CC, LFLAG, LINE_BYTES, Terminal
from terminal_output import TerminalOutput


class OnTerminal(unittest.TestCase):
    """The test is the program: it has the slave."""

    def setUp(self) -> None:
        self.terminal = Terminal(*os.openpty(), {"cols": 80, "rows": 24})
        self.slave = self.terminal.their_stdin
        self.is_master_open = True
        os.set_blocking(self.slave, False)
        self.change(LFLAG, termios.ECHO, is_on=False)
        handler = signal.getsignal(signal.SIGCHLD)
        self.addCleanup(signal.signal, signal.SIGCHLD, handler)
        self.addCleanup(signal.set_wakeup_fd, -1)
        self.addCleanup(setattr, terminal, "END_AGAIN_SECONDS", terminal.END_AGAIN_SECONDS)
        terminal.END_AGAIN_SECONDS = 0.01
        self.loop = Loop(lambda: None)

    def tearDown(self) -> None:
        self.terminal.close_stdin(self.loop)
        self.terminal.hang_up()
        if self.is_master_open:
            os.close(self.terminal.stdout)

    def change(self, place: int, flag: int, *, is_on: bool) -> None:
        attributes = termios.tcgetattr(self.slave)
        attributes[place] = attributes[place] | flag if is_on else attributes[place] & ~flag
        termios.tcsetattr(self.slave, termios.TCSANOW, attributes)


class Typing(OnTerminal):
    def read(self) -> bytes | None:
        """None: the program would wait. Empty: the end of the input."""
        try:
            return os.read(self.slave, 65536)
        except BlockingIOError:
            return None

    def type(self, left: bytearray) -> bool:
        """Types what there is room for, and removes it. False: there was none."""
        length = len(left)
        try:
            while left:
                del left[: self.terminal.write(left)]
        except BlockingIOError:
            pass
        return len(left) < length

    def expect(self, text: bytes, expected: bytes) -> None:
        """Types and reads, by turns, until the program has as many bytes as expected."""
        left, received = bytearray(text), b""
        until = time.monotonic() + 10
        while left or len(received) < len(expected):
            self.assertLess(time.monotonic(), until, f"{len(received)} of {len(expected)} bytes came")
            self.type(left)
            received += self.read() or b""
        self.assertTrue(received == expected, f"other bytes came than the {len(expected)} expected")

    def test_lines_of_any_length_arrive_whole(self) -> None:
        for length in (0, 1, LINE_BYTES - 1, LINE_BYTES, LINE_BYTES + 1, 2 * LINE_BYTES, 65_536, 700_000):
            line = b"x" * length + b"\n"
            with self.subTest(length):
                self.expect(line * 2, line * 2)

    def test_a_line_that_fits_is_one_piece_however_it_is_typed(self) -> None:
        for pieces in ([b"x" * LINE_BYTES + b"\n"], [b"x"] * LINE_BYTES + [b"\n"]):
            for piece in pieces:
                self.type(bytearray(piece))
            while (line := self.read()) is None:
                pass
            self.assertEqual(line, b"x" * LINE_BYTES + b"\n")
            self.assertIsNone(self.read())

    def test_what_follows_many_lines_that_nobody_has_read_waits(self) -> None:
        text = b"".join(b"line %d\n" % n for n in range(8_000))
        self.expect(text, text)

    def test_erased_characters_do_not_end_the_input(self) -> None:
        erase_line = termios.tcgetattr(self.slave)[CC][termios.VKILL]
        text = b"x" * (LINE_BYTES - 1) + erase_line + b"y" * 10 + b"\n"
        self.expect(text, b"y" * 10 + b"\n")

    def test_a_program_that_takes_every_key_gets_every_byte_as_it_is(self) -> None:
        self.change(LFLAG, termios.ICANON | termios.ISIG | termios.IEXTEN, is_on=False)
        text = bytes(byte for byte in range(256) if byte not in b"\r\x11\x13") * 1_000
        self.expect(text, text)

    def until_end(self) -> bytes:
        received = b""
        while True:
            self.loop.after(0.001, lambda: None)
            self.loop.turn()
            piece = self.read()
            if piece == b"":
                return received
            received += piece or b""

    def expect_end_after(self, text: bytes) -> None:
        self.type(bytearray(text))
        self.terminal.end_stdin(self.loop)
        self.assertEqual([self.until_end() for _ in range(3)], [text, b"", b""])

    def test_input_that_ends_at_once_has_ended_for_every_read(self) -> None:
        self.expect_end_after(b"")

    def test_input_that_ends_after_a_line_has_ended_for_every_later_read(self) -> None:
        self.expect_end_after(b"a line\n")

    def test_the_end_is_typed_once_while_keys_are_read_and_shown(self) -> None:
        end_of_file = termios.tcgetattr(self.slave)[CC][termios.VEOF]
        self.change(LFLAG, termios.ECHO, is_on=True)
        self.terminal.end_stdin(self.loop)
        for _ in range(2):
            self.change(LFLAG, termios.ICANON, is_on=True)
            self.assertEqual(self.until_end(), b"")
            termios.tcflush(self.slave, termios.TCIFLUSH)
            self.change(LFLAG, termios.ICANON, is_on=False)
            self.assertEqual(self.read_for(10 * terminal.END_AGAIN_SECONDS), end_of_file)

    def read_for(self, seconds: float) -> bytes:
        received = b""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.loop.after(0.001, lambda: None)
            self.loop.turn()
            received += self.read() or b""
        return received

    def test_input_that_ends_within_a_line_gives_the_line_and_has_ended_then(self) -> None:
        self.expect_end_after(b"a part")


class Printing(OnTerminal):
    def setUp(self) -> None:
        super().setUp()
        self.pieces: list[bytes] = []
        self.excesses = 0

    def start(self, credit: int = 1 << 20, limit_bytes: int = 1 << 20) -> TerminalOutput:
        return self.terminal.read_output(
            self.loop,
            credit=credit,
            limit_bytes=limit_bytes,
            on_piece=self.take,
            on_excess=self.count_excess,
            on_end=self.end,
        )

    def take(self, is_stdout: bool, piece: bytes) -> None:
        self.assertTrue(is_stdout)
        self.pieces.append(piece)

    def count_excess(self) -> None:
        self.excesses += 1

    def end(self) -> None:
        self.assertTrue(self.is_master_open)
        self.is_master_open = False

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.loop.after(0.002, lambda: None)
            self.loop.turn()

    def print(self, text: bytes) -> None:
        while text:
            try:
                text = text[os.write(self.slave, text) :]
            except BlockingIOError:
                self.turn()

    def turn_until_end(self) -> bytes:
        while self.is_master_open:
            self.turn()
        return b"".join(self.pieces)

    def test_all_that_was_written_arrives_before_the_end_of_any_size(self) -> None:
        self.start()
        text = bytes(byte for byte in range(256) if byte != ord("\n")) * 3_000
        self.print(text)
        self.terminal.hang_up()
        self.assertTrue(self.turn_until_end() == text)

    def test_what_is_left_at_the_end_is_read_against_credit(self) -> None:
        output = self.start(credit=3)
        self.print(b"abcdef")
        self.terminal.hang_up()
        output.drain()
        self.turn(4)
        self.assertEqual((self.pieces, output.is_open()), ([b"abc"], True))
        output.grant(2)
        self.turn(4)
        self.assertEqual((b"".join(self.pieces), output.is_open()), (b"abcde", True))
        output.grant(10)
        self.assertEqual(self.turn_until_end(), b"abcdef")

    def test_output_over_the_limit_is_not_passed_on(self) -> None:
        self.start(limit_bytes=4)
        self.print(b"abcd")
        self.turn(4)
        self.assertEqual(self.excesses, 0)
        self.print(b"e")
        self.terminal.hang_up()
        self.assertEqual((self.turn_until_end(), self.excesses), (b"abcd", 1))

    def test_it_is_open_while_a_process_has_the_terminal(self) -> None:
        output = self.start()
        survivor = os.dup(self.slave)
        self.terminal.hang_up()
        output.drain()
        self.turn(4)
        os.write(survivor, b"still here")
        self.turn(4)
        self.assertTrue(output.is_open())
        os.close(survivor)
        self.assertEqual(self.turn_until_end(), b"still here")

    def test_what_follows_a_small_piece_is_one_piece(self) -> None:
        self.start()
        self.print(b"1")
        while not self.pieces:
            self.turn()
        self.print(b"2")
        self.print(b"3")
        while len(self.pieces) < 2:
            self.turn()
        self.assertEqual(self.pieces, [b"1", b"23"])


class Size(OnTerminal):
    def test_it_is_what_was_asked_for_and_changes(self) -> None:
        self.assertEqual(tuple(os.get_terminal_size(self.slave)), (80, 24))
        self.terminal.resize({"cols": 500, "rows": 1})
        self.assertEqual(tuple(os.get_terminal_size(self.slave)), (500, 1))

    def test_a_change_after_the_end_is_nothing(self) -> None:
        self.terminal.close_stdin(self.loop)
        self.terminal.resize({"cols": 1, "rows": 1})
        self.assertEqual(tuple(os.get_terminal_size(self.slave)), (80, 24))
