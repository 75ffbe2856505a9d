import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { LANGUAGES } from '@runnel/languages'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SandboxFailure } from '../src/index.ts'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import { type Neighbour, startNeighbour } from './hostile/neighbour.ts'
import { createStranger, liar } from './lying-agent/liar.ts'
import { reasonOf } from './reason-of.ts'
import { type RunOptions, run } from './run.ts'

const honest = LANGUAGES.filter(({ id }) => id === 'python')
const EXITED = { type: 'exited', exitCode: 0 }
const WALL_MS = 1_000
const LONGEST_PAUSE_MS = 3_000

const failureOf = async (running: Promise<unknown>): Promise<SandboxFailure> => {
  const error = await running.then(
    (result) => new Error(`It succeeded: ${JSON.stringify(result)}`),
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(SandboxFailure)
  if (error instanceof SandboxFailure) return error
  throw error
}

describe.concurrent('A container whose process 1', () => {
  const strangers: [what: string, source: string | string[], reason: string][] = [
    ['sends nothing', 'time.sleep(60)', 'Docker did not answer "agent ready" within 15000 ms'],
    [
      'sends its first frame a byte at a time, and never to the end',
      'for _ in range(8): write(b"x"); time.sleep(1)\ntime.sleep(60)',
      'Docker did not answer "agent ready" within 15000 ms',
    ],
    [
      'sends random bytes',
      // The first byte of a length would be 0 in one of 256 runs.
      'write(b"\\xff" + os.urandom(8))\nwhile True: write(os.urandom(1 << 16))',
      'The agent announced a frame of ',
    ],
    [
      'announces a frame of 4 GiB',
      'write(b"\\xff" * 9)\nwhile True: write(bytes(1 << 16))',
      'The agent announced a frame of 4294967295 bytes',
    ],
    [
      'sends only headers',
      'while True: write(frame(done, 0) * 1000)',
      'The agent sent a frame of stream 0, which is not open',
    ],
    [
      'says READY in another protocol',
      'write(frame(ready, 0, as_json({**READY, "protocol": 3})))',
      'protocol invalid_value',
    ],
    [
      'greets with more than was asked for',
      'write(frame(ready, 0, b\'{"protocol":5,"cgroup":"v1","warm":true,"__proto__":{"a":1}}\'))',
      'unrecognized_keys',
    ],
    [
      'says READY with JSON of sixty thousand levels',
      'write(frame(ready, 0, b"[" * 60_000 + b"]" * 60_000))',
      'invalid_type',
    ],
    [
      'says READY twice',
      'write(frame(ready, 0, as_json(READY)) * 2)\ntime.sleep(60)',
      'The agent sent a frame of stream 0, which is not open',
    ],
    [
      'floods its standard error',
      'while True: os.write(2, b"help! " * 10_000)',
      'The agent prints too much on its standard error',
    ],
    ['ends at once', 'sys.exit(0)', 'The connection to the container ended'],
    ['is an echo', ['cat'], 'The agent sent a frame of stream 0, which is not open'],
    ['is a flood', ['yes'], 'The agent announced a frame of 2030729482 bytes'],
    [
      'does not exist',
      ['/opt/no/such/agent'],
      'exec: "/opt/no/such/agent": stat /opt/no/such/agent: no such file or directory',
    ],
  ]
  it.for(strangers)(
    '%s makes no sandbox, and does not disturb other ones',
    { timeout: 40_000 },
    async ([, source, reason]) => {
      await using sandboxes = createTestSandboxes({ languages: [createStranger(source), ...honest], poolMin: 0 })
      const neighbour = startNeighbour(sandboxes)
      const startedAt = performance.now()
      const failure = await failureOf(
        run(sandboxes, { language: 'javascript', source: '', limits: { wallMs: WALL_MS } }),
      )
      expect(neighbour.longestPauseMs(startedAt)).toBeLessThan(LONGEST_PAUSE_MS + 2_000) // its own container is being made at the same time
      const { outcome } = await neighbour.end()
      expect(outcome).toEqual(EXITED)
      expect(failure.programStarted).toBe(false)
      expect(reasonOf(failure)).toContain(reason)
    },
  )
})

describe.concurrent('An image without our agent', () => {
  const prefix = `runnel-test-${randomUUID()}`
  const images = [
    [
      'a plain Debian with Python',
      'runnel/base',
      "The connection to the container ended; it printed: python3: can't open file '/workspace/main.py': [Errno 2] No such file or directory",
    ],
    ['an image with one program only', 'runnel/node', 'exec: "python3": executable file not found in $PATH'],
  ] as const
  it.for(images)('makes no sandbox: %s', { timeout: 30_000 }, async ([, image, reason], { onTestFinished }) => {
    const repo = `${prefix}/${image}`
    const docker = new Docker()
    await docker.getImage(image).tag({ repo: `${repo}/python` })
    onTestFinished(async () => void (await docker.getImage(`${repo}/python`).remove()))
    await using sandboxes = createTestSandboxes({ languages: honest, imagePrefix: `${repo}/`, poolMin: 0 })
    const failure = await failureOf(run(sandboxes, { source: 'print(1)' }))
    expect(failure.programStarted).toBe(false)
    expect(reasonOf(failure)).toContain(reason)
  })
})

describe.concurrent('An agent that', () => {
  let sandboxes: TestSandboxes
  let neighbour: Neighbour
  beforeAll(() => {
    sandboxes = createTestSandboxes({ languages: [liar, ...honest], poolMin: 1, poolMax: 4 })
    neighbour = startNeighbour(sandboxes)
  })
  afterAll(async () => {
    expect((await neighbour.end()).outcome).toEqual(EXITED)
    await sandboxes[Symbol.asyncDispose]()
  })

  const obey = async (lie: string, { limits, ...options }: Partial<RunOptions> = {}) => {
    const startedAt = performance.now()
    try {
      const source = { 'main.js': lie }
      return await run(sandboxes, {
        language: 'javascript',
        source,
        limits: { wallMs: WALL_MS, ...limits },
        ...options,
      })
    } finally {
      expect(neighbour.longestPauseMs(startedAt)).toBeLessThan(LONGEST_PAUSE_MS)
    }
  }

  const lies: [what: string, lie: string, reason: string][] = [
    [
      'says READY again',
      'write(frame(ready, 0, as_json(READY)))',
      'The agent sent a frame of stream 0, which is not open',
    ],
    [
      'sends a frame of 4 GiB',
      'write(struct.pack(">IBI", 0xffffffff, stdout, stream) + bytes(1 << 20))',
      'The agent announced a frame of 4294967295 bytes',
    ],
    ['sends a frame of an unknown kind', 'write(frame(200, stream))', 'The agent sent a frame of the unknown kind 200'],
    [
      'sends a worker’s frame back',
      'write(frame(EXEC, stream, as_json({})))',
      'The agent sent a frame of the unknown kind 1',
    ],
    [
      'sends more output than the program may print, always within its credit',
      'sent = 0\nwhile True:\n    write(frame(stdout, stream, bytes(1 << 12)))\n    sent += 1\n    if sent >= 64: time.sleep(0.002)',
      'The agent sent more output than its program may print',
    ],
    [
      'sends output of no bytes, endlessly',
      'while True: write(frame(stderr, stream) * 1000)',
      'The agent sent output of no bytes',
    ],
    [
      'sends output of a stream that is not open',
      'write(frame(stdout, stream + 1, b"x"))',
      'The agent sent a frame of stream 2, which is not open',
    ],
    ['ends another program', 'stream += 1\nwrite(report())', 'The agent sent a frame of stream 2, which is not open'],
    [
      'says endlessly that its program has started',
      'while True: write(frame(done, stream) * 1000)',
      'The agent said twice that the program has started',
    ],
    [
      'takes more input than there is',
      'write(frame(grant, stream, b"\\xff" * 4))',
      'The agent took more input than it was sent',
    ],
    [
      'takes no input, endlessly',
      'while True: write(frame(grant, stream, bytes(4)) * 1000)',
      'The agent sent a grant that is not a number of bytes',
    ],
    ['reports an exit code of 256', 'write(report(code=256))', 'code too_big'],
    ['reports neither a code nor a signal', 'write(report(code=None))', 'custom'],
    ['reports a signal of 65', 'write(report(code=None, signal=65))', 'signal too_big'],
    ['reports times beyond all clocks', 'write(report(wallMs=1e300))', 'wallMs too_big'],
    ['reports negative times', 'write(report(cpuMs=-1))', 'cpuMs too_small'],
    ['reports more memory than any machine has', 'write(report(peakMemoryBytes=1 << 52))', 'peakMemoryBytes too_big'],
    [
      'ends with times that are not numbers',
      'write(frame(ended, stream, as_json(REPORT).replace(b\'"wallMs": 1\', b\'"wallMs": NaN\')))',
      'The agent sent a report that is not JSON',
    ],
    [
      'ends with a report that is thirteen thousand levels deep',
      'deep = b\'{"code":\' * 13_000 + b"0" + b"}" * 13_000\nwrite(frame(ended, stream, as_json(REPORT).replace(b\'"code": 0\', b\'"code": \' + deep)))',
      'code invalid_type',
    ],
    [
      'ends with a field of prototypes',
      'write(frame(ended, stream, as_json(REPORT)[:-1] + b\', "__proto__": {"code": 1}}\'))',
      'unrecognized_keys',
    ],
    [
      'ends with a report twice as long as any',
      'write(frame(ended, stream, as_json({**REPORT, "hits": ["memoryBytes"] * 20_000})))',
      'The agent announced a frame of 300119 bytes',
    ],
    ['sends a very long error', 'write(frame(error, stream, as_json({"message": "x" * 100_000})))', 'message too_big'],
    [
      'dies in the middle of a frame',
      'write(frame(stdout, stream, bytes(1000))[:500])\nsys.exit(0)',
      'The connection to the container ended',
    ],
    [
      'floods its standard error',
      'while True: os.write(2, bytes(1 << 16))',
      'The agent prints too much on its standard error',
    ],
  ]
  it.for(lies)('%s loses its own sandbox and nothing else', { timeout: 30_000 }, async ([, lie, reason]) => {
    expect(reasonOf(await failureOf(obey(lie)))).toBe(reason)
    const { stdout } = await run(sandboxes, { source: 'print("next")' })
    expect(stdout.toString()).toBe('next\n')
  })

  it('never says that its program has started loses its sandbox, in time', { timeout: 30_000 }, async () => {
    expect(reasonOf(await failureOf(obey('time.sleep(60)')))).toBe('The agent did not start the program')
  })

  it('sends nothing more counts as a program past its wall limit', { timeout: 30_000 }, async () => {
    const { outcome, usage } = await obey('write(frame(done, stream))\ntime.sleep(60)')
    expect(outcome).toEqual({ type: 'timed-out', limit: 'wall', limitMs: WALL_MS })
    expect(usage?.wallMs).toBe(WALL_MS)
  })

  it('sends more output than it has credit for loses its sandbox, while nobody reads', async () => {
    const lie = 'write(frame(stdout, stream, bytes(1 << 16)) * 5)'
    const failure = await failureOf(obey(lie, { onOutput: () => delay(500) }))
    expect(reasonOf(failure)).toBe('The agent sent more output than it was given credit for')
  })

  it('reports two ends gets the first one', async () => {
    const { outcome } = await obey('write(report(code=3) + report(code=4))')
    expect(outcome).toEqual({ type: 'exited', exitCode: 3 })
  })

  it('sends one byte at a time is understood', { timeout: 30_000 }, async () => {
    const lie = 'for byte in frame(done, stream) + frame(stdout, stream, b"slow") + report(): write(bytes((byte,)))'
    const { outcome, stdout } = await obey(lie)
    expect({ outcome, stdout: stdout.toString() }).toEqual({ outcome: EXITED, stdout: 'slow' })
  })

  it('sends the largest frame a byte at a time costs the worker only the memory for its bytes', {
    timeout: 30_000,
  }, async () => {
    const lie = 'for byte in frame(stdout, stream, bytes(1 << 17)): os.write(1, bytes((byte,)))\nwrite(report())'
    const { outcome, stdout } = await obey(lie, { limits: { wallMs: 20_000 } })
    expect({ outcome, bytes: stdout.length }).toEqual({ outcome: EXITED, bytes: 1 << 17 })
  })

  it('sends each byte in its own frame is read to the end', { timeout: 30_000 }, async () => {
    const lie = 'write(frame(stdout, stream, b"x") * 200_000 + report())'
    const { outcome, stdout } = await obey(lie, { limits: { wallMs: 20_000 } })
    expect({ outcome, bytes: stdout.length }).toEqual({ outcome: EXITED, bytes: 200_000 })
  })
})
