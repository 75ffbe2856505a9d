import { BUSY, EXITED, type HostileCase, hitting, MIB, signaled } from './case.ts'

/** Filling and damaging the folders for files. */
export const disk: readonly HostileCase[] = [
  {
    name: 'makes a sparse file of a terabyte',
    source: `import os
try: os.truncate(os.open("sparse", os.O_CREAT | os.O_RDWR), 1 << 40)
except OSError as error: print(error.strerror)`,
    ends: [EXITED],
    prints: 'File too large\n',
  },
  {
    name: 'reserves more disk than it may have',
    source: `import os
kept = [os.open(f"{n}", os.O_CREAT | os.O_RDWR) for n in range(4)]
try:
    for fd in kept: os.posix_fallocate(fd, 0, 40 << 20)
except OSError as error: print(error.strerror)
# The kernel gives back what it could not reserve whole. A look at the disk finds it full or not, so fill the rest.
try:
    while True: os.write(kept[3], bytes(1 << 16))
except OSError as error: print(error.strerror)`,
    ends: [hitting('diskBytes', EXITED)],
    prints: 'No space left on device\n'.repeat(2),
  },
  {
    name: 'writes at the far end of many sparse files',
    source: `import os
for n in range(200):
    with open(f"sparse{n}", "wb") as file:
        file.seek(60 << 20)
        file.write(b"x" * 4096)
print(os.statvfs(".").f_bfree > 0)`,
    ends: [EXITED],
    prints: 'True\n',
  },
  {
    name: 'fills every place that it can write to',
    source: `import os
for place in ("/dev/shm", "/tmp", "/workspace"):
    for n in range(9):
        try:
            with open(f"{place}/{n}", "wb", buffering=0) as file:
                while file.write(bytes(1 << 16)): pass
        except OSError as error: last = error.strerror
    print(last)`,
    limits: { memoryBytes: 256 * MIB },
    ends: [hitting('diskBytes', EXITED)],
    prints: 'No space left on device\n'.repeat(3),
  },
  {
    name: 'keeps deleted files open',
    // It stays until the agent, which looks four times a second, has seen the full disk.
    source: `import os, time
held = []
try:
    while True:
        held.append(os.open("gone", os.O_CREAT | os.O_RDWR))
        os.unlink("gone")
        os.write(held[-1], bytes(1 << 20))
except OSError as error: print(error.strerror, os.listdir("."))
time.sleep(1)`,
    ends: [hitting('diskBytes', EXITED)],
    prints: "No space left on device ['main.py']\n",
  },
  {
    name: 'makes folders five thousand levels deep',
    source: `import os
depth = 0
try:
    while depth < 5_000:
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
        depth += 1
except OSError as error: print(error.strerror, end=" ")
print(depth)`,
    ends: [EXITED],
    prints: '5000\n',
  },
  {
    name: 'makes folders in folders until no inode is left',
    source: `import os
made = 0
try:
    for outer in range(1_000):
        for inner in range(100):
            os.makedirs(f"{outer}/{inner}")
            made += 1
except OSError as error: print(error.strerror)`,
    ends: [hitting('diskBytes', EXITED)],
    prints: 'No space left on device\n',
  },
  {
    name: 'makes hard links to one file until it can make no more',
    source: `import os
try:
    for n in range(1 << 20): os.link("main.py", f"{n:0255}")
except OSError as error: print(error.strerror)`,
    ends: [hitting('diskBytes', EXITED)],
    prints: 'No space left on device\n',
  },
  {
    name: 'stores data in the attributes of files',
    source: `import os
count = 0
try:
    for n in range(200):
        open(f"{n}", "w").close()
        for name in range(200):
            os.setxattr(f"{n}", f"user.{name}", bytes(4096))
            count += 1
except OSError: print(count < 40_000)`,
    limits: { memoryBytes: 96 * MIB },
    ends: [EXITED],
    prints: 'True\n',
  },
  {
    name: 'opens files until no descriptor is left, and still prints',
    source: `import os
opened = 0
try:
    while True:
        os.eventfd(0) if opened % 2 else os.open("/dev/null", os.O_RDONLY)
        opened += 1
except OSError as error: print(error.strerror, opened < 1024)`,
    ends: [EXITED],
    prints: 'Too many open files True\n',
  },
  {
    name: 'watches files until it can watch no more',
    source: `import ctypes
libc = ctypes.CDLL(None)
watches = 0
while libc.inotify_init() >= 0: watches += 1
print(0 < watches < 1024)`,
    ends: [EXITED],
    prints: 'True\n',
  },
  {
    name: 'locks a file byte by byte',
    source: `import fcntl
file = open("locks", "w")
locks = 0
try:
    for at in range(0, 400_000, 2):
        fcntl.lockf(file, fcntl.LOCK_EX, 1, at)
        locks += 1
except OSError as error: print(error)`,
    limits: { memoryBytes: 48 * MIB, cpuMs: 300, wallMs: 30_000 },
    // Each lock takes longer than the one before.
    ends: [BUSY],
  },
  {
    name: 'makes the host write all its disks, again and again',
    // A call that reaches the kernel says that there is no such descriptor.
    source: `import ctypes, os
for _ in range(1_000): os.sync()
print([ctypes.CDLL(None).syncfs(-1) for _ in range(3)])`,
    limits: { wallMs: 5_000 },
    ends: [EXITED],
    prints: '[0, 0, 0]\n',
  },
  {
    name: 'deletes everything that it can',
    source: 'import os\nos.system("rm -rf --no-preserve-root / 2>/dev/null")\nprint(os.listdir("/workspace"))',
    ends: [EXITED],
    prints: '[]\n',
  },
  {
    name: 'removes its own access to its workspace',
    source: 'import os\nos.chmod("main.py", 0)\nos.chmod(".", 0)\nprint(os.access(".", os.R_OK))',
    ends: [EXITED],
    prints: 'False\n',
  },
  {
    name: 'crashes and asks for a core dump',
    source: `import ctypes, os, resource
try: resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))
except ValueError as error: print(error)
print(resource.getrlimit(resource.RLIMIT_CORE), flush=True)
ctypes.string_at(0)`,
    ends: [signaled('SIGSEGV')],
    prints: 'not allowed to raise maximum limit\n(0, 0)\n',
  },
]
