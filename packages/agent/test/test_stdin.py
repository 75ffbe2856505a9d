import fcntl
import os
import unittest

from confinement.local import Local
from spawn import Pipes
from stdin import Stdin
from test_output import make_loop, run_until

PIPE_BYTES = 4096
F_SETPIPE_SZ = 1031


class Fed(unittest.TestCase):
    def setUp(self) -> None:
        self.loop = make_loop(self)
        self.pipes = Pipes(Local("/tmp").own)
        self.taken: list[int] = []
        self.stdin = Stdin(self.loop, self.pipes, self.taken.append)
        self.addCleanup(self.close)

    def close(self) -> None:
        self.pipes.close_stdin(self.loop)
        self.pipes.close_theirs()
        for fd in (self.pipes.stdout, self.pipes.stderr):
            os.close(fd)
        self.pipes.order.close()

    def read(self) -> bytes:
        return os.read(self.pipes.their_stdin, 1 << 20)

    def test_what_comes_before_the_program_starts_waits(self) -> None:
        self.stdin.write(b"early")
        self.assertEqual(self.taken, [])
        self.stdin.open()
        self.assertEqual((self.taken, self.read()), ([5], b"early"))

    def test_the_end_comes_after_all_that_was_written(self) -> None:
        self.stdin.open()
        self.stdin.write(b"all")
        self.stdin.write(b"")
        self.assertEqual((self.read(), self.read()), (b"all", b""))

    def test_what_has_no_room_is_told_when_it_is_taken(self) -> None:
        if hasattr(os, "memfd_create"):
            fcntl.fcntl(self.pipes.their_stdin, F_SETPIPE_SZ, PIPE_BYTES)
        sent = 1 << 20
        self.stdin.open()
        self.stdin.write(bytes(sent))
        self.assertLess(sum(self.taken), sent)
        read = 0

        def take() -> bool:
            nonlocal read
            if read < sum(self.taken):
                read += len(self.read())
            return read == sent

        run_until(self.loop, take)
        self.assertEqual(sum(self.taken), sent)

    def test_a_program_that_reads_no_more_takes_everything(self) -> None:
        self.stdin.open()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, self.pipes.their_stdin)  # nobody has the end of the pipe any more
        os.close(null)
        self.stdin.write(b"lost")
        self.stdin.write(b"too")
        self.assertEqual(self.taken, [4, 3])
