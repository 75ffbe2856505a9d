import type { Duplex } from 'node:stream'
import type { Limits } from '@runnel/contract/public'
import { type AgentConnection, createAgentConnection } from '../agent/connection.ts'
import { ProtocolError } from '../agent/frames.ts'
import { encodeInit, type Init } from '../agent/protocol.ts'
import { withDeadline } from './deadline.ts'
import { createDockerStreamDecoder } from './docker-stream.ts'
import type { Engine } from './engine.ts'
import { AGENT_COMMAND, BASE_ENV, type ContainerSpec, toCreateOptions, toPidsLimit, WORKSPACE } from './policy.ts'
import { claimUidBlock } from './uid-block.ts'

/** From a started container to its agent's first word. */
const READY_MS = 15_000
/** What an agent says on standard error is kept this far, for the log … */
const COMPLAINT_BYTES = 4096
/** … and one that goes on for longer is none: an honest one says something once, when it dies. */
const TOO_MANY_COMPLAINTS_BYTES = 64 * 1024

export interface ContainerOrder extends Omit<ContainerSpec, 'uid' | 'command' | 'hasForkServer'> {
  /** How many jobs it may serve, one after another, if they are one tenant's; fewer where the engine has few users. */
  readonly jobsPerContainer: number
  /** The interpreter to have waiting; undefined for none. */
  readonly warm: WarmOrder | undefined
}

/** The very command a job will have; `fork`: it is process 1 that starts with it. */
interface WarmOrder {
  readonly by: 'fork' | 'barrier'
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A running container whose agent has reported. */
export interface Container {
  readonly id: string
  readonly order: ContainerOrder
  readonly connection: AgentConnection
  readonly bornMs: number
  /** Its interpreter waits for its program. */
  isWarm: boolean
  /** What the engine enforces now: the order's at first, changed for a job that has others. */
  memoryBytes: number
  processes: number
}

const connect = ({ socket, head }: { socket: Duplex; head: Buffer }): AgentConnection => {
  let complaint = ''
  let complained = 0
  const connection = createAgentConnection({
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    close: () => void socket.destroy(),
  })
  const decode = createDockerStreamDecoder(connection.received, (bytes) => {
    complained += bytes.length
    if (complained > TOO_MANY_COMPLAINTS_BYTES)
      return connection.close(new ProtocolError('The agent floods its standard error'))
    complaint = (complaint + bytes.toString('utf8')).slice(-COMPLAINT_BYTES)
  })
  const take = (chunk: Buffer) => {
    try {
      decode(chunk)
    } catch (cause) {
      connection.close(new Error('The stream from Docker is damaged', { cause }))
    }
  }
  const ended = (cause?: Error) => {
    const words = complaint.trim() === '' ? '' : `; its last words: ${complaint.trim()}`
    connection.close(new Error(`The connection to the container ended${words}`, { cause }))
  }
  // The socket is always read: an unread one wedges the container inside the engine. Credits hold floods back.
  socket.on('data', take)
  socket.on('error', ended)
  socket.on('close', () => ended())
  socket.on('end', () => ended())
  if (head.length > 0) take(head)
  return connection
}

const toInit = ({ warm, cpus }: ContainerOrder, uid: number, jobsPerContainer: number): Init => ({
  uid,
  jobsPerContainer,
  workspace: WORKSPACE,
  env: BASE_ENV,
  cpus,
  warm: warm === undefined ? null : { argv: warm.argv, env: warm.env },
})

/** Creates, attaches, starts, and waits for the agent. Whatever fails, no container is left behind. */
export const startContainer = async (engine: Engine, order: ContainerOrder): Promise<Container> => {
  const hasForkServer = order.warm?.by === 'fork'
  const command = order.warm?.by === 'fork' ? order.warm.argv : AGENT_COMMAND
  const { id, uids } = await claimUidBlock(await engine.uidRange(), ({ first: uid }, name) =>
    engine.create({ ...toCreateOptions({ ...order, uid, command, hasForkServer }), name }),
  )
  let connection: AgentConnection | undefined
  try {
    connection = connect(await engine.attach(id))
    const ready = connection.nextReady()
    connection.send([encodeInit(toInit(order, uids.first, Math.min(uids.count, order.jobsPerContainer)))])
    await engine.start(id)
    const { warm: isWarm } = await withDeadline(ready, READY_MS, 'agent ready')
    const { memoryBytes, processes } = order
    return { id, order, connection, bornMs: performance.now(), isWarm, memoryBytes, processes }
  } catch (error) {
    connection?.close(new Error('The container did not start'))
    await engine.remove(id).catch((cause) => {
      throw new AggregateError([error, cause], 'A container that did not start could not be removed either')
    })
    throw error
  }
}

/** Has the engine enforce other limits of memory and processes from now on, where they are others. */
export const adjustContainer = async (
  engine: Engine,
  container: Container,
  { memoryBytes, processes }: Pick<Limits, 'memoryBytes' | 'processes'>,
): Promise<void> => {
  if (container.memoryBytes === memoryBytes && container.processes === processes) return
  const hasForkServer = container.order.warm?.by === 'fork'
  await engine.update(container.id, { memoryBytes, pidsLimit: toPidsLimit({ processes, hasForkServer }) })
  container.memoryBytes = memoryBytes
  container.processes = processes
}
