import socket
import sys
import unittest

from listening import AF_NETLINK, SOCK_DIAG, SOCK_RAW, Listening


@unittest.skipUnless(sys.platform == "linux", "needs Linux")
class Ports(unittest.TestCase):
    def setUp(self) -> None:
        self.listening = Listening(self.enterContext(socket.socket(AF_NETLINK, SOCK_RAW, SOCK_DIAG)))

    def listen(self, address: str) -> int:
        is_new = ":" in address
        one = self.enterContext(socket.socket(socket.AF_INET6 if is_new else socket.AF_INET))
        if is_new:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if address.startswith("::ffff:") else 1)
        one.bind((address, 0))
        one.listen()
        return one.getsockname()[1]

    def test_those_that_a_connection_to_this_machine_reaches_are_found(self) -> None:
        ports = [self.listen(address) for address in ("127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1")]
        found = self.listening.look()
        self.assertEqual([port for port in ports if port not in found], [])
        self.assertEqual(found, sorted(set(found)))

    def test_others_are_not(self) -> None:
        other = self.listen("127.0.0.2")
        bound = self.enterContext(socket.socket())
        bound.bind(("127.0.0.1", 0))
        self.assertEqual({other, bound.getsockname()[1]} & set(self.listening.look()), set())

    def test_it_is_gone_when_it_is_closed_and_many_are_found(self) -> None:
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(500)]
        ports = {one.getsockname()[1] for one in sockets}
        self.assertEqual(ports - set(self.listening.look()), set())
        for one in sockets:
            one.close()
        self.assertEqual(ports & set(self.listening.look()), set())
