import time
import unittest

import ports
from frames import ProtocolError
from test_output import make_loop, run_for, run_until


class Told(unittest.TestCase):
    def setUp(self) -> None:
        self.loop = make_loop(self)
        self.listening: list[int] = []
        self.is_empty = False
        self.looks = 0
        self.told: list[tuple[int, list[int]]] = []
        self.ports = ports.Ports(
            self.loop, self.look, lambda: self.is_empty, lambda stream, now: self.told.append((stream, now))
        )

    def look(self) -> list[int]:
        self.looks += 1
        return self.listening

    def test_a_difference_is_told_at_once(self) -> None:
        self.listening = [80]
        self.ports.ask(7, [])
        self.assertEqual(self.told, [(7, [80])])

    def test_a_change_is_told_soon_and_once(self) -> None:
        self.ports.ask(7, [])
        self.ports.something_changes()
        self.listening = [80, 81]
        started = time.monotonic()
        run_until(self.loop, lambda: bool(self.told))
        self.assertLess(time.monotonic() - started, ports.LONGEST_SECONDS)
        self.listening = []
        run_for(self.loop, 2 * ports.SHORTEST_SECONDS)
        self.assertEqual(self.told, [(7, [80, 81])])

    def test_nobody_looks_while_nothing_runs_and_nothing_is_listened_on(self) -> None:
        self.is_empty = True
        self.ports.ask(7, [])
        run_for(self.loop, 3 * ports.LONGEST_SECONDS)
        self.assertEqual(self.looks, 1)
        self.is_empty = False
        self.listening = [80]
        self.ports.something_changes()
        run_until(self.loop, lambda: bool(self.told))
        self.assertEqual(self.told, [(7, [80])])

    def test_looks_get_rarer(self) -> None:
        self.ports.ask(7, [])
        self.ports.something_changes()
        run_for(self.loop, 1)
        # Every 20 ms at first, then a tenth of the time that has passed: 10 in 0.2 s, and 16 until 1 s.
        self.assertLessEqual(self.looks, 30)

    def test_only_the_lowest_are_told(self) -> None:
        self.listening = list(range(1, 1000))
        self.ports.ask(7, [])
        self.assertEqual(self.told, [(7, list(range(1, ports.MOST_PORTS + 1)))])

    def test_there_is_one_question_at_a_time(self) -> None:
        self.ports.ask(7, [])
        with self.assertRaises(ProtocolError):
            self.ports.ask(8, [])
