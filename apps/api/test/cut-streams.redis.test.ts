import type { RedisKeys } from '@runnel/redis'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { expect } from 'vitest'
import { runProgram } from '../../../infra/bootstrap/run/api.ts'
import { openStreamClient } from '../../bench/src/clients/stream-client.ts'
import { type Api, startApi } from './api.ts'

const untilWatched = ({ backend }: Api, { events }: RedisKeys) =>
  eventually(async () => expect(await backend.redis.pubsub('CHANNELS', events('*'))).not.toEqual([]))

test('Our own clients report an error if the events of a program end too early', async ({
  redisUrl,
  prefix,
  redisKeys,
  resources,
}) => {
  const stopping = await startApi({ redisUrl, prefix, resources })
  const url = await stopping.listen()
  const { signal } = new AbortController()
  const example = expect(runProgram(url, { language: 'python', code: 'print(1)' }, () => {}, signal)).rejects.toThrow(
    'The events ended early, with code 1012',
  )
  await untilWatched(stopping, redisKeys)
  using bench = await openStreamClient(url)
  const { promise: accepted, resolve: accept } = Promise.withResolvers<void>()
  const measured = expect(bench.run({ code: 'print(1)' }, () => accept())).rejects.toThrow('The stream was closed')
  await accepted
  await stopping.app.close()
  await Promise.all([example, measured])
})

test('The example client reports an error if the log of a program is lost', async ({
  redis,
  redisUrl,
  prefix,
  resources,
  redisKeys,
}) => {
  const api = await startApi({ redisUrl, prefix, resources })
  const url = await api.listen()
  const { signal } = new AbortController()
  const example = expect(runProgram(url, { language: 'python', code: 'print(1)' }, () => {}, signal)).rejects.toThrow(
    'The events ended early, with code 1011',
  )
  await untilWatched(api, redisKeys)
  const [log = ''] = await redis.keys(redisKeys.events('*'))
  await redis.del(log)
  await example
})
