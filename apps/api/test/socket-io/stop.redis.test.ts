import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { expect } from 'vitest'
import { type Api, startApi } from '../api.ts'
import { openStream } from '../clients.ts'
import { connectClient } from './run-client.ts'

/** Runs every job until it is canceled. */
const runForEver = (api: Api): Promise<void> =>
  api.work(async ({ job, attempt, signal }, publisher) => {
    const log = publisher.open(job.id, attempt)
    if ((await log.start()) !== 'started') return
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    await log.finish({ type: 'canceled' }, null)
  })

const jobsOf = async ({ app }: Api): Promise<Readonly<Record<string, string>>> => {
  const { jobs } = (await app.inject('/v1/jobs')).json()
  return Object.fromEntries(
    jobs.map(({ firstLine, status, outcome }: Readonly<Record<string, unknown>>) => [
      firstLine,
      outcome === undefined ? status : Object(outcome).type,
    ]),
  )
}

test('An API that stops cancels the runs that only their connection can see, and no others', async ({
  redisUrl,
  prefix,
  resources,
}) => {
  const stops = await startApi({ redisUrl, prefix, resources })
  const stays = await startApi({ redisUrl, prefix, resources })
  await runForEver(stays)
  const url = await stops.listen()
  const json = { method: 'POST', headers: { 'content-type': 'application/json' } }
  const client = await connectClient(url, resources)
  client.socket.emit('execute_code', { code: 'print("execute_code")', language: 'python' })
  const executed = fetch(`${url}/execute`, { ...json, body: '{"code":"print(\\"execute\\")"}' })
  await fetch(`${url}/v1/jobs`, { ...json, body: '{"code":"print(\\"job\\")"}' })
  const stream = await openStream(url)
  stream.send({ type: 'submit', job: { code: 'print("stream")', cancelOnDisconnect: true } })
  const running = { 'print("execute_code")': 'running', 'print("execute")': 'running' }
  const others = { 'print("job")': 'running', 'print("stream")': 'running' }
  await eventually(async () => expect(await jobsOf(stays)).toEqual({ ...running, ...others }))
  await stops.app.close()
  await executed.catch(() => {})
  const canceled = { 'print("execute_code")': 'canceled', 'print("execute")': 'canceled' }
  await eventually(async () => expect(await jobsOf(stays)).toEqual({ ...canceled, ...others }))
})
