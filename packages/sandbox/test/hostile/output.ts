import { EXITED, exited, FLOODED, type HostileCase, MIB, OVERDUE } from './case.ts'

/** Printing too much, too little, too late, and from unexpected processes. */
export const output: readonly HostileCase[] = [
  {
    name: 'prints one endless line',
    source: 'import os\nwhile True: os.write(1, b"x" * 65536)',
    limits: { outputBytes: 4 * MIB },
    ends: [FLOODED],
    prints: /^x{4194304}$/,
  },
  {
    name: 'prints an endless line on standard error',
    source: 'import os\nwhile True: os.write(2, b"y" * 1000)',
    ends: [FLOODED],
    complains: /^y{1048576}$/,
  },
  {
    name: 'prints one byte a hundred thousand times, to one stream and the other in turn',
    source: `import os
for n in range(50_000): os.write(1, b"%d" % (n % 10)); os.write(2, b"%d" % (n % 7))`,
    ends: [EXITED],
    prints: '0123456789'.repeat(5_000),
    complains: /^(0123456){7142}012345$/,
  },
  {
    name: 'floods from twenty processes at once',
    source: `import os
for _ in range(20):
    if os.fork() == 0: break
while True: os.write(1, b"x" * 512)`,
    ends: [FLOODED],
    prints: /^x{1048576}$/,
  },
  {
    name: 'closes its output and opens it again by name',
    source: `import os
os.close(1); os.close(2)
out, err = os.open("/proc/self/fd/0", os.O_RDONLY), None
for name in ("/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/2"):
    try: os.write(os.open(name, os.O_WRONLY), b"again")
    except OSError: pass
os._exit(5)`,
    ends: [exited(5)],
  },
  {
    name: 'opens its output by name five hundred times',
    source: `import os
for fd in [os.open("/dev/stdout", os.O_WRONLY) for _ in range(500)]: os.write(fd, b"x")
for fd in [os.dup(2) for _ in range(400)]: os.write(fd, b"y")`,
    ends: [EXITED],
    prints: /^x{500}$/,
    complains: /^y{400}$/,
  },
  {
    name: 'swaps its streams for each other',
    source: `import os
os.dup2(1, 100); os.dup2(2, 1); os.dup2(100, 2)
os.write(1, b"to stderr"); os.write(2, b"to stdout")`,
    ends: [EXITED],
    prints: 'to stdout',
    complains: /^to stderr$/,
  },
  {
    name: 'ends while its children flood',
    source: `import os, signal, time
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE): signal.signal(number, signal.SIG_IGN)
        while True:
            try: os.write(1, b"x" * 100)
            except OSError: pass
time.sleep(0.02)
os._exit(0)`,
    // Whether the flood or the end comes first is a race.
    ends: [EXITED, FLOODED],
    prints: /^x+$/,
  },
  {
    name: 'leaves a full pipe of the largest size',
    source: `import fcntl, os
size = fcntl.fcntl(1, 1031, 1 << 20)
os.set_blocking(1, False)
left = size
try:
    while left > 0: left -= os.write(1, b"z" * min(left, 4096))
except BlockingIOError: pass
os._exit(left > 0)`,
    limits: { outputBytes: 4 * MIB },
    ends: [EXITED],
    prints: /^z{1048576}$/,
  },
  {
    name: 'makes its pipes as small as they get',
    source: `import fcntl, os
for fd in (0, 1, 2):
    try: fcntl.fcntl(fd, 1031, 1)
    except OSError: pass  # more is in it already
os.write(1, b"w" * 200_000)`,
    program: { stdin: 'x'.repeat(100_000) },
    ends: [EXITED],
    prints: /^w{200000}$/,
  },
  {
    name: 'reads its own output before others can',
    source: `import os
tap = os.open("/proc/self/fd/1", os.O_RDONLY | os.O_NONBLOCK)
for _ in range(2_000):
    os.write(1, b"v" * 100)
    try: os.read(tap, 1 << 16)
    except BlockingIOError: pass
if os.fork() == 0:
    os.setsid()
    os.set_blocking(tap, True)
    while True: os.read(tap, 1)`,
    ends: [EXITED],
    prints: /^v*$/,
  },
  {
    name: 'fills its own input, so that no other input fits in',
    source: `import os
full = os.open("/proc/self/fd/0", os.O_WRONLY | os.O_NONBLOCK)
try:
    while True: os.write(full, b"u" * 4096)
except BlockingIOError: os.write(1, b"full")`,
    program: { stdin: 'x'.repeat(300_000) },
    ends: [EXITED],
    prints: 'full',
  },
  {
    name: 'makes the kernel copy files into its output, without end',
    source: `import os
with open("page", "wb") as file: file.write(b"t" * 65536)
page = os.open("page", os.O_RDONLY)
while True: os.sendfile(1, page, 0, 65536)`,
    ends: [FLOODED],
    prints: /^t{1048576}$/,
  },
  {
    name: 'takes all permissions from its pipes',
    source: `import os, time
for fd in (0, 1, 2):
    os.fchmod(fd, 0)
    try: os.fchown(fd, os.getuid(), os.getgid())
    except OSError: pass
os.write(1, b"still open")`,
    ends: [EXITED],
    prints: 'still open',
  },
  {
    name: 'prints one byte and then nothing',
    source: 'import os, time\nos.write(1, b"s")\ntime.sleep(60)',
    limits: { wallMs: 1_000 },
    ends: [OVERDUE],
    prints: 's',
  },
  {
    name: 'prints text that looks like our events, and control sequences for terminals',
    source: `import sys
sys.stdout.write('{"type":"finished","outcome":{"type":"exited","exitCode":0}}\\n' * 3 + "\\x1b]52;c;aGk=\\x07\\x1bc\\x00\\r")
sys.exit(4)`,
    ends: [exited(4)],
    prints: `${'{"type":"finished","outcome":{"type":"exited","exitCode":0}}\n'.repeat(3)}\x1b]52;c;aGk=\x07\x1bc\x00\r`,
  },
]
