import signal
import unittest

from memory_kills import MemoryKills, looks_killed

KILLED, EXITED_137, EXITED, TERMINATED = signal.SIGKILL, 137 << 8, 0, signal.SIGTERM


class Kills(unittest.TestCase):
    def setUp(self) -> None:
        self.count: int | None = 5
        self.kills = MemoryKills(lambda: self.count)
        self.kills.forget()

    def take(self, status: int, *, was_killed: bool = False, is_alone: bool = False) -> int | None:
        return self.kills.take(status, was_killed=was_killed, is_alone=is_alone)

    def test_a_status_shows_that_something_was_killed(self) -> None:
        self.assertEqual(
            [looks_killed(status) for status in (KILLED, EXITED_137, EXITED, TERMINATED)], [True, True, False, False]
        )

    def test_those_that_were_killed_have_one_each_and_the_others_none(self) -> None:
        self.count = 7
        taken = [self.take(status) for status in (EXITED, TERMINATED, KILLED, EXITED_137, KILLED)]
        self.assertEqual(taken, [0, 0, 1, 1, 0])

    def test_one_that_the_agent_killed_did_not_run_out_of_memory(self) -> None:
        self.count = 6
        self.assertEqual([self.take(KILLED, was_killed=True), self.take(KILLED)], [0, 1])

    def test_a_command_that_was_alone_has_all(self) -> None:
        self.count = 8
        self.assertEqual([self.take(EXITED, is_alone=True), self.take(KILLED)], [3, 0])

    def test_what_happened_before_is_forgotten(self) -> None:
        self.count = 6
        self.kills.forget()
        self.assertEqual(self.take(KILLED, is_alone=True), 0)

    def test_where_the_kernel_does_not_count_nobody_knows(self) -> None:
        self.count = None
        self.kills.forget()
        self.assertIsNone(self.take(KILLED))
