import { BUSY, EXITED, type HostileCase, OVERDUE } from './case.ts'

const BRIEF = { cpuMs: 600, wallMs: 30_000 }

/** Taking processor time, openly and hidden. */
export const processor: readonly HostileCase[] = [
  {
    name: 'computes on every processor',
    source: `import hashlib, os
for _ in range(os.cpu_count() * 4):
    if os.fork() == 0: break
while True: hashlib.pbkdf2_hmac("sha256", b"x", b"y", 100_000)`,
    limits: BRIEF,
    ends: [BUSY],
  },
  {
    name: 'computes in fifty threads',
    source: `import hashlib, threading
def burn():
    while True: hashlib.pbkdf2_hmac("sha256", b"x", b"y", 100_000)
for _ in range(50): threading.Thread(target=burn).start()`,
    limits: BRIEF,
    ends: [BUSY],
  },
  {
    name: 'computes only in children that are never waited for, each for a moment',
    source: `import os, time
while True:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            end = time.process_time() + 0.02
            while time.process_time() < end: pass
        os._exit(0)
    os.wait()
    time.sleep(0.01)`,
    limits: BRIEF,
    ends: [BUSY],
  },
  {
    name: 'keeps the kernel busy',
    language: 'bash',
    source: 'head -c 100G /dev/urandom > /dev/null & head -c 1000G /dev/zero > /dev/null & wait',
    limits: BRIEF,
    ends: [BUSY],
  },
  {
    name: 'matches a regular expression that never ends',
    language: 'javascript',
    source: '/^(a+)+$/.test("a".repeat(60) + "b")',
    limits: BRIEF,
    ends: [BUSY],
  },
  {
    name: 'computes an endless number, also after SIGTERM',
    source: 'import signal\nsignal.signal(signal.SIGTERM, lambda *_: print("more"))\n10 ** 10 ** 9',
    limits: BRIEF,
    ends: [BUSY],
    prints: 'more\n',
  },
  {
    name: 'sets timers that go off all the time',
    source: `import signal
signal.signal(signal.SIGALRM, lambda *_: None)
signal.signal(signal.SIGVTALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 1e-6, 1e-6)
signal.setitimer(signal.ITIMER_VIRTUAL, 1e-6, 1e-6)
while True: signal.pause()`,
    limits: BRIEF,
    ends: [BUSY],
  },
  {
    name: 'sleeps forever, in many threads and processes',
    source: `import os, time
for _ in range(5): os.fork()
time.sleep(3600)`,
    limits: { wallMs: 1_000 },
    ends: [OVERDUE],
  },
  {
    name: 'waits for input that never comes',
    source: 'import os\nprint(os.read(0, 1))\nos.read(os.pipe()[0], 1)',
    limits: { wallMs: 1_000 },
    ends: [OVERDUE],
    prints: "b''\n",
  },
  {
    name: 'computes in a child after it has ended',
    source: `import os
if os.fork() == 0:
    os.setsid()
    while True: pass`,
    ends: [EXITED],
  },
  {
    name: 'has four daemons that stop whatever would end them, and compute',
    source: `import os, signal
if os.fork() == 0:
    os.setsid()
    os.fork(); os.fork()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    own = os.getpgid(0)
    while True:
        for name in os.listdir("/proc"):
            try:
                if name.isdigit() and os.getpgid(int(name)) != own: os.kill(int(name), signal.SIGSTOP)
            except OSError: pass
while True: signal.pause()`,
    limits: { cpuMs: 500, wallMs: 30_000 },
    ends: [BUSY],
  },
  {
    name: 'yields, sleeps and wakes a million times a second',
    source: `import os, threading
first, second = threading.Event(), threading.Event()
def turn(mine, other):
    while True: mine.wait(); mine.clear(); os.sched_yield(); other.set()
for pair in ((first, second), (second, first)): threading.Thread(target=turn, args=pair).start()
first.set()`,
    limits: BRIEF,
    ends: [BUSY],
  },
]
