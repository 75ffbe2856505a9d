"""Who programs run as, and how all of them die.

In a container the agent is process 1 and root without further powers; programs and file work run as the job's
user. Locally (no isolation) everything is the caller's own user.
"""

import os

import _signal as signal


class ContainerIdentity:
    """One user. `alone`: nothing else is to live on in this container once its program has died."""

    def __init__(self, uid):
        self.uid = uid
        self.alone = True

    def assume(self):
        """In a forked child: become the job's user for good."""
        # Before the change of user: afterwards /proc/self belongs to root. The program dies of memory before the agent.
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        os.setgroups([self.uid])  # as Docker itself does for a container of that user
        os.setresgid(self.uid, self.uid, self.uid)
        os.setresuid(self.uid, self.uid, self.uid)

    def give_way(self):
        """In a forked child that is about to execute the program."""
        import slices  # only here, where nobody waits for it

        slices.lengthen()

    def own(self, fd):
        """Let the program reopen its standard streams by name (/dev/stdout), as it could in any container."""
        os.fchown(fd, self.uid, self.uid)

    def mark(self, fd, uid):
        os.fchown(fd, uid, uid)

    def remember_group(self, pid):
        pass

    def kill_everything(self):
        """In one step that no fork can outrun: to -1 the kernel sends while nothing can be born."""
        if not self.alone:
            try:
                self._kill_its_own()
                return
            except OSError:
                self.alone = True  # not one more process may be: then nothing in here is to live on
        kill_all_we_may()

    def _kill_its_own(self):
        if os.fork():
            return
        try:
            self.assume()
            kill_all_we_may()
        finally:
            os._exit(0)


class LocalIdentity:
    alone = True

    def __init__(self):
        self._groups = set()
        self._adopt_orphans()

    def _adopt_orphans(self):
        try:
            import ctypes

            ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER; where it is unknown, groups must do
        except (OSError, AttributeError):
            pass

    def assume(self):
        pass

    def give_way(self):
        pass

    def own(self, fd):
        pass

    def mark(self, fd, uid):
        pass

    def remember_group(self, pid):
        self._groups.add(pid)

    def kill_everything(self):
        targets = [(os.killpg, group) for group in self._groups]
        try:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:
                targets += [(os.kill, int(pid)) for pid in file.read().split()]
        except OSError:
            pass
        for kill, target in targets:
            try:
                kill(target, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass


def kill_all_we_may():
    """Everything this process may kill but itself; from process 1, the whole container."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass


def outlast_programs():
    """
    Out of memory, the kernel takes programs before us, who are to report it. They begin at 1000, but may go back to as little
    as a container begins with, whatever its own score is; so we go there too, and then it takes the largest: files count as well,
    two thirds of what we are, so we let go of them and need a little again.
    """
    try:
        with open("/proc/self/oom_score_adj", "wb", buffering=0) as score:
            score.write(b"0")
    except OSError:
        pass  # where the score that the container was given is the least for everybody
    import pages  # only here, where nobody waits for it

    pages.let_go_of_files()


def restore_signals():
    """Python ignores these two in itself; a program expects the defaults."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if hasattr(signal, "SIGXFSZ"):
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
