import type { Duplex } from 'node:stream'
import type Docker from 'dockerode'
import type { ContainerCreateOptions, ContainerInfo, ContainerInspectInfo } from 'dockerode'
import { z } from 'zod'
import { attach } from './attach.ts'
import { withDeadline } from './deadline.ts'
import { ENGINE_CALLS, type EngineCallName } from './engine-calls.ts'

/**
 * All calls that we make to Docker (engine-calls.ts). Each settles within its deadline, or within `timeoutMs` if that is
 * shorter, and a call past its deadline closes its connection. A container that a late "create" or "start" still makes is
 * removed by the reaper. The engine is never asked how a program ended as long as the agent can report it.
 */
export interface Engine {
  /** The new container's id; undefined if another container has the name. */
  create(options: ContainerCreateOptions & { name: string }): Promise<string | undefined>
  attach(id: string): Promise<{ socket: Duplex; head: Buffer }>
  start(id: string): Promise<void>
  update(id: string, limits: { memoryBytes: number; pidsLimit: number }): Promise<void>
  pause(id: string): Promise<void>
  unpause(id: string): Promise<void>
  inspect(id: string): Promise<ContainerInspectInfo>
  /** Kills and removes; a container that is already gone is fine. */
  remove(id: string): Promise<void>
  list(label: string): Promise<ContainerInfo[]>
  /** Rejects with a sentence that says what to do if there is no such image. */
  findImage(name: string): Promise<void>
  ping(): Promise<void>
  /** How the engine secures containers, such as `name=rootless`; asked once. */
  securityOptions(): Promise<readonly string[]>
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

/** For the calls that dockerode cannot abort. */
const get = (docker: Docker, path: string, abortSignal: AbortSignal): Promise<unknown> => {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  docker.modem.dial({ method: 'GET', path, abortSignal, statusCodes: { 200: true } }, (error, answer) =>
    error === null ? resolve(answer) : reject(error),
  )
  return promise
}

export const createEngine = (docker: Docker, timeoutMs = Number.POSITIVE_INFINITY): Engine => {
  const ask = async <T>(call: EngineCallName, request: (abortSignal: AbortSignal) => Promise<T>): Promise<T> => {
    const aborting = new AbortController()
    try {
      const deadlineMs = Math.min(ENGINE_CALLS[call].deadlineMs, timeoutMs)
      return await withDeadline(request(aborting.signal), deadlineMs, call)
    } catch (error) {
      aborting.abort()
      throw error
    }
  }
  let security: Promise<readonly string[]> | undefined
  const askSecurity = async (): Promise<readonly string[]> => {
    try {
      const info = await ask('info', (abortSignal) => get(docker, ENGINE_CALLS.info.path, abortSignal))
      return infoSchema.parse(info).SecurityOptions
    } catch (error) {
      security = undefined
      throw error
    }
  }
  return {
    async create({ name, ...body }) {
      // Query and body apart, because dockerode otherwise sends everything in both, and the address grows to 10 KiB.
      const parts = { name, _query: { name }, _body: body }
      try {
        const created = await ask('create', (abortSignal) => docker.createContainer({ ...parts, abortSignal }))
        return createdSchema.parse(created).id
      } catch (error) {
        if (isStatus(error, 409)) return undefined
        throw error
      }
    },
    attach: (id) => ask('attach', (abortSignal) => attach(docker, id, abortSignal)),
    start: async (id) => void (await ask('start', (abortSignal) => docker.getContainer(id).start({ abortSignal }))),
    update: async (id, { memoryBytes, pidsLimit }) => {
      const wanted = { Memory: memoryBytes, MemorySwap: memoryBytes, PidsLimit: pidsLimit }
      await ask('update', (abortSignal) => docker.getContainer(id).update({ ...wanted, abortSignal }))
    },
    pause: async (id) => void (await ask('pause', (abortSignal) => docker.getContainer(id).pause({ abortSignal }))),
    unpause: async (id) =>
      void (await ask('unpause', (abortSignal) => docker.getContainer(id).unpause({ abortSignal }))),
    inspect: (id) => ask('inspect', (abortSignal) => docker.getContainer(id).inspect({ abortSignal })),
    async remove(id) {
      try {
        await ask('remove', (abortSignal) => docker.getContainer(id).remove({ force: true, v: true, abortSignal }))
      } catch (error) {
        // 404: gone already. 409: another call is removing it at this moment.
        if (!isStatus(error, 404) && !isStatus(error, 409)) throw error
      }
    },
    list: (label) =>
      ask('list', (abortSignal) => docker.listContainers({ all: true, filters: { label: [label] }, abortSignal })),
    async findImage(name) {
      const path = ENGINE_CALLS.image.path.replace('{image}', name)
      try {
        await ask('image', (abortSignal) => get(docker, path, abortSignal))
      } catch (cause) {
        if (!isStatus(cause, 404)) throw cause
        throw new Error(`Docker has no image "${name}": build the language images first (npm start does)`, { cause })
      }
    },
    securityOptions: () => {
      security ??= askSecurity()
      return security
    },
    ping: async () => void (await ask('ping', (abortSignal) => get(docker, ENGINE_CALLS.ping.path, abortSignal))),
  }
}
