import type { Duplex } from 'node:stream'
import { defaultLimits } from '@runnel/contract/public'
import { eventually, RUN_LABEL } from '@runnel/testing'
import Docker from 'dockerode'
import { expect, inject, test } from 'vitest'
import { encodeFiles } from '../src/agent/files.ts'
import { encodeJsonFrame } from '../src/agent/frames.ts'
import { type ExitReport, REQUEST } from '../src/agent/protocol.ts'
import { startContainer } from '../src/docker/container.ts'
import { createEngine } from '../src/docker/engine.ts'

const { memoryBytes, processes, diskBytes } = defaultLimits()
const WARM = ['python3', '-u', 'main.py']
/** Far more than the engine and the kernel keep between an agent and a worker that does not read. */
const PRINTED_BYTES = 8 * 1024 * 1024
/** One more, because the agent sees the end of the output only while it has credit. */
const CREDIT_BYTES = PRINTED_BYTES + 1
const PRINT = `import os
left = memoryview(b"x" * ${PRINTED_BYTES - 5} + b"end.\\n")
while left: left = left[os.write(1, left):]
`

/** What makes an agent leave after a program, although its container could be used again. */
const REASONS: Readonly<Record<string, { readonly source: string; readonly jobsPerContainer?: number }>> = {
  'was the last one': { source: PRINT, jobsPerContainer: 1 },
  'left a connection that the kernel winds up': {
    source: `${PRINT}import socket
with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as one, server.accept()[0]: pass`,
  },
}

test.each(Object.keys(REASONS))('An agent sends everything before it leaves, after a program that %s', async (name) => {
  const { source = '', jobsPerContainer = 2 } = REASONS[name] ?? {}
  const docker = new Docker()
  const engine = createEngine(docker)
  const sockets: Duplex[] = []
  const attach = async (id: string) => {
    const attached = await engine.attach(id)
    sockets.push(attached.socket)
    return attached
  }
  const labels = { [RUN_LABEL]: inject('testRun') }
  const container = await startContainer(
    { ...engine, attach },
    {
      image: 'runnel/python',
      confinement: 'container',
      memoryBytes,
      processes,
      diskBytes,
      cpus: 1,
      runtime: undefined,
      labels,
      jobsPerContainer,
      warm: { by: 'fork', argv: WARM, env: {} },
    },
  )
  try {
    const { connection, id } = container
    const printed: Buffer[] = []
    const ended = Promise.withResolvers<ExitReport>()
    connection.listen(1, CREDIT_BYTES, (event) => {
      if (event.type === 'output') printed.push(event.bytes)
      if (event.type === 'exited') ended.resolve(event.report)
      if (event.type === 'failed') ended.reject(event.error)
    })
    ended.promise.catch(() => {}) // a test that fails before has another reason
    for (const socket of sockets) socket.pause()
    connection.send([
      ...encodeFiles(1, [{ path: 'main.py', content: source, encoding: 'utf8' }]),
      encodeJsonFrame(REQUEST.exec, 1, {
        argv: WARM,
        env: {},
        coldEnv: {},
        wallMs: 20_000,
        cpuMs: 20_000,
        outputBytes: PRINTED_BYTES,
        killGraceMs: 300,
        credit: CREDIT_BYTES,
        isolation: 'tenant',
        terminal: null,
      }),
    ])
    // At most the agent is left alive. The engine says that a container runs until all its output has been read.
    const isLeaving = async () => {
      const { Processes } = await docker.getContainer(id).top({ ps_args: '-eo pid,stat' })
      return Processes.filter(([, state]: string[]) => !state?.startsWith('Z')).length <= 1
    }
    await eventually(isLeaving, { withinMs: 10_000 })
    for (const socket of sockets) socket.resume()
    expect(await ended.promise).toMatchObject({ code: 0, limit: null })
    const output = Buffer.concat(printed)
    expect([output.length, output.subarray(-5).toString()]).toEqual([PRINTED_BYTES, 'end.\n'])
    expect((await connection.closed).message).toBe('The connection to the container ended')
  } finally {
    container.connection.close(new Error('The test is over'))
    await engine.remove(container.id)
  }
})
