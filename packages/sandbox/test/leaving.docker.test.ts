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

/** In a cell: what makes namespaces, without which there is no next program, and process 1 of the namespaces that are there. */
const findProcesses = async (docker: Docker, id: string) => {
  const { Processes } = await docker.getContainer(id).top({ ps_args: '-eo pid,ppid,uid' })
  const rows: readonly (readonly number[])[] = Processes.map((row: string[]) => row.map(Number))
  const [agent, , agentUid = 0] = rows.find(([, parent = 0]) => rows.every(([pid]) => pid !== parent)) ?? []
  const find = (user: number) => rows.find(([, parent, uid]) => parent === agent && uid === user)?.[0]
  const [startServer, init] = [find(agentUid), find(agentUid + 1)]
  if (startServer === undefined || init === undefined) throw new Error(`Not there: ${JSON.stringify(rows)}`)
  return { startServer, init }
}

test('An agent that has to leave after a program sends everything before', async () => {
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
      confinement: 'cell',
      use: 'programs',
      appArmor: undefined,
      memoryBytes,
      processes,
      diskBytes,
      cpus: 1,
      runtime: undefined,
      labels,
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
    const before = await findProcesses(docker, id)
    connection.nextReady().catch(() => {}) // it comes after the program, and nothing needs it here
    for (const socket of sockets) socket.pause()
    connection.send([
      ...encodeFiles(1, [{ path: 'main.py', content: PRINT, encoding: 'utf8' }]),
      encodeJsonFrame(REQUEST.exec, 1, {
        argv: WARM,
        env: {},
        coldEnv: {},
        wallMs: 20_000,
        cpuMs: 20_000,
        outputBytes: PRINTED_BYTES,
        killGraceMs: 300,
        credit: CREDIT_BYTES,
        diskBytes,
        terminal: null,
      }),
    ])
    // The program has ended: the place of the next one is there.
    await eventually(async () => (await findProcesses(docker, id)).init !== before.init, { withinMs: 10_000 })
    process.kill(before.startServer, 'SIGKILL')
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
    expect((await connection.closed).message).toMatch(/^The connection to the container ended/)
  } finally {
    container.connection.close(new Error('The test is over'))
    await engine.remove(container.id)
  }
})
