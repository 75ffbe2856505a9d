import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'

export interface FaultyEngine extends FaultProxy {
  /** For DOCKER_HOST. */
  readonly host: string
}

export interface FaultyRedis extends FaultProxy {
  readonly url: string
}

/** The engine behind its own fault proxy. Other users of the engine notice nothing. */
export const startFaultyEngine = async (): Promise<FaultyEngine> => {
  const path = join(tmpdir(), `runnel-engine-${randomUUID()}.sock`)
  const proxy = await startFaultProxy({ path }, { path: '/var/run/docker.sock' })
  return {
    ...proxy,
    host: `unix://${path}`,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await rm(path, { force: true })
    },
  }
}

/** Redis behind its own fault proxy. Connections through it keep their names. */
export const startFaultyRedis = async (redisUrl: string): Promise<FaultyRedis> => {
  const { hostname, port, search } = new URL(redisUrl)
  const proxy = await startFaultProxy({ port: 0 }, { host: hostname, port: Number(port) })
  return { ...proxy, url: `redis://127.0.0.1:${proxy.port}${search}` }
}
