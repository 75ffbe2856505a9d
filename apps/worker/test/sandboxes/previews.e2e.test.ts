import {
  errorBodySchema,
  portListSchema,
  previewRequestListSchema,
  previewUrlSchema,
  sandboxSchema,
} from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { startSystem } from '@runnel/testing/system'
import { expect } from 'vitest'
import { visit } from './visit-preview.ts'

test('A server in a sandbox is opened by its URL, listed with its requests, and gone with the sandbox', async ({
  redisUrl,
  prefix,
}) => {
  await using system = await startSystem({ redisUrl, prefix })
  const made = await system.call('POST', '/v1/sandboxes?wait=30000', {
    files: [{ path: 'index.html', content: '<h1>hello</h1>' }],
  })
  const { id, accessToken = '' } = sandboxSchema.parse(await made.json())
  const open = await system.call('POST', `/v1/sandboxes/${id}/ports/8000/url`)
  const { url } = previewUrlSchema.parse(await open.json())
  const headers = { 'x-access-token': accessToken }

  // Nothing listens yet.
  const early = await visit(system, url.replace(/\?.*/, ''), headers)
  expect([early.status, errorBodySchema.parse(JSON.parse(early.body)).error.code]).toEqual([502, 'nothing-listens'])

  const events = await system.call('GET', `/v1/sandboxes/${id}/ports/events`)
  await system.call('POST', `/v1/sandboxes/${id}/commands`, {
    command: 'python3 -m http.server 8000',
    background: true,
  })
  const decoder = new TextDecoder()
  let told = ''
  for await (const part of events.body ?? []) {
    told += decoder.decode(part, { stream: true })
    if (told.trim() !== '') break
  }
  const origin = new URL(url).origin
  expect(JSON.parse(told.trim())).toEqual({ type: 'port', port: 8_000, open: true, url: origin })
  const listed = await system.call('GET', `/v1/sandboxes/${id}/ports`)
  expect(portListSchema.parse(await listed.json())).toEqual({ ports: [{ port: 8_000, url: origin }] })

  const first = await visit(system, url)
  expect([first.status, first.headers.location]).toEqual([303, '/'])
  const [cookie = ''] = first.headers['set-cookie']?.map((text) => text.split(';')[0] ?? '') ?? []
  const page = await visit(system, `${origin}/`, { cookie })
  expect([page.status, page.body]).toEqual([200, '<h1>hello</h1>'])
  expect((await visit(system, `${origin}/none`, headers)).status).toBe(404)
  expect((await visit(system, `${origin}/v1/sandboxes/${id}`, {})).status).toBe(401)
  await eventually(async () => {
    const { requests } = previewRequestListSchema.parse(
      await (await system.call('GET', `/v1/sandboxes/${id}/requests`)).json(),
    )
    expect(requests.map(({ port, method, path, status }) => [port, method, path, status])).toEqual([
      [8_000, 'GET', '/', 200],
      [8_000, 'GET', '/none', 404],
    ])
  })

  // Another API serves whom the first one let in.
  system.api.signal('SIGKILL')
  await system.api.exited
  await system.startApi()
  await eventually(async () => expect((await visit(system, `${origin}/`, { cookie })).status).toBe(200))

  await system.call('POST', `/v1/sandboxes/${id}/pause`)
  expect((await visit(system, `${origin}/`, { cookie })).status).toBe(409)
  await system.call('POST', `/v1/sandboxes/${id}/resume`)
  expect((await visit(system, `${origin}/`, { cookie })).status).toBe(200)

  await system.call('DELETE', `/v1/sandboxes/${id}`)
  await eventually(async () => {
    const late = await visit(system, `${origin}/`, { cookie })
    const { code, ending } = errorBodySchema.parse(JSON.parse(late.body)).error
    expect([late.status, code, ending]).toEqual([410, 'sandbox-ended', 'deleted'])
  })
})
