"""The agent: process 1 of every sandbox. The worker talks to it and to nothing else.

Started with one argument, a JSON object:

    {"uid": 20007, "workspace": "/workspace", "env": {…}, "cpus": 1, "warm": {"argv": […], "env": {…}} | null}

`uid` null means: no isolation (the local sandbox), everything runs as the caller.

    start: fork the scribe, start the warm interpreter   ── READY ──▶   (waits, however long)
    ◀── PUT, DATA…, EXEC, STDIN…      (all at once; each waits for the one before)
    scribe writes the files, the program goes            ── STDOUT, STDERR … ──▶   ◀── CREDIT, STDIN, SIGNAL
    main has died, everything killed, pipes drained      ── EXIT ──▶

When the worker's end of the stream closes, everything dies and the agent with it.
"""

import json
import os
import signal
import struct
import sys
import time

import frames
import scribe
from channel import Channel
from identity import ContainerIdentity, LocalIdentity
from loop import Loop
from program import Program
from usage import Usage


class Agent:
    def __init__(self, config):
        self._workspace = config["workspace"]
        self._env = config["env"]
        self._cpus = config["cpus"]
        self._isolated = config["uid"] is not None
        self._identity = ContainerIdentity(config["uid"]) if self._isolated else LocalIdentity()
        self._usage = Usage(self._isolated, time.process_time)
        self._scribe = scribe.fork_scribe(self._identity, self._workspace)
        self._loop = Loop(self._reap)
        self._channel = Channel(self._loop, self._received, self._end)
        self._putting = None
        self._writing = False
        self._waiting = []  # frames that came while files were being written
        self._stream = None
        self._program = None
        self._warm_argv = None
        if config["warm"]:
            self._warm_argv = config["warm"]["argv"]
            self._program = self._new_program()
            self._program.warm(self._warm_argv, {**self._env, **config["warm"]["env"]}, self._ready)
        else:
            self._ready(False)

    def run(self):
        while True:
            self._loop.turn()

    def _ready(self, warm):
        if not warm:
            self._warm_argv = None
        self._channel.send_json(
            frames.READY, 0, {"protocol": frames.PROTOCOL, "cgroup": self._usage.version, "warm": warm}
        )

    def _end(self):
        self._identity.signal_everything(signal.SIGKILL)
        os._exit(0)

    # Frames

    def _received(self, kind, stream, payload):
        if kind == frames.DATA and self._putting:
            self._take_content(payload)
        elif self._writing or self._putting:
            self._waiting.append((kind, stream, payload))
        elif kind == frames.PUT:
            self._begin_put(stream, json.loads(payload))
        elif kind == frames.EXEC:
            self._execute(stream, json.loads(payload))
        elif self._program is None or stream != self._stream:
            return  # for a program that is over: nothing to do, and no fault of the worker's
        elif kind == frames.STDIN:
            self._program.write_stdin(payload)
        elif kind == frames.CREDIT:
            self._program.grant(int.from_bytes(payload, "big"))
        elif kind == frames.SIGNAL:
            order = json.loads(payload)
            self._program.stop(order["signal"], order.get("killAfterMs"))
        else:
            raise frames.ProtocolError(f"an unknown kind, {kind}")

    # Files

    def _begin_put(self, stream, order):
        if self._scribe is None:
            self._scribe = scribe.fork_scribe(self._identity, self._workspace)
        self._putting = {"stream": stream, "files": order["files"], "content": bytearray()}
        self._take_content(b"")

    def _take_content(self, data):
        put = self._putting
        put["content"] += data
        if len(put["content"]) < sum(file["size"] for file in put["files"]):
            return
        self._putting, self._writing = None, True
        _, order, answer = self._scribe
        self._loop.read_when_ready(answer, lambda: self._put_done(put["stream"], answer))
        entries, position = bytearray(), 0
        for file in put["files"]:
            path = file["path"].encode()
            entries += scribe.ENTRY.pack(len(path), file["size"]) + path
            entries += put["content"][position : position + file["size"]]
            position += file["size"]
        os.set_blocking(order, False)
        self._hand_over(order, entries)

    def _hand_over(self, order, entries):
        try:
            while entries:
                del entries[: os.write(order, entries)]
        except BlockingIOError:
            self._loop.write_when_ready(order, lambda: self._hand_over(order, entries))
            return
        except BrokenPipeError:
            pass  # it says why in its answer
        self._loop.forget(order)
        os.close(order)

    def _put_done(self, stream, answer):
        said = os.read(answer, 4096)
        self._loop.forget(answer)
        os.close(answer)
        self._scribe, self._writing = None, False
        if said != scribe.DONE:
            self._waiting.clear()
            reason = said.decode(errors="replace") or "the process that writes files was killed"
            self._channel.send_json(frames.ERROR, stream, {"message": reason})
            return
        self._channel.send(frames.DONE, stream)
        waiting, self._waiting = self._waiting, []
        for frame in waiting:
            self._received(*frame)

    # Programs

    def _new_program(self):
        return Program(
            self._loop,
            self._identity,
            self._usage,
            self._workspace,
            lambda is_stdout, data: self._channel.send(
                frames.STDOUT if is_stdout else frames.STDERR, self._stream, data
            ),
            lambda taken: taken and self._channel.send(frames.GRANT, self._stream, struct.pack(">I", taken)),
            self._exited,
        )

    def _execute(self, stream, order):
        if self._program is not None and self._program.is_running():
            raise frames.ProtocolError("a second program while one runs")
        self._stream = stream
        fits = self._warm_argv is not None and order["argv"] == self._warm_argv and not order["env"]
        if not fits:
            self._clear_the_way()
            self._program = self._new_program()
            # The local sandbox has no cgroup to count a busy child's time, so the kernel's own limit stands in.
            cpu_seconds = None if self._isolated else -(-order["cpuMs"] // 1000)
            try:
                self._program.start(order["argv"], {**self._env, **order["env"]}, cpu_seconds)
            except OSError as error:
                self._program = None
                self._channel.send_json(frames.ERROR, stream, {"message": str(error)})
                return
        self._program.run(
            order["wallMs"], order["cpuMs"], order["outputBytes"], order["graceMs"], self._cpus, order["credit"]
        )

    def _clear_the_way(self):
        """Ends the warm interpreter and the scribe, so that the program has all its processes to itself."""
        self._program = None
        self._identity.signal_everything(signal.SIGKILL)
        try:
            while True:
                os.waitpid(-1, 0)
        except ChildProcessError:
            pass

    def _reap(self):
        alive = True
        while alive:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                alive = False
                break
            if pid == 0:
                break
            if self._program is not None:
                self._program.reaped(pid, status)
        if self._program is None or not self._program.main_has_died():
            return
        if not self._program.is_running():
            self._end()  # the warm interpreter died while nobody used it: this sandbox is of no use
        if alive:  # a child that was being born while the others died, or one the kernel still takes apart
            self._identity.signal_everything(signal.SIGKILL)
            self._loop.after(0.02, self._reap)
        else:
            self._program.everyone_died()
            if not self._isolated:
                program = self._program
                self._loop.after(0.2, lambda: program.abandon_output())

    def _exited(self, report):
        stream = self._stream
        self._program, self._warm_argv = None, None
        if self._scribe is not None:  # nobody needed it, and it died with the rest
            for fd in self._scribe[1:]:
                os.close(fd)
            self._scribe = None
        self._channel.send_json(frames.EXIT, stream, report)


Agent(json.loads(sys.argv[1])).run()
