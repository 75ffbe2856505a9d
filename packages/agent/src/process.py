"""One program: started (or warmed and released), limited, ended. stdin.py feeds it, output.py reads what it prints,
watch.py knows its limits.

Life of a program, each step once and in this order:

    warmed?  ->  running  ->  [ending: first reason wins]  ->  main process has died  ->  drained  ->  exit

A limit, a signal to stop or the program's own end: the first of them decides how it ended. When the main process is
gone, what its pipes still hold is read. If somebody is left who might print, everything it started is killed. The end
of the pipes proves that nobody is left; then the exit is reported.

In a sandbox that lasts, what a program started in the background lives on after it, as in a shell, unless the program
was ended by a limit. Its pipes are read for a moment longer and then closed.
"""

from __future__ import annotations

import os
import time

from counted import Counted
from output import Output
from spawn import Pipes
from start_barrier import StartBarrier
from stdin import Stdin
from watch import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from typing import TypeAlias, TypedDict, Unpack

    from confinement import Confinement
    from confinement.run import Run, RunUsage
    from loop import Loop
    from messages import ExitReport, Limit, RunLimits
    from spawn import Streams
    from terminal_output import TerminalOutput
    from usage import Usage

    Fork: TypeAlias = Callable[[Streams, int, int], int]

    class Reading(TypedDict):
        """How output is read: see `Output`."""

        credit: int
        limit_bytes: int | None
        on_piece: Callable[[bool, bytes], None]
        on_excess: Callable[[], None]
        on_end: Callable[[], None]
else:
    import _signal as signal

#: What a warm program answers at its start barrier: it waits; and, where it writes its own files, they are there.
READY, WRITTEN = b"r", b"w"
#: Locally, a process that we do not know of may hold the pipes open for ever. They are closed this long after all
#: others have died.
ABANDON_SECONDS = 0.2
#: How long what others hold open is read after the main process has died, where they live on.
LET_GO_SECONDS = 0.1


class Process:
    _limits: RunLimits
    _output: Output | TerminalOutput

    def __init__(
        self,
        loop: Loop,
        confinement: Confinement | Run,
        usage: Usage | RunUsage,
        streams: Streams,
        *,
        is_first: bool,
        on_output: Callable[[bool, bytes], None],
        on_stdin_taken: Callable[[int], None],
        on_exit: Callable[[ExitReport], None],
    ) -> None:
        self._loop = loop
        self._confinement = confinement
        self._usage = usage
        self._on_output = on_output
        self._on_exit = on_exit
        self._streams = streams
        self._counted = Counted(usage, is_first=is_first)
        self._barrier = StartBarrier(loop)
        self._stdin = Stdin(loop, streams, on_stdin_taken)
        self.pid = 0  # none yet
        self._watch = Watch(
            loop,
            confinement,
            usage.version,
            cpu_ms=self._counted.cpu_ms,
            on_limit=self._hit,
            on_memory=self._took_memory,
        )
        self._kill_timer: int | None = None
        self._started: float | None = None
        self._ended = 0.0
        self._limit: Limit | None = None
        self._took_all_memory = False
        self._status: int | None = None
        self._everyone_died = False
        self._reported = False

    # Starting

    def warm_up(self, start: Fork, on_ready: Callable[[bool], None]) -> None:
        """Starts the real command, which pauses in its own start-up and says so."""

        def answered(said: bytes) -> None:
            self._barrier.close_answer()
            self._is_up(said, on_ready)

        self.pid = self._barrier.open(lambda barrier, answer: start(self._streams, barrier, answer), answered)

    def fork(self, fork: Fork, on_ready: Callable[[bool], None], on_fault: Callable[[str], None]) -> None:
        """Asks for an interpreter that is already up (interpreter.py)."""

        def answered(said: bytes) -> None:
            self._barrier.expect(lambda _: on_fault("the interpreter died before its program came"))
            self._is_up(said, on_ready)

        self.pid = self._barrier.open(lambda barrier, answer: fork(self._streams, barrier, answer), answered)

    def _is_up(self, said: bytes, on_ready: Callable[[bool], None]) -> None:
        self._counted.begin()
        on_ready(said == READY)

    def start(self, start: Callable[[Streams], int]) -> None:
        """The cold way: a new process with its own arguments and environment. `start` returns its id, or raises
        OSError."""
        self._counted.begin()
        self.pid = start(self._streams)
        self._streams.close_theirs()

    def release(self) -> None:
        """Opens the start barrier of a warm one whose files are there."""
        self._open_to(bytearray(b"g"))

    def release_with(self, packed_files: bytearray, on_written: Callable[[str], None]) -> None:
        """Opens the start barrier of a warm one that writes its own files. `on_written` gets an empty text, or why it
        could not."""

        def answered(said: bytes) -> None:
            self._barrier.close_answer()
            on_written("" if said == WRITTEN else said.decode(errors="replace") or "the program was killed")

        self._barrier.expect(answered)
        self._open_to(bytearray(b"g") + packed_files)

    def _open_to(self, request: bytearray) -> None:
        self._barrier.release(request)
        self._streams.close_theirs()

    def discard(self) -> None:
        """Ends one that still waits, and closes all that was kept for it."""
        if self.pid:
            self._confinement.discard(self.pid)  # before it sees that its barrier is closed, and ends by itself
        self._streams.close_theirs()
        self._barrier.close()
        for fd in (self._streams.stdin, self._streams.stdout, self._streams.stderr):
            if fd is not None:
                self._loop.close(fd)
        if isinstance(self._streams, Pipes):
            self._streams.order.close()

    def run(self, limits: RunLimits, cpus: float) -> None:
        """Its clocks run from here."""
        self._usage.watch(self.pid)
        self._limits = limits
        self._started = time.monotonic()
        self._output = self._read_output(
            credit=limits["credit"],
            limit_bytes=limits["outputBytes"],
            on_piece=self._printed,
            on_excess=self._printed_too_much,
            on_end=self._report_when_over,
        )
        self._stdin.open()
        self._watch.start(limits, cpus)

    def _read_output(self, **how: Unpack[Reading]) -> Output | TerminalOutput:
        if isinstance(self._streams, Pipes):
            return Output(self._loop, self._streams, **how)
        return self._streams.read_output(self._loop, **how)

    # Limits

    def was_held(self, seconds: float) -> None:
        """These last seconds do not count: it was frozen."""
        if self._started is not None:
            self._started = min(self._started + seconds, time.monotonic())

    def _took_memory(self) -> None:
        if self._status is None:
            self._took_all_memory = True
            self._kill()

    def _hit(self, limit: Limit) -> None:
        if self._limit is None and self._status is None:
            self._limit = limit
            self.stop(signal.SIGTERM, self._limits["killGraceMs"])

    def stop(self, number: int, kill_grace_ms: int | None = None) -> None:
        """Sends a signal to the program's group. `kill_grace_ms`: when SIGKILL follows, to everything."""
        if self._status is not None:
            return
        self._confinement.signal(self.pid, number)
        if kill_grace_ms is not None and self._kill_timer is None:
            self._kill_timer = self._loop.after(kill_grace_ms / 1000, self._kill)

    def _kill(self) -> None:
        if not self._confinement.lasts:  # there, those whose parent dies first would not be found any more
            self._confinement.signal(self.pid, signal.SIGKILL)
        self._confinement.kill_everything()

    # Input and output

    def write_stdin(self, data: bytes) -> None:
        self._stdin.write(data)

    def grant(self, credit: int) -> None:
        self._output.grant(credit)

    def _printed(self, is_stdout: bool, piece: bytes) -> None:
        self._barrier.look()  # its answer about its files comes first
        self._on_output(is_stdout, piece)

    def _printed_too_much(self) -> None:
        self._limit = self._limit or "output"
        self._confinement.kill_everything()

    # Ending

    def died(self, status: int) -> None:
        """Its main process is gone."""
        self._status = status
        self._barrier.look()
        self._ended = time.monotonic()
        self._watch.look_at_disks()
        self._streams.close_stdin(self._loop)
        self._everyone_died = self._usage.version is not None
        self._output.drain()
        if not self._confinement.lasts:
            if self._output.is_open() or not self._everyone_died:
                self._confinement.kill_everything()
        else:
            if self._limit is not None or self._kill_timer is not None:
                self._confinement.kill_everything()
            if self._output.is_open():
                self._loop.after(LET_GO_SECONDS, self._output.let_go)
        self._streams.hang_up()
        self._report_when_over()

    def has_died(self) -> bool:
        return self._status is not None

    def is_running(self) -> bool:
        return self._started is not None

    def everyone_died(self) -> None:
        """Local: called when no child that we know of is left."""
        if self._status is None or self._everyone_died:
            return
        self._everyone_died = True
        self._report_when_over()
        self._loop.after(ABANDON_SECONDS, self._output.abandon)

    def _report_when_over(self) -> None:
        if self._status is None or self._output.is_open() or not self._everyone_died or self._reported:
            return
        self._reported = True
        self._watch.stop()
        if self._kill_timer is not None:
            self._loop.cancel(self._kill_timer)
        self._on_exit(self._to_report(self._status))

    def _to_report(self, status: int) -> ExitReport:
        oom_kills = self._counted.oom_kills()
        if self._took_all_memory:
            oom_kills = (oom_kills or 0) + 1
        hits = {
            "diskBytes": self._watch.found_full,
            "memoryBytes": bool(oom_kills),
            "processes": bool(self._counted.refused_forks()),
        }
        ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        if ended_by == signal.SIGXCPU and self._usage.version is None:
            self._limit = self._limit or "cpu"
        return {
            "code": os.WEXITSTATUS(status) if ended_by is None else None,
            "signal": ended_by,
            "wallMs": round((self._ended - (self._started or 0.0)) * 1000, 3),
            "cpuMs": self._counted.cpu_ms(),
            "peakMemoryBytes": self._counted.peak_memory_bytes(self._confinement.peak_memory_bytes),
            "oomKilled": None if oom_kills is None else oom_kills > 0,
            "limit": self._limit,
            "hits": [limit for limit, is_hit in hits.items() if is_hit],
        }
