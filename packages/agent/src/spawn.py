"""How a program comes into being: its pipes, its user, its descriptors, its exec."""

import fcntl
import os

from identity import restore_signals


class Pipes:
    """The standard streams of a program, from the agent's side and from its own."""

    def __init__(self, identity):
        self.their_stdin, self.stdin = os.pipe()
        self.stdout, self.their_stdout = os.pipe()
        self.stderr, self.their_stderr = os.pipe()
        for fd in (self.their_stdin, self.their_stdout, self.their_stderr):
            identity.own(fd)
        for fd in (self.stdin, self.stdout, self.stderr):
            os.set_blocking(fd, False)

    def close_theirs(self):
        for fd in (self.their_stdin, self.their_stdout, self.their_stderr):
            os.close(fd)


def spawn(identity, pipes, argv, env, folder, extra=None, cpu_seconds=None):
    """Forks and executes `argv` as the job's user; raises OSError where that cannot be done."""
    fault_read, fault_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            restore_signals()
            os.setsid()
            if cpu_seconds is not None:
                import resource  # where there is no container alone

                resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
            identity.assume()
            identity.give_way()
            os.umask(0o022)
            os.chdir(folder)
            places = {0: pipes.their_stdin, 1: pipes.their_stdout, 2: pipes.their_stderr, **(extra or {})}
            # First out of each other’s way, then to their places; never above 63, which would enlarge the process’s table
            # of descriptors for good. Everything else closes by itself at exec.
            for place, fd in [(place, _dup_above(fd, 32)) for place, fd in places.items()]:
                os.dup2(fd, place)
            os.execvpe(argv[0], argv, env)
        except BaseException as error:
            os.write(fault_write, f"{argv[0]}: {getattr(error, 'strerror', None) or error}".encode())
        finally:
            os._exit(127)
    identity.remember_group(pid)
    os.close(fault_write)
    with os.fdopen(fault_read, "rb") as fault:
        message = fault.read()
    if message:
        raise OSError(message.decode(errors="replace"))
    return pid


def _dup_above(fd, lowest):
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, lowest)
