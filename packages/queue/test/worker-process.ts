import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { eventually } from '@runnel/testing'
import { LOCK_MS, RETENTION_MS } from './parts.ts'

const urlOf = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)

/** A worker process whose jobs end only if they are stopped. It prints `taken`, and the reason of each stop. */
export const startWorkerProcess = (redisUrl: string, prefix: string) => {
  const script = `
    import { createLogger } from ${urlOf('../../process/src/index.ts')}
    import { connectRedis } from ${urlOf('../../redis/src/index.ts')}
    import { createConsumer } from ${urlOf('../src/consumer.ts')}
    const log = createLogger({ name: 'worker', level: 'silent' })
    const redis = connectRedis(${JSON.stringify(redisUrl)}, { role: 'blocking', log })
    const settings = { redis, prefix: ${JSON.stringify(prefix)}, concurrency: 1, retentionMs: ${RETENTION_MS}, lockMs: ${LOCK_MS}, log }
    createConsumer(settings, async ({ signal }) => {
      console.log('taken')
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      console.log(signal.reason)
      return 'done'
    })`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  return {
    child,
    says: (word: string) => eventually(() => out.includes(word), { withinMs: 15_000 }),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
