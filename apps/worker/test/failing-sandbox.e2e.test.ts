import { redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { nameOf as nameOfProcess, type System, startSystem, stdoutOf } from '@runnel/testing/system'
import Docker from 'dockerode'
import { describe, expect } from 'vitest'

const docker = new Docker()
const programFor = (seconds: number) =>
  `import time\nprint("running", flush=True)\ntime.sleep(${seconds})\nprint("ended")`

const nameOf = ({ workers: [worker] }: System) => worker && nameOfProcess(worker)

/** Follows the job until it has printed in this attempt. */
const untilPrinted = async (system: System, jobId: string, attempt: number): Promise<void> => {
  const { body } = await system.call('GET', `/v1/jobs/${jobId}/events`)
  let seen = ''
  for await (const bytes of body ?? []) {
    seen += Buffer.from(bytes).toString()
    if (seen.split('\n').some((line) => line.includes(`"${attempt}-`) && line.includes('running'))) return
  }
  throw new Error(`It never printed in attempt ${attempt}: ${seen}`)
}

/** Like a person who cleans up the host, or an engine that restarts. Without a pool the job’s container is the only one. */
const removeContainers = async (system: System): Promise<void> => {
  const containers = await docker.listContainers({ filters: { label: [`runnel.worker=${nameOf(system)}`] } })
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true })))
}

describe('A sandbox that fails', () => {
  redisTest(
    'before its program started does not cost an attempt: another sandbox runs the job',
    async ({ redisUrl, prefix }) => {
      await using system = await startSystem({
        redisUrl,
        prefix,
        env: { RUNNEL_POOL_MIN: '1', RUNNEL_LANGUAGES: 'bash' },
      })
      // After one such job the next container is made ahead.
      const request = { language: 'bash', code: 'echo ran', isolation: 'container' } as const
      await system.finished((await system.submit(request)).id, 20_000)
      // Kill the process that would write the files, in the container that waits: the sandbox is ready, and will fail.
      const writer = await eventually(
        async () => {
          const waiting = await docker.listContainers({ filters: { label: [`runnel.worker=${nameOf(system)}`] } })
          const tops = await Promise.all(
            waiting.map(({ Id }) => docker.getContainer(Id).top({ ps_args: '-eo pid,uid' })),
          )
          // Only in a container of its own is the agent root.
          const own = tops.find(({ Processes }) => Processes.some(([, uid]: string[]) => uid === '0'))
          const found = own?.Processes.find(([, uid]: string[]) => Number(uid) >= 20_000)
          if (found === undefined) throw new Error('No such container waits yet')
          return Number(found[0])
        },
        { withinMs: 20_000 },
      )
      process.kill(writer, 'SIGKILL')
      const { id } = await system.submit(request)
      const job = await system.finished(id, 20_000)
      expect([job.attempt, stdoutOf(job), job.outcome]).toEqual([1, 'ran\n', { type: 'exited', exitCode: 0 }])
      expect(system.workers[0]?.lines.some(({ msg }) => msg.includes('trying another'))).toBe(true)
      expect((await system.events(id)).filter(({ type }) => type === 'started')).toHaveLength(1)
    },
  )

  redisTest(
    'while its program runs makes the job start again, and fails it the third time',
    async ({ redisUrl, prefix }) => {
      const env = { RUNNEL_POOL_MIN: '0', RUNNEL_POOL_MAX: '0' }
      await using system = await startSystem({ redisUrl, prefix, env })
      const once = await system.submit({ language: 'python', code: programFor(1) })
      await untilPrinted(system, once.id, 1)
      await removeContainers(system)
      const job = await system.finished(once.id, 20_000)
      expect([job.attempt, stdoutOf(job), job.outcome]).toEqual([
        2,
        'running\nended\n',
        { type: 'exited', exitCode: 0 },
      ])
      const events = await system.events(once.id)
      expect(events.map(({ type }) => type).filter((type) => type !== 'stdout')).toEqual([
        'queued',
        'started',
        'restarted',
        'started',
        'finished',
      ])

      const always = await system.submit({ language: 'python', code: programFor(30) })
      for (const attempt of [1, 2, 3]) {
        await untilPrinted(system, always.id, attempt)
        await removeContainers(system)
      }
      const { outcome, attempt } = await system.finished(always.id, 20_000)
      expect([attempt, outcome?.type]).toEqual([3, 'sandbox-failed'])
      const reference = outcome?.type === 'sandbox-failed' ? outcome.reference : 'none'
      await eventually(
        () =>
          system.workers[0]?.lines.some((line) => line.reference === reference && line.jobId === always.id) ?? false,
      )
    },
  )
})

describe('A job that cannot be run at all', () => {
  redisTest(
    'ends with a reference that the log has, and does not delay the next job',
    async ({ redis, redisUrl, prefix, redisKeys }) => {
      await using system = await startSystem({ redisUrl, prefix, workers: 0 })
      const submit = () => system.submit({ language: 'python', code: 'print("well")' })
      const [unreadable, poisonous, well] = [await submit(), await submit(), await submit()]
      await redis.hset(redisKeys.queuedJob(unreadable.id), 'data', '{"of":"another version"}')
      // Where BullMQ counts the workers that died while they had the job.
      await redis.hset(redisKeys.queuedJob(poisonous.id), 'stc', 3)
      const worker = await system.startWorker()
      for (const { id } of [unreadable, poisonous]) {
        const { outcome } = await system.finished(id, 20_000)
        const reference = outcome?.type === 'sandbox-failed' ? outcome.reference : 'none'
        await eventually(() => worker.lines.some((line) => line.reference === reference && line.jobId === id))
        expect((await system.events(id)).at(-1)?.type).toBe('finished')
      }
      expect(stdoutOf(await system.finished(well.id))).toBe('well\n')
    },
  )
})
