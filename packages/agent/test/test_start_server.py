import errno
import os
import unittest
from collections.abc import Callable

import control
import rights
import start_server
from confinement.cell import tell_fault
from server import StartServer
from spawn import Pipes
from syscall_filter import SyscallFilter
from test_rights import tell


def start(prepare: Callable[[], None] = lambda: None) -> StartServer:
    """A start server of our own. Instead of a new process, the server itself becomes the program."""
    end, pid = start_server.start()
    if pid:
        return StartServer(pid, end, has_interpreter=True)
    try:
        prepare()

        def become_program(end: control.Control, uid: int) -> bool:
            end.send(b"=%d" % os.getpid())
            end.send(b"=")
            return uid == 5

        descriptors = start_server.serve(end, become_program)
        os.write(descriptors[1], f"{len(descriptors)} descriptors".encode())
    finally:
        os._exit(3)


def refuse_namespaces() -> None:
    rights.gain_no_more()
    SyscallFilter().load()


@unittest.skipUnless(hasattr(os, "memfd_create"), "needs Linux")
class Server(unittest.TestCase):
    def test_it_ends_when_the_agent_closes_its_end(self) -> None:
        server = start()
        server.close()
        self.assertEqual(os.waitpid(server.pid, 0), (server.pid, 0))

    def test_a_program_gets_the_descriptors_of_its_streams_and_of_its_barrier(self) -> None:
        server, pipes = start(), Pipes(lambda _: None)
        barrier, answer = os.pipe()
        self.assertEqual(server.fork(5, pipes, barrier, answer), server.pid)
        self.assertEqual(os.waitpid(server.pid, 0)[1] >> 8, 3)
        self.assertEqual(os.read(pipes.stdout, 100), b"5 descriptors")
        for fd in (barrier, answer, pipes.stdout, pipes.stderr, pipes.stdin or 0):
            os.close(fd)
        pipes.close_theirs()
        pipes.order.close()
        server.close()

    def test_where_namespaces_are_forbidden_it_says_why_and_goes_on(self) -> None:
        server = start(refuse_namespaces)
        ours, theirs = control.pair()
        for _ in range(2):
            with self.assertRaises(PermissionError) as caught:
                server.make_place(theirs.fd, lasts=False)
            self.assertEqual(caught.exception.errno, errno.EPERM)
        ours.close()
        theirs.close()
        server.close()
        self.assertEqual(os.waitpid(server.pid, 0), (server.pid, 0))


class Faults(unittest.TestCase):
    def test_a_cell_that_cannot_be_made_says_where_in_one_line(self) -> None:
        def tell_both() -> str:
            reader, writer = os.pipe()
            os.dup2(writer, 2)
            tell_fault("clone", OSError(errno.EPERM, "Operation not permitted"))
            tell_fault("setup", OSError(errno.EACCES, "Permission denied: /proc"))
            return os.read(reader, 1000).decode()

        self.assertEqual(tell(tell_both), "cell: clone: EPERM\ncell: setup /proc: EACCES\n")
