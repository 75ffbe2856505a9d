import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { jobPageSchema, keyRequestSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { createKeys } from '@runnel/registry'
import { eventually, startRedis } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

const start = (env: Record<string, string>, resources: AsyncDisposableStack): ChildProcess => {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  resources.defer(() => void child.kill('SIGKILL'))
  return child
}

const readUrl = async ({ stdout }: ChildProcess): Promise<string> => {
  let text = ''
  for await (const piece of stdout ?? []) {
    text += piece
    const url = /listening at ([^,]+),/.exec(text)?.[1]
    if (url !== undefined) return url
  }
  throw new Error(`The API ended without listening: ${text}`)
}

const post = (url: string): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"code":"print(1)"}' })

/** It may listen before it has reached Redis. */
const submit = (url: string): Promise<Response> =>
  eventually(async () => {
    const response = await post(`${url}/v1/jobs`)
    expect(response.status).toBe(202)
    return response
  })

const readFailure = async (child: ChildProcess): Promise<{ code: number; text: string }> => {
  let text = ''
  child.stderr?.on('data', (piece) => {
    text += piece
  })
  const [code] = await once(child, 'close')
  return { code, text }
}

describe('The process', () => {
  test('on SIGTERM ends every stream in the way of its format and exits within seconds', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const child = start({ REDIS_URL: redisUrl, RUNNEL_PREFIX: prefix, RUNNEL_API_PORT: '0' }, resources)
    const url = await readUrl(child)
    child.stdout?.resume()
    const submitted = await submit(url)
    const events = `${url}${submitted.headers.get('location')}/events`
    const sockets = [events, `${url}/v1/stream`].map((address) => new WebSocket(address.replace('http', 'ws')))
    const codes = sockets.map(async (socket) => (await once(socket, 'close'))[0])
    await Promise.all(sockets.map((socket) => once(socket, 'open')))
    const read = async (accept: string): Promise<string> => {
      let text = ''
      const reading = async (): Promise<void> => {
        const { body } = await fetch(events, { headers: { accept } })
        for await (const piece of body ?? []) text += Buffer.from(piece).toString()
      }
      await expect(reading()).rejects.toThrow('terminated')
      return text
    }
    const texts = ['text/event-stream', 'application/x-ndjson'].map(read)
    const waiting = post(`${url}/v1/jobs?wait=60000`)
    const executing = post(`${url}/execute`)
    // Both are accepted when they are listed.
    for (let listed = 0; listed < 3; ) {
      listed = jobPageSchema.parse(await (await fetch(`${url}/v1/jobs`)).json()).jobs.length
    }

    const exited = once(child, 'exit')
    const startedAt = performance.now()
    child.kill('SIGTERM')
    expect(await Promise.all(codes)).toEqual([1012, 1012])
    // No client can mistake either for complete: each has an error event, and the answer has no last chunk.
    for (const text of await Promise.all(texts)) {
      expect(text).toMatch(/"type":"queued"[\s\S]*"type":"error".*"shutting-down"/)
    }
    expect((await waiting).status).toBe(202)
    expect(await (await executing).json()).toEqual({
      success: false,
      output: '',
      error: 'The program was canceled.',
      execution_time: 0,
    })
    expect(await exited).toEqual([0, null])
    expect(performance.now() - startedAt).toBeLessThan(4_000)
  })

  test('on SIGTERM exits within seconds, even while Redis is frozen and a client follows a job', async () => {
    await using frozen = await startRedis()
    await using resources = new AsyncDisposableStack()
    const child = start({ REDIS_URL: frozen.url, RUNNEL_API_PORT: '0' }, resources)
    const url = await readUrl(child)
    const submitted = await submit(url)
    const events = `${url}${submitted.headers.get('location')}/events`
    const socket = new WebSocket(events.replace('http', 'ws'))
    await once(socket, 'message')
    const stream = await fetch(events)
    await frozen.pause()
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(9_000) })
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    await stream.text().catch(() => {})
    await frozen.unpause()
  })

  test('does not start without a key if other machines can reach it, and says why', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const nowhere = { REDIS_URL: 'redis://127.0.0.1:1' }
    const failures = [{ REDIS_URL: redisUrl }, nowhere].map((env) =>
      readFailure(
        start({ RUNNEL_PREFIX: prefix, RUNNEL_API_HOST: '0.0.0.0', RUNNEL_LOG_LEVEL: 'silent', ...env }, resources),
      ),
    )
    for (const { code, text } of await Promise.all(failures)) {
      expect(code).toBe(1)
      expect(text).toMatch(/^RUNNEL_API_HOST: cannot listen on 0\.0\.0\.0 .*anyone who reaches the port can run code/)
      expect(text.trim().split('\n').length).toBe(1)
    }
  })

  test('serves other machines after a key was made, but no caller without one, and a second one says that its port is taken', async ({
    redis,
    redisUrl,
    prefix,
    resources,
    redisKeys,
  }) => {
    const { text: key } = await createKeys({ redis, prefix }).create(
      keyRequestSchema.parse({ tenant: 'acme', scopes: ['read'] }),
    )
    const env = { REDIS_URL: redisUrl, RUNNEL_PREFIX: prefix, RUNNEL_API_HOST: '0.0.0.0', RUNNEL_API_PORT: '0' }
    const child = start(env, resources)
    const { port } = new URL(await readUrl(child))
    child.stdout?.resume()
    const list = (headers: Record<string, string>) => fetch(`http://127.0.0.1:${port}/v1/jobs`, { headers })
    expect((await list({})).status).toBe(401)
    expect((await list({ authorization: `Bearer ${key}` })).status).toBe(200)
    // Redis loses its data: access is still refused.
    await redis.del(redisKeys.apiKeys)
    await eventually(async () => expect((await list({ authorization: `Bearer ${key}` })).status).toBe(401))
    expect((await list({})).status).toBe(401)

    const { code, text } = await readFailure(
      start({ ...env, RUNNEL_API_HOST: '127.0.0.1', RUNNEL_API_PORT: port }, resources),
    )
    expect(code).toBe(1)
    expect(text.trim()).toBe(`Port ${port} of 127.0.0.1 is taken: stop what listens there, or set RUNNEL_API_PORT`)
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
})
