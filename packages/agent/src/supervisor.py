"""The agent: process 1 of every sandbox. The worker talks to it and to nothing else.

    worker                                            agent
    INIT {confinement, diskBytes, warm, …} ────▶        becomes who it says, prepares the place and the interpreter
       ◀─────────────────────────────── READY           waits for a program, for any time
    PUT, DATA…, EXEC, STDIN… ──────────────────▶        all at once; each waits for the one before
       ◀──────────────── DONE, STDOUT, STDERR …         the files are written, the program runs
    CREDIT, STDIN, SIGNAL, RESIZE ─────────────▶
       ◀──────────────────────────────── EXIT           the main process has died, nobody is left who could print;
                                                        what still lives is killed
       ◀─────────────────────────────── READY           in a cell: the program's namespaces are gone and memory is
                                                        back, new ones are prepared

The agent ends in one of two ways, and all processes die with it:

1. The connection to the worker closes: at once.
2. After the last program, when something is left that cannot be removed, or when it has failed: it first sends what the
   worker has not taken yet, however long that takes.
"""

from __future__ import annotations

import os
import sys
import time

import confinement
import files
import frames
import json_text
import switches
from channel import Channel
from kill import kill_all_we_may
from loop import Loop
from outlast import outlast_programs
from process import Process
from spawn import Pipes
from usage import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

    from confinement import Confinement
    from confinement.cell import Cell, PlaceWriter
    from file_writer import FileWriter
    from lasting import LastingSandbox
    from memory_return import MemoryReturn
    from messages import Exec, ExitReport, Init, ListedFile, Put, Ready, Signal, TerminalSize
    from server import StartServer
    from spawn import Streams
    from terminal import Terminal

#: Most programs have ended by then, and none has used up its memory. The delay is a trick: without it a program takes
#: 5.5 ms of a processor in a fresh container instead of 3.3 (2026-11-29,
#: `node apps/bench/src/tricks/main.ts --without outlast`). Switch: `outlast`.
OUTLAST_SECONDS = 0.015 if switches.is_on("outlast") else 0


class Agent:
    _settings: Init
    _usage: Usage
    _confinement: Confinement
    _memory: MemoryReturn

    def __init__(self, server: StartServer | None) -> None:
        self._server = server
        self._loop = Loop(self._reap)
        self._channel = Channel(self._loop, self._received, self._end)
        self._program: Process | None = None  # the one that waits or runs
        self._is_warm = False
        self._terminal: Terminal | None = None  # of that program
        self._file_writer: FileWriter | PlaceWriter | None = None
        self._stream = 0  # of the program that runs; 0 while none does
        self._uses = 0
        self._outlasts = False
        self._files: list[ListedFile] = []
        self._content = bytearray()
        self._waiting: list[tuple[int, int, bytes]] | None = None  # frames that came while files were being written
        self._lasting: LastingSandbox | None = None

    def run(self) -> NoReturn:
        try:
            while True:
                self._loop.turn()
        except Exception as error:  # noqa: BLE001 every fault ends the agent
            # It must not leave this function: in Python's image the interpreter would go on, as root, with main.py.
            sys.excepthook(type(error), error, error.__traceback__)
            self._leave(status=1)

    def _end(self, status: int = 0) -> NoReturn:
        self._kill_everything()
        os._exit(status)

    def _leave(self, status: int = 0) -> NoReturn:
        """Ends, but not before the worker has the last output and the exit of its program."""
        self._kill_everything()
        self._channel.finish()
        os._exit(status)

    def _kill_everything(self) -> None:
        if not hasattr(self, "_confinement"):
            return
        if self._confinement.kind == "local":
            self._confinement.kill_everything()
        else:
            kill_all_we_may()

    # A sandbox and its uses

    def _initialise(self, settings: Init) -> None:
        self._settings = settings
        self._confinement = confinement.create(settings, self._server, self._loop)
        self._usage = Usage(self._confinement.kind, time.process_time)
        self._confinement.enter()
        if settings["use"] == "sandbox":
            from lasting import LastingSandbox  # only here: most containers are for programs

            place, cpus = self._confinement, settings["cpus"]
            self._lasting = LastingSandbox(self._loop, self._channel, confinement.to_place(place), self._usage, cpus)
            self._ready()
            return
        if self._confinement.kind == "cell":
            from memory_return import MemoryReturn

            self._memory = MemoryReturn(self._loop)
        self._prepare()

    def _prepare(self) -> None:
        self._confinement.renew()
        self._uses += 1
        self._is_warm = False
        program = self._program = self._new_program(self._open_pipes())
        if self._confinement.kind == "cell":
            self._watch(self._confinement)
        warm = self._settings["warm"]
        has_interpreter = self._confinement.has_interpreter
        if (warm is None or not has_interpreter) and switches.is_on("writer"):
            self._file_writer = self._confinement.new_writer(self._loop)
        if warm is None:
            self._ready()
        elif self._confinement.kind != "local" and has_interpreter:
            program.fork(self._confinement.fork, self._warmed, self._fail)
        else:
            argv, env = warm["argv"], {**self._settings["env"], **warm["env"], **switches.ENV}
            spawn = self._confinement.spawn
            program.warm_up(lambda streams, barrier, answer: spawn(streams, argv, env, (barrier, answer)), self._warmed)

    def _watch(self, cell: Cell) -> None:
        def died(status: int) -> None:
            if self._program is not None:
                self._program_died(self._program, status)

        cell.watch(self._loop, died)

    def _warmed(self, is_up: bool) -> None:
        if not is_up:
            self._leave()  # it has said why on standard error
        self._is_warm = True
        self._ready()

    def _ready(self) -> None:
        ready: Ready = {"protocol": frames.PROTOCOL, "cgroup": self._usage.version, "warm": self._is_warm}
        self._channel.send_json(frames.READY, 0, ready)

    def _open_pipes(self) -> Pipes:
        return Pipes(self._confinement.own)

    def _new_program(self, streams: Streams) -> Process:
        return Process(
            self._loop,
            self._confinement,
            self._usage,
            streams,
            is_first=self._uses == 1,
            on_output=self._printed,
            on_stdin_taken=self._stdin_taken,
            on_exit=self._exited,
        )

    # Frames

    def _received(self, kind: int, stream: int, payload: bytes) -> None:
        if self._waiting is not None:
            self._waiting.append((kind, stream, payload))
        elif self._lasting is not None:
            self._lasting.received(kind, stream, payload)
        elif kind == frames.INIT:
            self._initialise(json_text.loads(payload))
        elif kind == frames.PUT:
            put: Put = json_text.loads(payload)
            self._files, self._content = put["files"], bytearray()
        elif kind == frames.DATA:
            self._content += payload
        elif kind == frames.EXEC:
            self._execute(stream, json_text.loads(payload))
        elif self._program is None or stream != self._stream:
            return  # for a program that is over: nothing to do, and the worker could not know
        elif kind == frames.STDIN:
            self._program.write_stdin(payload)
        elif kind == frames.CREDIT:
            self._program.grant(int.from_bytes(payload, "big"))
        elif kind == frames.SIGNAL:
            request: Signal = json_text.loads(payload)
            self._program.stop(request["signal"], request.get("killGraceMs"))
        elif kind == frames.RESIZE:
            if self._terminal is not None:
                self._terminal.resize(json_text.loads(payload))
        else:
            raise frames.ProtocolError(f"an unknown kind, {kind}")

    def _printed(self, is_stdout: bool, data: bytes) -> None:
        self._channel.send(frames.STDOUT if is_stdout else frames.STDERR, self._stream, data)

    def _stdin_taken(self, taken: int) -> None:
        if taken:
            self._channel.send(frames.GRANT, self._stream, taken.to_bytes(4, "big"))

    # Programs

    def _execute(self, stream: int, request: Exec) -> None:
        program = self._program
        if program is None or program.is_running():
            raise frames.ProtocolError("a program where none is awaited")
        self._stream = stream
        packed = files.pack(self._files, self._content)
        self._files, self._content = [], bytearray()
        if self._confinement.kind == "cell" and self._confinement.disk_bytes != request["diskBytes"]:
            program = self._change_disk(program, self._confinement, request)
        if not self._is_warm or not self._fits_warm(request):
            if self._is_warm or request["terminal"] is not None:
                program = self._start_over(program, request["terminal"])
            self._write_files(packed, lambda: self._start_cold(program, request))
        elif self._confinement.has_interpreter:
            program.release_with(packed, self._written)
            self._run(program, request)
        else:
            self._write_files(packed, lambda: self._release(program, request))

    def _fits_warm(self, request: Exec) -> bool:
        warm = self._settings["warm"]
        return (
            warm is not None and request["argv"] == warm["argv"] and not request["env"] and request["terminal"] is None
        )

    def _change_disk(self, program: Process, cell: Cell, request: Exec) -> Process:
        """Its size is that of its mounts, so this takes new namespaces."""
        program.discard()
        cell.unwatch(self._loop)
        cell.end_now()
        cell.disk_bytes = request["diskBytes"]
        cell.renew()
        self._watch(cell)
        self._is_warm = False
        self._program = self._new_program(self._open_pipes())
        return self._program

    def _start_over(self, program: Process, size: TerminalSize | None) -> Process:
        """Discards what was prepared for a program, and returns another for the same user. A program gets all processes
        of its limit, so a warm one and its file writer must be gone first."""
        program.discard()
        if self._is_warm and self._file_writer is not None:
            self._file_writer.end()
            self._file_writer = None
        self._program = self._new_program(self._open_pipes() if size is None else self._open_terminal(size))
        return self._program

    def _open_terminal(self, size: TerminalSize) -> Terminal:
        from terminal import Terminal  # only here, because few programs have one

        try:
            self._terminal = Terminal(*self._confinement.open_terminal(), size)
        except OSError as error:
            self._fail(f"cannot open a terminal: {error.strerror}")
        return self._terminal

    def _write_files(self, packed: bytearray, then: Callable[[], None]) -> None:
        writer = self._file_writer or self._confinement.new_writer(self._loop)
        self._file_writer = writer
        waiting = self._waiting = []

        def written(fault: str) -> None:
            self._file_writer = None
            self._waiting = None
            self._written(fault)
            then()
            for frame in waiting:
                self._received(*frame)

        writer.write(packed, written)

    def _written(self, fault: str) -> None:
        if fault:
            self._fail(fault)
        self._channel.send(frames.DONE, self._stream)

    def _release(self, program: Process, request: Exec) -> None:
        program.release()
        self._run(program, request)

    def _start_cold(self, program: Process, request: Exec) -> None:
        # The local sandbox has no control group to count a busy child's time, so the kernel's own limit stands in.
        cpu_ms = request["cpuMs"] if self._confinement.kind == "local" else None
        cpu_seconds = None if cpu_ms is None else -(-cpu_ms // 1000)
        try:
            env = {**self._settings["env"], **request["env"], **request["coldEnv"]}
            spawn = self._confinement.spawn
            program.start(lambda streams: spawn(streams, request["argv"], env, (), cpu_seconds))
        except OSError as error:
            self._fail(error.strerror or str(error))
        self._run(program, request)

    def _run(self, program: Process, request: Exec) -> None:
        program.run(request, self._settings["cpus"])
        if self._confinement.kind != "local" and not self._outlasts:
            self._loop.after(OUTLAST_SECONDS, self._outlast)

    def _outlast(self) -> None:
        """Once, during the first program that runs longer than most."""
        if self._outlasts or self._program is None or not self._program.is_running():
            return
        self._outlasts = True
        self._go_through(outlast_programs())

    def _go_through(self, steps: Iterator[None]) -> None:
        """One step in each turn."""
        for _ in steps:
            self._loop.after(0, lambda: self._go_through(steps))
            return

    def _fail(self, reason: str) -> NoReturn:
        """The program could not start. This sandbox is of no more use."""
        if self._stream != 0:
            self._channel.send_json(frames.ERROR, self._stream, {"message": reason})
        self._leave()

    # Endings

    def _reap(self) -> None:
        """A child of ours has died: the program, a file writer, process 1 of a program's namespaces, or an orphan."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._all_died()
                return
            if pid == 0:
                self._some_live()
                return
            if self._confinement.kind == "cell":
                self._reaped_of_cell(self._confinement, pid)
            elif self._program is not None and pid == self._program.pid:
                self._program_died(self._program, status)

    def _reaped_of_cell(self, cell: Cell, pid: int) -> None:
        if self._server is not None and pid == self._server.pid and not cell.lasts:
            self._leave(status=1)  # without it there are no more programs
        if cell.is_init(pid):
            cell.init_died()
            if cell.lasts:
                self._leave(status=1)  # it was the sandbox
            if self._program is None:
                self._next_in_cell(cell)

    def _program_died(self, program: Process, status: int) -> None:
        if not program.is_running():
            self._leave()  # a warm interpreter that dies before its program comes: this sandbox is of no use
        program.died(status)

    def _all_died(self) -> None:
        if self._program is not None and self._program.has_died():
            self._program.everyone_died()

    def _some_live(self) -> None:
        """Local: a child that was started while the others died is not known yet, and not dead yet."""
        program = self._program
        if self._confinement.kind == "local" and program is not None and program.has_died():
            self._confinement.kill_everything()
            self._loop.after(0.02, self._reap)

    def _exited(self, report: ExitReport) -> None:
        self._channel.send_json(frames.EXIT, self._stream, report)
        self._program = self._terminal = None
        self._stream = 0  # what still comes for this program must not reach the next one
        if self._file_writer is not None:  # it was not needed, and died with the rest
            self._file_writer.close()
            self._file_writer = None
        if self._confinement.kind == "cell":
            self._confinement.kill_everything()
            if self._confinement.has_ended():
                self._next_in_cell(self._confinement)
        elif self._confinement.kind == "container":
            self._confinement.kill_everything()

    def _next_in_cell(self, cell: Cell) -> None:
        """Nothing of the program runs any more."""
        cell.unwatch(self._loop)
        cell.close()
        cell.disk_bytes = self._settings["diskBytes"]
        self._memory.when_back(self._prepare, self._leave)


def run(server: StartServer | None = None) -> NoReturn:
    """`server`: the start server, in a container."""
    Agent(server).run()
