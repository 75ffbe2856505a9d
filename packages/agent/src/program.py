"""One program: started (or warmed and let go), fed, listened to, limited, ended.

Life of a program, each step once and in this order:

    warmed?  ->  running  ->  [ending: first reason wins]  ->  main has died  ->  drained  ->  exit

Whatever comes first of a limit, a signal to stop and the program's own end decides how it ended. When its main
process is gone what its pipes still hold is read, and where somebody is left who might print, everything it started is
killed. The end of the pipes is the proof that nobody is, and then it is reported.
"""

import os
import time

import _signal as signal

from spawn import Pipes, spawn
from usage import is_full

BARRIER_UID = 65533  # owner of the pipes a warm Node waits on: nobody else in a container can make such a pipe
BARRIER_FD, READY_FD = 62, 63  # far from those a program sees handed out
READ_BYTES = 1 << 16
#: What a program that writes its own files says when they are there (fork_server.py).
WRITTEN = b"w"
#: As a rule its first words are sooner, or its end; then nobody need be woken just to hear of its files.
ANSWER_SECONDS = 0.02
SPOT_CHECK_SECONDS = 0.25
#: Who says one thing often says the next right after: Python's `print` is two writes. So what follows a first word is
#: gathered for a moment, and with what a short program says last goes its end …
GATHER_SECONDS = 0.002
#: … except that of one who says much: a pipe that is not read soon is full.
MUCH_BYTES = 4096
#: Locally survivors may hold the pipes open for ever: this long after all we know of have died, the end is the end.
ABANDON_SECONDS = 0.2


class Program:
    def __init__(self, loop, identity, usage, folder, is_first, on_output, on_stdin_taken, on_exit):
        self._loop = loop
        self.identity = identity
        self._usage = usage
        self._folder = folder
        self._is_first = is_first
        self._on_output = on_output
        self._on_stdin_taken = on_stdin_taken
        self._on_exit = on_exit
        self._pipes = Pipes(identity)
        self._barrier = None
        self._answer = None
        self.pid = None
        self._stdin = bytearray()
        self._stdin_ends = False
        self._credit = 0
        self._output_left = 0
        self._open = []
        self._is_gathering = False
        self._timers = {}
        self._started = None
        self.limit = None
        self._hits = set()
        self._status = None
        self._everyone_died = False
        self._reported = False

    def _look_at_counters(self):
        """Before it begins: what was counted until then is not its own."""
        self._peak_before = self._usage.peak_memory_bytes()
        self._cpu_before = self._usage.cpu_seconds()
        self._oom_before = self._usage.oom_kills()
        self._refused_before = self._usage.refused_forks()

    # Starting

    def _open_barrier(self, start):
        """`start` is given the program's ends of the two pipes it waits on, and returns its process id."""
        barrier, self._barrier = os.pipe()
        self._answer, answer = os.pipe()
        try:
            self.pid = start(barrier, answer)
        finally:
            os.close(barrier)
            os.close(answer)
        os.set_blocking(self._barrier, False)
        os.set_blocking(self._answer, False)
        self._loop.read_when_ready(self._answer, self._answered)

    def warm_up(self, argv, env, on_ready):
        """Starts the real command, which pauses in its own start-up and says so."""

        def start(barrier, answer):
            for fd in (barrier, self._barrier, self._answer, answer):
                self.identity.mark(fd, BARRIER_UID)
            return spawn(self.identity, self._pipes, argv, env, self._folder, {BARRIER_FD: barrier, READY_FD: answer})

        def heard(said):
            self._close_answer()
            self._is_up(said, on_ready)

        self._on_answer = heard
        self._open_barrier(start)

    def warm_by(self, server, on_ready, on_fault):
        """Has it forked off an interpreter that is already up (fork_server.py)."""

        def heard(said):
            self._on_answer = lambda said: on_fault("the interpreter died before its program came")
            self._is_up(said, on_ready)

        self._on_answer = heard
        self._open_barrier(lambda barrier, answer: server.fork(self.identity.uid, self._is_first, self._pipes, barrier, answer))

    def _is_up(self, said, on_ready):
        self._look_at_counters()
        on_ready(said == b"r")

    def _answered(self):
        try:
            self._on_answer(os.read(self._answer, READ_BYTES))
        except BlockingIOError:
            pass

    def _close_answer(self):
        if self._answer is not None:
            self._loop.close(self._answer)
            self._answer = None

    def start(self, argv, env, cpu_seconds=None):
        """The cold way: a new process with its own arguments and environment."""
        self._look_at_counters()
        self.pid = spawn(self.identity, self._pipes, argv, env, self._folder, cpu_seconds=cpu_seconds)
        self._pipes.close_theirs()

    def release(self):
        """Opens the barrier of a warm one whose files are there."""
        self._open_to(bytearray(b"g"))

    def release_with(self, packed_files, on_written):
        """Opens the barrier of a warm one that writes its own files; `on_written` is told why it could not, or nothing."""

        def heard(said):
            self._close_answer()
            on_written("" if said == WRITTEN else said.decode(errors="replace") or "the program was killed")

        self._on_answer = heard
        self._loop.forget(self._answer)
        self._timers["answer"] = self._loop.after(ANSWER_SECONDS, self._await_answer)
        self._open_to(bytearray(b"g") + packed_files)

    def _await_answer(self):
        if self._answer is not None:
            self._loop.read_when_ready(self._answer, self._answered)

    def _open_to(self, request):
        self._loop.write_all(self._barrier, request)
        self._barrier = None
        self._pipes.close_theirs()

    def discard(self):
        """Ends one that still waits, and lets go of all that was kept for it."""
        self._pipes.close_theirs()
        self._close_answer()
        for fd in (self._barrier, self._pipes.stdin, self._pipes.stdout, self._pipes.stderr):
            if fd is not None:
                self._loop.close(fd)
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)

    def run(self, wall_ms, cpu_ms, output_bytes, kill_grace_ms, cpus, credit):
        """Its clocks run from here."""
        self._usage.watched.add(self.pid)
        self._wall_ms, self._cpu_ms, self._kill_grace_ms, self._cpus = wall_ms, cpu_ms, kill_grace_ms, cpus
        self._output_left, self._credit = output_bytes, credit
        self._started = time.monotonic()
        self._open = [self._pipes.stdout, self._pipes.stderr]
        self._listen()
        self._feed()
        self._timers["wall"] = self._loop.after(wall_ms / 1000, lambda: self._hit("wall"))
        # No sooner can its time be used up than with every processor busy.
        self._timers["cpu"] = self._loop.after(cpu_ms / 1000 / cpus, self._watch_cpu)
        self._timers["spot"] = self._loop.after(SPOT_CHECK_SECONDS, self._spot_check)

    # Limits

    def _cpu_used_ms(self):
        return max(0.0, self._usage.cpu_seconds() - self._cpu_before) * 1000

    def _watch_cpu(self):
        left_ms = self._cpu_ms - self._cpu_used_ms()
        if left_ms <= 0:
            self._hit("cpu")
        else:
            self._timers["cpu"] = self._loop.after(max(left_ms / 1000 / self._cpus, 0.005), self._watch_cpu)

    def _look_at_disks(self):
        for folder in (self._folder, "/tmp"):
            if self._usage.version and is_full(folder):
                self._hits.add("diskBytes")

    def _spot_check(self):
        self._look_at_disks()
        self._timers["spot"] = self._loop.after(SPOT_CHECK_SECONDS, self._spot_check)

    def _hit(self, limit):
        if self.limit is None and self._status is None:
            self.limit = limit
            self.stop(signal.SIGTERM, self._kill_grace_ms)

    def stop(self, number, kill_grace_ms=None):
        """Sends a signal to the program's group and, where asked, the last one to everything a while later."""
        if self._status is not None:
            return
        try:
            os.killpg(self.pid, number)
            os.killpg(self.pid, signal.SIGCONT)  # a stopped program must wake to hear it
        except (ProcessLookupError, PermissionError):
            pass
        if kill_grace_ms is not None and "kill" not in self._timers:
            self._timers["kill"] = self._loop.after(kill_grace_ms / 1000, self._kill)

    def _kill(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.identity.kill_everything()

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
            self._loop.close(self._pipes.stdin)
            self._pipes.stdin = None

    # Output

    def grant(self, credit):
        self._credit += credit
        self._listen()

    def _listen(self):
        for fd in self._open:
            call = (lambda fd=fd: self._read(fd)) if self._credit > 0 and not self._is_gathering else None
            self._loop.read_when_ready(fd, call)

    def _gather(self):
        if self._is_gathering:
            return
        self._is_gathering = True
        self._timers["gather"] = self._loop.after(GATHER_SECONDS, self._gathered)
        self._listen()

    def _gathered(self):
        """Each stream has its turn: the one that is first whenever both have something would keep the other waiting."""
        self._is_gathering = False
        for fd in list(self._open):
            if self._credit > 0:
                self._read(fd)
        self._listen()

    def _read(self, fd):
        """False: nothing more is there."""
        try:
            data = os.read(fd, min(READ_BYTES, self._credit))
        except BlockingIOError:
            return False
        if not data:
            self._close_output(fd)
            return False
        if self._answer is not None:
            self._answered()
        kept = data[: self._output_left]
        self._output_left -= len(kept)
        if kept:
            self._credit -= len(kept)
            self._on_output(fd == self._pipes.stdout, kept)
        if len(kept) < len(data):
            self.limit = self.limit or "output"
            self.identity.kill_everything()
        if self._credit <= 0:
            self._listen()
        elif len(data) < MUCH_BYTES and self._status is None:
            self._gather()
        return True

    def _close_output(self, fd):
        self._loop.close(fd)
        self._open.remove(fd)
        self._report_when_over()

    # Ending

    def died(self, status):
        """Its main process is gone."""
        self._status = status
        if self._answer is not None:
            self._answered()  # first what it may have said of its files
        self._ended = time.monotonic()
        self._look_at_disks()
        self._close_stdin()
        self._everyone_died = self._usage.version is not None
        for fd in list(self._open):
            self._drain(fd)
        if self._open or not self._everyone_died:
            self.identity.kill_everything()
            self._gathered()
        self._report_when_over()

    def _drain(self, fd):
        """At once what is there already: as a rule, that is all. Where somebody goes on printing it is not for long."""
        for _ in ("what is there", "the end"):
            if fd not in self._open or self._credit <= 0 or not self._read(fd):
                return

    def has_died(self):
        return self._status is not None

    def is_running(self):
        return bool(self._timers)

    def everyone_died(self):
        """Local: called when no child that we know of is left."""
        if self._status is None or self._everyone_died:
            return
        self._everyone_died = True
        self._report_when_over()
        self._loop.after(ABANDON_SECONDS, self._abandon_output)

    def _abandon_output(self):
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
                "peakMemoryBytes": self._peak_memory_bytes(),
                "oomKilled": oom_kills > 0,
                "limit": self.limit,
                "hits": sorted(self._hits),
            }
        )

    def _peak_memory_bytes(self):
        """The kernel keeps the highest of the container's whole life: a later job's own is known where it is higher."""
        peak = self._usage.peak_memory_bytes()
        return peak if self._is_first or peak is None or peak > self._peak_before else None
