import { defaultLimits } from '@runnel/contract/public'
import { eventually } from '@runnel/testing'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import { type RunOptions, run } from './run.ts'

const NONE = '[]'
/** Files in every place where a program can write, but its own. */
const FILES = `import os
print([os.path.join(f, n) for r in ("/workspace", "/tmp", "/dev/shm", "/dev/mqueue") for f, ds, ns in os.walk(r) for n in ds + ns if n != "main.py"])`
/** Processes but process 1 and its own. */
const PROCESSES = 'import os\nprint([p for p in os.listdir("/proc") if p.isdigit() and int(p) not in (1, os.getpid())])'
const SYSV = `print([line for name in ("shm", "sem", "msg") for line in open(f"/proc/sysvipc/{name}").read().splitlines()[1:]])`

interface Leftover {
  readonly name: string
  readonly leave: string
  readonly look: string
  /** What the next program prints. */
  readonly finds: string
}

const LEFTOVERS: readonly Leftover[] = [
  {
    name: 'processes that left its session twice over and ignore every signal',
    leave: `import os, signal, time
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for n in range(1, 65):
                try: signal.signal(n, signal.SIG_IGN)
                except (OSError, ValueError): pass
            os.closerange(0, 3)
            while True: time.sleep(1)
        os._exit(0)`,
    look: PROCESSES,
    finds: NONE,
  },
  {
    name: 'daemons that stop and kill whatever they can',
    leave: `import os, signal, time
main = os.getpid()
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        os.closerange(0, 3)
        while True:
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for pid in os.listdir("/proc"):
                    try:
                        if pid.isdigit() and int(pid) not in (1, main, os.getpid()): os.kill(int(pid), number)
                    except OSError: pass
            time.sleep(0.001)`,
    look: PROCESSES,
    finds: NONE,
  },
  {
    name: 'processes that continue to print',
    leave: `import os, time
if os.fork() == 0:
    while True:
        try: print(end="", flush=True); time.sleep(0.01)
        except OSError: pass`,
    look: PROCESSES,
    finds: NONE,
  },
  {
    name: 'files in every folder, with names that are not text',
    leave: `import os
for r in ("/workspace", "/tmp", "/dev/shm"):
    os.makedirs(f"{r}/a/b/c")
    for n in (b"x", b"\\xff\\xfe", b"-rf", b" \\n"): open(r.encode() + b"/a/b/" + n, "w").write("secret")`,
    look: FILES,
    finds: NONE,
  },
  {
    name: 'folders closed to everybody, and deeper than any path',
    leave: `import os
os.chdir("/tmp")
for _ in range(1500):
    os.mkdir("d" * 100)
    os.chdir("d" * 100)
os.chmod("/tmp/" + "d" * 100, 0)`,
    look: FILES,
    finds: NONE,
  },
  {
    name: 'links, sockets and pipes with names',
    leave: `import os, socket
os.symlink("/etc", "/tmp/l")
os.link("main.py", "hard")
os.mkfifo("/tmp/f")
s = socket.socket(socket.AF_UNIX)
s.bind("/dev/shm/s")
s.listen()`,
    look: FILES,
    finds: NONE,
  },
  {
    name: 'a workspace with another mode, time and attribute',
    leave: `import os
try: os.setxattr(".", "user.note", b"secret")
except OSError: pass
os.chmod(".", 0o777)
os.utime(".", (1, 1))`,
    look: `import os
s = os.stat(".")
try: names = os.listxattr(".")
except OSError: names = []
print(oct(s.st_mode & 0o7777), s.st_uid == os.getuid(), s.st_mtime > 1000, names)`,
    finds: '0o755 True True []',
  },
  {
    name: 'terminals, one with a program on it',
    leave: `import os, pty, time
for _ in range(10): os.openpty()
if pty.fork()[0] == 0: time.sleep(60)
time.sleep(0.2)`,
    look: 'import os\nprint(os.listdir("/dev/pts"))',
    finds: "['ptmx']",
  },
  {
    name: 'ports and abstract names that a daemon keeps',
    leave: `import os, socket, time
s = socket.create_server(("127.0.0.1", 8000))
u = socket.socket(socket.AF_UNIX)
u.bind("\\0name")
u.listen()
if os.fork() == 0:
    os.setsid()
    time.sleep(60)`,
    look: `import socket
for family, name in ((socket.AF_INET, ("127.0.0.1", 8000)), (socket.AF_UNIX, "\\0name")):
    try: socket.socket(family).connect(name); print("connected")
    except OSError: pass
    socket.socket(family).bind(name)
print("free", open("/proc/net/unix").read().count("@"))`,
    finds: 'free 0',
  },
  {
    name: 'sockets in flight, in cycles, with an abstract name in them',
    leave: `import array, socket
def send(over, *sockets): over.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [s.fileno() for s in sockets]))])
name = socket.socket(socket.AF_UNIX)
name.bind("\\0in-flight")
name.listen()
for _ in range(50):
    a, b = socket.socketpair()
    c, d = socket.socketpair()
    send(a, c, d, name)
    send(c, a, b, name)`,
    look: `import socket
socket.socket(socket.AF_UNIX).bind("\\0in-flight")
print("free")`,
    finds: 'free',
  },
  {
    name: 'listeners in their own accept queue',
    leave: `import array, socket
for number in range(20):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\\0queue-{number}")
    listener.listen()
    client = socket.socket(socket.AF_UNIX)
    client.connect(f"\\0queue-{number}")
    client.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener.fileno(), client.fileno()]))])
    kept = (listener.detach(), client.detach())`,
    look: `import socket
for number in range(20): socket.socket(socket.AF_UNIX).bind(f"\\0queue-{number}")
print("free")`,
    finds: 'free',
  },
  {
    name: 'a connection that the kernel still winds up',
    leave: `import socket
s = socket.create_server(("127.0.0.1", 8001))
c = socket.create_connection(("127.0.0.1", 8001))
a, _ = s.accept()
a.close()
assert c.recv(1) == b""
c.close()`,
    look: `import socket
s = socket.socket()
s.bind(("127.0.0.1", 8001))
print("free", len(open("/proc/net/tcp").readlines()))`,
    finds: 'free 1',
  },
  {
    name: 'shared memory, semaphores and queues of System V',
    leave: `import ctypes
libc = ctypes.CDLL(None)
assert libc.shmget(7, 4096, 0o1666) >= 0 and libc.semget(7, 1, 0o1666) >= 0 and libc.msgget(7, 0o1666) >= 0`,
    look: SYSV,
    finds: NONE,
  },
  {
    name: 'locks on files of the image',
    leave: `import fcntl, os, time
if os.fork() == 0:
    os.setsid()
    f = open("/etc/passwd")
    fcntl.flock(f, fcntl.LOCK_EX)
    time.sleep(60)
time.sleep(0.2)`,
    look: 'import fcntl\nfcntl.flock(open("/etc/passwd"), fcntl.LOCK_EX | fcntl.LOCK_NB)\nprint("free")',
    finds: 'free',
  },
  {
    name: 'timers and limits of its own processes',
    leave: `import resource, signal
signal.setitimer(signal.ITIMER_REAL, 0.5)
signal.alarm(1)
resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))`,
    look: `import resource, signal, time
time.sleep(1.2)
print(signal.getitimer(signal.ITIMER_REAL), resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 10)`,
    finds: '(0.0, 0.0) True',
  },
  {
    name: 'a host name, a niceness and a mask of its own',
    leave: 'import os\nos.umask(0o777)\nos.nice(19)',
    look: 'import os\nold = os.umask(0o022)\nprint(oct(old), os.nice(0), os.uname().nodename)',
    finds: '0o22 0 sandbox',
  },
  {
    name: 'all of a disk and much memory',
    leave: `kept = bytearray(100 * 1024 * 1024)
kept[::4096] = b"x" * len(kept[::4096])
with open("/workspace/full", "wb") as file:
    try:
        while True: file.write(bytes(1 << 20))
    except OSError: pass`,
    look: `import os
with open("/workspace/mine", "wb") as file: file.write(bytes(60 << 20))
print("room")`,
    finds: 'room',
  },
]

/** What a program leaves is gone before the next one of its tenant begins, in the same cell. */
describe('After a program that leaves', () => {
  let sandboxes: TestSandboxes
  beforeAll(() => {
    sandboxes = createTestSandboxes()
  })
  afterAll(() => sandboxes[Symbol.asyncDispose]())

  const runAs = async (tenantId: string, options: RunOptions) => {
    let sandbox = ''
    const result = await run(sandboxes, { ...options, tenantId, onSandbox: ({ id }) => (sandbox = id) })
    return { ...result, stdout: result.stdout.toString(), stderr: result.stderr.toString(), sandbox }
  }

  const isThere = async (sandbox: string): Promise<boolean> =>
    (await sandboxes.containers()).some(({ Id, State }) => Id.startsWith(sandbox) && State === 'running')

  /** A job does not wait for a cell that takes long to get ready, and may get another one. This waits for it. */
  const again = (tenantId: string, sandbox: string, source: string) =>
    eventually(
      async () => {
        const result = await runAs(tenantId, { source })
        if (result.sandbox !== sandbox && (await isThere(sandbox))) throw new Error('It went into another cell')
        return result
      },
      { withinMs: 20_000 },
    )

  it.each(LEFTOVERS)('$name: the next one finds none of it', async ({ name, leave, look, finds }) => {
    const first = await runAs(name, { source: `${leave}\nprint("left")` })
    expect([first.stdout, first.stderr]).toEqual(['left\n', ''])
    const next = await again(name, first.sandbox, look)
    expect([next.stdout.trim(), next.stderr]).toEqual([finds, ''])
    expect(next.sandbox, 'the same cell').toBe(first.sandbox)
  })

  it('as many processes as it may: the next one finds none of them', async () => {
    const bomb = `import os
if os.fork() == 0:
    os.setsid()
    os.closerange(0, 3)
    while True:
        try: os.fork()
        except OSError: pass`
    // The bomb may reach its limit before the end is reported.
    const first = await runAs('bomb', { source: bomb })
    expect(first.outcome).toMatchObject({ type: 'exited', exitCode: 0 })
    expect((await again('bomb', first.sandbox, PROCESSES)).stdout.trim()).toBe(NONE)
  })

  it('its own terminal: the next one has its own, or none', async () => {
    const source = 'import os\nprint(sorted(os.listdir("/dev/pts")), os.get_terminal_size() if os.isatty(0) else "")'
    const first = await runAs('terminal', { source, program: { terminal: { cols: 100, rows: 30 } } })
    expect(first.stdout).toBe("['0', 'ptmx'] os.terminal_size(columns=100, lines=30)\r\n")
    expect((await again('terminal', first.sandbox, source)).stdout).toBe("['ptmx'] \n")
    const last = await runAs('terminal', { source, program: { terminal: { cols: 80, rows: 24 } } })
    expect(last.stdout).toBe("['0', 'ptmx'] os.terminal_size(columns=80, lines=24)\r\n")
  })

  it('limits of its own: the next one has its own limits of memory and processes', async () => {
    const limits = { ...defaultLimits(), memoryBytes: 96 * 1024 * 1024 }
    const greedy = { source: 'x = bytearray(150 * 1024 * 1024)\nprint(len(x))' }
    expect((await runAs('limits', greedy)).outcome).toEqual({ type: 'exited', exitCode: 0 })
    expect((await runAs('limits', { ...greedy, limits })).outcome).toEqual({
      type: 'out-of-memory',
      limitBytes: limits.memoryBytes,
    })
    expect((await runAs('limits', greedy)).outcome).toEqual({ type: 'exited', exitCode: 0 })
  })

  it('killers of everything: it ends in time, and the next one runs', async () => {
    const source = `import os, signal
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        while True:
            try: os.kill(-1, signal.SIGKILL)
            except OSError: pass
while True: pass`
    const { outcome } = await runAs('killers', { source, limits: { wallMs: 1_000 } })
    // The killers also kill the program, or each other first.
    expect(outcome).toBeOneOf([
      { type: 'signaled', signal: 'SIGKILL' },
      { type: 'timed-out', limit: 'wall', limitMs: 1_000 },
    ])
    expect((await runAs('killers', { source: 'print("next")' })).stdout).toBe('next\n')
  })

  it.each([
    ['javascript', 'console.log(require("fs").readdirSync(".").join())', 'main.js'],
    ['typescript', 'const names: string[] = require("fs").readdirSync("."); console.log(names.join())', 'main.ts'],
    ['bash', 'ls', 'main.sh'],
  ])(
    'nothing at all: the next one in %s runs in the same cell, as warm as the first',
    async (language, source, found) => {
      const first = await runAs(language, { language, source })
      expect(first.stdout).toBe(`${found}\n`)
      await eventually(async () => {
        const next = await runAs(language, { language, source })
        expect([next.stdout, next.sandbox, next.warm]).toEqual([`${found}\n`, first.sandbox, first.warm])
      })
    },
  )

  it('variables and arguments: the next one without them is warm again', async () => {
    const source = 'import os, sys; print(sys.argv[1:], os.environ.get("OWN"))'
    const cold = await runAs('cold', { source, program: { args: ['a'], env: { OWN: '1' } } })
    expect(cold.stdout).toBe("['a'] 1\n")
    const next = await again('cold', cold.sandbox, source)
    expect(next).toMatchObject({ stdout: '[] None\n', warm: true, sandbox: cold.sandbox })
  })

  it('anything: the rights of its container are as they were', async () => {
    const { sandbox } = await runAs('rights', { source: 'print(1)' })
    const { HostConfig } = await new Docker().getContainer(sandbox).inspect()
    expect(HostConfig.CapAdd?.toSorted()).toEqual(['CHOWN', 'KILL', 'SETGID', 'SETUID'])
    expect(HostConfig).toMatchObject({ Privileged: false, ReadonlyRootfs: true, NetworkMode: 'none' })
  })
})
