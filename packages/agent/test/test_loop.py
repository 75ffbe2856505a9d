import time
import unittest

from loop import Loop


class Held(unittest.TestCase):
    def setUp(self) -> None:
        self.loop = Loop(lambda: None)
        self.called: list[str] = []

    def test_no_time_passes_for_timers_while_it_is_held(self) -> None:
        self.loop.after(0.02, lambda: self.called.append("before"))
        self.loop.hold()
        self.loop.after(0.01, lambda: self.called.append("meanwhile"))
        until = time.monotonic() + 0.05
        while time.monotonic() < until:
            pass
        seconds = self.loop.release()
        self.assertGreaterEqual(seconds, 0.05)
        start = time.monotonic()
        while len(self.called) < 2:
            self.loop.turn()
        self.assertEqual(self.called, ["meanwhile", "before"])
        self.assertGreaterEqual(time.monotonic() - start, 0.015)

    def test_releasing_what_is_not_held_changes_nothing(self) -> None:
        self.assertEqual(self.loop.release(), 0)
