import { EXITED, exited, type HostileCase, hitting, KILLED, MIB, OVERDUE } from './case.ts'

const SHORT = { wallMs: 1_000, cpuMs: 20_000, processes: 40 }

/** Starting many processes, hiding them, and keeping them alive after the end. */
export const processes: readonly HostileCase[] = [
  {
    name: 'forks from many threads at once',
    source: `import os, threading, warnings
warnings.simplefilter("ignore")
def bomb():
    while True:
        try: os.fork()
        except OSError: pass
for _ in range(8): threading.Thread(target=bomb).start()`,
    limits: SHORT,
    ends: [hitting('processes', OVERDUE)],
    // The first threads may take all processes before the others start. The trace may be cut.
    complains: /^$|^Traceback \(most recent call last\):\n/,
  },
  {
    name: 'starts a chain of daemons, each the child of one that has exited',
    source: `import os, time
def flee():
    while True:
        try: child = os.fork()
        except OSError: continue
        if child: os._exit(0)
        os.setsid()
for _ in range(10):
    try:
        if os.fork() == 0: flee()
    except OSError: pass
time.sleep(60)`,
    limits: SHORT,
    // Whether enough of them are alive at once to reach the limit is a race.
    ends: [OVERDUE, hitting('processes', OVERDUE)],
  },
  {
    name: 'ends at once and leaves a fork bomb',
    source: `import os
if os.fork() == 0:
    while True:
        try:
            if os.fork() == 0: os.setsid()
        except OSError: pass
os._exit(0)`,
    limits: { ...SHORT, wallMs: 30_000 },
    // The bomb may reach the limit before the end is reported.
    ends: [EXITED, hitting('processes', EXITED)],
  },
  {
    name: 'replaces itself by another program three hundred times',
    language: 'bash',
    source: '[ "$1" = 300 ] && echo done && exit; exec bash "$0" $(($1 + 1))',
    ends: [EXITED],
    prints: 'done\n',
  },
  {
    name: 'starts children from Node without end',
    language: 'javascript',
    source: `const { spawn } = require('node:child_process')
let refused = 0
const more = () => {
  spawn('sleep', ['60'], { stdio: 'ignore' }).on('error', () => {
    refused += 1
    if (refused === 20) process.exit(0)
  })
  setImmediate(more)
}
more()`,
    limits: { processes: 40 },
    ends: [hitting('processes', EXITED)],
  },
  {
    name: 'starts Node workers without end',
    language: 'javascript',
    source: `const { Worker } = require('node:worker_threads')
for (let n = 0; n < 100; n += 1) new Worker('setInterval(() => {}, 1000)', { eval: true }).on('error', () => {})
setTimeout(() => process.exit(0), 500)`,
    limits: { processes: 40, memoryBytes: 512 * MIB, wallMs: 30_000 },
    ends: [hitting('processes', exited(1))],
    complains: /ERR_WORKER_INIT_FAILED/,
  },
  {
    name: 'never waits for its dead children',
    source: `import os
dead = 0
try:
    while True:
        if os.fork() == 0: os._exit(0)
        dead += 1
except OSError: print(dead)`,
    limits: { processes: 40 },
    ends: [hitting('processes', EXITED)],
    prints: '39\n',
  },
  {
    name: 'dies at the same moment as fifty orphans',
    source: `import os
wait, hold = os.pipe()
for _ in range(50):
    if os.fork() == 0:
        os.close(hold)
        os.read(wait, 1)
        os._exit(0)
os._exit(7)`,
    ends: [exited(7)],
  },
  {
    name: 'starts threads until it can start no more, and continues',
    source: `import os, threading, time
try:
    while True: threading.Thread(target=time.sleep, args=(60,)).start()
except RuntimeError: os._exit(3)`,
    limits: { processes: 40 },
    ends: [hitting('processes', exited(3))],
  },
  {
    name: 'makes children of process 1 instead of its own',
    source: `import ctypes, os, time
CLONE_PARENT, SIGCHLD = 0x8000, 17
libc = ctypes.CDLL(None, use_errno=True)
number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
for n in range(20):
    if libc.syscall(number, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0:
        if n % 2: os._exit(9)
        time.sleep(60)
time.sleep(0.2)
os._exit(4)`,
    ends: [exited(4)],
  },
  {
    name: 'waits for a vfork child that never exits',
    source: `import ctypes, os, time
CLONE_VFORK, SIGCHLD = 0x4000, 17
number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
if ctypes.CDLL(None).syscall(number, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) == 0:
    os.setsid()
    time.sleep(60)`,
    limits: { wallMs: 1_000 },
    ends: [OVERDUE],
  },
  {
    name: 'has a child that kills every process that it may',
    source: `import os, signal, time
if os.fork() == 0: os.kill(-1, signal.SIGKILL)
time.sleep(60)`,
    ends: [KILLED],
  },
]
