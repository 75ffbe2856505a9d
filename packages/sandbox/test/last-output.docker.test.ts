import { afterAll, describe, expect, test } from 'vitest'
import { createTestSandboxes } from './docker-fixture.ts'
import { type RunOptions, run } from './run.ts'

/** A pipe holds 64 KiB, and the output limit of a job is 1 MiB by default. */
const SIZES = [65_535, 65_536, 65_537, 700_001, 1_048_575, 1_048_576, 1_048_577]
const LARGE = 700_001
const PLENTY_BYTES = 8 * 1024 * 1024

/** Ends in a line of its own, so that a lost end is visible. */
const textOf = (bytes: number): string => `${'x'.repeat(bytes - 5)}end.\n`

interface Way {
  readonly source: string | Readonly<Record<string, string>>
  /** What it prints on standard error, all of it or its end; nothing by default. */
  readonly stderr?: string | RegExp
  readonly ends?: { readonly exitCode: number } | { readonly signal: string }
}

const toOutcome = (ends: Way['ends'] = { exitCode: 0 }) =>
  'signal' in ends ? { type: 'signaled', signal: ends.signal } : { type: 'exited', exitCode: ends.exitCode }

const sandboxes = createTestSandboxes()
afterAll(() => sandboxes[Symbol.asyncDispose]())

/** All in one container, one after the other. */
const print = (language: string, source: RunOptions['source'], options: Partial<RunOptions> = {}) =>
  run(sandboxes, { language, source, tenantId: 'acme', limits: { outputBytes: PLENTY_BYTES }, ...options })

const expectAll = async (language: string, way: Way, bytes: number, options?: Partial<RunOptions>) => {
  const { stdout, stderr, outcome } = await print(language, way.source, options)
  const expected = textOf(bytes)
  expect(stdout.length).toBe(expected.length)
  expect(stdout.toString() === expected, 'the bytes are the same').toBe(true)
  if (way.stderr instanceof RegExp) expect(stderr.toString()).toMatch(way.stderr)
  else expect(stderr.toString()).toBe(way.stderr ?? '')
  expect(outcome).toEqual(toOutcome(way.ends))
}

const NODE_TEXT = (bytes: number) => `const text = 'x'.repeat(${bytes} - 5) + 'end.\\n'\n`
const BOOM = /Error: boom\n {4}at [\s\S]*Node\.js v24[\s\S]*\n$/

const nodeWays = (bytes: number): Record<string, Way> => {
  const text = NODE_TEXT(bytes)
  const line = text.replace('\\n', '')
  const half = `const [head, tail] = [text.slice(0, -40_000), text.slice(-40_000)]\n`
  return {
    'ends by itself': { source: `${text}process.stdout.write(text)` },
    'calls process.exit': { source: `${text}process.stdout.write(text); process.exit(3)`, ends: { exitCode: 3 } },
    'calls process.exit after console.log': {
      source: `${line}console.log(text); process.exit(3)`,
      ends: { exitCode: 3 },
    },
    'calls process.reallyExit': {
      source: `${text}process.stdout.write(text); process.reallyExit(4)`,
      ends: { exitCode: 4 },
    },
    'calls process.exit in the callback of its first write': {
      source: `${text}${half}process.stdout.write(head, () => process.exit(3)); process.stdout.write(tail)`,
      ends: { exitCode: 3 },
    },
    'throws an error': {
      source: `${text}process.stdout.write(text); throw new Error('boom')`,
      stderr: BOOM,
      ends: { exitCode: 1 },
    },
    'has a rejection that nothing handles': {
      source: `${text}process.stdout.write(text); Promise.reject(new Error('boom'))`,
      stderr: BOOM,
      ends: { exitCode: 1 },
    },
    'throws in a timer': {
      source: `${text}setTimeout(() => { process.stdout.write(text); throw new Error('boom') })`,
      stderr: BOOM,
      ends: { exitCode: 1 },
    },
    'calls process.abort': {
      source: `${text}process.stdout.write(text); process.abort()`,
      stderr: /^/,
      ends: { signal: 'SIGABRT' },
    },
    'kills itself': {
      source: `${text}process.stdout.write(text); process.kill(process.pid, 'SIGKILL')`,
      ends: { signal: 'SIGKILL' },
    },
    'prints in its exit handlers': {
      source: `${text}${half}process.on('beforeExit', () => process.stdout.write(head))
process.on('exit', () => process.stdout.write(tail))`,
    },
    'writes by descriptor': {
      source: `${text}const left = Buffer.from(text); let at = 0
while (at < left.length) at += require('node:fs').writeSync(1, left, at)
process.exit(3)`,
      ends: { exitCode: 3 },
    },
    'writes by descriptor after a stream has been used': {
      source: `${text}${half}process.stdout.write(head); process.stderr
const left = Buffer.from(tail); let at = 0
while (at < left.length) at += require('node:fs').writeSync(1, left, at)
process.exit(3)`,
      ends: { exitCode: 3 },
    },
    'pipes a stream into its output': {
      source: `${text}require('node:stream').Readable.from([text]).pipe(process.stdout).on('unpipe', () => process.exit(3))`,
      ends: { exitCode: 3 },
    },
    'is a module and waits at its top level': {
      source: { 'main.mjs': `${text}await null; process.stdout.write(text); await null; process.exit(3)` },
      ends: { exitCode: 3 },
    },
    'prints in a worker': {
      source: `const { Worker } = require('node:worker_threads')
new Worker(${JSON.stringify(`${text}process.stdout.write(text)`)}, { eval: true })`,
    },
    'prints in a worker that fails': {
      source: `const { Worker } = require('node:worker_threads')
new Worker(${JSON.stringify(`${text}process.stdout.write(text); setImmediate(() => { throw new Error('boom') })`)}, { eval: true })`,
      stderr: BOOM,
      ends: { exitCode: 1 },
    },
    'prints in a child that shares its output': {
      source: {
        'main.js': `${text}${half}process.stdout.write(head)
const { status } = require('node:child_process').spawnSync('node', ['child.js'], { stdio: 'inherit' })
process.exit(status)`,
        'child.js': `${text}process.stdout.write(text.slice(-40_000)); process.exit(3)`,
      },
      ends: { exitCode: 3 },
    },
    'prints in a forked child': {
      source: {
        'main.js': `require('node:child_process').fork('child.js').on('exit', (code) => process.exit(code))`,
        'child.js': `${text}process.stdout.write(text); process.exit(3)`,
      },
      ends: { exitCode: 3 },
    },
    'prints in a child whose output it passes on': {
      source: {
        'main.js': `const child = require('node:child_process').spawn('node', ['child.js'])
child.stdout.pipe(process.stdout)
child.on('close', (code) => process.exit(code))`,
        'child.js': `${text}process.stdout.write(text); process.exit(3)`,
      },
      ends: { exitCode: 3 },
    },
    'prints in a cluster': {
      source: `${text}const cluster = require('node:cluster')
if (cluster.isPrimary) cluster.fork().on('exit', (code) => process.exit(code))
else { process.stdout.write(text); process.exit(3) }`,
      ends: { exitCode: 3 },
    },
    'prints while a child of Python does': {
      source: `${text}${half}process.stdout.write(head)
const { status } = require('node:child_process').spawnSync('python3', ['-c', 'print("x" * 39_995 + "end.")'], { stdio: 'inherit' })
process.exit(status)`,
    },
  }
}

const pythonWays = (bytes: number): Record<string, Way> => {
  const text = `import os, sys\ntext = "x" * (${bytes} - 5) + "end.\\n"\n`
  const boom = /^Traceback [\s\S]*boom[\s\S]*\n$/
  const writeAll = 'left = text.encode()\nwhile left: left = left[os.write(1, left):]\n'
  return {
    'ends by itself': { source: `${text}print(text, end="")` },
    'calls sys.exit': { source: `${text}sys.stdout.write(text)\nsys.exit(3)`, ends: { exitCode: 3 } },
    'writes by descriptor and calls os._exit': { source: `${text}${writeAll}os._exit(3)`, ends: { exitCode: 3 } },
    'flushes and calls os._exit': {
      source: `${text}sys.stdout.write(text)\nsys.stdout.flush()\nos._exit(3)`,
      ends: { exitCode: 3 },
    },
    'raises an error': {
      source: `${text}print(text, end="")\nraise ValueError("boom")`,
      stderr: boom,
      ends: { exitCode: 1 },
    },
    'kills itself': { source: `${text}print(text, end="")\nos.kill(os.getpid(), 9)`, ends: { signal: 'SIGKILL' } },
    aborts: { source: `${text}print(text, end="")\nos.abort()`, ends: { signal: 'SIGABRT' } },
    'prints at exit': {
      source: `${text}import atexit\natexit.register(lambda: print(text, end=""))\nsys.exit(3)`,
      ends: { exitCode: 3 },
    },
    'prints in a thread': {
      source: `${text}import threading\nthreading.Thread(target=lambda: print(text, end="")).start()`,
    },
    'prints in a child': {
      source: `${text}import subprocess\nsubprocess.run([sys.executable, "-c", "import sys; sys.stdout.write(sys.stdin.read()); sys.exit(0)"], input=text, text=True)\nos._exit(3)`,
      ends: { exitCode: 3 },
    },
    'prints in a process of multiprocessing': {
      source: `${text}import multiprocessing\ndef show(): print(text, end="")
if __name__ == "__main__":
    child = multiprocessing.get_context("fork").Process(target=show)
    child.start(); child.join(); os._exit(child.exitcode + 3)`,
      ends: { exitCode: 3 },
    },
    'has asked that its output does not block': {
      source: `${text}os.set_blocking(1, False)\nprint(text, end="")\nos._exit(3)`,
      ends: { exitCode: 3 },
    },
    // The kernel refuses it if all pipes of root on this host have 64 MiB together.
    'has enlarged its pipe': {
      source: `${text}import fcntl
try: fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 1 << 20)
except PermissionError: pass
${writeAll}os.kill(os.getpid(), 9)`,
      ends: { signal: 'SIGKILL' },
    },
  }
}

const bashWays = (bytes: number): Record<string, Way> => {
  const show = `show() { head -c ${bytes - 5} /dev/zero | tr '\\0' x; printf 'end.\\n'; }\n`
  return {
    'ends by itself': { source: `${show}show` },
    exits: { source: `${show}show; exit 3`, ends: { exitCode: 3 } },
    'prints by a builtin and exits': {
      source: `text=$(head -c ${bytes - 5} /dev/zero | tr '\\0' x)\nprintf '%send.\\n' "$text"; exit 3`,
      ends: { exitCode: 3 },
    },
    'prints in a trap': { source: `${show}trap show EXIT; exit 3`, ends: { exitCode: 3 } },
    'kills itself': { source: `${show}show; kill -9 $$`, ends: { signal: 'SIGKILL' } },
    'waits for a background job': { source: `${show}show & wait; exit 3`, ends: { exitCode: 3 } },
    'prints in a subshell': { source: `${show}(show; exit 3)`, ends: { exitCode: 3 } },
    'becomes another program': {
      source: `exec python3 -c 'import os; print("x" * ${bytes - 5} + "end.", flush=True); os._exit(3)'`,
      ends: { exitCode: 3 },
    },
  }
}

const typescriptWays = (bytes: number): Record<string, Way> => {
  const text = NODE_TEXT(bytes)
  const stripped = `${text}const code: number = 3\n`
  const compiled = `${text}enum Code { Done = 3 }\n`
  const long = `process.stderr.write('e'.repeat(200_000) + '\\n'); throw new Error('boom')`
  const trace = new RegExp(`^e{200000}\\n[\\s\\S]*${BOOM.source}`)
  return {
    'has types and calls process.exit': {
      source: `${stripped}process.stdout.write(text); process.exit(code)`,
      ends: { exitCode: 3 },
    },
    'has an enum and calls process.exit': {
      source: `${compiled}process.stdout.write(text); process.exit(Code.Done)`,
      ends: { exitCode: 3 },
    },
    'has types, fills standard error and throws an error': {
      source: `${stripped}process.stdout.write(text); ${long}`,
      stderr: trace,
      ends: { exitCode: 1 },
    },
    'has an enum, fills standard error and throws an error': {
      source: `${compiled}process.stdout.write(text); ${long}`,
      stderr: trace,
      ends: { exitCode: 1 },
    },
  }
}

/** Programs that print only on standard error. */
const ON_STDERR: readonly (readonly [language: string, (bytes: number) => string])[] = [
  ['javascript', (bytes) => `${NODE_TEXT(bytes)}process.stderr.write(text); process.exit(3)`],
  [
    'typescript',
    (bytes) => `${NODE_TEXT(bytes)}const code: number = 3; process.stderr.write(text); process.exit(code)`,
  ],
  ['python', (bytes) => `import os, sys\nsys.stderr.write("x" * ${bytes - 5} + "end.\\n")\nos._exit(3)`],
  ['bash', (bytes) => `{ head -c ${bytes - 5} /dev/zero | tr '\\0' x; printf 'end.\\n'; } >&2; exit 3`],
]

describe.each([
  ['javascript', nodeWays, ['calls process.exit', 'throws an error', 'kills itself', 'prints in a forked child']],
  ['python', pythonWays, ['writes by descriptor and calls os._exit', 'raises an error', 'kills itself']],
  ['typescript', typescriptWays, []],
  ['bash', bashWays, ['exits', 'kills itself']],
] as const)('All output of a %s program arrives', (language, ways, thorough) => {
  test.each(Object.keys(ways(LARGE)))('which %s', async (name) => {
    for (const bytes of (thorough as readonly string[]).includes(name) ? SIZES : [LARGE]) {
      const way = ways(bytes)[name]
      if (way === undefined) throw new Error(`There is no way "${name}"`)
      const isModule = typeof way.source === 'object' && 'main.mjs' in way.source
      await expectAll(language, way, bytes, isModule ? { program: { entry: 'main.mjs' } } : {})
    }
  })
})

test.each(ON_STDERR)('All output of a %s program arrives on standard error', async (language, toSource) => {
  for (const bytes of SIZES) {
    const { stdout, stderr, outcome } = await print(language, toSource(bytes))
    expect([stdout.length, stderr.length]).toEqual([0, bytes])
    expect(stderr.toString() === textOf(bytes), 'the bytes are the same').toBe(true)
    expect(outcome).toEqual({ type: 'exited', exitCode: 3 })
  }
})

describe('Standard output and standard error', () => {
  test('block after a request by ioctl, and do not block after one by fcntl', async () => {
    const source = `import fcntl, os
for stream in (1, 2):
    os.set_blocking(stream, False)
    by_ioctl = os.get_blocking(stream)
    fcntl.fcntl(stream, fcntl.F_SETFL, fcntl.fcntl(stream, fcntl.F_GETFL) | os.O_NONBLOCK)
    print(by_ioctl, os.get_blocking(stream))`
    const { stdout } = await print('python', source)
    expect(stdout.toString()).toBe('True False\nTrue False\n')
  })

  test('of a Node child that nobody reads make it wait, like any other program', async () => {
    const toFiles = (exchange: string) => ({
      'main.js': `require('node:child_process').spawnSync('python3', ['parent.py'], { stdio: 'inherit' })`,
      'child.js': `process.stdin.on('data', (piece) => process.stdout.write(piece))`,
      'parent.py': `import subprocess
child = subprocess.Popen(["node", "child.js"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
text = b"x" * 1_000_000
${exchange}
print(answer == text)`,
    })
    const both = await print('javascript', toFiles('answer, _ = child.communicate(text)'))
    expect([both.stdout.toString(), both.outcome]).toEqual(['True\n', { type: 'exited', exitCode: 0 }])
    const inTurn = toFiles('child.stdin.write(text); child.stdin.close(); answer = child.stdout.read()')
    const { stdout, outcome } = await print('javascript', inTurn, { limits: { wallMs: 1_500 } })
    expect([stdout.toString(), outcome]).toEqual(['', { type: 'timed-out', limit: 'wall', limitMs: 1_500 }])
  })
})

describe('All output arrives of a program', () => {
  test.each([
    ['javascript', `${NODE_TEXT(1_048_576)}process.stdout.write(text); process.exit(3)`],
    ['python', `import os\nprint("x" * ${1_048_576 - 5} + "end.")\nos._exit(3)`],
  ])('of 1 MiB in a sandbox of its own, in %s', async (language, source) => {
    const { stdout, outcome } = await run(sandboxes, { language, source })
    expect(stdout.toString() === textOf(1_048_576), 'the bytes are the same').toBe(true)
    expect(outcome).toEqual({ type: 'exited', exitCode: 3 })
  })

  const node = NODE_TEXT(LARGE)
  const python = `import os, sys, time\nprint("x" * ${LARGE - 5} + "end.")\n`

  test.each([
    ['variables', { env: { OWN: '1' } }, 'undefined'],
    ['arguments', { args: ['one'] }, 'undefined'],
    ['options of Node', { env: { NODE_OPTIONS: '--stack-trace-limit=7' } }, '--stack-trace-limit=7'],
  ])('of Node that is started anew because its job has %s', async (_name, program, options) => {
    const source = `${node}process.stdout.write(text); process.stderr.write(String(process.env.NODE_OPTIONS)); process.exit(3)`
    await expectAll('javascript', { source, stderr: options, ends: { exitCode: 3 } }, LARGE, { program })
  })

  test.each([
    ['wall', { wallMs: 1_500 }, 'time.sleep(60)', { type: 'timed-out', limit: 'wall', limitMs: 1_500 }],
    ['cpu', { cpuMs: 500 }, 'while True: pass', { type: 'timed-out', limit: 'cpu', limitMs: 500 }],
    ['memory', {}, 'bytearray(1 << 30)', { type: 'out-of-memory', limitBytes: 256 * 1024 * 1024 }],
  ] as const)('that then reaches its limit of %s', async (_name, limits, then, expected) => {
    const { stdout, outcome } = await print('python', `${python}${then}`, {
      limits: { outputBytes: PLENTY_BYTES, ...limits },
    })
    expect(stdout.toString() === textOf(LARGE), 'the bytes are the same').toBe(true)
    expect(outcome).toEqual(expected)
  })

  test('that prints it when it is canceled', async () => {
    const source = `import signal\n${python.replace('print(', 'text = (')}def leave(*_): print(text); os._exit(0)
signal.signal(signal.SIGTERM, leave)\nprint("ready", file=sys.stderr)\nsignal.pause()`
    const cancel = new AbortController()
    const { stdout, outcome } = await print('python', source, {
      signal: cancel.signal,
      onOutput: () => cancel.abort(),
    })
    expect(stdout.toString() === textOf(LARGE), 'the bytes are the same').toBe(true)
    expect(outcome).toEqual({ type: 'canceled' })
  })

  test.each([
    ['javascript', `${node}process.stdout.write(text); process.exit(3)`],
    ['python', `${python}os._exit(3)`],
  ])('up to the limit of output, in %s', async (language, source) => {
    const exact = await print(language, source, { limits: { outputBytes: LARGE } })
    expect([exact.stdout.length, exact.outcome]).toEqual([LARGE, { type: 'exited', exitCode: 3 }])
    const over = await print(language, source, { limits: { outputBytes: LARGE - 1 } })
    expect([over.stdout.length, over.outcome]).toEqual([LARGE - 1, { type: 'output-limit', limitBytes: LARGE - 1 }])
  })
})
