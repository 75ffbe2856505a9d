import type { Control } from '@runnel/contract/internal'
import { defaultLimits, type Program } from '@runnel/contract/public'
import { RUN_LABEL } from '@runnel/testing'
import Docker from 'dockerode'
import { describe, expect, inject, it } from 'vitest'
import { runProgram } from '../src/agent/exec.ts'
import { encodeFrame, encodeJsonFrame } from '../src/agent/frames.ts'
import { encodeCredit, REQUEST } from '../src/agent/protocol.ts'
import { type Container, startContainer } from '../src/docker/container.ts'
import { createEngine } from '../src/docker/engine.ts'

const LIMITS = defaultLimits()
const SIGKILL = 9
const WARM = ['python3', '-u', 'main.py']

/** What a worker may send to a program when it has not heard yet that the program has ended. */
const toLateFrames = (stream: number): Readonly<Record<string, Buffer>> => ({
  credit: encodeCredit(stream, 65_536),
  input: encodeFrame(REQUEST.stdin, stream, Buffer.from('late\n')),
  'the end of input': encodeFrame(REQUEST.stdin, stream),
  'a signal': encodeJsonFrame(REQUEST.signal, stream, { signal: SIGKILL }),
})

interface Way {
  readonly program?: Partial<Program>
  readonly controls?: AsyncIterable<Control>
  readonly onOutput?: () => void
}

const runIn = async ({ connection }: Container, content: string, way: Way = {}): Promise<string> => {
  const program: Program = {
    language: 'python',
    files: [{ path: 'main.py', content, encoding: 'utf8' }],
    entry: 'main.py',
    args: [],
    env: {},
    stdin: '',
    interactive: false,
    ...way.program,
  }
  const { controls = noControls() } = way
  const request = { program, limits: LIMITS, signal: new AbortController().signal, controls }
  let printed = ''
  for await (const event of runProgram(connection, request, {
    argv: WARM,
    coldEnv: {},
    killGraceMs: 300,
  })) {
    if (event.type === 'output') {
      printed += event.bytes.toString()
      way.onOutput?.()
    } else expect(event.outcome).toEqual({ type: 'exited', exitCode: 0 })
  }
  return printed
}

async function* noControls(): AsyncGenerator<never> {}

/** `use` gets a container that has run its first program, and the number that this program had. */
const afterFirst = async (use: (container: Container, firstStream: number) => Promise<void>): Promise<void> => {
  const { memoryBytes, processes, diskBytes } = LIMITS
  const engine = createEngine(new Docker())
  const container = await startContainer(engine, {
    image: 'runnel/python',
    confinement: 'cell',
    use: 'programs',
    appArmor: undefined,
    memoryBytes,
    processes,
    diskBytes,
    cpus: 1,
    runtime: undefined,
    labels: { [RUN_LABEL]: inject('testRun') },
    warm: { by: 'fork', argv: WARM, env: {} },
  })
  try {
    const ready = container.connection.nextReady()
    expect(await runIn(container, 'print("first")')).toBe('first\n')
    await ready
    await use(container, container.connection.newStream() - 1)
  } finally {
    container.connection.close(new Error('The test is over'))
    await engine.remove(container.id)
  }
}

describe('A frame for a program that has ended does not reach the next program of its cell', () => {
  it.each(Object.keys(toLateFrames(0)))('%s', async (kind) => {
    await afterFirst(async (container, firstStream) => {
      container.connection.send([toLateFrames(firstStream)[kind] ?? Buffer.alloc(0)])
      const program = { stdin: 'its own\n' }
      expect(await runIn(container, 'import sys\nprint(sys.stdin.read(), end="")', { program })).toBe('its own\n')
    })
  })

  it('a size of the terminal', async () => {
    await afterFirst(async (container, firstStream) => {
      const isReady = Promise.withResolvers<void>()
      async function* typeWhenReady(): AsyncGenerator<Control> {
        await isReady.promise
        container.connection.send([encodeJsonFrame(REQUEST.resize, firstStream, { cols: 80, rows: 24 })])
        yield { type: 'stdin', data: 'go\n', encoding: 'utf8' }
      }
      // One write, because `print` makes two and the echo of what is typed could come between them.
      const source = 'import os\nos.write(1, b"ready\\n")\ninput()\nprint(*os.get_terminal_size())'
      const printed = await runIn(container, source, {
        program: { interactive: true, terminal: { cols: 100, rows: 30 } },
        controls: typeWhenReady(),
        onOutput: isReady.resolve,
      })
      expect(printed).toBe('ready\r\ngo\r\n100 30\r\n')
    })
  })
})
