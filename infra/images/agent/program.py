"""One program: started (or warmed and let go), fed, listened to, limited, ended.

Life of a program, each step once and in this order:

    warmed?  ->  running  ->  [ending: first reason wins]  ->  main has died  ->  all have died  ->  drained  ->  exit

Whatever comes first of a limit, a signal to stop and the program's own end decides how it ended. When its main
process is gone everything it started is killed, what its pipes still hold is read, and only then it is reported.
"""

import os
import signal
import time

from spawn import Pipes, spawn
from usage import is_full

GATE_UID = 65533  # owner of the pipes a warm interpreter waits on: nobody else in a container can make such a pipe
GATE_FD, READY_FD = 62, 63  # far from those a program sees handed out
READ_BYTES = 1 << 16
SPOT_CHECK_SECONDS = 0.25


class Program:
    def __init__(self, loop, identity, usage, folder, on_output, on_stdin_taken, on_exit):
        self._loop = loop
        self._identity = identity
        self._usage = usage
        self._folder = folder
        self._on_output = on_output
        self._on_stdin_taken = on_stdin_taken
        self._on_exit = on_exit
        self._pipes = Pipes(identity)
        self._gate = None
        self._pid = None
        self._stdin = bytearray()
        self._stdin_ends = False
        self._credit = 0
        self._output_left = 0
        self._open = set()
        self._timers = {}
        self._started = None
        self.limit = None
        self._hits = set()
        self._status = None
        self._everyone_died = False
        self._reported = False

    # Starting

    def warm(self, argv, env, on_ready):
        """Starts the real command, which pauses in its own start-up and says so."""
        gate_read, gate_write = os.pipe()
        ready_read, ready_write = os.pipe()
        for fd in (gate_read, gate_write, ready_read, ready_write):
            self._identity.mark(fd, GATE_UID)
        self._pid = spawn(self._identity, self._pipes, argv, env, self._folder, {GATE_FD: gate_read, READY_FD: ready_write})
        os.close(gate_read)
        os.close(ready_write)
        self._gate = gate_write

        def answered():
            said = os.read(ready_read, 1)
            self._loop.forget(ready_read)
            os.close(ready_read)
            on_ready(said == b"r")

        self._loop.read_when_ready(ready_read, answered)

    def start(self, argv, env, cpu_seconds=None):
        """The cold way: a new process with its own arguments and environment."""
        self._pid = spawn(self._identity, self._pipes, argv, env, self._folder, cpu_seconds=cpu_seconds)

    def run(self, wall_ms, cpu_ms, output_bytes, grace_ms, cpus, credit):
        """Lets the program go: from here its clocks run."""
        self._usage.watched.add(self._pid)
        self._wall_ms, self._cpu_ms, self._grace_ms, self._cpus = wall_ms, cpu_ms, grace_ms, cpus
        self._output_left, self._credit = output_bytes, credit
        self._started = time.monotonic()
        self._cpu_before = self._usage.cpu_seconds()
        self._oom_before = self._usage.oom_kills()
        self._refused_before = self._usage.refused_forks()
        if self._gate is not None:
            os.write(self._gate, b"g")
            os.close(self._gate)
        self._pipes.close_theirs()
        self._open = {self._pipes.stdout, self._pipes.stderr}
        self._listen()
        self._feed()
        self._timers["wall"] = self._loop.after(wall_ms / 1000, lambda: self._hit("wall"))
        self._watch_cpu()
        self._spot_check()

    # Limits

    def _cpu_used_ms(self):
        return max(0.0, self._usage.cpu_seconds() - self._cpu_before) * 1000

    def _watch_cpu(self):
        left_ms = self._cpu_ms - self._cpu_used_ms()
        if left_ms <= 0:
            self._hit("cpu")
        else:  # no sooner can it be used up than with every processor busy
            self._timers["cpu"] = self._loop.after(max(left_ms / 1000 / self._cpus, 0.005), self._watch_cpu)

    def _spot_check(self):
        for folder in (self._folder, "/tmp"):
            if self._usage.version and is_full(folder):
                self._hits.add("diskBytes")
        self._timers["spot"] = self._loop.after(SPOT_CHECK_SECONDS, self._spot_check)

    def _hit(self, limit):
        if self.limit is None and self._status is None:
            self.limit = limit
            self.stop(signal.SIGTERM, self._grace_ms)

    def stop(self, number, kill_after_ms=None):
        """Sends a signal to the program's group and, where asked, the last one to everything a while later."""
        if self._status is not None:
            return
        try:
            os.killpg(self._pid, number)
            os.killpg(self._pid, signal.SIGCONT)  # a stopped program must wake to hear it
        except (ProcessLookupError, PermissionError):
            pass
        if kill_after_ms is not None and "kill" not in self._timers:
            self._timers["kill"] = self._loop.after(kill_after_ms / 1000, self._kill)

    def _kill(self):
        self._identity.signal_everything(signal.SIGKILL)

    # Standard input

    def write_stdin(self, data):
        if self._pipes.stdin is None or self._stdin_ends:
            return self._on_stdin_taken(len(data))
        if data:
            self._stdin += data
        else:
            self._stdin_ends = True
        if self._started is not None:
            self._feed()

    def _feed(self):
        fd = self._pipes.stdin
        if fd is None:
            return
        try:
            while self._stdin:
                written = os.write(fd, self._stdin[:READ_BYTES])
                del self._stdin[:written]
                self._on_stdin_taken(written)
        except BlockingIOError:
            self._loop.write_when_ready(fd, self._feed)
            return
        except BrokenPipeError:
            self._on_stdin_taken(len(self._stdin))
            self._stdin.clear()
            self._stdin_ends = True
        self._loop.write_when_ready(fd, None)
        if self._stdin_ends:
            self._close_stdin()

    def _close_stdin(self):
        if self._pipes.stdin is not None:
            self._loop.forget(self._pipes.stdin)
            os.close(self._pipes.stdin)
            self._pipes.stdin = None

    # Output

    def grant(self, credit):
        self._credit += credit
        self._listen()

    def _listen(self):
        for fd in self._open:
            call = (lambda fd=fd: self._read(fd)) if self._credit > 0 else None
            self._loop.read_when_ready(fd, call)

    def _read(self, fd):
        try:
            data = os.read(fd, min(READ_BYTES, self._credit))
        except BlockingIOError:
            return
        if not data:
            self._close_output(fd)
            return
        kept = data[: self._output_left]
        self._output_left -= len(kept)
        if kept:
            self._credit -= len(kept)
            self._on_output(fd == self._pipes.stdout, kept)
        if len(kept) < len(data):
            self.limit = self.limit or "output"
            self._identity.signal_everything(signal.SIGKILL)
        if self._credit <= 0:
            self._listen()

    def _close_output(self, fd):
        self._loop.forget(fd)
        os.close(fd)
        self._open.discard(fd)
        self._report_when_over()

    # Ending

    def reaped(self, pid, status):
        if pid == self._pid:
            self._status = status
            self._ended = time.monotonic()
            self._spot_check()
            self._identity.signal_everything(signal.SIGKILL)

    def main_has_died(self):
        return self._status is not None

    def is_running(self):
        return bool(self._timers)

    def everyone_died(self):
        """Called when no child is left: nothing can print any more, so what the pipes hold is all there is."""
        if self._status is not None and not self._everyone_died:
            self._everyone_died = True
            self._close_stdin()
            self._report_when_over()

    def abandon_output(self):
        """Where survivors may hold the pipes open for ever (local, no isolation) the end of the program is the end."""
        for fd in list(self._open):
            self._close_output(fd)

    def _report_when_over(self):
        if self._open or not self._everyone_died or self._reported:
            return
        self._reported = True
        for timer in self._timers.values():
            self._loop.cancel(timer)
        oom_kills = self._usage.oom_kills() - self._oom_before
        if oom_kills:
            self._hits.add("memoryBytes")
        if self._usage.refused_forks() > self._refused_before:
            self._hits.add("processes")
        signaled = os.WIFSIGNALED(self._status)
        if signaled and os.WTERMSIG(self._status) == signal.SIGXCPU and not self._usage.version:
            self.limit = self.limit or "cpu"
        self._on_exit(
            {
                "code": None if signaled else os.WEXITSTATUS(self._status),
                "signal": os.WTERMSIG(self._status) if signaled else None,
                "wallMs": round((self._ended - self._started) * 1000, 3),
                "cpuMs": round(self._cpu_used_ms(), 3),
                "peakMemoryBytes": self._usage.peak_memory_bytes(),
                "oomKilled": oom_kills > 0,
                "limit": self.limit,
                "hits": sorted(self._hits),
            }
        )
