import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sandboxes } from '../src/index.ts'
import { runOnTerminal, type TerminalOptions } from './on-terminal.ts'

const EXITED = { type: 'exited', exitCode: 0 }
const MIB = 1024 * 1024

const FACTS = `import os, sys
print([os.isatty(stream) for stream in range(3)], sys.stdin.isatty(), len({os.ttyname(stream) for stream in range(3)}))
print(os.stat(os.ttyname(0)).st_uid == os.getuid())
print(tuple(os.get_terminal_size()), os.environ["TERM"], "COLUMNS" in os.environ, "LINES" in os.environ)
print(os.getsid(0) == os.getpid(), os.tcgetpgrp(0) == os.getpid())
with open("/dev/tty", "w") as tty: print("by name", file=tty)
print("on stderr", file=sys.stderr)
print("last")`

/** Ways to end right after a program has printed, and what it prints then. */
const ENDS: readonly (readonly [name: string, end: string, after: string, outcome: object])[] = [
  ['an exit', 'os._exit(3)', '', { type: 'exited', exitCode: 3 }],
  ['an exception', 'raise SystemExit("boom")', 'boom\r\n', { type: 'exited', exitCode: 1 }],
  ['a signal', 'os.kill(os.getpid(), 9)', '', { type: 'signaled', signal: 'SIGKILL' }],
  ['its output limit', 'os.write(1, b"yy")', 'y', { type: 'output-limit' }],
]
/** Around what the buffers of terminals and pipes hold, and more. */
const SIZES = [4095, 4096, 4097, 65_535, 65_536, 65_537, 700_000, MIB - 1, MIB, MIB + 1]
const SOME_SIZES = [4097, 700_000]

/** What each kind of sandbox guarantees to a program that runs on a terminal. */
export const describeTerminalContract = (kind: string, create: () => Sandboxes): void => {
  describe(`A terminal in a sandbox of the kind ${kind}`, { concurrent: kind === 'docker', timeout: 60_000 }, () => {
    let sandboxes: Sandboxes
    beforeAll(async () => {
      sandboxes = create()
      await sandboxes.check()
    })
    afterAll(() => sandboxes[Symbol.asyncDispose]())
    /** Jobs of one tenant, so that few containers are enough for all tests. */
    const run = (options: TerminalOptions) => runOnTerminal(sandboxes, { tenantId: 'person', ...options })

    it('is the controlling terminal of the program, with a name, a size and a kind', async () => {
      const { text, stderr, outcome } = await run({ source: FACTS, size: { cols: 132, rows: 43 } })
      expect(text.split('\r\n')).toEqual([
        '[True, True, True] True 1',
        'True',
        '(132, 43) xterm-256color False False',
        'True True',
        'by name',
        'on stderr',
        'last',
        '',
      ])
      expect([stderr.length, outcome]).toEqual([0, EXITED])
    })

    it('has another kind if the job says so', async () => {
      const source = 'import os\nprint(os.environ["TERM"])'
      expect((await run({ source, program: { env: { TERM: 'dumb' } } })).text).toBe('dumb\r\n')
    })

    it('shows stdout and stderr in the exact order in which they were written', async () => {
      const source = 'import os\nfor n in range(2_000): os.write(1 + n % 2, b"%d\\n" % n)'
      const { text } = await run({ source })
      expect(text).toBe(Array.from({ length: 2_000 }, (_, n) => `${n}\r\n`).join(''))
    })

    it('echoes what is typed, lets it be edited, and interrupts at ^C', async () => {
      const source = `print("hello", input("name? "))
import time
try:
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")`
      const { text, outcome } = await run({
        source,
        steps: [
          ['name? ', 'anm\x7fn\x7f\x7fnn\r'],
          ['hello ann\r\n', '\x03'],
        ],
      })
      expect(text.replaceAll('\b \b', '<')).toBe('name? anm<n<<nn\r\nhello ann\r\n^Cinterrupted\r\n')
      expect(outcome).toEqual(EXITED)
    })

    it('erases a character of several bytes as one', async () => {
      const source = 'print(ascii(input("> ")))'
      const { text } = await run({ source, steps: [['> ', 'aé\x7fb\r']] })
      expect(text.split('\r\n').at(-2)).toBe("'ab'")
    })

    it('does not show a password', async () => {
      const source = 'import getpass\nprint(len(getpass.getpass()))'
      const { text } = await run({ source, steps: [['Password: ', 'secret\r']] })
      expect(text).toBe('Password: \r\n6\r\n')
    })

    it('ends the input at ^D, and at the end of an input that ends', async () => {
      const source = 'import sys\nprint("go")\nprint(repr(sys.stdin.read()))'
      const typed = await run({ source, steps: [['go\r\n', 'a\r\x04']] })
      expect(typed.text).toBe("go\r\na\r\n'a\\n'\r\n")
      const steps = [['go\r\n', 'a\r', { type: 'stdin-end' }]] as const
      expect((await run({ source, steps })).text).toBe("go\r\na\r\n'a\\n'\r\n")
    })

    it.each(['', 'a\n', 'a', 'a\nb'])('gives a program the stdin %j, then the end, at each read', async (stdin) => {
      // Without echo, because it may be typed before the program prints anything.
      const source = `import os
received = []
while len(received) < 2 or received[-2:] != [b"", b""]: received.append(os.read(0, 100))
print(b"".join(received).decode())`
      const { text, outcome } = await run({ source, program: { stdin } })
      expect(text).toBe(`${stdin}${stdin}\n`.replaceAll('\n', '\r\n'))
      expect(outcome).toEqual(EXITED)
    })

    it.each([
      ['bash', 'echo $((40 + 2))\n'],
      ['python3', 'print(40 + 2)\n'],
    ])('ends %s, which reads keys, when its input ends', async (shell, stdin) => {
      const source = `import os\nos.environ["PYTHON_BASIC_REPL"] = "1"\nos.execvp("${shell}", ["${shell}", "-i"])`
      const { text, outcome } = await run({ source, program: { stdin } })
      expect(text).toMatch(/^42\r$/m)
      expect(outcome).toEqual(EXITED)
    })

    it('tells a program its new size when it changes, and its children too', async () => {
      const source = `import os, signal, time
changed = []
signal.signal(signal.SIGWINCH, lambda *_: changed.append(1))
print(*os.get_terminal_size(), flush=True)
for _ in range(2):
    while not changed: time.sleep(0.01)
    changed.clear()
    print(*os.get_terminal_size(), flush=True)
os.system("stty size")`
      const { text, outcome } = await run({
        source,
        steps: [
          ['80 24\r\n', { cols: 1, rows: 500 }],
          ['1 500\r\n', { cols: 500, rows: 1 }],
        ],
      })
      expect(text.split('\r\n')).toEqual(['80 24', '1 500', '500 1', '1 500', ''])
      expect(outcome).toEqual(EXITED)
    })

    it('gives a shell job control', async () => {
      // It says when it has the terminal: a key that is pressed earlier would reach the shell.
      const job = `bash -c 'trap "echo ba""ck" CONT; echo o""n; while sleep 0.05; do :; done'`
      const { text, outcome } = await run({
        language: 'bash',
        source: 'PS1="$ " exec bash --norc --noediting -i',
        steps: [
          ['$ ', `${job}\r`],
          ['\non\r\n', '\x1a'],
          ['Stopped', 'jobs\r'],
          ['Stopped', 'fg\r'],
          ['\nback\r\n', '\x03'],
          ['$ ', 'exit 5\r'],
        ],
      })
      expect(text).toMatch(/\non\r\n\^Z\r\n\[1\]\+ {2}Stopped +bash -c/)
      expect(outcome).toEqual({ type: 'exited', exitCode: 5 })
    })

    it('stays open for a program that closes all its streams and opens them again', async () => {
      const source = `import os, time
name = os.ttyname(0)
os.closerange(0, 3)
time.sleep(0.3)
for _ in range(3): os.open("/dev/tty", os.O_RDWR)
os.write(1, b"again " + os.read(0, 10))`
      const { text, outcome } = await run({ source, program: { stdin: 'and on\n' } })
      expect(text.replace('and on\r\n', '')).toBe('again and on\r\n')
      expect(outcome).toEqual(EXITED)
    })

    describe.each(ENDS)('at %s', (_, end, after, expected) => {
      // Docker's containers are there before the job, so more fit into the same time.
      it.each(kind === 'docker' ? SIZES : SOME_SIZES)(
        'delivers all %i bytes that were printed before',
        async (bytes) => {
          const source = `import os
left = b"x" * ${bytes}
while left: left = left[os.write(1, left):]
${end}`
          const { text, outcome } = await run({ source, limits: { outputBytes: bytes + after.length } })
          expect([text.length, text === 'x'.repeat(bytes) + after]).toEqual([bytes + after.length, true])
          expect(outcome).toMatchObject(expected)
        },
      )
    })

    it('is over when the main process has ended, although a process in a session of its own has it open', async () => {
      const source = `import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(0.01)
            print("still here", flush=True)
print("main is done", flush=True)`
      const { text, outcome, usage } = await run({ source })
      expect(text).toContain('main is done')
      expect(outcome).toEqual(EXITED)
      expect(usage.wallMs).toBeLessThan(5_000)
    })

    it('holds back a flood of output while nobody reads, and loses nothing', async () => {
      let pieces = 0
      const { text, outcome } = await run({
        source: 'for i in range(100_000): print(i)',
        limits: { outputBytes: 4_000_000 },
        onPiece: async () => {
          pieces += 1
          if (pieces === 2) await delay(700)
        },
      })
      expect(outcome).toEqual(EXITED)
      expect(text === Array.from({ length: 100_000 }, (_, n) => `${n}\r\n`).join('')).toBe(true)
    })

    it('loses no input, however long a line is and however late it is read', async () => {
      const stdin = `${'x'.repeat(100_000)}\n${'short\n'.repeat(50_000)}${'y'.repeat(4_095)}\n${'z'.repeat(4_096)}\n`
      const source = `import hashlib, sys, time, termios
time.sleep(0.5)
print("\\n", hashlib.sha256(sys.stdin.buffer.read()).hexdigest())`
      const { text, outcome } = await run({ source, program: { stdin }, limits: { outputBytes: 4_000_000 } })
      expect(outcome).toEqual(EXITED)
      expect(text.trimEnd().split(' ').at(-1)).toBe(createHash('sha256').update(stdin).digest('hex'))
    })

    it('ends a program that never reads its large input', async () => {
      const { outcome } = await run({
        source: 'print("done")',
        program: { stdin: 'x\n'.repeat(400_000) },
        limits: { outputBytes: MIB * 4 },
      })
      expect(outcome).toEqual(EXITED)
    })

    it('keeps to the limits of time, wakes a stopped program for that, and can be canceled', async () => {
      const wall = await run({
        // It starts in a small part of that second, on a busy machine too.
        language: 'bash',
        source: 'echo x; kill -STOP $$',
        limits: { wallMs: 1_000 },
      })
      expect([wall.text, wall.outcome]).toEqual(['x\r\n', { type: 'timed-out', limit: 'wall', limitMs: 1_000 }])
      const cpu = await run({ source: 'while True: pass', limits: { cpuMs: 300 } })
      expect(cpu.outcome).toEqual({ type: 'timed-out', limit: 'cpu', limitMs: 300 })
      const stop = new AbortController()
      const canceled = await run({
        source: 'import os, time\nos.write(1, b"running\\n")\ntime.sleep(60)',
        signal: stop.signal,
        onPiece: () => stop.abort('canceled'),
      })
      expect([canceled.text, canceled.outcome]).toEqual(['running\r\n', { type: 'canceled' }])
    })

    it('passes a signal on to the program', async () => {
      const source = `import signal, time
got = []
signal.signal(signal.SIGHUP, lambda *_: got.append("hung up"))
print("ready")
while not got: time.sleep(0.01)
print(*got)`
      const { text, outcome } = await run({ source, steps: [['ready\r\n', { type: 'signal', signal: 'SIGHUP' }]] })
      expect([text, outcome]).toEqual(['ready\r\nhung up\r\n', EXITED])
    })

    it('cannot keep the agent busy by changing how lines are read', async () => {
      // TIOCSETD holds locks of the terminal until nobody reads.
      const source = `import fcntl, os, struct, termios, threading
def again(call, *args):
    while True:
        try: call(*args)
        except OSError: pass
for _ in range(2): threading.Thread(target=again, args=(os.read, 0, 1), daemon=True).start()
for _ in range(2): threading.Thread(target=again, args=(fcntl.ioctl, 0, termios.TIOCSETD, struct.pack("i", 0)), daemon=True).start()
print("go")
threading.Event().wait()`
      const { text, outcome, usage } = await run({
        source,
        limits: { wallMs: 1_500 },
        steps: [['go\r\n', 'x', { cols: 90, rows: 30 }]],
      })
      expect(text).toMatch(/^go\r\n/)
      expect(outcome).toMatchObject({ type: 'timed-out', limit: 'wall' })
      expect(usage.wallMs).toBeLessThan(4_000)
    })
  })
}
