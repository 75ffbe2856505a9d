import { watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { eventually } from '@runnel/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import { run, runCleanly } from './run.ts'

/** What a host has one of for everybody, or counts for each user: one program takes all it can get, another one needs some. */
interface Resource {
  readonly name: string
  /** An expression that takes one more, and raises OSError when there is none. */
  readonly take: string
  /** How many of them one program must get at least; more than it needs, and fewer than its other limits allow. */
  readonly atLeast: number
}

const RESOURCES: readonly Resource[] = [
  { name: 'instances of inotify', take: 'check(libc.inotify_init())', atLeast: 50 },
  { name: 'pseudo terminals', take: 'os.openpty()', atLeast: 20 },
  { name: 'large pipes', take: 'fcntl.fcntl(os.pipe()[0], 1031, 1 << 20)', atLeast: 20 },
]

const PREAMBLE = `import ctypes, fcntl, os, time
libc = ctypes.CDLL(None, use_errno=True)
def check(result):
    if result < 0: raise OSError(ctypes.get_errno(), "refused")
    return result
`
/** Keeps them until it is stopped. */
const takeAll = (take: string): string => `${PREAMBLE}kept = 0
try:
    while True: ${take}; kept += 1
except OSError: print(kept, flush=True)
time.sleep(25)`
const takeTwo = (take: string): string => `${PREAMBLE}${take}; ${take}
print("fine")`

let sandboxes: TestSandboxes
beforeAll(() => {
  sandboxes = createTestSandboxes({ poolMin: 2 })
})
afterAll(() => sandboxes[Symbol.asyncDispose]())

describe('While a program has taken all that it can get of', () => {
  it.each(RESOURCES)('$name, a neighbour and the host have theirs', async ({ name, take, atLeast }) => {
    const stopping = new AbortController()
    let printed = ''
    const greedy = run(sandboxes, {
      source: takeAll(take),
      tenantId: `greedy-${RESOURCES.findIndex((one) => one.name === name)}`,
      signal: stopping.signal,
      onOutput: (bytes) => {
        printed += bytes.toString()
      },
    })
    try {
      await eventually(() => expect(Number(printed.trim())).toBeGreaterThan(atLeast), { withinMs: 15_000 })
      expect(await runCleanly(sandboxes, { source: takeTwo(take), tenantId: 'neighbour' })).toBe('fine\n')
      // It throws where the host's own user has none left.
      watch(tmpdir()).close()
    } finally {
      stopping.abort('canceled')
      await greedy
    }
  })
})

it('A program can make no context of asynchronous I/O: the whole host has one number of them', async () => {
  const source = `${PREAMBLE}context = ctypes.c_ulong(0)
result = libc.syscall({"x86_64": 206, "aarch64": 0}[os.uname().machine], 128, ctypes.byref(context))
print(result, os.strerror(ctypes.get_errno()))`
  expect(await runCleanly(sandboxes, { source, tenantId: 'greedy' })).toBe('-1 Function not implemented\n')
})
