import errno
import os
import unittest

import libc


class Calls(unittest.TestCase):
    def test_a_function_is_found_by_its_name_and_returns_its_number(self) -> None:
        self.assertEqual(libc.call(libc.find("getpid")), os.getpid())

    def test_a_failure_has_the_number_and_the_words_of_its_error(self) -> None:
        with self.assertRaises(OSError) as caught:
            libc.call(libc.find("close"), -1)
        self.assertEqual((caught.exception.errno, caught.exception.strerror), (errno.EBADF, "Bad file descriptor"))

    def test_a_function_writes_where_memory_is(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.write(writer, b"word")
        os.close(writer)
        memory = libc.Memory(bytes(4))
        self.assertEqual(libc.call(libc.find("read"), reader, libc.Address(memory.address), 4), 4)
        self.assertEqual(memory.read(), b"word")
