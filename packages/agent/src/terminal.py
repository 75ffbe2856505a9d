"""The pseudo terminal of a program: what it has in place of three pipes.

    agent ── master ═══ kernel: echo, line editing, ^C, size ═══ slave ── program: 0, 1, 2 and /dev/tty

1. The slave belongs to the job's user. The program starts in a session of its own, and the terminal controls it.
2. The agent keeps the slave open while the main process lives. So a program may close all its streams and open /dev/tty
   again, and the end of what it prints is an error of the master (EIO), as soon as everybody has closed the slave.
3. The agent never reads, polls or asks the slave: a program can keep such a call waiting for seconds (TIOCSETD). All
   that the agent does with the master returns at once.

A line of input that is not read yet has room for 4,095 bytes; the kernel drops more. So a longer line is made available
in pieces, as ^D does for a person: the program reads every byte of it. Input that ends is ^D at the start of a line. It
is typed again and again, because a program may read on after the end, or drop what it has not read (getpass does). A
program that reads keys (no ICANON) while the terminal shows them (ECHO) gets it once, because each one would be output.
Line editors have switched ECHO off, and may need more than one.
"""

from __future__ import annotations

import fcntl
import os
import sys
import termios

from terminal_output import TerminalOutput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Unpack

    from loop import Loop
    from messages import TerminalSize
    from process import Reading

#: What the kernel keeps of a line that is not finished: N_TTY_BUF_SIZE of Linux without the end of the line, MAX_CANON.
LINE_BYTES = 1023 if sys.platform == "darwin" else 4095
READ_BYTES = 1 << 16
#: Erasing removes a whole character of UTF-8. Python has no name for it.
IUTF8 = 0o40000
END_AGAIN_SECONDS = 0.25
#: A control character that the program has switched off.
DISABLED = b"\0"
IFLAG, LFLAG, CC = 0, 3, 6  # places in what tcgetattr returns


class Terminal:
    """The same as `Pipes`, with one stream for everything that is printed."""

    stderr = None
    is_terminal = True

    def __init__(self, master: int, slave: int, size: TerminalSize) -> None:
        self.stdout = master
        self.stdin: int | None = os.dup(self.stdout)
        self.their_stdin = self.their_stdout = self.their_stderr = slave
        self._is_slave_open = True
        self._end_timer = 0
        self._has_end_key = False  # typed since keys are read and shown
        self._line = 0  # how many bytes of the last line were written
        self._last = b""
        os.set_blocking(self.stdout, False)
        self.resize(size)
        attributes = termios.tcgetattr(self.stdout)
        attributes[IFLAG] |= IUTF8
        termios.tcsetattr(self.stdout, termios.TCSANOW, attributes)

    def take_control(self) -> None:
        """In a forked child that leads a session of its own."""
        fcntl.ioctl(self.their_stdin, termios.TIOCSCTTY, 0)

    def close_theirs(self) -> None:
        """When the program has started: the slave stays open until `hang_up`."""

    def hang_up(self) -> None:
        """When the main process has died: what it printed stays readable."""
        if self._is_slave_open:
            self._is_slave_open = False
            os.close(self.their_stdin)

    def resize(self, size: TerminalSize) -> None:
        """The processes in the foreground get SIGWINCH."""
        if self.stdin is not None:
            termios.tcsetwinsize(self.stdin, (size["rows"], size["cols"]))

    def read_output(self, loop: Loop, **how: Unpack[Reading]) -> TerminalOutput:
        return TerminalOutput(loop, self.stdout, **how)

    # Input

    def write(self, data: bytearray) -> int:
        """How many bytes of `data` were typed. Raises BlockingIOError where there is no room for any."""
        assert self.stdin is not None
        attributes = termios.tcgetattr(self.stdin)
        if not attributes[LFLAG] & termios.ICANON:
            self._line = 0
            return os.write(self.stdin, data[:READ_BYTES])
        ends = to_line_ends(attributes)
        if self._line >= LINE_BYTES and bytes(data[:1]) not in ends:
            self._pass_on_unfinished(attributes)
        typed = os.write(self.stdin, data[: max(LINE_BYTES - self._line, 1)])
        piece = bytes(data[:typed])
        last_end = max(piece.rfind(end) for end in ends)
        self._line = self._line + typed if last_end < 0 else typed - last_end - 1
        self._last = piece[-1:]
        return typed

    def _pass_on_unfinished(self, attributes: list[Any]) -> None:
        """Only after a character that is on the line: on an empty line ^D would end the input."""
        end_of_file: bytes = attributes[CC][termios.VEOF]
        if self.stdin is not None and end_of_file != DISABLED and self._last not in attributes[CC]:
            os.write(self.stdin, end_of_file)
            self._line = 0

    def end_stdin(self, loop: Loop) -> None:
        if self.stdin is None:
            return
        try:
            attributes = termios.tcgetattr(self.stdin)
            shows_keys = attributes[LFLAG] & (termios.ICANON | termios.ECHO) == termios.ECHO
            end_of_file: bytes = attributes[CC][termios.VEOF]
            if end_of_file != DISABLED and not (shows_keys and self._has_end_key):
                # On a line that is not empty, the first only makes the line available.
                os.write(self.stdin, end_of_file * (2 if self._line else 1))
                self._line = 0
            self._has_end_key = shows_keys
        except BlockingIOError:
            pass
        self._end_timer = loop.after(END_AGAIN_SECONDS, lambda: self.end_stdin(loop))

    def close_stdin(self, loop: Loop) -> None:
        loop.cancel(self._end_timer)
        if self.stdin is not None:
            loop.close(self.stdin)
            self.stdin = None


def to_line_ends(attributes: list[Any]) -> tuple[bytes, ...]:
    return (b"\n", b"\r") if attributes[IFLAG] & termios.ICRNL else (b"\n",)
