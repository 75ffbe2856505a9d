import { watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { eventually } from '@runnel/testing'
import { expect, it } from 'vitest'
import { createTestSandboxes } from './docker-fixture.ts'
import { run, runCleanly } from './run.ts'

/**
 * What a host has one of for everybody, or counts for each user. `take` is Python: it takes one more, and raises OSError when
 * there is none. `atLeast`: how many one program must get; more than it needs, and fewer than its other limits allow.
 */
const RESOURCES: Readonly<Record<string, { readonly take: string; readonly atLeast: number }>> = {
  'instances of inotify': { take: 'check(libc.inotify_init())', atLeast: 50 },
  'watches of inotify': {
    take: 'open(f"/tmp/{kept}", "w").close(); check(libc.inotify_add_watch(queue, f"/tmp/{kept}".encode(), 2))',
    atLeast: 1_000,
  },
  'pseudo terminals': { take: 'os.openpty()', atLeast: 20 },
  'large pipes': { take: 'fcntl.fcntl(os.pipe()[0], 1031, 1 << 20)', atLeast: 20 },
  'sockets in flight, each in itself': {
    take: 'near.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [near.fileno(), far.fileno()] * 50))])',
    atLeast: 5,
  },
  'message queues of System V': { take: 'check(libc.msgget(0, 0o600))', atLeast: 1_000 },
  'sets of semaphores': { take: 'check(libc.semget(0, 1, 0o600))', atLeast: 1_000 },
  'locked memory': { take: 'check(libc.shmctl(check(libc.shmget(0, 4096, 0o600)), 11, None))', atLeast: 10 },
  'timers and signals that wait': {
    take: 'check(libc.timer_create(1, None, ctypes.byref(ctypes.c_void_p()))); check(libc.sigqueue(os.getpid(), 40, 0))',
    atLeast: 1_000,
  },
  'file locks': {
    take: 'fcntl.flock(os.open(f"/workspace/{kept}", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)',
    atLeast: 200,
  },
}

const PREAMBLE = `import array, ctypes, fcntl, json, os, signal, socket, time
libc = ctypes.CDLL(None, use_errno=True)
def check(result):
    if result < 0: raise OSError(ctypes.get_errno(), "refused")
    return result
signal.pthread_sigmask(signal.SIG_BLOCK, {40})
queue = libc.inotify_init()
near, far = socket.socketpair()
near.setblocking(False)
`
const define = (name: string, take: string): string =>
  `def take(kept): ${take}\nTAKES[${JSON.stringify(name)}] = take\n`
const TAKES = `${PREAMBLE}TAKES = {}\n${Object.entries(RESOURCES)
  .map(([name, { take }]) => define(name, take))
  .join('')}`

/** Keeps them until it is stopped. */
const TAKE_ALL = `${TAKES}all_kept = {}
for name, take in TAKES.items():
    kept = 0
    try:
        while True: take(kept); kept += 1
    except OSError: all_kept[name] = kept
print(json.dumps(all_kept), flush=True)
time.sleep(25)`
const TAKE_TWO = `${TAKES}for name, take in TAKES.items():
    try: take(0); take(1)
    except OSError as error: print(name, error)
print("fine")`

/** Not even one: few programs need them, and their numbers are counted for a user, or for the host. */
const TAKE_NONE = `${PREAMBLE}NUMBERS = {"x86_64": (206, 248, 272, 300, 298, 321), "aarch64": (0, 217, 97, 262, 241, 280)}[os.uname().machine]
NAMES = ("contexts of asynchronous I/O", "keys", "namespaces", "fanotify", "perf", "bpf")
for name, number in zip(NAMES, NUMBERS):
    result = libc.syscall(number, 0x10000000, 0, 0, 0, -4)
    print(f"{name}: {result} {os.strerror(ctypes.get_errno())}")
print("message queues with names:", libc.mq_open(b"/mine", os.O_CREAT | os.O_RDWR, 0o600, None), os.strerror(ctypes.get_errno()))`

it('While a program has taken all that it can get, a neighbour and the host have theirs', async () => {
  await using sandboxes = createTestSandboxes({ poolMin: 2 })
  const stopping = new AbortController()
  let printed = ''
  const greedy = run(sandboxes, {
    source: TAKE_ALL,
    tenantId: 'greedy',
    signal: stopping.signal,
    onOutput: (bytes) => {
      printed += bytes.toString()
    },
  })
  try {
    await eventually(() => expect(printed).toMatch(/\n$/), { withinMs: 20_000 })
    const kept = new Map<string, number>(Object.entries(JSON.parse(printed)))
    const tooFew = Object.entries(RESOURCES).filter(([name, { atLeast }]) => !((kept.get(name) ?? -1) >= atLeast))
    expect(tooFew, printed).toEqual([])
    expect(await runCleanly(sandboxes, { source: TAKE_TWO, tenantId: 'neighbour' })).toBe('fine\n')
    // It throws where the host's own user has none left.
    watch(tmpdir()).close()
    expect(await runCleanly(sandboxes, { source: TAKE_NONE, tenantId: 'neighbour' })).toBe(
      `contexts of asynchronous I/O: -1 Function not implemented
keys: -1 Operation not permitted
namespaces: -1 Operation not permitted
fanotify: -1 Operation not permitted
perf: -1 Operation not permitted
bpf: -1 Operation not permitted
message queues with names: -1 Too many open files
`,
    )
  } finally {
    stopping.abort('canceled')
    await greedy
  }
})
