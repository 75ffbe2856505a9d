import type { Duplex } from 'node:stream'
import { giveBack } from '@runnel/bytes'
import type { Limits } from '@runnel/contract/public'
import { type AgentConnection, createAgentConnection } from '../agent/connection.ts'
import { ProtocolError } from '../agent/frames.ts'
import { type Confinement, encodeInit, type Init } from '../agent/protocol.ts'
import { withDeadline } from './deadline.ts'
import { createDockerStreamDecoder } from './docker-stream.ts'
import type { Engine } from './engine.ts'
import { AGENT_COMMAND, BASE_ENV, type ContainerSpec, HOME, toCreateOptions, toPidsLimit, WORKSPACE } from './policy.ts'
import { claimUids, toUidRange } from './uids.ts'

/** From the start of a container to its agent's READY. */
const READY_MS = 15_000
/** The end of what an agent prints on standard error is kept for the log … */
const STDERR_TAIL_BYTES = 4096
/** … and an agent that prints more than this is not ours: an honest one prints once, when it crashes. */
const STDERR_LIMIT_BYTES = 64 * 1024

export interface ContainerRequest extends Omit<ContainerSpec, 'uid' | 'command' | 'hasForkServer'> {
  /** The interpreter to start before a job comes; undefined for none. */
  readonly warm: WarmRequest | undefined
}

/** The same command that a job has. With `fork`, process 1 is that command. */
interface WarmRequest {
  readonly by: 'fork' | 'barrier'
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A running container whose agent is ready. */
export interface Container {
  readonly id: string
  readonly request: ContainerRequest
  readonly connection: AgentConnection
  readonly bornMs: number
  /** Whether its interpreter runs already and waits for a program. */
  isWarm: boolean
  /** Jobs that it has served. */
  jobs: number
  /** What the engine enforces now: first what was requested, later what a job needs. */
  memoryBytes: number
  processes: number
}

const connect = ({ socket, head }: { socket: Duplex; head: Buffer }): AgentConnection => {
  let stderrTail = ''
  let stderrBytes = 0
  const connection = createAgentConnection({
    // A frame was made for this write alone.
    write: (bytes) => void socket.write(bytes, () => giveBack(bytes)),
    end: () => void socket.end(),
    close: () => void socket.destroy(),
  })
  const decode = createDockerStreamDecoder(connection.received, (bytes) => {
    stderrBytes += bytes.length
    if (stderrBytes > STDERR_LIMIT_BYTES)
      return connection.close(new ProtocolError('The agent prints too much on its standard error'))
    stderrTail = (stderrTail + bytes.toString('utf8')).slice(-STDERR_TAIL_BYTES)
  })
  const take = (chunk: Buffer) => {
    try {
      decode(chunk)
    } catch (cause) {
      connection.close(new Error('The stream from Docker is damaged', { cause }))
    }
    // What is kept of it was copied.
    giveBack(chunk)
  }
  const ended = (cause?: Error) => {
    const printed = stderrTail.trim() === '' ? '' : `; it printed: ${stderrTail.trim()}`
    connection.close(new Error(`The connection to the container ended${printed}`, { cause }))
  }
  // The socket is always read, because an unread one blocks the container inside the engine. Credits hold floods back.
  socket.on('data', take)
  socket.on('error', ended)
  socket.on('close', () => ended())
  socket.on('end', () => ended())
  if (head.length > 0) take(head)
  return connection
}

/** `uid` is the first of the container's users. */
const toConfinement = ({ confinement }: ContainerRequest, uid: number): Confinement =>
  confinement === 'cell'
    ? { kind: 'cell', agentUid: uid, setupUid: uid + 1, programUid: uid + 2, terminalGid: uid + 3 }
    : { kind: 'container', uid }

const toInit = (request: ContainerRequest, uid: number): Init => ({
  use: request.use,
  confinement: toConfinement(request, uid),
  diskBytes: request.diskBytes,
  processes: request.processes,
  workspace: request.use === 'sandbox' ? HOME : WORKSPACE,
  env: BASE_ENV,
  cpus: request.cpus,
  warm: request.warm === undefined ? null : { argv: request.warm.argv, env: request.warm.env },
})

/** Creates a container, attaches, starts it, and waits for its agent. If anything fails, no container is left behind. */
export const startContainer = async (engine: Engine, request: ContainerRequest): Promise<Container> => {
  const hasForkServer = request.warm?.by === 'fork'
  const command = request.warm?.by === 'fork' ? request.warm.argv : AGENT_COMMAND
  const { id, first } = await claimUids(toUidRange(await engine.securityOptions()), (uid, name) =>
    engine.create({ ...toCreateOptions({ ...request, uid, command, hasForkServer }), name }),
  )
  let connection: AgentConnection | undefined
  try {
    connection = connect(await engine.attach(id))
    const ready = connection.nextReady()
    connection.send([encodeInit(toInit(request, first))])
    await engine.start(id)
    const { warm: isWarm } = await withDeadline(ready, READY_MS, 'agent ready')
    const { memoryBytes, processes } = request
    return { id, request, connection, bornMs: performance.now(), isWarm, jobs: 0, memoryBytes, processes }
  } catch (error) {
    connection?.close(new Error('The container did not start'))
    await engine.remove(id).catch((cause) => {
      throw new AggregateError([error, cause], 'A container that did not start cannot be removed either')
    })
    throw error
  }
}

/** Changes the limits of memory and processes of a running container, if the job needs others. */
export const adjustContainer = async (
  engine: Engine,
  container: Container,
  { memoryBytes, processes }: Pick<Limits, 'memoryBytes' | 'processes'>,
): Promise<void> => {
  if (container.memoryBytes === memoryBytes && container.processes === processes) return
  const { confinement, use, warm } = container.request
  const pidsLimit = toPidsLimit({ confinement, use, processes, hasForkServer: warm?.by === 'fork' })
  await engine.update(container.id, { memoryBytes, pidsLimit })
  container.memoryBytes = memoryBytes
  container.processes = processes
}
