"""A sandbox that lasts: one place, and in it any number of commands and tasks at the same time, each on a stream.

    worker                                            agent
    EXEC {argv or task, folder, limits, …} ────▶        starts it; a stream is one command or task
       ◀───────────────────── DONE {pid}, STDOUT …
    CREDIT, STDIN, SIGNAL, RESIZE ─────────────▶
       ◀──────────────────────────────── EXIT           its main process has died; what it left running lives on
       ◀─────────────────────────────── ERROR           it could not be started
    ASK {what} ────────────────────────────────▶
       ◀────────────────────────────── ANSWER {…}
    DIAL, PORTS ───────────────────────────────▶        see dials.py and ports.py

Nothing here waits for a program. The sandbox ends with the connection, or when process 1 of the place dies.
"""

from __future__ import annotations

import errno
import os

import frames
import json_text
from dials import Dials
from listening import AF_NETLINK, SOCK_DIAG, SOCK_RAW, Listening
from memory_kills import MemoryKills
from outlast import outlast_programs
from ports import Ports
from process import Process
from spawn import Pipes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from channel import Channel
    from confinement.place import Death, Place
    from confinement.run import Run, RunUsage
    from loop import Loop
    from messages import Ask, Dialled, ExitReport, KnownPorts, Metrics, Signal, Start, TerminalSize
    from spawn import Streams
    from terminal import Terminal
    from usage import Usage

#: Each has up to four descriptors here, and the agent may open 1,024.
MOST_STREAMS = 200
#: These tasks read or write whole files.
WITH_BYTES = ("archive", "read", "write")
#: The agent and process 1 of the place.
OWN_PROCESSES = 2


class LastingSandbox:
    def __init__(self, loop: Loop, channel: Channel, place: Place, usage: Usage, cpus: float) -> None:
        self._loop = loop
        self._channel = channel
        self._place = place
        self._usage = usage
        self._cpus = cpus
        self._processes: dict[int, Process] = {}
        self._terminals: dict[int, Terminal] = {}
        self._memory_kills = MemoryKills(usage.oom_kills)
        self._running: dict[int, tuple[Process, RunUsage]] = {}  # by process id, until the main process has died
        place.renew()
        place.listen(self._died)
        listening = Listening(place.open_socket(AF_NETLINK, SOCK_RAW, SOCK_DIAG))
        self._ports = Ports(loop, listening.look, self._is_empty, self._tell_ports)
        self._dials = Dials(loop, channel.send, place.open_socket)
        for _ in outlast_programs():
            pass

    def received(self, kind: int, stream: int, payload: bytes) -> None:
        process = self._processes.get(stream)
        if kind == frames.EXEC:
            self._start(stream, json_text.loads(payload))
        elif kind == frames.ASK:
            self._answer(stream, json_text.loads(payload))
        elif kind == frames.DIAL:
            dialled: Dialled = json_text.loads(payload)
            self._dials.open(stream, dialled["port"], dialled["credit"])
        elif kind == frames.PORTS:
            known: KnownPorts = json_text.loads(payload)
            self._ports.ask(stream, known["known"])
        elif self._dials.has(stream):
            self._dials.received(kind, stream, payload)
        elif process is None:
            return  # it is over, and the worker could not know
        elif kind == frames.STDIN:
            process.write_stdin(payload)
            self._ports.something_changes()
        elif kind == frames.CREDIT:
            process.grant(int.from_bytes(payload, "big"))
        elif kind == frames.SIGNAL:
            request: Signal = json_text.loads(payload)
            process.stop(request["signal"], request.get("killGraceMs"))
        elif kind == frames.RESIZE:
            if stream in self._terminals:
                self._terminals[stream].resize(json_text.loads(payload))
        else:
            raise frames.ProtocolError(f"a kind that no lasting sandbox has, {kind}")

    # Commands and tasks

    def _start(self, stream: int, request: Start) -> None:
        from confinement.run import Run, RunUsage

        if len(self._processes) >= MOST_STREAMS:
            return self._refuse(stream, f"{MOST_STREAMS} commands and file operations run, and there may be no more")
        try:
            streams = self._open_streams(stream, request["terminal"])
            if isinstance(streams, Pipes) and request.get("task", {}).get("name") in WITH_BYTES:
                streams.enlarge()
        except OSError as error:
            return self._refuse(stream, to_reason("cannot open a terminal", error))
        if not self._running:
            self._memory_kills.forget()
        run = Run(self._place, stream)
        used = RunUsage(run, self._usage, self._memory_kills)
        process = self._new_process(stream, streams, run, used)
        folder = request["folder"]
        try:
            if "task" in request:
                task = request["task"]
                process.start(lambda streams: run.start_task(streams, task, folder))
            else:
                argv, env = request.get("argv", []), request.get("env", {})
                process.start(lambda streams: run.start_command(streams, argv, env, folder))
        except OSError as error:
            process.discard()
            streams.hang_up()
            self._terminals.pop(stream, None)
            return self._refuse(stream, to_reason("no process can be started", error))
        self._processes[stream] = process
        self._running[process.pid] = (process, used)
        self._channel.send_json(frames.DONE, stream, {"pid": process.pid})
        process.run(request, self._cpus)
        self._ports.something_changes()
        return None

    def _open_streams(self, stream: int, size: TerminalSize | None) -> Streams:
        if size is None:
            return Pipes(self._place.own)
        from terminal import Terminal

        terminal = self._terminals[stream] = Terminal(*self._place.open_terminal(), size)
        return terminal

    def _new_process(self, stream: int, streams: Streams, run: Run, used: RunUsage) -> Process:
        def printed(is_stdout: bool, data: bytes) -> None:
            self._channel.send(frames.STDOUT if is_stdout else frames.STDERR, stream, data)

        def stdin_taken(taken: int) -> None:
            if taken:
                self._channel.send(frames.GRANT, stream, taken.to_bytes(4, "big"))

        def exited(report: ExitReport) -> None:
            del self._processes[stream]
            self._terminals.pop(stream, None)
            self._channel.send_json(frames.EXIT, stream, report)

        return Process(
            self._loop,
            run,
            used,
            streams,
            is_first=True,
            on_output=printed,
            on_stdin_taken=stdin_taken,
            on_exit=exited,
        )

    def _refuse(self, stream: int, reason: str) -> None:
        self._channel.send_json(frames.ERROR, stream, {"message": reason})

    def _died(self, death: Death) -> None:
        process, used = self._running.pop(death.pid)
        used.died(death, is_alone=not self._running)
        process.died(death.status)

    # Questions

    def _answer(self, stream: int, request: Ask) -> None:
        if request["what"] == "hold":
            self._loop.hold()
        elif request["what"] == "release":
            seconds = self._loop.release()
            for process in self._processes.values():
                process.was_held(seconds)
        answer: Metrics = self._measure()
        self._channel.send_json(frames.ANSWER, stream, answer)

    def _tell_ports(self, stream: int, ports: list[int]) -> None:
        self._channel.send_json(frames.LISTENING, stream, {"ports": ports})

    def _is_empty(self) -> bool:
        processes = self._usage.processes()
        return processes is not None and processes <= OWN_PROCESSES

    def _measure(self) -> Metrics:
        processes, cpu_seconds = self._usage.processes(), self._usage.cpu_seconds()
        return {
            "memoryBytes": self._usage.memory_bytes(),
            "cpuMs": None if cpu_seconds is None else round(cpu_seconds * 1000, 3),
            "diskBytes": sum(map(count_used, self._place.disks)),
            "processes": None if processes is None else max(0, processes - OWN_PROCESSES),
        }


def to_reason(what: str, error: OSError) -> str:
    if error.errno == errno.EAGAIN:
        return f"{what}: the sandbox has as many processes as it may"
    return f"{what}: {error.strerror}"


def count_used(disk: int) -> int:
    """Bytes. A disk in memory has all its blocks free at first."""
    state = os.statvfs(disk)
    return (state.f_blocks - state.f_bfree) * state.f_frsize
