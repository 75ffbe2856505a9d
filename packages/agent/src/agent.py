"""The agent: process 1 of every sandbox. The worker talks to it and to nothing else.

    ◀── INIT {uid, jobsPerContainer, workspace, env, cpus, warm: {argv, env} | null}
    the interpreter is started ahead, if there is one    ── READY ──▶   (waits, however long)
    ◀── PUT, DATA…, EXEC, STDIN…      (all at once; each waits for the one before)
    its files are written, the program goes      ── DONE, STDOUT, STDERR … ──▶   ◀── CREDIT, STDIN, SIGNAL
    main has died, nobody is left who could print      ── EXIT ──▶      what lives on is killed
    EXEC said {isolation: "tenant"}: all it left is removed, the next uid's interpreter is started   ── READY ──▶

`uid` null means: no isolation (the local sandbox), everything runs as the caller. `uids` is how many, from `uid` on,
are this sandbox's: one a program, none twice. When they are used up, when something is left that cannot be removed,
and when the worker's end of the stream closes, everything dies and the agent with it.
"""

import os
import time

import files
import frames
import json_text
from channel import Channel
from cleaner import has_processes, is_as_new, remove_files
from identity import ContainerIdentity, LocalIdentity, outlast_programs
from loop import Loop
from program import Program
from file_writer import FileWriter
from usage import Usage

#: That the files are written is worth no write of its own when the program is about to speak.
DONE_DELAY_SECONDS = 0.02
#: Most programs have ended by then, and none has used up its memory.
OUTLAST_SECONDS = 0.015
#: What a job leaves dies within moments; a sandbox in which something refuses to is given up.
TIDYING_SECONDS = 5
KILL_AGAIN_SECONDS = 0.002


class Agent:
    def __init__(self, server):
        self._server = server
        self._loop = Loop(self._reap)
        self._channel = Channel(self._loop, self._received, self._end)
        self._program = None  # the one that waits, or runs
        self._is_warm = False
        self._file_writer = None
        self._stream = None
        self._is_reused = False
        self._uses = 0
        self._outlasts = False
        self._forget_files()
        self._waiting = None  # frames that came while files were being written

    def run(self):
        while True:
            self._loop.turn()

    def _end(self):
        if self._program is not None:
            self._program.identity.alone = True
            self._program.identity.kill_everything()
        os._exit(0)

    # A sandbox and its uses

    def _initialise(self, settings):
        self._workspace = settings["workspace"]
        self._env = settings["env"]
        self._cpus = settings["cpus"]
        self._warm = settings["warm"]
        self._uid, self._jobs_per_container = settings["uid"], settings["jobsPerContainer"]
        self._isolated = self._uid is not None
        self._usage = Usage(self._isolated, time.process_time)
        self._prepare()

    def _prepare(self):
        if self._isolated:
            identity = ContainerIdentity(self._uid + self._uses)
            os.chown(self._workspace, identity.uid, identity.uid)
        else:
            identity = LocalIdentity()
        self._uses += 1
        self._is_warm = False
        self._program = self._new_program(identity)
        if not self._warm:
            self._file_writer = FileWriter(self._loop, identity, self._workspace)
            self._ready()
        elif self._server:
            self._program.warm_by(self._server, self._warmed, self._fail)
        else:
            self._file_writer = FileWriter(self._loop, identity, self._workspace)
            self._program.warm_up(self._warm["argv"], {**self._env, **self._warm["env"]}, self._warmed)

    def _warmed(self, is_up):
        if not is_up:
            self._end()  # it has said why on standard error
        self._is_warm = True
        self._ready()

    def _ready(self):
        self._channel.send_json(
            frames.READY, 0, {"protocol": frames.PROTOCOL, "cgroup": self._usage.version, "warm": self._is_warm}
        )

    def _new_program(self, identity):
        return Program(
            self._loop,
            identity,
            self._usage,
            self._workspace,
            self._uses == 1,
            lambda is_stdout, data: self._channel.send(
                frames.STDOUT if is_stdout else frames.STDERR, self._stream, data
            ),
            lambda taken: taken and self._channel.send(frames.GRANT, self._stream, taken.to_bytes(4)),
            self._exited,
        )

    # Frames

    def _received(self, kind, stream, payload):
        if self._waiting is not None:
            self._waiting.append((kind, stream, payload))
        elif kind == frames.INIT:
            self._initialise(json_text.loads(payload))
        elif kind == frames.PUT:
            self._forget_files()
            self._files = json_text.loads(payload)["files"]
        elif kind == frames.DATA:
            self._content += payload
        elif kind == frames.EXEC:
            self._execute(stream, json_text.loads(payload))
        elif self._program is None or stream != self._stream:
            return  # for a program that is over: nothing to do, and no fault of the worker's
        elif kind == frames.STDIN:
            self._program.write_stdin(payload)
        elif kind == frames.CREDIT:
            self._program.grant(int.from_bytes(payload, "big"))
        elif kind == frames.SIGNAL:
            request = json_text.loads(payload)
            self._program.stop(request["signal"], request.get("killGraceMs"))
        else:
            raise frames.ProtocolError(f"an unknown kind, {kind}")

    def _forget_files(self):
        self._files, self._content = [], bytearray()

    # Programs

    def _execute(self, stream, request):
        if self._program is None or self._program.is_running():
            raise frames.ProtocolError("a program where none is awaited")
        self._stream = stream
        self._is_reused = request["isolation"] == "tenant" and self._isolated
        self._program.identity.alone = not self._is_reused
        packed = files.pack(self._files, self._content)
        self._forget_files()
        if not (self._is_warm and request["argv"] == self._warm["argv"] and not request["env"]):
            if self._is_warm:
                self._discard_warm()
            self._write_files(packed, lambda: self._start_cold(request))
        elif self._server:
            self._program.release_with(packed, self._written)
            self._run(request)
        else:
            self._write_files(packed, lambda: self._release(request))

    def _discard_warm(self):
        """The program is to have all its processes to itself: nothing of the warm one is left when it starts."""
        program = self._program
        program.discard()
        os.waitpid(program.pid, 0)
        if self._file_writer is not None:
            self._file_writer.end()
            self._file_writer = None
        self._program = self._new_program(program.identity)

    def _write_files(self, packed, then):
        self._file_writer = self._file_writer or FileWriter(self._loop, self._program.identity, self._workspace)
        self._waiting = []

        def written(fault):
            self._file_writer = None
            waiting, self._waiting = self._waiting, None
            self._written(fault)
            if fault:
                return
            then()
            for frame in waiting:
                self._received(*frame)

        self._file_writer.write(packed, written)

    def _written(self, fault):
        if fault:
            self._fail(fault)
        else:
            self._channel.hold(frames.DONE, self._stream, DONE_DELAY_SECONDS)

    def _release(self, request):
        self._program.release()
        self._run(request)

    def _start_cold(self, request):
        # The local sandbox has no cgroup to count a busy child's time, so the kernel's own limit stands in.
        cpu_seconds = None if self._isolated else -(-request["cpuMs"] // 1000)
        try:
            self._program.start(request["argv"], {**self._env, **request["env"]}, cpu_seconds)
        except OSError as error:
            self._fail(str(error))
            return
        self._run(request)

    def _run(self, request):
        self._program.run(
            request["wallMs"], request["cpuMs"], request["outputBytes"], request["killGraceMs"], self._cpus,
            request["credit"],
        )
        if self._isolated and not self._outlasts:
            self._loop.after(OUTLAST_SECONDS, self._outlast)

    def _outlast(self):
        """Once, under the first program that goes on for longer than most."""
        if self._outlasts or self._program is None or not self._program.is_running():
            return
        self._outlasts = True
        outlast_programs()

    def _fail(self, reason):
        """The program could not begin. This sandbox is of no more use, whoever has it by now."""
        if self._stream is None:
            self._end()
        self._channel.send_json(frames.ERROR, self._stream, {"message": reason})
        self._end()

    # Endings

    def _reap(self):
        """A child of ours has died: the program, a file writer, or an orphan of the program's."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._all_died()
                return
            if pid == 0:
                self._outlived()
                return
            if self._program is not None and pid == self._program.pid:
                self._program_died(status)

    def _program_died(self, status):
        if not self._program.is_running():
            self._end()  # a warm interpreter that dies while nobody uses it: this sandbox is of no use
        self._program.died(status)

    def _all_died(self):
        if self._program is not None and self._program.has_died():
            self._program.everyone_died()

    def _outlived(self):
        """Local: a child that was being born while the others died is not yet known, and not yet dead."""
        program = self._program
        if not self._isolated and program is not None and program.has_died():
            program.identity.kill_everything()
            self._loop.after(0.02, self._reap)

    def _exited(self, report):
        self._channel.send_json(frames.EXIT, self._stream, report)
        identity, self._program = self._program.identity, None
        if self._file_writer is not None:  # nobody needed it, and it died with the rest
            self._file_writer.close()
            self._file_writer = None
        if not self._is_reused:
            if self._isolated and self._has_survivors():
                identity.kill_everything()
            return
        if self._uses == self._jobs_per_container or identity.alone:
            self._end()
        self._give_up_tidying = self._loop.after(TIDYING_SECONDS, self._end)
        self._tidy_up(identity)

    def _has_survivors(self):
        return has_processes((os.getpid(), self._server.pid) if self._server else (os.getpid(),))

    def _tidy_up(self, identity):
        """Again and again until no process is left, then the rest."""
        if self._has_survivors():
            identity.kill_everything()
            if identity.alone:
                self._end()  # what the program left takes every process there may be
            self._loop.after(KILL_AGAIN_SECONDS, lambda: self._tidy_up(identity))
            return
        self._loop.cancel(self._give_up_tidying)
        remove_files(identity.uid, self._workspace)
        # Ours from here, whoever's it was: nobody else can change it any more.
        os.chown(self._workspace, 0, 0)
        os.chmod(self._workspace, 0o700)
        if not is_as_new(self._workspace):
            self._end()
        self._prepare()


def run(server=None):
    """Never returns. `server`: the fork server, where there is one."""
    Agent(server).run()
