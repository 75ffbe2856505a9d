import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestSandboxes, type TestSandboxes } from './docker-fixture.ts'
import { runOnTerminal, type TerminalOptions } from './on-terminal.ts'

const ESC = '\u001b'

/** terminal-contract.ts has what holds for every kind of sandbox; this is what the images add. */
describe('A terminal in a container', { timeout: 60_000 }, () => {
  let sandboxes: TestSandboxes
  beforeAll(() => {
    sandboxes = createTestSandboxes()
  })
  afterAll(() => sandboxes[Symbol.asyncDispose]())
  const run = (options: TerminalOptions) => runOnTerminal(sandboxes, { tenantId: 'person', ...options })

  it('belongs to the job’s user and the group tty, and others may not read it', async () => {
    const { text } = await run({ language: 'bash', source: 'stat -c "%u %G %a" "$(tty)"; id -u; ls /dev/pts' })
    const [state = '', uid = '', ...files] = text.trimEnd().split('\r\n')
    expect(state).toBe(`${uid} tty 620`)
    expect(files.join(' ').split(/\s+/)).toEqual(['0', 'ptmx'])
  })

  it('is described in the image, and tools write colours on it', async () => {
    const source = `tput colors; tput cols; mkdir -p in/folder; ls --color=auto in; ls --color=auto in | cat; [ -t 1 ] && echo on`
    const { text } = await run({ language: 'bash', source, size: { cols: 111, rows: 22 } })
    expect(text).toBe(`256\r\n111\r\n${ESC}[0m${ESC}[01;34mfolder${ESC}[0m\r\nfolder\r\non\r\n`)
  })

  it('has room for a program of a whole screen', async () => {
    const { text, outcome } = await run({
      language: 'bash',
      source: 'seq 1000 | less',
      steps: [
        ['23\r\n', 'G'],
        ['1000\r\n', 'q'],
      ],
    })
    expect(text).toContain(`${ESC}[?1049h`)
    expect(text.endsWith(`${ESC}[?1049l${ESC}[23;0;0t`)).toBe(true)
    expect(outcome).toEqual({ type: 'exited', exitCode: 0 })
  })

  it('has line editing in the interpreter of Python', async () => {
    const { text, outcome } = await run({
      language: 'bash',
      source: 'PYTHON_BASIC_REPL=1 exec python3 -q',
      steps: [
        ['>>> ', '6 * 8\x7f7\r'],
        ['\r\n42\r\n', `${ESC}[A\r`],
        ['\r\n42\r\n', '\x04'],
      ],
    })
    expect(text.split('\r\n').filter((line) => line.endsWith('42'))).toHaveLength(2)
    expect(outcome).toEqual({ type: 'exited', exitCode: 0 })
  })

  it('has line editing and colours in the interpreter of Node', async () => {
    const { text, outcome } = await run({
      language: 'javascript',
      source: 'require("node:repl").start().on("exit", () => process.exit(4))',
      steps: [
        ['> ', '6 * 8\x7f7\r'],
        [`${ESC}[33m42${ESC}[39m\r\n`, '\x04'],
      ],
    })
    expect(text).toContain(`${ESC}[33m42${ESC}[39m`)
    expect(outcome).toEqual({ type: 'exited', exitCode: 4 })
  })

  it('tells Node its size when it changes', async () => {
    const size = 'process.stdout.columns, process.stdout.rows'
    const source = `const show = () => process.stdout.write([${size}].join("x") + "\\n")
process.stdout.on("resize", () => { show(); process.exit() })
show()
setTimeout(() => {}, 30_000)`
    const steps = [['80x24\r\n', { cols: 120, rows: 40 }]] as const
    expect((await run({ language: 'typescript', source, steps })).text).toBe('80x24\r\n120x40\r\n')
  })

  it('keeps what Node printed before it exits, and before an exception', async () => {
    const bytes = 700_000
    const print = `process.stdout.write('x'.repeat(${bytes}) + '\\n')`
    const exit = await run({ language: 'javascript', source: `${print}; process.exit(3)` })
    expect([exit.text.length, exit.outcome]).toEqual([bytes + 2, { type: 'exited', exitCode: 3 }])
    const thrown = await run({ language: 'javascript', source: `${print}; throw new Error('boom')` })
    expect(thrown.text.slice(bytes)).toMatch(/^\r\n.*Error: boom/s)
  })

  it('keeps to the memory limit of its job', async () => {
    const memoryBytes = 64 * 1024 * 1024
    const { outcome } = await run({
      source: 'x = []\nwhile True: x.append(bytearray(1 << 20))',
      limits: { memoryBytes },
    })
    expect(outcome).toEqual({ type: 'out-of-memory', limitBytes: memoryBytes })
  })

  it('is there for a job of its own container, warm or not', async () => {
    for (const language of ['python', 'bash', 'javascript'] as const) {
      const source = { python: 'print(1)', bash: 'echo 1', javascript: 'process.stdout.write("1\\n")' }[language]
      const { text } = await runOnTerminal(sandboxes, { language, source })
      expect([language, text]).toEqual([language, '1\r\n'])
    }
  })
})
