import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Gate, startGate } from './gate.ts'

export interface EngineGate extends Gate {
  /** For DOCKER_HOST. */
  readonly host: string
}

export interface RedisGate extends Gate {
  readonly url: string
}

/** The engine behind a door of its own, which can be closed without anybody else noticing. */
export const startEngineGate = async (): Promise<EngineGate> => {
  const path = join(tmpdir(), `runnel-engine-${randomUUID()}.sock`)
  const gate = await startGate({ path }, { path: '/var/run/docker.sock' })
  return {
    ...gate,
    host: `unix://${path}`,
    async [Symbol.asyncDispose]() {
      await gate[Symbol.asyncDispose]()
      await rm(path, { force: true })
    },
  }
}

/** Redis behind a door of its own; connections made through it keep the name that the test knows them by. */
export const startRedisGate = async (redisUrl: string): Promise<RedisGate> => {
  const { hostname, port, search } = new URL(redisUrl)
  const gate = await startGate({ port: 0 }, { host: hostname, port: Number(port) })
  return { ...gate, url: `redis://127.0.0.1:${gate.port}${search}` }
}
