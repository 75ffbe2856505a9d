import os
import tempfile
import unittest

import execute


class Executing(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def run_program(self, argv: list[str], path: str) -> str:
        """What it prints, or why it did not start."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                execute.execute(argv, {"PATH": path}, self.folder, {0: reader, 1: writer, 2: writer})
            except OSError as error:
                os.write(writer, str(error.strerror).encode())
            finally:
                os._exit(1)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            said = pipe.read()
        os.waitpid(pid, 0)
        return said

    def write_program(self, name: str, *, mode: int = 0o755) -> None:
        with open(f"{self.folder}/{name}", "w") as file:
            file.write("#!/bin/sh\npwd\n")
        os.chmod(f"{self.folder}/{name}", mode)

    def test_a_program_is_found_as_a_shell_finds_it_and_starts_in_its_folder(self) -> None:
        self.write_program("here")
        printed = self.run_program(["here"], f"/nowhere:{self.folder}:/usr/bin")
        self.assertEqual(os.path.realpath(printed.strip()), os.path.realpath(self.folder))

    def test_a_folder_of_the_same_name_does_not_hide_a_program(self) -> None:
        os.mkdir(f"{self.folder}/echo")
        self.assertEqual(self.run_program(["echo", "found"], f"{self.folder}:/usr/bin:/bin"), "found\n")

    def test_a_program_that_is_nowhere_or_may_not_be_executed_says_so(self) -> None:
        self.assertEqual(self.run_program(["nothing-like-that"], "/usr/bin"), "No such file or directory")
        self.write_program("closed", mode=0o644)
        self.assertEqual(self.run_program(["closed"], f"{self.folder}:/usr/bin"), "Permission denied")
