import type { KeyRequest } from '@runnel/contract/public'
import { redisTest } from '@runnel/redis/testing'
import { signFileUse } from '@runnel/registry'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'
import { holdKey, type KeyHolder } from './key-holder.ts'
import { watchCommands } from './watch-commands.ts'

const test = redisTest.extend('api', ({ redisUrl, prefix, resources }) => startApi({ redisUrl, prefix, resources }))

const holdSandboxKey = (api: Api, request: Partial<KeyRequest> = {}): Promise<KeyHolder> =>
  holdKey(api, { scopes: ['sandboxes'], ...request })

const create = async ({ app }: Api, { headers }: Pick<KeyHolder, 'headers'>, payload: object = {}) => {
  const answer = await app.inject({ method: 'POST', url: '/v1/sandboxes', headers, payload })
  expect([answer.statusCode, answer.json().error]).toEqual([202, undefined])
  return answer.json()
}

/** Too many refusals of one address would be answered 429. */
const createAddresses = () => {
  let made = 0
  return () => {
    made += 1
    return `10.0.${made >> 8}.${made & 255}`
  }
}

/** Every route below one sandbox, with parameters that are in order. */
const requestsToSandboxes = ({ routes }: Api, id: string) =>
  routes
    .filter(({ url }) => url.startsWith('/v1/sandboxes/:id'))
    .flatMap(({ method, url }) => [method].flat().map((one) => ({ method: one, url })))
    .filter(({ method }) => method !== 'HEAD')
    .map(({ method, url }) => ({
      method: method as 'GET',
      url: url
        .replace(':id', id)
        .replace(':command', `cmd-${'0'.repeat(16)}`)
        .replace(':watcher', `wat-${'0'.repeat(16)}`)
        .replace(':port', '8000')
        .replace(/\/files$/, '/files?path=a'),
    }))

const codeOf = (answer: { json(): { error?: { code: string } } }): string | undefined => answer.json().error?.code

describe('A sandbox in the queue', () => {
  test('is answered with all its bounds, its place and its access token, and waits in the list', async ({ api }) => {
    const key = await holdSandboxKey(api)
    const sandbox = await create(api, key, { template: 'py', timeoutMs: 60_000, metadata: { chat: '42' } })
    expect(sandbox).toEqual({
      id: expect.stringMatching(/^sbx-[0-9a-f]{24}$/),
      status: 'queued',
      template: 'python',
      accessToken: expect.stringMatching(/^sbt_[0-9a-f]{64}$/),
      createdAt: expect.any(String),
      timeoutMs: 60_000,
      idleTimeoutMs: 600_000,
      autoResume: false,
      public: false,
      limits: { memoryBytes: 1_073_741_824, diskBytes: 536_870_912, processes: 256 },
      workDir: '/home/user',
      metadata: { chat: '42' },
      queuePosition: 0,
    })
    const url = `/v1/sandboxes/${sandbox.id}`
    expect((await api.app.inject({ url, headers: key.headers })).json()).toEqual(sandbox)
    const { accessToken: _, queuePosition: __, ...listed } = sandbox
    const list = async (query: string) =>
      (await api.app.inject({ url: `/v1/sandboxes?${query}`, headers: key.headers })).json()
    expect(await list('metadata=chat=42&status=queued,running')).toEqual({ sandboxes: [listed] })
    expect(await list('metadata=chat=43')).toEqual({ sandboxes: [] })
    expect(await list('status=ended')).toEqual({ sandboxes: [] })
  })

  test('is listed in pages, newest first, to its tenant alone', async ({ api }) => {
    const [key, other] = [await holdSandboxKey(api), await holdSandboxKey(api, { tenant: 'rival' })]
    const ids: string[] = []
    for (let made = 0; made < 3; made += 1) ids.unshift((await create(api, key)).id)
    const page = async (query: string, { headers }: KeyHolder) =>
      (await api.app.inject({ url: `/v1/sandboxes?${query}`, headers })).json()
    const first = await page('limit=2', key)
    const second = await page(`limit=2&cursor=${encodeURIComponent(first.next)}`, key)
    const idsOf = ({ sandboxes }: { sandboxes: { id: string }[] }) => sandboxes.map(({ id }) => id)
    expect([idsOf(first), idsOf(second), second.next]).toEqual([ids.slice(0, 2), ids.slice(2), undefined])
    expect(await page('', other)).toEqual({ sandboxes: [] })
    expect(codeOf(await api.app.inject({ url: '/v1/sandboxes?cursor=x', headers: key.headers }))).toBe(
      'invalid-request',
    )
  })

  test('refuses calls into it until it runs, and leaves the queue when it is deleted', async ({ api }) => {
    const key = await holdSandboxKey(api)
    const { id } = await create(api, key)
    const call = (method: 'POST' | 'DELETE', path: string, payload?: object) =>
      api.app.inject({ method, url: `/v1/sandboxes/${id}${path}`, headers: key.headers, ...(payload && { payload }) })
    const early = await call('POST', '/commands', { command: 'true' })
    expect([early.statusCode, codeOf(early)]).toEqual([409, 'sandbox-queued'])
    const deleted = await call('DELETE', '')
    expect([deleted.statusCode, deleted.json()]).toEqual([
      200,
      expect.objectContaining({ id, status: 'ended', ending: 'deleted', endedAt: expect.any(String) }),
    ])
    expect((await api.backend.producer.size()).waiting).toBe(0)
    expect((await call('DELETE', '')).json()).toEqual(deleted.json())
    const late = await call('POST', '/commands', { command: 'true' })
    expect([late.statusCode, late.json().error]).toEqual([
      410,
      expect.objectContaining({ code: 'sandbox-ended', ending: 'deleted' }),
    ])
    // What was refused left no trace in the history.
    const reader = await holdKey(api)
    expect((await api.app.inject({ url: '/v1/jobs', headers: reader.headers })).json()).toEqual({ jobs: [] })
  })
})

describe('The bounds of a tenant', () => {
  test('hold, also for many creates at once, and the refusal says them', async ({ api }) => {
    const key = await holdSandboxKey(api)
    const { limits } = await api.backend.tenants.get('acme')
    await api.backend.tenants.set({
      id: 'acme',
      limits: { ...limits, sandboxes: 3, sandboxLimits: { timeoutMs: 9_000 } },
    })
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        api.app.inject({ method: 'POST', url: '/v1/sandboxes', headers: key.headers, payload: {} }),
      ),
    )
    const made = answers.filter(({ statusCode }) => statusCode === 202)
    expect(made.length).toBeLessThanOrEqual(3)
    for (let more = made.length; more < 3; more += 1)
      made.push(await api.app.inject({ method: 'POST', url: '/v1/sandboxes', headers: key.headers, payload: {} }))
    expect(made.map((answer) => answer.json().timeoutMs)).toEqual([9_000, 9_000, 9_000])
    const refused = await api.app.inject({ method: 'POST', url: '/v1/sandboxes', headers: key.headers, payload: {} })
    expect([refused.statusCode, refused.json().error.message, refused.headers['retry-after']]).toEqual([
      429,
      'Cannot make another sandbox: you have 3, and 3 may live at once, paused ones included; delete one, or let one end',
      '5',
    ])
    const tooLong = await api.app.inject({
      method: 'POST',
      url: '/v1/sandboxes',
      headers: key.headers,
      payload: { timeoutMs: 10_000 },
    })
    expect([tooLong.statusCode, tooLong.json().error.message]).toEqual([
      400,
      "Cannot read timeoutMs: 10000 is over this tenant's maximum of 9000",
    ])
  })
})

describe('The sandboxes of others', () => {
  test('are answered in every route as those that never existed, word for word', async ({ api }) => {
    const [own, other] = [await holdSandboxKey(api), await holdSandboxKey(api, { tenant: 'rival' })]
    const { id } = await create(api, other)
    const bodies = async (sandboxId: string) => {
      const all: [string, number, string][] = []
      for (const request of requestsToSandboxes(api, sandboxId)) {
        const { statusCode, body } = await api.app.inject({ ...request, headers: own.headers })
        all.push([
          `${request.method} ${request.url.replace(sandboxId, ':id')}`,
          statusCode,
          body.replace(/req_\w+/, ''),
        ])
      }
      return all
    }
    const [unknown, strange] = [await bodies(`sbx-${'0'.repeat(24)}`), await bodies(id)]
    expect(strange).toEqual(unknown)
    expect(unknown.length).toBeGreaterThan(25)
    expect(new Set(unknown.map(([, status]) => status))).toEqual(new Set([404]))
    expect(new Set(unknown.map(([, , body]) => JSON.parse(body).error.code))).toEqual(new Set(['sandbox-not-found']))
  })

  test('cost the same work as those that never existed: Redis is not asked about either', async ({
    api,
    redis,
    redisUrl,
    prefix,
  }) => {
    const [own, other] = [await holdSandboxKey(api), await holdSandboxKey(api, { tenant: 'rival' })]
    const { id } = await create(api, other)
    using watched = await watchCommands(redisUrl)
    let turns = 0
    /** Redis reports commands in their order. So `first` and `last` enclose those of the requests. */
    const commandsOf = async (sandboxId: string): Promise<string[]> => {
      turns += 1
      const [first, last] = [`${prefix}:first:${turns}`, `${prefix}:last:${turns}`]
      await redis.get(first)
      for (const request of requestsToSandboxes(api, sandboxId)) {
        await api.app.inject({ ...request, headers: own.headers })
      }
      await redis.get(last)
      const at = (mark: string) => watched.lines.findIndex((line) => line.includes(mark))
      await eventually(() => expect(at(last)).toBeGreaterThan(0))
      return watched.lines.slice(at(first) + 1, at(last)).filter((line) => line.includes(sandboxId))
    }
    expect(await commandsOf(id)).toEqual([])
    expect(await commandsOf(`sbx-${'0'.repeat(24)}`)).toEqual([])
    expect(await commandsOf((await create(api, own)).id)).not.toEqual([])
  })

  test('are closed to a key without the scope, in every route', async ({ api }) => {
    const [key, reader] = [await holdSandboxKey(api), await holdKey(api, { scopes: ['submit', 'read', 'admin'] })]
    const { id } = await create(api, key)
    for (const request of requestsToSandboxes(api, id)) {
      const answer = await api.app.inject({ ...request, headers: reader.headers })
      expect([request.url, answer.statusCode]).toEqual([request.url, 403])
    }
  })
})

describe("A sandbox's access token", () => {
  test('opens its sandbox, is not shown again, and opens nothing else', async ({ api }) => {
    const key = await holdSandboxKey(api)
    const [own, other] = [await create(api, key), await create(api, key)]
    const { accessToken, queuePosition: _, ...rest } = own
    const nextAddress = createAddresses()
    const ways: Record<string, string>[] = [
      { authorization: `Bearer ${accessToken}` },
      { 'x-access-token': accessToken },
    ]
    for (const headers of ways) {
      const answer = await api.app.inject({ url: `/v1/sandboxes/${own.id}`, headers })
      expect([answer.statusCode, answer.json()]).toEqual([200, expect.objectContaining(rest)])
      expect(answer.json().accessToken).toBe(undefined)
      for (const request of requestsToSandboxes(api, other.id)) {
        expect([
          request,
          (await api.app.inject({ ...request, headers, remoteAddress: nextAddress() })).statusCode,
        ]).toEqual([request, 401])
      }
      const elsewhere = api.routes.filter(
        ({ url, config }) => !url.startsWith('/v1/sandboxes/:id') && config?.scope !== 'none',
      )
      for (const { url, method } of elsewhere) {
        for (const one of [method].flat()) {
          const remoteAddress = nextAddress()
          const request = { method: one as 'GET', url: url.replaceAll(/:\w+/g, own.id), headers, remoteAddress }
          expect([request.url, (await api.app.inject(request)).statusCode]).toEqual([request.url, 401])
        }
      }
    }
    const inUrl = await api.app.inject({ url: `/v1/sandboxes/${own.id}?x=${accessToken}`, headers: key.headers })
    expect([inUrl.statusCode, codeOf(inUrl)]).toEqual([401, 'unauthorized'])
  })

  test('signs URLs for one operation on one file, for at most an hour', async ({ api }) => {
    const key = await holdSandboxKey(api)
    const { id: sandboxId, accessToken } = await create(api, key)
    const soon = String(Math.floor(Date.now() / 1_000) + 60)
    const call = async (method: 'GET' | 'PUT' | 'DELETE', path: string, expires: string, signature: string) => {
      const query = new URLSearchParams({ path, expires, signature })
      const answer = await api.app.inject({ method, url: `/v1/sandboxes/${sandboxId}/files?${query}` })
      return [answer.statusCode, codeOf(answer)]
    }
    const sign = (operation: 'read' | 'write', path: string, expires: string) =>
      signFileUse(accessToken, { sandboxId, operation, path, expires })
    // Good: the answer is about the sandbox, which waits.
    expect(await call('GET', 'a b.csv', soon, sign('read', 'a b.csv', soon))).toEqual([409, 'sandbox-queued'])
    expect(await call('PUT', 'a b.csv', soon, sign('write', 'a b.csv', soon))).toEqual([409, 'sandbox-queued'])
    const refused = [401, 'unauthorized']
    expect(await call('GET', 'b.csv', soon, sign('read', 'a b.csv', soon))).toEqual(refused)
    expect(await call('PUT', 'a b.csv', soon, sign('read', 'a b.csv', soon))).toEqual(refused)
    expect(await call('DELETE', 'a b.csv', soon, sign('write', 'a b.csv', soon))).toEqual(refused)
    const past = String(Math.floor(Date.now() / 1_000) - 1)
    const far = String(Math.floor(Date.now() / 1_000) + 3_700)
    for (const expires of [past, far, 'x']) {
      expect(await call('GET', 'a', expires, sign('read', 'a', expires))).toEqual(refused)
    }
  })
})

describe('A sandbox whose worker cannot be reached', () => {
  test('answers 503 at once', async ({ api }) => {
    const key = await holdSandboxKey(api)
    const { id } = await create(api, key)
    const { records, leases } = api.backend
    await records.start(id, { startedAt: new Date(), endsAt: new Date(Date.now() + 60_000) })
    // Nothing listens on this port.
    const lease = { worker: 'blue', gateway: 'http://127.0.0.1:9', secret: 'x'.repeat(64), renewal: '1' }
    await leases.renew([{ id, lease, lifeMs: 60_000 }])
    const startedAt = performance.now()
    const answer = await api.app.inject({ url: `/v1/sandboxes/${id}/metrics`, headers: key.headers })
    expect([answer.statusCode, codeOf(answer), answer.headers['retry-after']]).toEqual([
      503,
      'gateway-unreachable',
      '2',
    ])
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})

describe('A sandbox where the workers have no room', () => {
  test('is refused at once, with the reason; without any worker it waits', async ({ api }) => {
    const key = await holdSandboxKey(api)
    const beat = (name: string, sandboxes: { running: number; bound: number }) =>
      api.backend.workers.beat(name, {
        ...{ host: 'blue', version: '1.2.3', startedAt: '2026-01-01T00:00:00.000Z', concurrency: 4, busy: 1 },
        ...{ pool: { idle: 2, bound: 8 }, isolation: { served: 'job' }, state: 'ready', sandboxes },
      })
    const refused = async () => {
      const answer = await api.app.inject({ method: 'POST', url: '/v1/sandboxes', headers: key.headers, payload: {} })
      return [answer.statusCode, answer.json().error?.message]
    }
    await create(api, key)
    await beat('none', { running: 0, bound: 0 })
    expect(await refused()).toEqual([
      429,
      'Cannot make a sandbox here: no worker of this deployment takes any. An operator sets RUNNEL_MAX_SANDBOXES; workers that cannot isolate programs by namespaces, or use RUNNEL_SANDBOX=local, take none (GET /v1/workers)',
    ])
    await beat('one', { running: 1, bound: 1 })
    expect(await refused()).toEqual([
      429,
      'Cannot make another sandbox now: 1 live, and the workers have room for 1; try again when some have ended',
    ])
  })
})
