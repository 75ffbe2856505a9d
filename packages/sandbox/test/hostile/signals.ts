import { EXITED, type HostileCase, KILLED, OVERDUE } from './case.ts'
import { ALL_REFUSED, refused } from './refused.ts'

const SHORT = { wallMs: 1_000 }

/** Ignoring signals, and sending them to others. */
export const signals: readonly HostileCase[] = [
  {
    name: 'ignores every signal',
    source: `import signal, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: time.sleep(1)`,
    limits: SHORT,
    ends: [OVERDUE],
  },
  {
    name: 'blocks every signal in every thread',
    source: `import signal, threading, time
def wait():
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True: time.sleep(1)
for _ in range(4): threading.Thread(target=wait).start()
wait()`,
    limits: SHORT,
    ends: [OVERDUE],
  },
  {
    name: 'answers SIGTERM with more work',
    source: `import os, signal
def more(*_):
    if os.fork() == 0: os.setsid()
signal.signal(signal.SIGTERM, more)
while True: pass`,
    limits: { wallMs: 1_000, cpuMs: 20_000 },
    ends: [OVERDUE],
  },
  {
    name: 'has a child that stops it each time it is woken',
    source: `import os, signal
parent = os.getpid()
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True: os.kill(parent, signal.SIGSTOP)
while True: signal.pause()`,
    limits: { wallMs: 1_000, cpuMs: 20_000 },
    ends: [OVERDUE],
  },
  {
    name: 'stops every process that it may',
    source: `import os, signal, time
for _ in range(3): os.fork()
while True:
    os.kill(-1, signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)`,
    limits: { wallMs: 1_000, cpuMs: 20_000 },
    ends: [OVERDUE],
  },
  {
    name: 'kills its own group',
    source: 'import os, signal\nos.killpg(0, signal.SIGKILL)',
    ends: [KILLED],
  },
  {
    name: 'sends every signal to every process that is not its own, in every way',
    source:
      refused(`others = [int(name) for name in os.listdir("/proc") if name.isdigit() and os.stat(f"/proc/{name}").st_uid == 0]
info = ctypes.create_string_buffer(struct.pack("iii", 0, 0, -1), 128)
for pid in others:
    for number in (0, *range(1, 65)):
        denied(f"kill {pid} {number}", lambda: os.kill(pid, number))
    denied("tgkill", lambda: call("tgkill", pid, pid, 9))
    denied("sigqueue", lambda: call("rt_sigqueueinfo", pid, 9, info))
    denied("tgsigqueue", lambda: call("rt_tgsigqueueinfo", pid, pid, 9, info))
    denied("pidfd", lambda: call("pidfd_send_signal", call("pidfd_open", pid, 0), 9, 0, 0))
assert 1 in others`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'makes the kernel kill process 1, when a pipe can be read',
    source: `import fcntl, os, signal, time
F_SETSIG, F_SETOWN_EX = 10, 15
for target in (1, -1):
    read, write = os.pipe()
    fcntl.fcntl(read, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    fcntl.fcntl(read, F_SETSIG, signal.SIGKILL)
    try: fcntl.fcntl(read, fcntl.F_SETOWN, target)
    except OSError as error: print(error)
    os.write(write, b"x")
time.sleep(0.2)
print("still here")`,
    ends: [EXITED],
    prints: 'still here\n',
  },
  {
    name: 'changes the priority, the limits and the processors of others',
    source: refused(`import resource
for pid in (1, *[int(name) for name in os.listdir("/proc") if name.isdigit() and os.stat(f"/proc/{name}").st_uid == 0]):
    denied("prlimit", lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)))
    denied("nice", lambda: os.setpriority(os.PRIO_PROCESS, pid, 19))
    denied("affinity", lambda: os.sched_setaffinity(pid, {0}))
    denied("scheduler", lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)))
    denied("oom score", lambda: write(f"/proc/{pid}/oom_score_adj", b"1000"), errno.EACCES)
    denied("timer slack", lambda: write(f"/proc/{pid}/timerslack_ns", b"0"))
    denied("name", lambda: write(f"/proc/{pid}/comm"), errno.EACCES)
    denied("group", lambda: os.setpgid(pid, os.getpid()), errno.ESRCH)`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
  {
    name: 'raises its own limits',
    source: refused(`import resource
for name in ("NOFILE", "CORE", "FSIZE", "MEMLOCK", "MSGQUEUE", "RTPRIO"):
    denied(name, lambda: resource.prlimit(0, getattr(resource, f"RLIMIT_{name}"), (1 << 40, 1 << 40)))
denied("priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, -20), errno.EACCES)
denied("real time", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
denied("oom score", lambda: write("/proc/self/oom_score_adj", b"-1000"), errno.EACCES)`),
    ends: [EXITED],
    prints: ALL_REFUSED,
  },
]
