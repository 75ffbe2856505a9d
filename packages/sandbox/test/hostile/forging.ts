import { encodeFrame, encodeJsonFrame } from '../../src/agent/frames.ts'
import { RESPONSE } from '../../src/agent/protocol.ts'
import { EXITED, exited, type HostileCase, KILLED, OVERDUE, signaled } from './case.ts'
import { ALL_REFUSED, refused } from './refused.ts'

const REPORT = {
  code: 0,
  signal: null,
  wallMs: 1,
  cpuMs: 0,
  peakMemoryBytes: 1,
  oomKilled: false,
  limit: null,
  hits: [],
}

/** Frames that an agent could send, for any possible stream: EXIT, READY, output, DONE, GRANT, a fault. */
const FORGED = Buffer.concat(
  Array.from({ length: 8 }, (_, stream) => [
    encodeJsonFrame(RESPONSE.exit, stream, REPORT),
    encodeJsonFrame(RESPONSE.ready, stream, { protocol: 5, cgroup: 'v2', warm: true }),
    encodeFrame(RESPONSE.stdout, stream, Buffer.from('forged')),
    encodeFrame(RESPONSE.done, stream),
    encodeFrame(RESPONSE.grant, stream, Buffer.of(0x7f, 0xff, 0xff, 0xff)),
    encodeJsonFrame(RESPONSE.error, stream, { message: 'forged' }),
  ]).flat(),
)
const PRINTED = FORGED.toString('latin1')

const FRAMES = `import os, sys
FORGED = bytes.fromhex("${FORGED.toString('hex')}")
`

/** Pretending to be the agent, and reading its memory and streams. */
export const forging: readonly HostileCase[] = [
  {
    name: 'writes frames to every descriptor that any process has open',
    source: `${FRAMES}
mine = set()
for process in [name for name in os.listdir("/proc") if name.isdigit()]:
    for fd in range(64):
        path = f"/proc/{process}/fd/{fd}"
        try: descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError: continue
        mine.add(process)
        if process != str(os.getpid()): os.write(descriptor, FORGED)
sys.exit(21 if mine <= {str(os.getpid())} else 22)`,
    ends: [exited(21)],
  },
  {
    name: 'writes frames to every descriptor it has itself, and dies of a signal',
    source: `${FRAMES}
for fd in range(0, 1024):
    try: os.write(fd, FORGED)
    except OSError: pass
os.kill(os.getpid(), 9)`,
    ends: [KILLED],
    prints: PRINTED,
    complains: PRINTED,
  },
  {
    name: 'prints a frame in halves, and is killed between them',
    source: `${FRAMES}
os.write(1, FORGED[:7])
os.kill(os.getpid(), 15)`,
    ends: [signaled('SIGTERM')],
    prints: PRINTED.slice(0, 7),
  },
  {
    name: 'looks for a descriptor that it should not have',
    source: `import os, stat
print([fd for fd in range(3, 1024) if os.path.exists(f"/proc/self/fd/{fd}")])
print([stat.S_ISFIFO(os.fstat(fd).st_mode) for fd in range(3)])`,
    ends: [EXITED],
    prints: '[]\n[True, True, True]\n',
  },
  {
    name: 'looks for a descriptor that it should not have, from Node',
    language: 'javascript',
    source: `const fs = require('node:fs')
const links = fs.readdirSync('/proc/self/fd').filter((fd) => Number(fd) > 2).flatMap((fd) => {
  try { return [fs.readlinkSync('/proc/self/fd/' + fd)] } catch { return [] }
})
// Node's own pipes are anonymous too. The agent's would belong to another user.
const foreign = fs.readdirSync('/proc/self/fd').filter((fd) => {
  try { return fs.fstatSync(Number(fd)).isSocket() || (fs.fstatSync(Number(fd)).isFIFO() && fs.fstatSync(Number(fd)).uid !== process.getuid()) } catch { return false }
})
console.log(links.filter((link) => !/^(pipe|anon_inode):|^\\/dev\\/null$|^\\/proc\\/\\d+\\/fd$/.test(link)), foreign)`,
    ends: [EXITED],
    prints: '[] []\n',
  },
  {
    name: 'reads everything that the kernel shows of the agent and of the process that starts programs',
    source:
      refused(`agents = [name for name in os.listdir("/proc") if name.isdigit() and os.stat(f"/proc/{name}").st_uid == 0]
assert "1" in agents
for pid in agents:
    for what in ("mem", "environ", "maps", "smaps", "auxv", "syscall", "stack", "io", "pagemap", "personality", "fdinfo/0", "fd/0", "fd/1", "fd/2"):
        denied(f"{pid} {what}", lambda: read(f"/proc/{pid}/{what}"), errno.EACCES)
    for link in ("exe", "cwd", "root", "fd/0", "fd/1", "ns/mnt", "ns/pid"):
        denied(f"{pid} {link}", lambda: os.readlink(f"/proc/{pid}/{link}"), errno.EACCES)
    for folder in ("fd", "map_files", "fdinfo", "root/", "cwd/", f"task/{pid}/fd"):
        denied(f"{pid} {folder}", lambda: os.listdir(f"/proc/{pid}/{folder}"), errno.EACCES)
    for file in ("mem", "clear_refs", "fd/1", "fd/0", "coredump_filter", "autogroup", "uid_map", "setgroups"):
        denied(f"{pid} {file} written", lambda: write(f"/proc/{pid}/{file}"), errno.EACCES)
    denied(f"{pid} label written", lambda: write(f"/proc/{pid}/attr/current"))`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'attaches to the agent, and to the process that starts programs, as a debugger does',
    source:
      refused(`agents = [int(name) for name in os.listdir("/proc") if name.isdigit() and os.stat(f"/proc/{name}").st_uid == 0]
space = ctypes.create_string_buffer(64)
vector = struct.pack("QQ", ctypes.addressof(space), 64)
for pid in agents:
    for request in (16, 0x4206, 0): denied(f"ptrace {request}", lambda: call("ptrace", request, pid, 0, 0))
    denied("read", lambda: call("process_vm_readv", pid, vector, 1, vector, 1, 0))
    denied("write", lambda: call("process_vm_writev", pid, vector, 1, vector, 1, 0))
    denied("kcmp", lambda: call("kcmp", pid, os.getpid(), 0, 0, 0))
    for fd in range(4): denied("a descriptor", lambda: call("pidfd_getfd", call("pidfd_open", pid, 0), fd, 0))
    denied("advice", lambda: call("process_madvise", call("pidfd_open", pid, 0), vector, 1, 4, 0))
    denied("pages", lambda: call("move_pages", pid, 0, 0, 0, 0, 0))`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'changes its control group, or what the kernel counts there',
    source:
      refused(`places = [os.path.join(root, name) for root, _, names in os.walk("/sys/fs/cgroup") for name in names]
assert places
for place in places: denied(place, lambda: write(place, b"0"), errno.EROFS)
# In version 1 the top is a folder of root, and each controller has a file system of its own below it.
denied("a group", lambda: os.mkdir("/sys/fs/cgroup/x"), errno.EROFS if HAS_CGROUP_V2 else errno.EACCES)
if not HAS_CGROUP_V2:
    for name in ("memory", "cpu", "pids"): denied(name, lambda: os.mkdir(f"/sys/fs/cgroup/{name}/x"), errno.EROFS)`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'has modules with the same names as the agent’s',
    source: {
      ...Object.fromEntries(
        [
          'supervisor',
          'files',
          'process',
          'control',
          'init',
          'interpreter',
          'server',
          'sitecustomize',
          'usercustomize',
        ].map((name) => [`${name}.py`, 'import os\nos.write(1, b"loaded")']),
      ),
      '.local/lib/python3.13/site-packages/usercustomize.py':
        'import os\nassert os.getuid() > 9_999 and os.getpid() != 1',
      'main.py': 'import os\nprint(os.getuid() > 9_999, os.getpid() != 1)',
    },
    ends: [EXITED],
    prints: 'True True\n',
  },
  {
    name: 'sets libraries, interpreters and options in its environment',
    source: {
      'main.py': 'import os\nprint(os.getuid() > 9_999, os.getpid() != 1)',
      python3: '#!/bin/sh\nexec /usr/bin/python3 "$@"',
      'sitecustomize.py': 'import os\nassert os.getuid() > 9_999 and os.getpid() != 1',
    },
    program: {
      env: {
        PATH: '/workspace:/usr/bin:/bin',
        PYTHONPATH: '/workspace:/opt/runnel/agent',
        LD_PRELOAD: '/workspace/own.so',
        PYTHONSTARTUP: '/workspace/main.py',
        HOSTNAME: 'sandbox',
      },
    },
    ends: [EXITED],
    prints: 'True True\n',
    complains:
      "ERROR: ld.so: object '/workspace/own.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored.\n",
  },
  {
    name: 'runs the agent itself, as if it were process 1',
    source: `import subprocess
done = subprocess.run(["python3", "-I", "-S", "-B", "/opt/runnel/agent"], input=b"\\0\\0\\0\\2\\7\\0\\0\\0\\0{}", capture_output=True, timeout=20)
print(done.stdout, done.returncode)`,
    ends: [EXITED],
    prints: "b'' 1\n",
  },
  {
    name: 'waits as if it had not started, and prints what the start barrier prints',
    source: 'import os, time\nos.write(1, b"r"); os.write(1, b"w")\ntime.sleep(60)',
    limits: { wallMs: 1_000 },
    ends: [OVERDUE],
    prints: 'rw',
  },
]
