import os
import subprocess
import sys
import tempfile
import unittest

import files

#: What a program does before it is one, without the kernel's part. It would go on with main.py.
WAIT = """
import sys
import interpreter
interpreter.WORKSPACE = sys.argv[1]
interpreter._wait_at_barrier([int(fd) for fd in sys.argv[2:7]])
print("goes on", open(f"{sys.argv[1]}/main.py").read(), file=sys.stderr)
"""
LEAVE_NO_TRACE = """
import sys
import interpreter
traces = interpreter.TRACES
interpreter._leave_no_trace()
print(sorted(set(traces) & set(sys.modules) - set(sys.builtin_module_names)))
"""
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def run(program: str, *args: str, descriptors: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", "-c", program, *args]
    return subprocess.run(
        command, pass_fds=descriptors, env=ENV, capture_output=True, text=True, timeout=20, check=False
    )


class AtItsBarrier(unittest.TestCase):
    def setUp(self) -> None:
        self.workspace = self.enterContext(tempfile.TemporaryDirectory())

    def start(self, request: bytes) -> tuple[bytes, int, str]:
        """What it answers, how it ends, and what it prints on standard error."""
        (barrier, opener), (answers, answer) = os.pipe(), os.pipe()
        os.write(opener, request)
        os.close(opener)
        streams = (os.dup(0), os.dup(2), os.dup(2))
        passed = (*streams, barrier, answer)
        ended = run(WAIT, self.workspace, *map(str, passed), "main.py", descriptors=passed)
        for fd in passed:
            os.close(fd)
        with os.fdopen(answers, "rb") as pipe:
            return pipe.read(), ended.returncode, ended.stderr

    def pack(self, path: str, content: bytes) -> bytes:
        return bytes(files.pack([{"path": path, "size": len(content)}], bytearray(content)))

    def test_it_writes_its_files_and_goes_on(self) -> None:
        answered, status, _ = self.start(b"g" + self.pack("main.py", b"print(1)"))
        self.assertEqual((answered, status), (b"rw", 0))
        with open(f"{self.workspace}/main.py", "rb") as file:
            self.assertEqual(file.read(), b"print(1)")

    def test_one_that_is_not_needed_ends_without_a_word(self) -> None:
        answered, status, _ = self.start(b"")
        self.assertEqual((answered, status, os.listdir(self.workspace)), (b"r", 0, []))

    def test_a_file_that_cannot_be_written_is_told_and_it_ends(self) -> None:
        os.mkdir(f"{self.workspace}/main.py")
        answered, status, _ = self.start(b"g" + self.pack("main.py", b"print(1)"))
        self.assertEqual((answered[:1], answered[1:] != b"w", status), (b"r", True, 1))

    def test_nothing_of_the_way_here_is_left_in_the_list_of_modules(self) -> None:
        self.assertEqual(run(LEAVE_NO_TRACE).stdout, "[]\n")
