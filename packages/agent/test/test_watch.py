import tempfile
import unittest

from confinement.local import Local
from messages import RunLimits
from test_output import make_loop, run_for, run_until
from watch import Watch

LIMITS: RunLimits = {
    "wallMs": None,
    "cpuMs": None,
    "outputBytes": None,
    "killGraceMs": 0,
    "credit": 0,
    "terminal": None,
}


class Watched(unittest.TestCase):
    def setUp(self) -> None:
        self.loop = make_loop(self)
        self.hit: list[str] = []
        self.cpu_ms = 0.0
        self.watch = Watch(
            self.loop,
            Local(self.enterContext(tempfile.TemporaryDirectory())),
            None,
            cpu_ms=lambda: self.cpu_ms,
            on_limit=self.hit.append,
            on_memory=lambda: self.fail("it has no network of its own"),
        )

    def test_the_time_on_the_clock_runs_out(self) -> None:
        self.watch.start({**LIMITS, "wallMs": 30}, 1)
        run_until(self.loop, lambda: bool(self.hit))
        self.assertEqual(self.hit, ["wall"])

    def test_the_time_of_processors_runs_out_when_it_has_been_used(self) -> None:
        self.watch.start({**LIMITS, "cpuMs": 20}, 2)
        self.cpu_ms = 15
        run_for(self.loop, 0.05)
        self.assertEqual(self.hit, [])
        self.cpu_ms = 20
        run_until(self.loop, lambda: bool(self.hit))
        self.assertEqual(self.hit, ["cpu"])

    def test_nothing_runs_out_after_it_has_stopped(self) -> None:
        self.watch.start({**LIMITS, "wallMs": 10, "cpuMs": 10}, 1)
        self.cpu_ms = 10
        self.watch.stop()
        run_for(self.loop, 0.04)
        self.assertEqual(self.hit, [])

    def test_a_disk_with_room_is_not_full(self) -> None:
        self.watch.look_at_disks()
        self.assertFalse(self.watch.found_full)
