import { eventually, redisTest as test } from '@runnel/testing'
import { expect } from 'vitest'
import { runProgram } from '../../../infra/bootstrap/run/api.ts'
import { openStreamClient } from '../../bench/src/clients/stream-client.ts'
import { type Api, startApi } from './api.ts'

const untilWatched = ({ backend }: Api, prefix: string) =>
  eventually(async () => expect(await backend.redis.pubsub('CHANNELS', `${prefix}:events:*`)).not.toEqual([]))

test('Whoever runs a program with what we ship is told when its events end too early', async ({
  redisUrl,
  prefix,
  resources,
}) => {
  const stopping = await startApi({ redisUrl, prefix, resources })
  const url = await stopping.listen()
  const { signal } = new AbortController()
  const example = expect(runProgram(url, { language: 'python', code: 'print(1)' }, () => {}, signal)).rejects.toThrow(
    'The events ended early, with code 1012',
  )
  await untilWatched(stopping, prefix)
  using bench = await openStreamClient(url)
  const { promise: accepted, resolve: accept } = Promise.withResolvers<void>()
  const measured = expect(bench.run({ code: 'print(1)' }, () => accept())).rejects.toThrow('The stream was closed')
  await accepted
  await stopping.app.close()
  await Promise.all([example, measured])
})

test('Nor is a program whose log is lost taken for one that ran', async ({ redis, redisUrl, prefix, resources }) => {
  const api = await startApi({ redisUrl, prefix, resources })
  const url = await api.listen()
  const { signal } = new AbortController()
  const example = expect(runProgram(url, { language: 'python', code: 'print(1)' }, () => {}, signal)).rejects.toThrow(
    'The events ended early, with code 1011',
  )
  await untilWatched(api, prefix)
  const [log = ''] = await redis.keys(`${prefix}:events:*`)
  await redis.del(log)
  await example
})
