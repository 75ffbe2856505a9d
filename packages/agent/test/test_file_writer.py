import os
import tempfile
import unittest

import files
from file_writer import FileWriter
from test_output import make_loop, run_until


class Writing(unittest.TestCase):
    def setUp(self) -> None:
        self.loop = make_loop(self)
        self.workspace = self.enterContext(tempfile.TemporaryDirectory())
        self.writer = FileWriter(self.loop, lambda: None, self.workspace)

    def write(self, path: str, content: bytes) -> list[str]:
        """What it answers."""
        answers: list[str] = []
        self.writer.write(files.pack([{"path": path, "size": len(content)}], bytearray(content)), answers.append)
        run_until(self.loop, lambda: len(answers) > 0)
        return answers

    def is_gone(self) -> bool:
        try:
            os.waitpid(self.writer.pid, 0)
        except ChildProcessError:
            return True
        return False

    def test_files_are_there_when_it_answers_and_it_is_gone(self) -> None:
        content = b"x" * 3_000_000  # many times what a pipe holds
        self.assertEqual(self.write("folder/file", content), [""])
        with open(f"{self.workspace}/folder/file", "rb") as file:
            self.assertEqual(file.read(), content)
        self.assertTrue(self.is_gone())

    def test_a_file_that_cannot_be_written_has_a_reason(self) -> None:
        os.symlink("/tmp", f"{self.workspace}/link")
        [reason] = self.write("link/file", b"x")
        self.assertIn("link", reason)
        self.assertTrue(self.is_gone())

    def test_a_writer_that_is_killed_is_told(self) -> None:
        os.kill(self.writer.pid, 9)
        self.assertEqual(self.write("file", b"x"), ["the process that writes files was killed"])

    def test_one_that_is_not_needed_ends(self) -> None:
        self.writer.end()
        self.assertTrue(self.is_gone())
        self.assertEqual(os.listdir(self.workspace), [])
