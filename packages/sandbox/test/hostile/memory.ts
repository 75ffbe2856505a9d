import { EXITED, type HostileCase, hitting, MIB, OUT_OF_MEMORY, OVERDUE } from './case.ts'

const SMALL = { memoryBytes: 64 * MIB }

/** Taking memory of every kind that the kernel keeps for a program. */
export const memory: readonly HostileCase[] = [
  {
    name: 'leaks a megabyte at a time',
    source: `import time
kept = []
while True:
    kept.append(bytearray(1 << 20))
    time.sleep(0.005)`,
    limits: SMALL,
    ends: [OUT_OF_MEMORY],
  },
  {
    name: 'allocates all memory in one step, and touches it',
    source: `import mmap
size = 1 << 32
space = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)
for at in range(0, size, 4096): space[at] = 1`,
    limits: SMALL,
    ends: [OUT_OF_MEMORY],
  },
  {
    name: 'reserves a terabyte and touches none of it',
    source: `import mmap
mmap.mmap(-1, 1 << 40, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)
print("fine")`,
    limits: SMALL,
    ends: [EXITED],
    prints: 'fine\n',
  },
  {
    name: 'fills memory with files, in every place that it can write to',
    language: 'bash',
    source: 'for place in /dev/shm /tmp /workspace; do cat /dev/zero > $place/big; done; echo survived',
    limits: SMALL,
    ends: [OUT_OF_MEMORY],
    // The first two are smaller than its memory.
    complains: 'cat: write error: No space left on device\n'.repeat(2),
  },
  {
    name: 'fills memory with files that have no name',
    source: `import os
kept = []
while True:
    kept.append(os.memfd_create("hidden"))
    os.write(kept[-1], bytes(8 << 20))`,
    limits: SMALL,
    ends: [OUT_OF_MEMORY],
  },
  {
    name: 'fills memory with shared memory that outlives it',
    source: `import ctypes
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
while True:
    segment = libc.shmget(0, 8 << 20, 0o1600)
    ctypes.memset(libc.shmat(segment, None, 0), 1, 8 << 20)`,
    limits: SMALL,
    ends: [OUT_OF_MEMORY],
  },
  {
    name: 'fills memory with many small processes',
    source: `import os, time
for _ in range(40):
    if os.fork() == 0:
        kept = bytearray(6 << 20)
        time.sleep(60)
for _ in range(20): os.waitpid(-1, 0)
os._exit(0)`,
    limits: { memoryBytes: 96 * MIB, wallMs: 15_000 },
    // The kernel kills the largest process, and that is always a child.
    ends: [hitting('memoryBytes', EXITED)],
  },
  {
    name: 'makes itself as unlikely to be killed as it can, and fills memory with many processes',
    source: `import os, time
for score in range(0, 1001, 100):
    try:
        with open("/proc/self/oom_score_adj", "w") as file: file.write(str(score))
        break
    except OSError: pass
for _ in range(60):
    if os.fork() == 0:
        kept = bytearray(4 << 20)
        time.sleep(60)
while True: os.wait()`,
    limits: { memoryBytes: 64 * MIB, wallMs: 2_500 },
    // The kernel usually kills the children. It kills the agent if all of them are dying already.
    ends: [hitting('memoryBytes', OVERDUE), OUT_OF_MEMORY],
  },
  {
    name: 'fills memory with pipes that nobody reads',
    source: `import fcntl, os
kept = []
try:
    while True:
        kept.append(os.pipe())
        os.set_blocking(kept[-1][1], False)
        try: fcntl.fcntl(kept[-1][1], 1031, 1 << 20)
        except OSError: pass
        try:
            while True: os.write(kept[-1][1], bytes(65536))
        except BlockingIOError: pass
except OSError as error: print(error)`,
    limits: SMALL,
    ends: [OUT_OF_MEMORY],
  },
  {
    name: 'fills memory with sockets that nobody reads',
    source: `import socket
kept = []
while True:
    pair = socket.socketpair()
    kept.append(pair)
    pair[0].setblocking(False)
    pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 23)
    try:
        while True: pair[0].send(bytes(65536))
    except BlockingIOError: pass`,
    limits: SMALL,
    ends: [OUT_OF_MEMORY],
  },
  {
    name: 'fills memory with named message queues',
    source: `import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
O_CREAT, O_RDWR = os.O_CREAT, os.O_RDWR
made = 0
while made < 300:
    if libc.mq_open(b"/hoard%d" % made, O_CREAT | O_RDWR, 0o600, None) < 0: break
    made += 1
print(made, os.strerror(ctypes.get_errno()))`,
    limits: SMALL,
    ends: [EXITED],
    prints: '0 Too many open files\n',
  },
  {
    name: 'takes the large pages that a host keeps for its databases',
    source: `import errno, mmap, os
def why_not(act):
    try: return act()
    except OSError as error: return errno.errorcode[error.errno]
MAP_HUGETLB, MFD_HUGETLB = 0x40000, 4
print(why_not(lambda: mmap.mmap(-1, 2 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_HUGETLB)))
print(why_not(lambda: os.memfd_create("large", MFD_HUGETLB)))
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.shmget(0, 2 << 20, 0o4600), errno.errorcode[ctypes.get_errno()])`,
    ends: [EXITED],
    prints: 'ENOMEM\nENOMEM\n-1 ENOMEM\n',
  },
  {
    name: 'reads the whole image twice, to fill the page cache',
    language: 'bash',
    source: 'for _ in 1 2; do find / -xdev -type f -exec cat {} + 2>/dev/null | wc -c; done | uniq | wc -l',
    limits: { memoryBytes: 48 * MIB },
    ends: [EXITED],
    prints: '1\n',
  },
  {
    name: 'locks its memory, so that the kernel cannot take it back',
    source: `import ctypes
libc = ctypes.CDLL(None, use_errno=True)
space = ctypes.create_string_buffer(1 << 20)
print(libc.mlockall(3), libc.mlock(space, 1 << 20))`,
    ends: [EXITED],
    prints: '-1 -1\n',
  },
  {
    name: 'fills the heap of Node',
    language: 'javascript',
    source: 'const kept = []\nfor (;;) kept.push(new Array(10_000).fill({}))',
    limits: { memoryBytes: 96 * MIB },
    ends: [OUT_OF_MEMORY],
  },
  {
    name: 'unpacks a zip bomb',
    source: `import zlib
layer = zlib.compress(bytes(200 << 20))
print(len(layer) < 300_000, flush=True)
zlib.decompress(zlib.compress(bytes(1)) and layer) * 10`,
    limits: SMALL,
    ends: [OUT_OF_MEMORY],
    prints: 'True\n',
  },
  {
    name: 'calls itself without end, past its stack',
    source: `import sys
sys.setrecursionlimit(1 << 30)
def down(n): return down(n + 1) + 1
class Deep:
    def __getattr__(self, name): return getattr(self, name + "x")
try: down(0)
except (RecursionError, MemoryError): pass
repr(eval("[" * 90 + "]" * 90))
Deep().x`,
    limits: { memoryBytes: 96 * MIB, cpuMs: 3_000 },
    ends: [OUT_OF_MEMORY],
  },
]
