import { randomInt } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { type AgentChannel, createAgentChannel } from '../agent-channel.ts'
import type { Ready } from '../protocol.ts'
import { withDeadline } from './deadline.ts'
import { createDockerStreamDecoder } from './docker-stream.ts'
import { type Engine, isStatus } from './engine.ts'
import { BASE_ENV, type ContainerSpec, toCreateOptions, WORKSPACE } from './policy.ts'

/** From a started container to its agent's first word. */
const READY_MS = 15_000
/** What an agent says on standard error is kept this far, for the log. */
const COMPLAINT_BYTES = 4096

/** Below the 65,536 ids that a remapped or rootless engine has, above those that images use. */
const FIRST_UID = 20_000
const LAST_UID = 60_000
const UID_TRIES = 50

export interface ContainerOrder extends Omit<ContainerSpec, 'uid' | 'command'> {
  /** The interpreter to start ahead of its program; undefined for none. */
  readonly warm: WarmCommand | undefined
}

/** The very command a job will have, and what its environment needs so that it waits. */
interface WarmCommand {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A running container whose agent has reported. */
export interface Container {
  readonly id: string
  readonly order: ContainerOrder
  readonly channel: AgentChannel
  readonly ready: Ready
}

/** The kernel counts some of its quotas by user over the whole host, so no two containers share one: the engine itself
 *  sees to it, for the user is in the container's name, and names are unique there, whichever worker asks. */
const create = async (engine: Engine, order: ContainerOrder): Promise<string> => {
  for (let tries = 1; ; tries += 1) {
    const uid = randomInt(FIRST_UID, LAST_UID)
    const config = {
      uid,
      workspace: WORKSPACE,
      env: BASE_ENV,
      cpus: order.cpus,
      warm: order.warm ?? null,
    }
    const options = toCreateOptions({ ...order, uid, command: [JSON.stringify(config)] })
    try {
      return await engine.create({ ...options, name: `runnel-${uid}` })
    } catch (error) {
      if (!isStatus(error, 409) || tries === UID_TRIES) throw error
    }
  }
}

const connect = ({ socket, head }: { socket: Duplex; head: Buffer }): AgentChannel => {
  let complaint = ''
  const channel = createAgentChannel({
    write: (bytes) => void socket.write(bytes),
    close: () => void socket.destroy(),
  })
  const decode = createDockerStreamDecoder(channel.received, (bytes) => {
    complaint = (complaint + bytes.toString('utf8')).slice(-COMPLAINT_BYTES)
  })
  const take = (chunk: Buffer) => {
    try {
      decode(chunk)
    } catch (cause) {
      channel.close(new Error('The stream from Docker is damaged', { cause }))
    }
  }
  const ended = (cause?: Error) => {
    const words = complaint.trim() === '' ? '' : `; its last words: ${complaint.trim()}`
    channel.close(new Error(`The connection to the container ended${words}`, { cause }))
  }
  // The socket is always read: an unread one wedges the container inside the engine. Credits hold floods back.
  socket.on('data', take)
  socket.on('error', ended)
  socket.on('close', () => ended())
  socket.on('end', () => ended())
  if (head.length > 0) take(head)
  return channel
}

/** Creates, attaches, starts, and waits for the agent. Whatever fails, no container is left behind. */
export const startContainer = async (engine: Engine, order: ContainerOrder): Promise<Container> => {
  const id = await create(engine, order)
  let channel: AgentChannel | undefined
  try {
    channel = connect(await engine.attach(id))
    await engine.start(id)
    const ready = await withDeadline(channel.ready, READY_MS, 'agent ready')
    return { id, order, channel, ready }
  } catch (error) {
    channel?.close(new Error('The container did not start'))
    await engine.remove(id).catch((cause) => {
      throw new AggregateError([error, cause], 'A container that did not start could not be removed either')
    })
    throw error
  }
}
