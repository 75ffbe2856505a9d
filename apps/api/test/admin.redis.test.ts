import { tenantLimitsSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { runKeyCommand } from '../src/key-command.ts'
import { startApi } from './api.ts'
import { collectLog } from './collect-log.ts'
import { holdKey, submitAs } from './key-holder.ts'

describe('An admin key', () => {
  test('makes keys, lists them without their secrets and revokes them, and each change is logged', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const { log, lines, text } = collectLog()
    const api = await startApi({ redisUrl, prefix, resources, log })
    const admin = await holdKey(api, { tenant: 'operators', scopes: ['admin'] })
    const call = (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) =>
      api.app.inject({ method, url, headers: admin.headers, ...(payload === undefined ? {} : { payload }) })
    const made = await call('POST', '/v1/admin/keys', { tenant: 'acme', scopes: ['submit', 'read'], name: 'web app' })
    expect([made.statusCode, made.headers['cache-control']]).toEqual([201, 'no-store'])
    const { key: secret, ...key } = made.json()
    expect(key).toMatchObject({ tenant: 'acme', scopes: ['submit', 'read'], name: 'web app', revokedAt: null })
    await submitAs(api, { ...admin, headers: { authorization: `Bearer ${secret}` } })

    const list = await call('GET', '/v1/admin/keys')
    const byId = (keys: { id: string }[]) => keys.toSorted((a, b) => a.id.localeCompare(b.id))
    // When a key was last used is written beside the request.
    const used = (one: object) => ({
      ...one,
      lastUsedAt: expect.toSatisfy((at) => at === null || !Number.isNaN(Date.parse(at))),
    })
    expect(byId(list.json().keys)).toEqual(byId([key, admin.key]).map(used))
    expect(list.body).not.toContain(secret.slice(21))
    const revoked = await call('DELETE', `/v1/admin/keys/${key.id}`)
    expect(revoked.json()).toEqual({ ...used(key), revokedAt: expect.any(String) })
    const again = await call('DELETE', `/v1/admin/keys/${key.id}`)
    expect(again.json()).toEqual(used(revoked.json()))
    expect((await call('DELETE', '/v1/admin/keys/unknown')).json().error.code).toBe('not-found')

    const changes = lines().filter(({ keyId }) => keyId === key.id)
    expect(changes).toEqual([
      expect.objectContaining({ msg: 'A key was made', tenant: 'acme', by: admin.key.id, from: '127.0.0.1' }),
      expect.objectContaining({ msg: 'A key was revoked', tenant: 'acme', by: admin.key.id, from: '127.0.0.1' }),
    ])
    expect(text()).not.toContain(secret.slice(21))
  })

  test('sets all limits of a tenant at once, and refuses invalid ones', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { headers } = await holdKey(api, { scopes: ['admin'] })
    const url = '/v1/admin/tenants/acme'
    const unset = { id: 'acme', limits: tenantLimitsSchema.parse({}) }
    expect((await api.app.inject({ url, headers })).json()).toEqual(unset)
    const limits = {
      running: 4,
      queued: 100,
      submitsPerMinute: 60,
      limits: { wallMs: 10_000 },
      sandboxes: 20,
      files: 100,
      fileBytes: 1_048_576,
      sandboxLimits: { timeoutMs: 60_000 },
      languages: ['python'],
    }
    const set = await api.app.inject({ method: 'PUT', url, headers, payload: limits })
    expect([set.statusCode, set.json()]).toEqual([200, { id: 'acme', limits }])
    expect((await api.app.inject({ url, headers })).json()).toEqual({ id: 'acme', limits })
    for (const wrong of [
      { running: 0 },
      { running: '4' },
      { runing: 4 },
      { limits: { wallMs: -1 } },
      { limits: { gpus: 1 } },
    ]) {
      const refused = await api.app.inject({ method: 'PUT', url, headers, payload: wrong })
      expect([wrong, refused.statusCode, refused.json().error.code]).toEqual([wrong, 400, 'invalid-request'])
    }
    for (const id of ['ACME', 'a b', '..%2f', 'x'.repeat(64)]) {
      const refused = await api.app.inject({ method: 'PUT', url: `/v1/admin/tenants/${id}`, headers, payload: {} })
      expect([id, refused.statusCode]).toEqual([id, 400])
    }
    await api.app.inject({ method: 'PUT', url, headers, payload: {} })
    expect((await api.app.inject({ url, headers })).json()).toEqual(unset)
  })

  test('sees no job of another tenant', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submitAs(api, await holdKey(api))
    const { headers } = await holdKey(api, { tenant: 'operators', scopes: ['admin', 'read', 'submit'] })
    expect((await api.app.inject({ url: `/v1/jobs/${id}`, headers })).statusCode).toBe(404)
  })
})

describe('npm run keys', () => {
  test('makes, lists and revokes keys and sets limits, and logs each change', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { log, lines } = collectLog()
    const run = async (...args: string[]): Promise<string> => {
      const printed: string[] = []
      await runKeyCommand(args, { ...api.backend, log, print: (line) => printed.push(line) })
      return printed.join('\n')
    }
    const text = await run('create', '--tenant', 'acme', '--scopes', 'submit,read', '--name', 'ci')
    const id = await submitAs(api, { headers: { authorization: `Bearer ${text}` } })
    expect((await api.backend.producer.find(id))?.tenantId).toBe('acme')
    const listed = await run('list')
    const { id: keyId } = JSON.parse(listed)
    expect(listed).not.toContain(text.slice(21))
    expect(text).toContain(keyId)
    await run('tenant', 'acme', '{"running": 2}')
    expect(JSON.parse(await run('tenant', 'acme'))).toMatchObject({ id: 'acme', limits: { running: 2, queued: null } })
    const revoked = JSON.parse(await run('revoke', keyId))
    expect(revoked).toMatchObject({ id: keyId, revokedAt: expect.any(String) })
    expect(JSON.parse(await run('revoke', keyId))).toEqual(revoked)
    await eventually(async () => {
      const headers = { authorization: `Bearer ${text}` }
      expect((await api.app.inject({ url: '/v1/jobs', headers })).statusCode).toBe(401)
    })
    expect(lines().map(({ msg, by }) => [msg, by])).toEqual([
      ['A key was made', 'command'],
      ["A tenant's limits were set", 'command'],
      ['A key was revoked', 'command'],
    ])
  })

  test.for([
    [[], 'npm run keys -- <command>'],
    [['dance'], 'npm run keys -- <command>'],
    [['create'], 'Cannot read tenant: it is missing'],
    [['create', '--tenant', 'A B', '--scopes', 'read'], 'Cannot use the tenant "A B"'],
    [['create', '--tenant', 'a', '--scopes', 'write'], 'Cannot read scopes[0]'],
    [['create', '--tenant', 'a', '--scopes', 'read', '--expires-at', 'tomorrow'], 'expiresAt'],
    [['create', '--colour', 'red'], '--colour'],
    [['revoke'], 'npm run keys -- <command>'],
    [['revoke', 'unknown'], 'There is no key with the id "unknown"'],
    [['tenant', 'acme', '{'], 'not valid JSON'],
    [['tenant', 'acme', '{"runing": 1}'], 'runing'],
  ] as const)('says what is wrong with %j', async ([args, words], { redisUrl, prefix, resources }) => {
    const { backend } = await startApi({ redisUrl, prefix, resources })
    const run = runKeyCommand(args, { ...backend, log: collectLog().log, print: () => {} })
    await expect(run).rejects.toThrow(words)
    expect(await backend.keys.exist()).toBe(false)
  })
})
