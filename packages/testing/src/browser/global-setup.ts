import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { TestProject } from 'vitest/node'
import { type System, startSystem } from '../system/index.ts'
import { uniquePrefix } from '../unique-prefix.ts'
import { createKey } from './create-key.ts'
import { type SharedSystem, SYSTEM_ENV } from './shared-system.ts'

type Start = () => Promise<SharedSystem>

/** Answers with the system that the URL names. The first request for it starts it. */
const serve = (starts: Readonly<Record<string, Start>>): Server => {
  const started = new Map<string, Promise<SharedSystem>>()
  return createServer((request, response) => {
    const name = request.url?.slice(1) ?? ''
    const start = starts[name] ?? (() => Promise.reject(new Error(`There is no shared system ${name}`)))
    const system = started.get(name) ?? start()
    started.set(name, system)
    system.then(
      (found) => response.end(JSON.stringify(found)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.stack : String(error)),
    )
  })
}

/**
 * The systems that browser tests share. Each starts when the first test asks for it, so a run without browser tests has none.
 * They stop before the Redis of the run does, because this setup comes after that of Redis.
 */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const { redisUrl } = project.getProvidedContext()
  const systems: System[] = []
  const start = async (prefix: string): Promise<System> => {
    const system = await startSystem({ redisUrl, prefix, env: SYSTEM_ENV })
    systems.push(system)
    return system
  }
  const server = serve({
    open: async () => ({ url: (await start(uniquePrefix())).url }),
    async locked() {
      const prefix = uniquePrefix()
      const key = await createKey({ REDIS_URL: redisUrl, RUNNEL_PREFIX: prefix })
      return { url: (await start(prefix)).url, key }
    },
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  project.provide('sharedSystemsUrl', `http://127.0.0.1:${address.port}`)
  return async () => {
    server.close()
    server.closeAllConnections()
    await Promise.all(systems.map((system) => system[Symbol.asyncDispose]()))
  }
}
