import os
import tempfile
import time
import unittest

from confinement.local import Local
from loop import Loop
from process import Process
from spawn import Pipes
from test_output import run_until
from usage import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from messages import Exec, ExitReport
    from usage import Kind

REQUEST: "Exec" = {
    "argv": [],
    "env": {},
    "coldEnv": {},
    "wallMs": 10_000,
    "cpuMs": 10_000,
    "outputBytes": 1_000,
    "killGraceMs": 100,
    "credit": 1_000,
    "diskBytes": 0,
    "terminal": None,
}


class Life(unittest.TestCase):
    def setUp(self) -> None:
        import signal

        handler = signal.getsignal(signal.SIGCHLD)
        self.addCleanup(signal.signal, signal.SIGCHLD, handler)
        self.addCleanup(signal.set_wakeup_fd, -1)
        self.workspace = self.enterContext(tempfile.TemporaryDirectory())
        self.loop = Loop(self.reap)
        self.reports: list[ExitReport] = []
        self.printed = b""

    def reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                if self.process.has_died():
                    self.process.everyone_died()
                return
            if pid == 0:
                return
            if pid == self.process.pid:
                self.process.died(status)

    def take(self, _is_stdout: bool, piece: bytes) -> None:
        self.printed += piece

    def run_shell(self, command: str, request: "Exec", kind: "Kind" = "local") -> "ExitReport":
        local = Local(self.workspace)
        self.process = Process(
            self.loop,
            local,
            Usage(kind, time.process_time, self.workspace),
            Pipes(local.own),
            is_first=True,
            on_output=self.take,
            on_stdin_taken=lambda _: None,
            on_exit=self.reports.append,
        )
        self.process.start(lambda streams: local.spawn(streams, ["sh", "-c", command], dict(os.environ)))
        self.process.write_stdin(b"")
        self.process.run(request, 1)
        run_until(self.loop, lambda: len(self.reports) > 0)
        return self.reports[0]

    def test_an_end_is_told_once_with_all_that_was_printed_before(self) -> None:
        report = self.run_shell("echo out; exit 7", REQUEST)
        self.assertEqual(self.printed, b"out\n")
        self.assertEqual((report["code"], report["signal"], report["limit"], report["hits"]), (7, None, None, []))
        self.assertEqual(len(self.reports), 1)

    def test_the_first_limit_is_why_it_ended_whatever_it_does_with_the_signal(self) -> None:
        command = "trap 'exit 0' TERM; while :; do sleep 0.01; done"
        report = self.run_shell(command, {**REQUEST, "wallMs": 100})
        self.assertEqual((report["code"], report["limit"]), (0, "wall"))

    def test_a_program_that_ignores_the_signal_is_killed_after_the_grace(self) -> None:
        report = self.run_shell("trap '' TERM; while :; do sleep 0.01; done", {**REQUEST, "wallMs": 100})
        self.assertEqual((report["signal"], report["limit"]), (9, "wall"))
        self.assertLess(report["wallMs"], 5_000)

    def test_what_nothing_counts_is_none(self) -> None:
        """Its control groups have no files, as on a kernel without them."""
        report = self.run_shell("true", REQUEST, "cell")
        self.assertEqual((report["cpuMs"], report["peakMemoryBytes"], report["oomKilled"]), (None, None, None))
