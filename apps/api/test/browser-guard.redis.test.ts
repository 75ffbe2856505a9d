import { once } from 'node:events'
import { redisTest as test } from '@runnel/redis/testing'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { startApi } from './api.ts'
import { holdKey } from './key-holder.ts'

const ALLOWED = 'https://app.example.org'
const run = { method: 'POST', url: '/v1/jobs', payload: { code: 'print(1)' } } as const

describe('A page in a browser', () => {
  test('of another origin cannot run code, neither by a request nor by a WebSocket', async ({
    redis,
    redisUrl,
    prefix,
    resources,
  }) => {
    const { app, listen } = await startApi({ redisUrl, prefix, resources })
    const url = (await listen()).replace('http', 'ws')
    for (const origin of ['https://evil.example', 'http://localhost:3000', 'null', 'http://localhost.evil.example']) {
      const response = await app.inject({ ...run, headers: { origin } })
      expect([origin, response.statusCode, response.json().error.code]).toEqual([origin, 403, 'forbidden'])
      expect(response.json().error.message).toContain('RUNNEL_API_ORIGINS')
      expect(response.headers).not.toHaveProperty('access-control-allow-origin')
      const socket = new WebSocket(`${url}/v1/stream`, { origin })
      const [, refused] = await once(socket, 'unexpected-response')
      expect(refused.statusCode).toBe(403)
    }
    expect(await redis.keys(`${prefix}*`)).toEqual([])
  })

  test('of an allowed origin can, also with a preflight request', async ({ redisUrl, prefix, resources }) => {
    const { app, listen } = await startApi({
      redisUrl,
      prefix,
      resources,
      origins: [ALLOWED],
    })
    const asked = await app.inject({ method: 'OPTIONS', url: '/v1/jobs', headers: { origin: ALLOWED } })
    expect(asked.statusCode).toBe(204)
    expect(asked.headers).toMatchObject({
      'access-control-allow-origin': ALLOWED,
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
    })
    expect(asked.headers['access-control-allow-headers']).toContain('authorization')
    const answered = await app.inject({ ...run, headers: { origin: ALLOWED } })
    expect([answered.statusCode, answered.headers['access-control-allow-origin']]).toEqual([202, ALLOWED])
    const socket = new WebSocket(`${(await listen()).replace('http', 'ws')}/v1/stream`, { origin: ALLOWED })
    await once(socket, 'open')
    socket.terminate()
    const id = answered.json().id
    await app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })
    const events = await app.inject({ url: `/v1/jobs/${id}/events`, headers: { origin: ALLOWED } })
    expect(events.headers).toMatchObject({
      'access-control-allow-origin': ALLOWED,
      'x-content-type-options': 'nosniff',
    })
  })

  test('of another origin cannot, even with a valid key', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { headers } = await holdKey(api)
    const response = await api.app.inject({ ...run, headers: { ...headers, origin: 'https://evil.example' } })
    expect([response.statusCode, response.json().error.code]).toEqual([403, 'forbidden'])
  })

  test('of this server itself can', async ({ redisUrl, prefix, resources }) => {
    const { app } = await startApi({ redisUrl, prefix, resources })
    const headers = { host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080' }
    expect((await app.inject({ ...run, headers })).statusCode).toBe(202)
  })

  test('whose domain name resolves to this machine cannot', async ({ redisUrl, prefix, resources }) => {
    const { app } = await startApi({ redisUrl, prefix, resources })
    for (const host of ['evil.example:8080', '127.evil.example', 'localhost.evil.example', '10.0.0.1']) {
      const response = await app.inject({ ...run, headers: { host, origin: `http://${host}` } })
      expect([host, response.statusCode]).toEqual([host, 403])
      expect(response.json().error.message).toContain('npm run keys')
    }
    for (const host of ['localhost:8080', '127.0.0.1', '[::1]:8080']) {
      expect((await app.inject({ ...run, headers: { host } })).statusCode).toBe(202)
    }
  })

  test('gets headers that let it load nothing from an answer, and in the reference only from this server', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const { app } = await startApi({ redisUrl, prefix, resources })
    for (const url of ['/v1/jobs', '/v1/nothing', '/health/live', '/docs/']) {
      const { headers } = await app.inject(url)
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'content-security-policy': expect.stringContaining(`default-src ${url === '/docs/' ? "'self'" : "'none'"}`),
      })
      if (url !== '/docs/') expect(headers['cache-control']).toBe('no-store')
    }
  })
})
