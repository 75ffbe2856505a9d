import { once } from 'node:events'
import { createServer } from 'node:net'
import Docker from 'dockerode'
import { Redis } from 'ioredis'
import { GenericContainer, Wait } from 'testcontainers'
import { inject } from 'vitest'
import { eventually } from './eventually.ts'
import { REDIS_IMAGE } from './redis-image.ts'

/** The values that the global setup provides to tests. */
declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string
    testRun: string
  }
}

/** The label of every container that a test run makes. The run fails if one is left at its end. */
export const RUN_LABEL = 'runnel.test-run'

/** A Redis of its own, for a test that breaks it. It keeps its port and its data through kill, stop and start. */
export interface RedisContainer extends AsyncDisposable {
  readonly url: string
  /** As a crash or `kill -9` would. */
  kill(): Promise<void>
  stop(): Promise<void>
  /** Resolves when Redis answers again. */
  start(): Promise<void>
  /** Frozen: connections stay open, nothing answers. */
  pause(): Promise<void>
  unpause(): Promise<void>
}

/** A host port that is free now. A port that Docker chooses would change with every start. */
const findFreePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  return address.port
}

const answers = async (url: string): Promise<boolean> => {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 1_000 })
  redis.on('error', () => {})
  try {
    await redis.connect()
    return (await redis.ping()) === 'PONG'
  } finally {
    redis.disconnect()
  }
}

export const startRedis = async (testRun: string = inject('testRun')): Promise<RedisContainer> => {
  // The image of the reaper cannot be pulled everywhere. We find leftovers by label instead.
  Object.assign(process.env, { TESTCONTAINERS_RYUK_DISABLED: 'true' })
  const port = await findFreePort()
  const started = await new GenericContainer(REDIS_IMAGE)
    .withLabels({ [RUN_LABEL]: testRun })
    .withExposedPorts({ container: 6379, host: port })
    .withWaitStrategy(Wait.forLogMessage('Ready to accept connections'))
    .start()
  const container = new Docker().getContainer(started.getId())
  const url = `redis://${started.getHost()}:${port}`
  return {
    url,
    async kill() {
      await container.kill()
    },
    async stop() {
      await container.stop({ t: 5 })
    },
    async start() {
      await container.start()
      await eventually(() => answers(url), { withinMs: 15_000, everyMs: 50 })
    },
    async pause() {
      // A busy kernel sometimes answers "Unable to freeze"; a moment later it works.
      await eventually(() => container.pause(), { everyMs: 100 })
    },
    async unpause() {
      await container.unpause()
    },
    async [Symbol.asyncDispose]() {
      await container.remove({ force: true, v: true })
    },
  }
}
