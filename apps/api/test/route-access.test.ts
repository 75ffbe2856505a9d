import Fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { PUBLIC, requireRouteAccess } from '../src/access/route-access.ts'

const createApp = () => {
  const app = Fastify()
  requireRouteAccess(app)
  app.get('/health', { config: PUBLIC }, async () => 'ok')
  return app
}

describe('An app', () => {
  test('starts if each of its routes states its access', async () => {
    expect((await createApp().inject('/health')).body).toBe('ok')
  })

  test('does not start if a route states no access', async () => {
    const app = createApp()
    app.post('/v1/forgotten', async () => 'open to all')
    await expect(app.ready()).rejects.toThrow('The route POST /v1/forgotten states no access: give it `config:')
  })

  test('does not start if a route states only a part of its access', async () => {
    const app = createApp()
    app.register(async (inner) => {
      // @ts-expect-error The types require all of it, too.
      inner.get('/v1/half', { config: { scope: 'read', resource: 'none' } }, async () => 'half')
    })
    await expect(app.ready()).rejects.toThrow('The route GET /v1/half states no access')
  })

  test('does not start if a route does not state what its :id is', async () => {
    const app = createApp()
    const config = { scope: 'read', resource: 'none', submits: false, stream: false } as const
    app.get('/v1/jobs/:id/log', { config }, async () => 'of any tenant')
    await expect(app.ready()).rejects.toThrow('GET /v1/jobs/:id/log does not state what its `:id` is')
  })
})
