import { once } from 'node:events'
import { createServer } from 'node:http'
import { test as base, expect } from 'vitest'
import { Runnel, RunnelFollowError } from '../src/index.ts'

const JOB_ID = `job_${'0'.repeat(32)}`
const event = (id: string, type: string, more: object = {}): string =>
  `${JSON.stringify({ jobId: JOB_ID, id, at: '2026-01-01T00:00:00.000Z', type, ...more })}\n`
const FINISHED = event('1-4', 'finished', { outcome: { type: 'exited', exitCode: 0 }, usage: null })

/** A server that answers each request for events with the next of `answers`, and with the last from then on. */
const test = base.extend('serve', async ({ task: _ }, { onCleanup }) => {
  const servers = new AsyncDisposableStack()
  onCleanup(() => servers.disposeAsync())
  return async (answers: readonly string[]) => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(new URL(request.url ?? '', 'http://localhost').searchParams.get('after') ?? 'start')
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      response.end(answers[Math.min(asked.length, answers.length) - 1])
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    servers.defer(async () => {
      server.closeAllConnections()
      server.close()
    })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
    const runnel = new Runnel({ baseUrl: `http://127.0.0.1:${address.port}` })
    const follow = async (giveUpAfterMs?: number): Promise<string[]> => {
      const types: string[] = []
      for await (const { id, type } of runnel.jobs.follow(JOB_ID, { transport: 'ndjson', giveUpAfterMs }))
        types.push(`${id} ${type}`)
      return types
    }
    return { asked, follow }
  }
})

test('events of an unknown type are passed on, and lines that are no events are left out', async ({ serve }) => {
  const lines = ['\n', event('0-1', 'queued'), event('1-1', 'started'), event('1-2', 'later', { port: 5000 })]
  const { follow } = await serve([[...lines, '{"type":"notice"}\n', event('1-3', 'result'), FINISHED].join('')])
  expect(await follow()).toEqual(['0-1 queued', '1-1 started', '1-2 later', '1-3 result', '1-4 finished'])
})

test('an event that comes twice is dropped, and a gap is asked for again', async ({ serve }) => {
  const { asked, follow } = await serve([
    event('0-1', 'queued') + event('0-1', 'queued') + event('1-1', 'started') + event('1-3', 'result'),
    event('1-1', 'started') + event('1-2', 'later') + event('1-3', 'result') + FINISHED,
  ])
  expect(await follow()).toEqual(['0-1 queued', '1-1 started', '1-2 later', '1-3 result', '1-4 finished'])
  expect(asked).toEqual(['start', '1-1'])
})

test('a later attempt begins with its first event', async ({ serve }) => {
  const { asked, follow } = await serve([
    event('0-1', 'queued') + event('1-1', 'started') + event('3-2', 'started'),
    event('3-1', 'restarted') + event('3-2', 'finished', { outcome: { type: 'canceled' }, usage: null }),
  ])
  expect(await follow()).toEqual(['0-1 queued', '1-1 started', '3-1 restarted', '3-2 finished'])
  expect(asked).toEqual(['start', '1-1'])
})

test('events that end before `finished`, again and again, are an error', async ({ serve }) => {
  const { follow } = await serve([event('0-1', 'queued'), ''])
  const error = await follow(500).catch((thrown: unknown) => thrown)
  if (!(error instanceof RunnelFollowError)) throw error
  expect(error.lastEventId).toBe('0-1')
  expect(error.cause).toMatchObject({ message: 'The events ended before `finished`' })
})

test('an error at the end of the events is thrown if it stays', async ({ serve }) => {
  const error = { code: 'events-lost', message: 'Redis lost its data.', requestId: 'req_1' }
  const { follow } = await serve([`${event('0-1', 'queued')}${JSON.stringify({ type: 'error', error })}\n`])
  await expect(follow()).rejects.toMatchObject({ code: 'events-lost', status: 410, requestId: 'req_1' })
})
