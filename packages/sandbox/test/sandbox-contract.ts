import { setTimeout as delay } from 'node:timers/promises'
import type { Control } from '@runnel/contract/internal'
import type { LanguageId } from '@runnel/languages'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sandbox, Sandboxes } from '../src/index.ts'
import { SandboxFailure } from '../src/index.ts'
import { type RunOptions, run as runIn } from './run.ts'

const EXITED = { type: 'exited', exitCode: 0 }

/** A program that prints `hello`, in each language. */
const HELLO: Readonly<Record<LanguageId, string>> = {
  python: 'print("hello")',
  javascript: 'console.log("hello")',
  typescript: 'const word: string = "hello"\nconsole.log(word)',
  bash: 'echo hello',
}

/** What each kind of sandbox guarantees: Docker's, and the local one. */
export const describeSandboxContract = (kind: string, create: () => Sandboxes): void => {
  // With Docker most of the time is spent waiting for containers. Without it, a busy machine may take seconds to start Python.
  describe(`A sandbox of the kind ${kind}`, { concurrent: kind === 'docker', timeout: 60_000 }, () => {
    let sandboxes: Sandboxes
    beforeAll(async () => {
      sandboxes = create()
      await sandboxes.check()
    })
    afterAll(() => sandboxes[Symbol.asyncDispose]())
    const run = (options: RunOptions) => runIn(sandboxes, options)

    it.each(Object.entries(HELLO))('runs %s', async (language, source) => {
      const { stdout, stderr, outcome } = await run({ language, source })
      expect({ stdout: stdout.toString(), stderr: stderr.toString(), outcome }).toEqual({
        stdout: 'hello\n',
        stderr: '',
        outcome: EXITED,
      })
    })

    it('keeps stdout and stderr apart, and every byte unchanged', async () => {
      const source = `import sys
sys.stdout.buffer.write(bytes(range(256)) * 300)
sys.stderr.buffer.write(bytes(range(255, -1, -1)))`
      const { stdout, stderr } = await run({ source })
      expect(
        stdout.equals(
          Buffer.concat(Array.from({ length: 300 }, () => Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)))),
        ),
      ).toBe(true)
      expect(stderr.equals(Buffer.from(Array.from({ length: 256 }, (_, byte) => 255 - byte)))).toBe(true)
    })

    it('writes nested files and runs the entry among them', async () => {
      const { stdout } = await run({
        source: {
          'app/main.py': 'import shapes.square\nprint(open("data/ä b.txt").read(), shapes.square.of(7))',
          'app/shapes/square.py': 'def of(x): return x * x',
          'data/ä b.txt': 'read',
        },
        program: { entry: 'app/main.py' },
      })
      expect(stdout.toString()).toBe('read 49\n')
    })

    it('passes args and env byte for byte', async () => {
      const args = ['', 'two words', '$HOME `id` "\'', 'ünï\n😀', '--', '-c']
      const { stdout } = await run({
        source: 'import sys, os, json\nprint(json.dumps([sys.argv[1:], os.environ["A_1"]]))',
        program: { args, env: { A_1: 'x=1;\n$(id)' } },
      })
      expect(JSON.parse(stdout.toString())).toEqual([args, 'x=1;\n$(id)'])
    })

    it('gives the program its stdin, then the end of input', async () => {
      const { stdout } = await run({
        source: 'import sys\nprint(sys.stdin.read().upper())',
        program: { stdin: 'all of it' },
      })
      expect(stdout.toString()).toBe('ALL OF IT\n')
    })

    it('carries a megabyte of stdin through and back', async () => {
      const stdin = 'line of text\n'.repeat(80_000)
      const { stdout } = await run({
        source: 'import sys, shutil\nshutil.copyfileobj(sys.stdin, sys.stdout)',
        program: { stdin },
        limits: { outputBytes: 2_000_000 },
      })
      expect(stdout.toString() === stdin).toBe(true)
    })

    it('ends a program that never reads its large stdin', async () => {
      const { outcome } = await run({ source: 'print("done")', program: { stdin: 'x'.repeat(900_000) } })
      expect(outcome).toEqual(EXITED)
    })

    it('takes input while the program runs, and the end of input', async () => {
      const answered = Promise.withResolvers<void>()
      async function* controls(): AsyncGenerator<Control> {
        yield { type: 'stdin', encoding: 'utf8', data: 'ann\n' }
        await answered.promise
        yield { type: 'stdin', encoding: 'base64', data: Buffer.from('bob\n').toString('base64') }
        yield { type: 'stdin-end' }
      }
      const { stdout } = await run({
        source: 'import sys\nfor line in sys.stdin: print("hello", line.strip(), flush=True)\nprint("end")',
        program: { interactive: true },
        controls: controls(),
        onOutput: () => answered.resolve(),
      })
      expect(stdout.toString()).toBe('hello ann\nhello bob\nend\n')
    })

    it('passes signals on to the program', async () => {
      const ready = Promise.withResolvers<void>()
      async function* controls(): AsyncGenerator<Control> {
        await ready.promise
        yield { type: 'signal', signal: 'SIGUSR1' }
      }
      const { stdout, outcome } = await run({
        source:
          'import os, signal, sys\nsignal.signal(signal.SIGUSR1, lambda *_: (os.write(1, b"heard\\n"), sys.exit(5)))\nos.write(1, b"ready\\n")\nsignal.pause()',
        controls: controls(),
        onOutput: () => ready.resolve(),
      })
      expect(stdout.toString()).toBe('ready\nheard\n')
      expect(outcome).toEqual({ type: 'exited', exitCode: 5 })
    })

    it('passes a signal on before input that the program does not read', async () => {
      const ready = Promise.withResolvers<void>()
      async function* controls(): AsyncGenerator<Control> {
        await ready.promise
        for (let piece = 0; piece < 4; piece += 1) {
          yield { type: 'stdin', encoding: 'utf8', data: 'x'.repeat(512 * 1024) }
        }
        yield { type: 'signal', signal: 'SIGUSR1' }
      }
      const { outcome } = await run({
        source:
          'import os, signal, sys\nsignal.signal(signal.SIGUSR1, lambda *_: sys.exit(5))\nos.write(1, b"ready\\n")\nsignal.pause()',
        program: { interactive: true },
        controls: controls(),
        onOutput: () => ready.resolve(),
      })
      expect(outcome).toEqual({ type: 'exited', exitCode: 5 })
    })

    it.each([0, 1, 42, 126, 127, 137, 143, 255])('reports exit code %i as the program chose it', async (exitCode) => {
      const { outcome } = await run({ language: 'bash', source: `exit ${exitCode}` })
      expect(outcome).toEqual({ type: 'exited', exitCode })
    })

    it.each(['SIGSEGV', 'SIGABRT', 'SIGKILL', 'SIGTERM', 'SIGPIPE'])('reports death by %s', async (signal) => {
      const { outcome } = await run({
        source: `import os, signal\nsignal.signal(signal.${signal}, signal.SIG_DFL) if signal.${signal} != signal.SIGKILL else None\nos.kill(os.getpid(), signal.${signal})`,
      })
      expect(outcome).toEqual({ type: 'signaled', signal })
    })

    it('sends SIGTERM to a program at its wall limit, and keeps what it printed', async () => {
      const source = `import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"tidied up\\n"), sys.exit(3)))
os.write(1, b"working\\n")
time.sleep(60)`
      const { stdout, outcome } = await run({ source, limits: { wallMs: 1_500 } })
      expect(stdout.toString()).toBe('working\ntidied up\n')
      expect(outcome).toEqual({ type: 'timed-out', limit: 'wall', limitMs: 1_500 })
    })

    it('kills a program that does not stop, with its children', async () => {
      const source = `import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(1, b"x\\n")
while True: time.sleep(1)`
      const { stdout, outcome, usage } = await run({ source, limits: { wallMs: 1_500 } })
      expect(stdout.toString()).toBe('x\nx\n')
      expect(outcome).toEqual({ type: 'timed-out', limit: 'wall', limitMs: 1_500 })
      expect(usage.wallMs).toBeLessThan(5_000)
    })

    it('wakes a stopped program to end it', async () => {
      const { outcome } = await run({
        source: 'import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)',
        limits: { wallMs: 1_500 },
      })
      expect(outcome).toEqual({ type: 'timed-out', limit: 'wall', limitMs: 1_500 })
    })

    it('ends a program at its processor time limit, but not one that sleeps', async () => {
      const busy = await run({ source: 'while True: pass', limits: { cpuMs: 300 } })
      expect(busy.outcome).toEqual({ type: 'timed-out', limit: 'cpu', limitMs: 300 })
      const idle = await run({ source: 'import time; time.sleep(0.6)', limits: { cpuMs: 300 } })
      expect(idle.outcome).toEqual(EXITED)
    })

    it('lets a program print exactly its limit, and ends it at one byte more', async () => {
      const write = (bytes: number) =>
        `import sys\nsys.stdout.write("x" * ${bytes})\nsys.stdout.flush()\nsys.stderr.write("y" * 10)`
      const within = await run({ source: write(99_990), limits: { outputBytes: 100_000 } })
      expect(within.outcome).toEqual(EXITED)
      expect(within.stdout.length + within.stderr.length).toBe(100_000)
      const beyond = await run({ source: write(99_991), limits: { outputBytes: 100_000 } })
      expect(beyond.outcome).toEqual({ type: 'output-limit', limitBytes: 100_000 })
      expect(beyond.stdout.length + beyond.stderr.length).toBe(100_000)
    })

    it('ends an endless printer at its limit', async () => {
      const { stdout, outcome } = await run({ language: 'bash', source: 'yes' })
      expect(outcome).toEqual({ type: 'output-limit', limitBytes: 1024 * 1024 })
      expect(stdout.length).toBe(1024 * 1024)
    })

    it('holds back a flood of output while nobody reads, and loses nothing', async () => {
      let pieces = 0
      const { stdout, outcome } = await run({
        source: 'import sys\nfor i in range(300_000): print(i)',
        limits: { outputBytes: 4_000_000 },
        onOutput: async () => {
          pieces += 1
          if (pieces === 2) await delay(700)
        },
      })
      expect(outcome).toEqual(EXITED)
      const lines = stdout.toString().trimEnd().split('\n')
      expect(lines.length).toBe(300_000)
      expect(lines.every((line, index) => line === String(index))).toBe(true)
    })

    it('cancels when asked to', async () => {
      const stop = new AbortController()
      const { stdout, outcome } = await run({
        source: 'import os, time\nos.write(1, b"running\\n")\ntime.sleep(60)',
        signal: stop.signal,
        onOutput: () => stop.abort('canceled'),
      })
      expect(stdout.toString()).toBe('running\n')
      expect(outcome).toEqual({ type: 'canceled' })
    })

    it('is over when the main process has ended, although its children run', async () => {
      const source = `import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(0.01)
            print("still here", flush=True)
    os._exit(0)
print("main is done", flush=True)`
      const { stdout, outcome, usage } = await run({ source })
      expect(outcome).toEqual(EXITED)
      expect(stdout.toString()).toMatch(/^(?:still here\n)*main is done\n(?:still here\n)*(?:still here)?$/)
      expect(usage.wallMs).toBeLessThan(5_000)
    })

    it('does not end a program that closes its output', async () => {
      const { outcome } = await run({
        source: 'import os, sys, time\nos.close(1); os.close(2); time.sleep(0.3); os._exit(3)',
      })
      expect(outcome).toEqual({ type: 'exited', exitCode: 3 })
    })

    it('feeds a program that has closed its output', async () => {
      const source =
        'import os, sys, time\nos.close(1); os.close(2); time.sleep(0.3)\nos._exit(len(sys.stdin.read()) % 251)'
      const { outcome } = await run({ source, program: { stdin: 'x'.repeat(900_000) } })
      expect(outcome).toEqual({ type: 'exited', exitCode: 900_000 % 251 })
    })

    it('accepts a program that removes all permissions from its folders', async () => {
      const { outcome } = await run({
        source: 'import os\nos.makedirs("d/e"); open("d/e/f", "w").close(); os.chmod("d", 0)',
      })
      expect(outcome).toEqual(EXITED)
    })

    it('delivers output that was printed at the last moment', async () => {
      const { stdout, outcome } = await run({ source: 'import os\nos.write(1, b"x" * 65536)\nos.kill(os.getpid(), 9)' })
      expect(stdout.length).toBe(65_536)
      expect(outcome).toEqual({ type: 'signaled', signal: 'SIGKILL' })
    })

    it('delivers the first output at once, and gathers the following output for two milliseconds', async () => {
      const pieces: number[] = []
      const { stdout, usage } = await run({
        source: 'import os\nfor _ in range(3_000): os.write(1, b"x")',
        onOutput: ({ length }) => void pieces.push(length),
      })
      expect(stdout.length).toBe(3_000)
      const [first, last] = [1, 1]
      expect(pieces.length).toBeLessThanOrEqual(first + usage.wallMs / 2 + last)
    })

    it.each([
      [1, 2],
      [2, 1],
    ])('delivers one piece of output on one stream while stream %i never pauses', async (busy, other) => {
      let printed = ''
      const source = `import os, time
if os.fork() == 0:
    time.sleep(0.2)
    os.write(${other}, b"!")
    os._exit(0)
end = time.monotonic() + 1
while time.monotonic() < end:
    os.write(${busy}, b".")
    time.sleep(0.0002)
os.wait()`
      const { outcome } = await run({
        source,
        onOutput: (bytes) => {
          printed += bytes.toString()
        },
      })
      expect(outcome).toEqual(EXITED)
      expect(printed).toMatch(/^\.+!\.+$/)
      const [before = '', after = ''] = printed.split('!')
      expect(after.length, 'it came while the other stream was busy').toBeGreaterThan(before.length)
    })

    it('measures time and processor time', async () => {
      const { usage } = await run({
        source: 'import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass\ntime.sleep(0.2)',
      })
      expect(usage.wallMs).toBeGreaterThan(390)
      expect(usage.cpuMs).toBeGreaterThan(150)
      expect(usage.cpuMs).toBeLessThan(usage.wallMs)
    })

    it('reports a sandbox that ends under its program as our failure, not as the program’s', async () => {
      let sandbox: Sandbox | undefined
      const running = run({
        source: 'import time\nprint("running", flush=True)\ntime.sleep(60)',
        onSandbox: (leased) => {
          sandbox = leased
        },
        onOutput: async () => sandbox?.[Symbol.asyncDispose](),
      })
      const failure = await running.then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(failure).toBeInstanceOf(SandboxFailure)
      expect(failure).toMatchObject({ programStarted: true, message: 'The sandbox ended before its program' })
    })

    it('runs several programs side by side', async () => {
      const results = await Promise.all(
        Array.from({ length: 6 }, (_, index) => run({ source: `import time\ntime.sleep(0.1)\nprint(${index})` })),
      )
      expect(results.map(({ stdout }) => stdout.toString())).toEqual(['0\n', '1\n', '2\n', '3\n', '4\n', '5\n'])
    })
  })
}
