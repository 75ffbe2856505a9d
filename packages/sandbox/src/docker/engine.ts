import type { Duplex } from 'node:stream'
import type Docker from 'dockerode'
import type { ContainerCreateOptions, ContainerInfo, ContainerInspectInfo } from 'dockerode'
import { z } from 'zod'
import { attach } from './attach.ts'
import { withDeadline } from './deadline.ts'
import { ENGINE_CALLS, type EngineCallName } from './engine-calls.ts'
import { toUidRange, type UidRange } from './uid-block.ts'

/**
 * All calls that we make to Docker (engine-calls.ts). Each settles within its deadline, or within `timeoutMs` if that is
 * shorter. The engine is never asked how a program ended as long as the agent can report it.
 */
export interface Engine {
  /** The new container's id; undefined if another container has the name. */
  create(options: ContainerCreateOptions & { name: string }): Promise<string | undefined>
  attach(id: string): Promise<{ socket: Duplex; head: Buffer }>
  start(id: string): Promise<void>
  update(id: string, limits: { memoryBytes: number; pidsLimit: number }): Promise<void>
  inspect(id: string): Promise<ContainerInspectInfo>
  /** Kills and removes; a container that is already gone is fine. */
  remove(id: string): Promise<void>
  list(label: string): Promise<ContainerInfo[]>
  /** Rejects with a sentence that says what to do if there is no such image. */
  findImage(name: string): Promise<void>
  ping(): Promise<void>
  /** Which users containers may have on this engine; asked once. */
  uidRange(): Promise<UidRange>
}

const infoSchema = z.object({
  SecurityOptions: z
    .array(z.string())
    .nullish()
    .transform((options) => options ?? []),
})

/** An answer without an id is an error, not a name that is taken. */
const createdSchema = z.object({ id: z.string().min(1) })

const isStatus = (error: unknown, status: number): boolean =>
  typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode === status

export const createEngine = (docker: Docker, timeoutMs = Number.POSITIVE_INFINITY): Engine => {
  const within = <T>(call: EngineCallName, promise: Promise<T>) =>
    withDeadline(promise, Math.min(ENGINE_CALLS[call].deadlineMs, timeoutMs), call)
  let range: Promise<UidRange> | undefined
  const askRange = async (): Promise<UidRange> => {
    try {
      return toUidRange(infoSchema.parse(await within('info', docker.info())).SecurityOptions)
    } catch (error) {
      range = undefined
      throw error
    }
  }
  return {
    async create({ name, ...body }) {
      // Query and body apart, because dockerode otherwise sends everything in both, and the address grows to 10 KiB.
      const parts = { name, _query: { name }, _body: body }
      const creating = docker.createContainer(parts)
      try {
        return createdSchema.parse(await within('create', creating)).id
      } catch (error) {
        if (isStatus(error, 409)) return undefined
        creating.then((container) => container.remove({ force: true, v: true })).catch(() => {}) // a late answer has no owner, as below
        throw error
      }
    },
    async attach(id) {
      const attaching = attach(docker, id)
      try {
        return await within('attach', attaching)
      } catch (error) {
        attaching.then(({ socket }) => socket.destroy()).catch(() => {}) // an answer after the deadline has no owner
        throw error
      }
    },
    start: async (id) => void (await within('start', docker.getContainer(id).start())),
    update: async (id, { memoryBytes, pidsLimit }) => {
      const wanted = { Memory: memoryBytes, MemorySwap: memoryBytes, PidsLimit: pidsLimit }
      await within('update', docker.getContainer(id).update(wanted))
    },
    inspect: (id) => within('inspect', docker.getContainer(id).inspect()),
    async remove(id) {
      try {
        await within('remove', docker.getContainer(id).remove({ force: true, v: true }))
      } catch (error) {
        // 404: gone already. 409: another call is removing it at this moment.
        if (!isStatus(error, 404) && !isStatus(error, 409)) throw error
      }
    },
    list: (label) => within('list', docker.listContainers({ all: true, filters: { label: [label] } })),
    async findImage(name) {
      try {
        await within('image', docker.getImage(name).inspect())
      } catch (cause) {
        if (!isStatus(cause, 404)) throw cause
        throw new Error(`Docker has no image "${name}": build the language images first (npm start does)`, { cause })
      }
    },
    uidRange: () => {
      range ??= askRange()
      return range
    },
    ping: async () => void (await within('ping', docker.ping())),
  }
}
