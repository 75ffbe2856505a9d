import { redisTest as test } from '@runnel/redis/testing'
import { describe, expect } from 'vitest'
import { startApi } from '../../../apps/api/test/api.ts'
import { type JobEvent, Runnel } from '../src/index.ts'
import { playPrograms } from './play-programs.ts'

describe('run', () => {
  test('gives the outcome, the output and the usage of a program', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await playPrograms(api)
    using runnel = new Runnel({ baseUrl: await api.listen() })
    const pieces: string[] = []
    const events: JobEvent[] = []
    const result = await runnel.run('out hello\nerr oops\nbytes e282\nbytes ac\nexit 3', {
      language: 'python',
      onStdout: (text) => pieces.push(text),
      onEvent: (event) => events.push(event),
    })
    expect(result.outcome).toEqual({ type: 'exited', exitCode: 3 })
    expect([result.stdout, result.stderr, result.truncated]).toEqual(['hello\n€', 'oops\n', false])
    expect(result.usage).toEqual({ wallMs: 10, cpuMs: 5, peakMemoryBytes: 1024 })
    expect(pieces.join('')).toBe('hello\n€')
    expect([events[0]?.type, events[1]?.type, events.at(-1)?.type]).toEqual(['queued', 'started', 'finished'])
  })
})
