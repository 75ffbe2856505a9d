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
  'a size of the terminal': encodeJsonFrame(REQUEST.resize, stream, { cols: 80, rows: 24 }),
})

const runIn = async ({ connection }: Container, content: string, stdin: string): Promise<string> => {
  const program: Program = {
    language: 'python',
    files: [{ path: 'main.py', content, encoding: 'utf8' }],
    entry: 'main.py',
    args: [],
    env: {},
    stdin,
    interactive: false,
  }
  const request = { program, limits: LIMITS, signal: new AbortController().signal, controls: noControls() }
  let printed = ''
  for await (const event of runProgram(connection, request, {
    argv: WARM,
    coldEnv: {},
    killGraceMs: 300,
    isolation: 'tenant',
  })) {
    if (event.type === 'output') printed += event.bytes.toString()
    else expect(event.outcome).toEqual({ type: 'exited', exitCode: 0 })
  }
  return printed
}

async function* noControls(): AsyncGenerator<never> {}

describe('A frame for a program that has ended', () => {
  it.each(Object.keys(toLateFrames(0)))('does not reach the next program of its container: %s', async (kind) => {
    const { memoryBytes, processes, diskBytes } = LIMITS
    const engine = createEngine(new Docker())
    const container = await startContainer(engine, {
      image: 'runnel/python',
      memoryBytes,
      processes,
      diskBytes,
      cpus: 1,
      runtime: undefined,
      labels: { [RUN_LABEL]: inject('testRun') },
      jobsPerContainer: 2,
      warm: { by: 'fork', argv: WARM, env: {} },
    })
    try {
      const ready = container.connection.nextReady()
      expect(await runIn(container, 'print("first")', '')).toBe('first\n')
      await ready
      const firstStream = container.connection.newStream() - 1
      container.connection.send([toLateFrames(firstStream)[kind] ?? Buffer.alloc(0)])
      expect(await runIn(container, 'import sys\nprint(sys.stdin.read(), end="")', 'its own\n')).toBe('its own\n')
    } finally {
      container.connection.close(new Error('The test is over'))
      await engine.remove(container.id)
    }
  })
})
