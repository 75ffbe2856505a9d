import os
import socket
import tempfile
import unittest

from socket_memory import FEW_SOCKETS, LEAST_BYTES, SocketMemory

MANY = FEW_SOCKETS + 1
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue\n"
TABLES = {
    "tcp": HEAD
    + "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000080 00:0\n"  # listens: 128 wait to be accepted
    + "   1: 0100007F:1F40 0100007F:8888 01 00000000:00020000 00:0\n"
    + "   2: 0100007F:8888 0100007F:1F40 04 00000001:00000000 00:0\n"
    + "   3: 0100007F:8889 0100007F:1F40 01 00000000:00000000 00:0\n",
    "udp": HEAD + "   9: 0100007F:D431 00000000:0000 07 00000000:00034000 00:0\n",
    "netlink": "sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode\n00 0 1 00000000 100000 0 0 2 0 7\n",
}
TCP, UDP, NETLINK = 0x20000 + LEAST_BYTES, 0x34000, 100_000


class Waiting(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def write(self, sockets: int = MANY) -> None:
        for name, content in {**TABLES, "sockstat": f"sockets: used {sockets}\nTCP: inuse 3\n"}.items():
            with open(f"{self.folder}/{name}", "w") as file:
                file.write(content)

    def test_all_that_no_control_group_counts_is_added_up(self) -> None:
        self.write()
        self.assertEqual(SocketMemory("v1", self.folder).waiting_bytes(self.folder), TCP + UDP + NETLINK)
        self.assertEqual(SocketMemory("v2", self.folder).waiting_bytes(self.folder), NETLINK)

    def test_few_sockets_are_not_looked_at(self) -> None:
        self.write(FEW_SOCKETS)
        self.assertEqual(SocketMemory("v1", self.folder).waiting_bytes(self.folder), 0)

    def test_an_eighth_of_the_memory_may_wait(self) -> None:
        self.write()
        for limit, is_too_much in ((8 * NETLINK, False), (8 * NETLINK - 8, True)):
            with open(f"{self.folder}/memory.max", "w") as file:
                file.write(f"{limit}\n")
            self.assertEqual(SocketMemory("v2", self.folder).is_too_much(self.folder), is_too_much)

    def test_without_a_limit_or_tables_nothing_is_too_much(self) -> None:
        self.assertFalse(SocketMemory("v1", self.folder).is_too_much("/no/such/process/net"))
        self.write()
        self.assertFalse(SocketMemory("v2", self.folder).is_too_much(self.folder))

    @unittest.skipUnless(os.path.exists("/proc/self/net/netlink"), "needs /proc")
    def test_the_tables_of_this_kernel_are_understood(self) -> None:
        servers = [self.enterContext(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(MANY)]
        for server in servers:
            server.bind(("127.0.0.1", 0))
            servers[0].sendto(bytes(50_000), server.getsockname())
        # Those of others on this machine are counted too, and may be read meanwhile.
        self.assertGreaterEqual(SocketMemory("v1").waiting_bytes("/proc/self/net"), MANY * 50_000)
