import os
import unittest

import control


class Messages(unittest.TestCase):
    def setUp(self) -> None:
        self.ours, self.theirs = control.pair()
        self.addCleanup(self.ours.close)
        self.addCleanup(self.theirs.close)

    def test_a_message_arrives_whole(self) -> None:
        pid = os.fork()
        if pid == 0:
            self.theirs.send(b"x" * 3_000_000)
            os._exit(0)
        content, descriptors = self.ours.receive()
        os.waitpid(pid, 0)
        self.assertEqual((len(content), descriptors), (3_000_000, []))

    def test_messages_do_not_run_into_each_other(self) -> None:
        self.theirs.send(b"one")
        self.theirs.send(b"")
        self.theirs.send(b"three")
        self.assertEqual([self.ours.receive()[0] for _ in range(3)], [b"one", b"", b"three"])

    def test_descriptors_come_with_their_message_and_close_on_exec(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.theirs.send(b"first")
        self.theirs.send(b"second", (writer,))
        os.close(writer)
        self.assertEqual(self.ours.receive(), (b"first", []))
        content, [received] = self.ours.receive()
        self.assertEqual(content, b"second")
        self.assertFalse(os.get_inheritable(received))
        os.write(received, b"through")
        os.close(received)
        self.assertEqual(os.read(reader, 100), b"through")

    def test_the_end_is_told_to_who_receives_and_to_who_sends(self) -> None:
        self.theirs.close()
        with self.assertRaises(control.ClosedError):
            self.ours.receive()
        with self.assertRaises(control.ClosedError):
            self.ours.send(b"late")
