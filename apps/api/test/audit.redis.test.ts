import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { expect } from 'vitest'
import { startApi } from './api.ts'
import { openStream } from './clients.ts'
import { collectLog } from './collect-log.ts'
import { holdKey, submitAs } from './key-holder.ts'

test('Every submission and every cancel is a line in the log: what, for which tenant, with which key, from where', async ({
  redisUrl,
  prefix,
  resources,
}) => {
  const { log, lines, text } = collectLog()
  const api = await startApi({ redisUrl, prefix, resources, log })
  const { key, text: secret, headers } = await holdKey(api)
  const messagesOf = (jobId: unknown) =>
    lines()
      .filter((line) => line['jobId'] === jobId)
      .map(({ msg, tenant, by, from, requestId }) => {
        expect({ tenant, by, from, requestId }).toEqual({
          tenant: 'acme',
          by: key.id,
          from: '127.0.0.1',
          requestId: expect.stringMatching(/^req_[0-9a-f]{32}$/),
        })
        return msg
      })

  const once = { ...headers, 'idempotency-key': 'one' }
  const first = await submitAs(api, { headers: once })
  expect(await submitAs(api, { headers: once })).toBe(first)
  await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${first}`, headers })
  expect(messagesOf(first)).toEqual(['A job was submitted', 'A job was submitted again', 'A job was canceled'])
  // These change nothing, so they are not logged.
  await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${first}`, headers })
  await api.app.inject({ method: 'DELETE', url: '/v1/jobs/job_unknown', headers })
  expect(lines().filter(({ jobId }) => jobId !== undefined)).toHaveLength(3)

  const stream = await openStream(await api.listen(), headers)
  stream.send({ type: 'submit', ref: 'a', job: { code: 'print("s3cret")', cancelOnDisconnect: true } })
  const id = await eventually(() => {
    const answer = stream.answerTo('a')
    expect(answer).toMatchObject({ type: 'accepted' })
    return Object(answer?.['job']).id
  })
  expect(messagesOf(id)).toEqual(['A job was submitted'])
  stream.socket.close()
  await eventually(() => expect(messagesOf(id)).toEqual(['A job was submitted', 'A job was canceled']))
  expect(text()).not.toContain(secret.slice(21))
  expect(text()).not.toContain('s3cret')
})
